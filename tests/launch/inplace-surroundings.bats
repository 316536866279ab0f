# SPDX-License-Identifier: MIT
# A bundle that starts in place does so wherever its program would run natively; where it cannot, another method starts
# it, and where nothing can, it says why. Bundles that start from memory find their way in the same surroundings.
load ../lib/common
load ../lib/surroundings
load ../lib/users

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    make_programs
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset FATELF_AMD64 FATELF_AMD64_LAUNCH FATELF_AMD64_DEBUG GOAMD64 MGODEBUG XDG_RUNTIME_DIR
    umask 022
    ln -s "$BATS_FILE_TMPDIR"/* .
    mkdir tmp
    export TMPDIR=$PWD/tmp
    PUBLIC=
}

teardown() {
    [ -z "$PUBLIC" ] || rm -rf "$PUBLIC"
}

# A folder that other users can reach, with copies of the bundles, and how to be nobody.
public_folder() {
    PUBLIC=$(TMPDIR='' mktemp -d)
    chmod 755 "$PUBLIC"
    cp "$BATS_FILE_TMPDIR"/* "$PUBLIC"
    cd "$PUBLIC"
    as_nobody=()
    [ "$(id -u)" != 0 ] || as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
}

@test "without anything special each bundle starts by the method it was made for" {
    as_asked env
}

@test "where memfds are refused all bundles start in place" {
    local error
    for error in EPERM ENOSYS EACCES; do
        each inplace inplace inplace sandboxed "memfd_create=$error"
    done
}

@test "under vm.memfd_noexec=2 all bundles start in place" {
    need_namespaces --pid --fork --mount-proc
    no_executable_memfds() {
        as_root unshare --pid --fork --mount-proc bash -c \
            'echo 2 >/proc/sys/vm/memfd_noexec || exit 77; exec env "$@"' bash "$@"
    }
    each inplace inplace inplace no_executable_memfds
}

@test "where no memory may become executable a stored variant starts in place, others from memory" {
    need_mdwe
    each inplace memfd memfd without_new_code
    each inplace memfd memfd sandboxed "$no_new_code"
}

@test "where neither memory may become executable nor memfds are to be had, a private file is left" {
    each inplace "$TMPDIR" "$TMPDIR" sandboxed "$no_new_code,memfd_create=EPERM"
    need_mdwe
    each inplace "$TMPDIR" "$TMPDIR" without_new_code "$FIXTURES/seccomp-run" memfd_create=EPERM --
    [ -z "$(ls -A tmp)" ]
}

@test "without mremap a stored variant starts all the same" {
    local error
    for error in ENOSYS EPERM ENOMEM; do
        each 'inplace|memfd' inplace memfd sandboxed "mremap=$error"
    done
}

@test "without execveat bundles start in place, and those from memory through /proc" {
    as_asked sandboxed execveat=ENOSYS
    as_asked sandboxed execveat=EPERM
}

@test "a kernel that keeps the bounds of the process to itself is no hindrance" {
    local call
    for call in prctl+mm=EINVAL prctl+mm=EPERM prctl=ENOSYS getrandom=ENOSYS arch_prctl+zero=EPERM; do
        as_asked sandboxed "$call"
    done
}

@test "without /proc each bundle starts as it was made to, and in place where execveat is missing too" {
    need_namespaces --mount
    without_proc() { prepared 'umount -l /proc' "$@"; }
    as_asked without_proc
    cp "$FIXTURES/seccomp-run" .
    each inplace inplace inplace without_proc ./seccomp-run execveat=EPERM --
}

@test "in a chroot that holds nothing but the bundle a static program starts" {
    need_namespaces --mount
    local kind program
    for kind in stored decoded memfd; do
        for program in static pie; do
            rm -rf root
            mkdir root
            cp -L "$program.$kind" root/
            cp "$FIXTURES/seccomp-run" root/
            FATELF_AMD64_DEBUG=log as_root chroot root "/$program.$kind" word >out 2>err
            [ "$(cat out)" = 'v1 word' ]
            grep -q " by $([ "$kind" = memfd ] && echo memfd || echo inplace), " err
        done
    done
}

@test "on a read-only system all bundles start, and in place where memfds are refused" {
    need_namespaces --mount
    read_only() {
        prepared 'mount --make-rprivate / && for place in $(findmnt -rno TARGET | sort -r); do
            case $place in /proc* | /sys* | /dev | /dev/pts | /dev/mqueue | /dev/hugepages) ;;
            *) mount -o remount,bind,ro "$place" ;; esac; done; ! touch /tmp/written 2>/dev/null' "$@"
    }
    as_asked read_only
    each inplace inplace inplace read_only "$FIXTURES/seccomp-run" memfd_create=EPERM --
}

@test "where no folder lets a program be executed, bundles start in place or from memory" {
    need_namespaces --mount
    # the bundles lie where they may be executed, and are reached by way of the working folder, from before the mounts
    no_folder() {
        local refused=$1
        shift
        prepared 'for place in /dev/shm /var/tmp /tmp; do
            [ ! -e "$place" ] || mount -t tmpfs -o noexec none "$place" || exit 77; done' \
            ./seccomp-run "$refused" -- "$@"
    }
    cp "$FIXTURES/seccomp-run" .
    cp --remove-destination "$BATS_FILE_TMPDIR"/* .
    export TMPDIR=/tmp
    each inplace inplace inplace no_folder memfd_create=EPERM
    each inplace memfd memfd no_folder "$no_new_code"
    local error='[A-Z][a-z ]+'
    refused static.decoded "inplace: [a-z]+: $error; memfd: memfd_create: $error(; [a-z/]+: noexec mount: $error)+" \
        no_folder "$no_new_code,memfd_create=EPERM"
}

@test "a bundle that nobody may read, only execute, starts for another user, in place too" {
    public_folder
    chmod 111 ./*.stored ./*.decoded ./*.memfd
    run "${as_nobody[@]}" cat static.stored
    [ "$status" != 0 ]
    as_asked "${as_nobody[@]}"
}

@test "no limit on the size of files is a hindrance in place, and bundles for memory start so too" {
    # through a pipe: the limit holds for what the program writes too
    local size program kind method
    for size in 0:unlimited 4096:unlimited 0:0 4096:4096; do
        for program in dynamic static pie; do
            for kind in stored decoded memfd; do
                method=inplace
                # the soft limit is put up for a memfd
                [[ $kind != memfd || $size != *:unlimited ]] || method=memfd
                FATELF_AMD64_DEBUG=log prlimit "--fsize=$size" "./$program.$kind" one 2>&1 | cat >out
                grep -q '^v1 one$' out || { cat out; return 1; }
                grep -Eq " by $method, " out || { echo "$size $kind"; cat out; return 1; }
            done
        done
    done
}

@test "with no descriptor to be had a static program starts in place" {
    no_descriptor() {
        "$FIXTURES/exec-with" close=3 -- "$BASH" bash -c 'ulimit -n 3; exec "$@"' bash "$@"
    }
    PROGRAMS='static pie' each inplace inplace inplace no_descriptor
}

@test "a small stack is enough" {
    local size
    for size in 64 128 1024; do
        as_asked bash -c "ulimit -s $size && exec env \"\$@\"" bash
    done
}

@test "no layout of the address space is a hindrance" {
    local layout
    for layout in -R -L -RL -B -Z; do
        setarch "$layout" true 2>/dev/null || continue
        as_asked setarch "$layout"
    done
    unlimited() { bash -c 'ulimit -s unlimited || exit 77; exec env "$@"' bash "$@"; }
    as_asked unlimited
    as_asked unlimited setarch -R
}

@test "for nobody, without new privileges, in a namespace of users: each bundle starts as it was made to" {
    need setpriv
    as_asked setpriv --no-new-privs
    unshare -r true 2>/dev/null && as_asked unshare -r
    public_folder
    as_asked "${as_nobody[@]}"
    as_asked "${as_nobody[@]}" setpriv --no-new-privs
}

@test "under strace each bundle starts as it was made to" {
    need strace
    strace -o trace true || skip "strace may not trace here"
    as_asked strace -f -o trace
    grep -q '^[0-9]* *exit_group(0)' trace
    [ "$(grep -c 'execve' trace)" = 2 ] # of a bundle for memory, the last
}

@test "under perf stat each bundle starts as it was made to" {
    need perf
    perf stat -o stat -e task-clock true || skip "perf is refused here"
    as_asked perf stat -o stat -e task-clock
    grep -q task-clock stat
}

@test "an emulated bundle that starts in place stays emulated, at the emulated level" {
    need qemu-x86_64
    local kind level model
    echo '#include <stdio.h>
        int main(void) { printf("v%d %s\n", LEVEL, __builtin_cpu_supports("avx2") ? "avx2" : "no avx2"); }' >avx2.c
    for level in 1 2 3 4; do
        "${CC:-cc}" -DLEVEL=$level -static -o "avx2.v$level" avx2.c
    done
    [ "$(qemu-x86_64 -cpu Nehalem ./avx2.v1)" = 'v1 no avx2' ]
    "$TOOL" create -q --launch inplace -o avx2.stored avx2.v[1-4]
    "$TOOL" create -q --launch inplace --compress zstd -o avx2.decoded avx2.v[1-4]
    for kind in stored decoded; do
        for model in Nehalem:'v2 no avx2' qemu64:'v1 no avx2' Haswell:'v3 avx2'; do
            FATELF_AMD64_DEBUG=log qemu-x86_64 -cpu "${model%%:*}" "./avx2.$kind" >out 2>err || { cat err; false; }
            grep -q ' by inplace, ' err || { cat err; false; }
            [ "$(cat out)" = "${model#*:}" ]
        done
    done
}

# --- memory -----------------------------------------------------------------------------------------------------------

# A large program that says what LEAST holds.
large_program() {
    local python=/usr/bin/python3 # rather than a small start file of another one
    [ -x "$python" ] || { need python3 && python=python3; }
    large=$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')
    cp "$large" large
    LARGE=(-S -E -c 'print("it runs")')
    LEAST='it runs'
    make_bundles large
}

@test "a limit of the address space: the bundle's size more than natively is enough, in place" {
    large_program
    local native bundle size kind limit status
    native=$(least as "$large" "${LARGE[@]}")
    for kind in stored decoded memfd; do
        bundle=$(least as "./large.$kind" "${LARGE[@]}")
        size=$(($(stat -L -c %s "large.$kind") >> 10))
        echo "# least address space: natively $native KiB, $kind $bundle KiB; its file has $size KiB" >&3
        [ "$kind" != stored ] || ((bundle <= native + size + 64))
        # below, it is refused by us or by the kernel, or the program itself says what it lacks; nothing hangs
        for limit in $((native / 4)) $((native / 2)) $((bundle - 64)) $((bundle - 512)); do
            status=0
            prlimit "--as=$((limit << 10))" "./large.$kind" "${LARGE[@]}" >out 2>err || status=$?
            [ "$status" != 0 ] || [ "$(cat out)" = "$LEAST" ]
            [ "$status" != 126 ] || grep -q '^fatelf-amd64: \./large\.' err
        done
    done
}

@test "a limit of the data segment: what is enough natively is enough in place" {
    # rather than Python, for which more is not always enough
    large=$BASH LARGE=(-c 'echo it runs') LEAST='it runs'
    cp "$large" large
    make_bundles large
    local native kind
    native=$(least data "$large" "${LARGE[@]}")
    for kind in stored decoded memfd; do
        echo "# least data: natively $native KiB, $kind $(least data "./large.$kind" "${LARGE[@]}") KiB" >&3
    done
    FATELF_AMD64_DEBUG=log prlimit "--data=$(((native + 32) << 10))" ./large.stored "${LARGE[@]}" >out 2>err ||
        { cat err; false; }
    [ "$(cat out)" = "$LEAST" ]
    grep -q ' by inplace, ' err
}

# --- what is refused --------------------------------------------------------------------------------------------------

# The private files' part of a message; a folder may be missing here, or be mounted noexec.
files_refused() {
    local error='[a-z ]+(: [A-Z][a-z ]+)?'
    echo "$PWD/tmp: open: Permission denied; /dev/shm: $error; /tmp: $error; /var/tmp: $error"
}

@test "when all is refused, status 126 and every refusal in one line, in the order of the tries" {
    local inplace='inplace: [a-z_0-9]+: [A-Z][a-z ]+' memfd='memfd: memfd_create: Operation not permitted' files
    local none=memfd_create=EPERM,open=EACCES,openat=EACCES
    files=$(files_refused)
    refused static.decoded "$inplace; $memfd; $files" sandboxed "$none,$no_new_code"
    refused static.memfd "$memfd; $inplace; $files" sandboxed "$none,$no_new_code"
    # a variable's method comes first
    FATELF_AMD64_LAUNCH=memfd refused static.decoded "$memfd; $inplace; $files" sandboxed "$none,$no_new_code"
    FATELF_AMD64_LAUNCH=inplace refused static.memfd "$inplace; $memfd; $files" sandboxed "$none,$no_new_code"
    [ -z "$(ls -A tmp)" ]
}

@test "FATELF_AMD64_LAUNCH asks for a method, whatever the bundle was made for" {
    export FATELF_AMD64_LAUNCH=inplace
    each inplace inplace inplace env
    FATELF_AMD64_LAUNCH=memfd
    each memfd memfd memfd env
}

@test "what FATELF_AMD64_LAUNCH asks for gives way where it is refused" {
    FATELF_AMD64_LAUNCH=memfd each inplace inplace inplace sandboxed memfd_create=EPERM
    FATELF_AMD64_LAUNCH=inplace each inplace memfd memfd sandboxed "$no_new_code"
}

@test "a method that FATELF_AMD64_LAUNCH does not know is an error that names both" {
    local value status kind
    for kind in stored memfd; do
        for value in nonsense INPLACE inplace, memfd,inplace in-place file; do
            status=0
            FATELF_AMD64_LAUNCH=$value "./static.$kind" >out 2>err || status=$?
            [ "$status" = 126 ]
            [ ! -s out ]
            grep -q "^fatelf-amd64: \./static\.$kind: FATELF_AMD64_LAUNCH=$value: unknown value; " err
            grep -q 'FATELF_AMD64_LAUNCH takes .*inplace' err
            grep -q 'FATELF_AMD64_LAUNCH takes .*memfd' err
            [ "$(wc -l <err)" = 1 ]
        done
    done
}

@test "a set-uid bundle ignores FATELF_AMD64_LAUNCH" {
    [ "$(id -u)" = 0 ] || skip "needs root"
    public_folder
    cp "$FIXTURES/probe" privileged
    local kind value expected
    make_bundles privileged
    chmod 4755 privileged.*
    for kind in stored decoded memfd; do
        expected="exe: $PUBLIC/privileged.$kind"
        [ "$kind" != memfd ] || expected='exe: /memfd:privileged.memfd.v1 (deleted)'
        for value in memfd inplace nonsense; do
            "${as_nobody[@]}" env FATELF_AMD64_LAUNCH=$value FATELF_AMD64_DEBUG=log \
                "./privileged.$kind" exe >out 2>err || { cat err; false; }
            [ ! -s err ]
            grep -Fxq "$expected" out || { cat out; false; }
        done
    done
}

# --- any call ---------------------------------------------------------------------------------------------------------

# A program that calls nothing but write and exit_group, so that all other calls are the launcher's.
make_bare() {
    "${CC:-cc}" -static -nostdlib -o bare -x assembler - <<'END'
.globl _start
_start: mov $1, %eax
        mov $1, %edi
        lea text(%rip), %rsi
        mov $8, %edx
        syscall
        mov $231, %eax
        xor %edi, %edi
        syscall
text:   .ascii "v1 word\n"
.section .note.GNU-stack, "", @progbits
END
    make_bundles bare
}

# calls BUNDLE: the launcher's calls, "NAME NUMBER-OF-CALLS": all up to the line of its log, and of bare all
calls() {
    FATELF_AMD64_DEBUG=log strace -o trace "./$1" word >/dev/null 2>&1
    if [[ $1 = bare.* ]]; then cat trace; else sed '/^write(2, "fatelf-amd64: /,$d' trace; fi |
        sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' | grep -vxE 'execve|write|exit_group' | sort | uniq -c |
        awk '{ print $2, $1 }'
}

@test "whichever call of the launcher finds no memory or no permission, the program starts or a message says why not" {
    need strace
    strace -o trace true || skip "strace may not trace here"
    local bundle call count number error status=0 started=0
    make_bare
    for bundle in bare.stored bare.decoded static.stored dynamic.stored dynamic.decoded; do
        calls "$bundle" >calls
        [ -s calls ]
        while read -r call count; do
            for number in $(seq "$count"); do
                # without a thread pointer of its own the launcher's C library gives up
                [ "$call $number" != 'arch_prctl 1' ] || continue
                for error in ENOMEM EPERM; do
                    status=0
                    strace -o trace -e trace="$call" -e inject="$call:error=$error:when=$number" "./$bundle" word \
                        >out 2>err </dev/null || status=$?
                    if [ "$status" = 0 ] && [ "$(cat out)" = 'v1 word' ] && [ ! -s err ]; then
                        started=$((started + 1))
                    elif [ "$status" = 126 ] && [ ! -s out ] && grep -q '^fatelf-amd64: .*/'"$bundle"': ' err; then
                        cat err
                    else
                        echo "$bundle: $error of call $number of $call: status $status"
                        cat out err
                        return 1
                    fi
                done
            done
        done <calls
    done
    echo "$started starts"
    [ "$started" -gt 20 ]
}
