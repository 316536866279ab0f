# SPDX-License-Identifier: MIT
# Bundles in a chroot without other files, for a user who may not read them, and without the program's dynamic loader.
load ../lib/common
load ../lib/surroundings
load ../lib/users

teardown() {
    remove_public_folder
}

# compile_static FIXTURE OUT
compile_static() {
    "${CC:-cc}" -static -O2 -D_GNU_SOURCE -pthread -o "$2" "$TOP/tests/fixtures/$1.c" 2>cc.err ||
        skip "no static C library to build the program with"
}

@test "a bundle that may be executed but not read runs for another user" {
    public_folder
    "$TOOL" create -q -o program v1="$BASH"
    chmod 0111 program
    run ! "${AS_NOBODY[@]}" cat program
    run -5 "${AS_NOBODY[@]}" ./program -c 'echo "user $UID"; exit 5'
    same "user $("${AS_NOBODY[@]}" id -u)" "$output"
}

@test "a static program runs in a chroot that contains only the bundle" {
    need_root
    mkdir root
    compile_static probe probe
    "$TOOL" create -q -o root/program v1=probe
    as_root chroot root /program one 'two words' >out
    grep -q "^argument\[2\]: 'two words'$" out
    grep -q '^directory: /$' out
}

@test "if memfds and new code are refused, a chroot needs a folder for a private file, but no /proc" {
    need_root
    mkdir root
    compile_static probe probe
    compile_static seccomp-run root/seccomp-run
    "$TOOL" create -q -o root/program v1=probe
    run -126 as_root chroot root /seccomp-run "$no_new_code,memfd_create=ENOSYS" -- /program
    [[ $output = 'fatelf-amd64: /program: the program could not be started: memfd: memfd_create: '* ]]
    mkdir root/tmp
    as_root chroot root /seccomp-run "$no_new_code,memfd_create=ENOSYS" -- /program one >out
    grep -q "^argument\[1\]: 'one'$" out
    empty root/tmp
}

@test "a dynamic program runs in a chroot without /proc" {
    need_root
    need ldd
    local library libraries
    mkdir root
    libraries=$(ldd "$FIXTURES/level.v1" | grep -o '/[^ ]*')
    for library in $libraries; do
        mkdir -p "root/${library%/*}"
        cp -L "$library" "root/$library"
    done
    make_level_bundle
    cp "$BATS_FILE_TMPDIR/level" root/program
    [ "$(as_root chroot root /program one)" = "v$(machine_level) one" ]
}

@test "if the program's dynamic loader is missing, the message asks whether it is installed" {
    local error loader=/lib64/ld-linux-x86-64.so.2
    LC_ALL=C grep -aq "$loader" "$FIXTURES/level.v1" || skip "programs here have another dynamic loader"
    # another path of the same length
    LC_ALL=C sed "s|$loader|${loader/lib64/lib-9}|" "$FIXTURES/level.v1" >broken
    chmod +x broken
    run -127 ./broken
    "$TOOL" create -q -o program v1=broken
    run -126 ./program
    error="memfd: ${loader/lib64/lib-9}: No such file or directory"
    error+='; is the dynamic loader that the program names installed?'
    same "fatelf-amd64: ./program: the program could not be started: $error" "$output"
}
