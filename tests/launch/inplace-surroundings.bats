# SPDX-License-Identifier: MIT
# A bundle that is made for a start in place starts in place wherever its program would run natively. If the system
# refuses that, another method starts it. Bundles that are made for memfd are started in the same surroundings.
load ../lib/common
load ../lib/surroundings
load ../lib/tracing
load ../lib/users

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    make_programs
}

setup() {
    start_test
    ln -s "$BATS_FILE_TMPDIR"/* .
    mkdir tmp
    export TMPDIR=$PWD/tmp
}

teardown() {
    remove_public_folder
}

@test "in ordinary surroundings every bundle starts by the method that it was made for" {
    all_start_as_made env
}

@test "if memfds are refused, all bundles start in place" {
    local error
    for error in EPERM ENOSYS EACCES; do
        all_start_by inplace inplace inplace sandboxed "memfd_create=$error"
    done
}

@test "under vm.memfd_noexec=2 all bundles start in place" {
    need_namespaces --pid --fork --mount-proc
    no_executable_memfds() {
        as_root unshare --pid --fork --mount-proc bash -c \
            'echo 2 >/proc/sys/vm/memfd_noexec || exit 77; exec env "$@"' bash "$@"
    }
    all_start_by inplace inplace inplace no_executable_memfds
}

@test "if no memory may become executable, stored variants start in place and the others from a memfd" {
    need_mdwe
    all_start_by inplace memfd memfd without_new_code
    all_start_by inplace memfd memfd sandboxed "$no_new_code"
}

@test "if memfds are refused too, the others start from a private file" {
    all_start_by inplace "$TMPDIR" "$TMPDIR" sandboxed "$no_new_code,memfd_create=EPERM"
    need_mdwe
    all_start_by inplace "$TMPDIR" "$TMPDIR" without_new_code "$FIXTURES/seccomp-run" memfd_create=EPERM --
    empty tmp
}

@test "without mremap stored variants start in place or from a memfd" {
    local error
    for error in ENOSYS EPERM ENOMEM; do
        all_start_by 'inplace|memfd' inplace memfd sandboxed "mremap=$error"
    done
}

@test "without execveat bundles start as they were made to, from a memfd through /proc" {
    all_start_as_made sandboxed execveat=ENOSYS
    all_start_as_made sandboxed execveat=EPERM
}

@test "if the kernel does not let the launcher set the bounds of the process, bundles start as they were made to" {
    local call
    for call in prctl+mm=EINVAL prctl+mm=EPERM prctl=ENOSYS getrandom=ENOSYS arch_prctl+zero=EPERM; do
        all_start_as_made sandboxed "$call"
    done
}

@test "without /proc bundles start as they were made to, and in place if execveat is refused too" {
    need_namespaces --mount
    without_proc() { prepared 'umount -l /proc' "$@"; }
    all_start_as_made without_proc
    cp "$FIXTURES/seccomp-run" .
    all_start_by inplace inplace inplace without_proc ./seccomp-run execveat=EPERM --
}

@test "a static program starts in a chroot that contains only the bundle" {
    need_root
    local kind program method
    for kind in stored decoded memfd; do
        for program in static pie; do
            rm -rf root
            mkdir root
            cp -L "$program.$kind" root/
            cp "$FIXTURES/seccomp-run" root/
            FATELF_AMD64_DEBUG=log as_root chroot root "/$program.$kind" word >out 2>err
            [ "$(cat out)" = 'v1 word' ]
            method=inplace
            [ "$kind" != memfd ] || method=memfd
            grep -q " by $method, " err
        done
    done
}

@test "on a read-only system bundles start as they were made to, and in place if memfds are refused" {
    need_namespaces --mount
    read_only() {
        prepared 'mount --make-rprivate / && for place in $(findmnt -rno TARGET | sort -r); do
            case $place in /proc* | /sys* | /dev | /dev/pts | /dev/mqueue | /dev/hugepages) ;;
            *) mount -o remount,bind,ro "$place" ;; esac; done
            if touch /tmp/written 2>/dev/null; then exit 77; fi' "$@"
    }
    all_start_as_made read_only
    all_start_by inplace inplace inplace read_only "$FIXTURES/seccomp-run" memfd_create=EPERM --
}

@test "if every folder is mounted noexec, bundles start in place or from a memfd" {
    need_namespaces --mount
    # the bundles lie in the working folder, which still is the one from before the mounts
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
    all_start_by inplace inplace inplace no_folder memfd_create=EPERM
    all_start_by inplace memfd memfd no_folder "$no_new_code"
    local error='[A-Z][a-z ]+'
    cannot_start static.decoded \
        "inplace: [a-z]+: $error; memfd: memfd_create: $error(; [a-z/]+: noexec mount: $error)+" \
        no_folder "$no_new_code,memfd_create=EPERM"
}

@test "bundles that may be executed but not read start for another user as they were made to" {
    public_folder
    cp "$BATS_FILE_TMPDIR"/* .
    chmod 111 ./*.stored ./*.decoded ./*.memfd
    run ! "${AS_NOBODY[@]}" cat static.stored
    all_start_as_made "${AS_NOBODY[@]}"
}

@test "a limit on the size of files does not prevent a start in place, also of bundles that are made for memfd" {
    # the output goes through a pipe, because the program has the limit too
    local size program kind method
    for size in 0:unlimited 4096:unlimited 0:0 4096:4096; do
        for program in dynamic static pie; do
            for kind in stored decoded memfd; do
                method=inplace
                # for a memfd the launcher raises the soft limit
                [[ $kind != memfd || $size != *:unlimited ]] || method=memfd
                FATELF_AMD64_DEBUG=log prlimit "--fsize=$size" "./$program.$kind" one 2>&1 | cat >out ||
                    fail "$size, $program.$kind"
                grep -q '^v1 one$' out
                grep -q " by $method, " out || fail "$size, $program.$kind: not by $method"
            done
        done
    done
}

@test "without a free descriptor static programs start in place" {
    no_descriptor() {
        "$FIXTURES/exec-with" close=3 -- "$BASH" bash -c 'ulimit -n 3; exec "$@"' bash "$@"
    }
    PROGRAMS='static pie' all_start_by inplace inplace inplace no_descriptor
}

@test "a small stack is enough" {
    local size
    for size in 64 128 1024; do
        all_start_as_made bash -c "ulimit -s $size && exec env \"\$@\"" bash
    done
}

@test "with a hard limit of 16 to 24 KiB for the stack, bundles start as their programs do" {
    need prlimit
    local size program
    for size in 16 20 24; do
        # the kernel places the stack at random within 8 KiB
        for _ in {1..10}; do
            for program in dynamic static pie; do
                env -i prlimit "--stack=$((size * 1024)):$((size * 1024))" "./$program" >out 2>&1 ||
                    skip "$program itself needs more"
            done
            all_start_as_made env -i FATELF_AMD64_DEBUG=log prlimit "--stack=$((size * 1024)):$((size * 1024))"
        done
    done
}

@test "if PR_SET_MM_MAP is refused, the heap can grow as natively" {
    local option kind error layout
    printf '#include <unistd.h>\nint main(void) { return sbrk(8 << 20) == (void *)-1; }' >heap.c
    for option in '-pie -fPIE' '-no-pie -fno-pie' '-static -no-pie -fno-pie' '-static-pie -fPIE'; do
        # shellcheck disable=SC2086
        gcc -o heap heap.c $option
        rm -f heap.stored heap.decoded heap.memfd
        make_bundles heap
        for error in EPERM EINVAL; do
            for layout in env 'setarch -R'; do
                for kind in '' .stored .decoded .memfd; do
                    # shellcheck disable=SC2086
                    capture sandboxed "prctl+mm=$error" "$(type -P env)" $layout "./heap$kind"
                    [ "$status" = 0 ] || fail "$option, $layout, $error: ./heap$kind"
                done
            done
        done
    done
}

# made_executable: the numbers, from 1, of the launcher's mprotect calls in the file `trace` that give or keep PROT_EXEC
made_executable() {
    sed '/^arch_prctl(ARCH_SET_FS, \(0\|NULL\))/q' trace | grep -nE '^(pkey_)?mprotect\(' | grep -n PROT_EXEC | cut -d: -f1
}

@test "whichever call that makes code executable is refused, a stored variant starts in place" {
    need_strace
    # security modules such as IMA refuse to make pages of a file executable if they were not before
    local program numbers number call count=0
    for program in dynamic static pie; do
        strace -o trace -e trace=mprotect,pkey_mprotect,arch_prctl "./$program.stored"
        numbers=$(made_executable)
        for number in $numbers; do
            for call in mprotect pkey_mprotect; do
                starts "$program.stored" inplace strace -o trace -e trace=$call -e "inject=$call:error=EACCES:when=$number"
            done
            count=$((count + 1))
        done
    done
    [ "$count" -gt 0 ]
}

@test "the code of a stored variant is executable all the time" {
    need_strace
    local program call address
    for program in dynamic static pie; do
        strace -o trace -e trace=mremap,mprotect,pkey_mprotect,arch_prctl "./$program.stored"
        sed -i '/^arch_prctl(ARCH_SET_FS, \(0\|NULL\))/q' trace
        # the launcher takes PROT_READ away and gives it back, so that perf learns of the code
        address=$(sed -n 's/^[a-z_]*mprotect(\(0x[0-9a-f]*\), [0-9]*, PROT_EXEC[,)].*/\1/p' trace)
        if [ -z "$address" ] && grep -qw ospke /proc/cpuinfo && grep -q '^Seccomp:.2' /proc/self/status; then
            skip "protection keys and a system call filter"
        fi
        [ -n "$address" ]
        grep "mprotect($address" trace >calls
        same 2 "$(wc -l <calls)"
        if grep -qv PROT_EXEC calls; then fail "code without PROT_EXEC"; fi
        grep -q "^mremap(.*, $address) = $address\$" trace
    done
}

@test "bundles start as they were made to in every layout of the address space" {
    need setarch
    local layout
    for layout in -R -L -RL -B -Z; do
        setarch "$layout" true 2>/dev/null || continue
        all_start_as_made setarch "$layout"
    done
    unlimited() { bash -c 'ulimit -s unlimited || exit 77; exec env "$@"' bash "$@"; }
    all_start_as_made unlimited
    all_start_as_made unlimited setarch -R
}

@test "for nobody, without new privileges, and in a user namespace bundles start as they were made to" {
    need setpriv
    all_start_as_made setpriv --no-new-privs
    if unshare -r true 2>/dev/null; then
        all_start_as_made unshare -r
    fi
    public_folder
    cp "$BATS_FILE_TMPDIR"/* .
    all_start_as_made "${AS_NOBODY[@]}"
    all_start_as_made "${AS_NOBODY[@]}" setpriv --no-new-privs
}

@test "under strace bundles start as they were made to" {
    need_strace
    all_start_as_made strace -f -o trace
    grep -q '^[0-9]* *exit_group(0)' trace
    [ "$(grep -c 'execve' trace)" = 2 ] # of the last bundle, which is made for memfd
}

@test "under perf stat bundles start as they were made to" {
    need perf
    perf stat -o stat -e task-clock true || skip "perf is refused here"
    all_start_as_made perf stat -o stat -e task-clock
    grep -q task-clock stat
}

@test "a program that starts in place under qemu runs emulated, at the emulated level" {
    need qemu-x86_64
    local kind level model
    cat >avx2.c <<'C'
#include <stdio.h>
int main(void)
{
    printf("v%d %s\n", LEVEL, __builtin_cpu_supports("avx2") ? "avx2" : "no avx2");
    return 0;
}
C
    for level in 1 2 3 4; do
        "${CC:-cc}" -DLEVEL=$level -static -o "avx2.v$level" avx2.c
    done
    [ "$(qemu-x86_64 -cpu Nehalem ./avx2.v1)" = 'v1 no avx2' ]
    "$TOOL" create -q --launch inplace -o avx2.stored avx2.v[1-4]
    "$TOOL" create -q --launch inplace --compress zstd -o avx2.decoded avx2.v[1-4]
    for kind in stored decoded; do
        for model in Nehalem:'v2 no avx2' qemu64:'v1 no avx2' Haswell:'v3 avx2'; do
            FATELF_AMD64_DEBUG=log capture qemu-x86_64 -cpu "${model%%:*}" "./avx2.$kind"
            [ "$status" = 0 ] || fail "$model, $kind: status $status"
            grep -q ' by inplace, ' err || fail "$model, $kind: not in place"
            [ "$(cat out)" = "${model#*:}" ]
        done
    done
}
