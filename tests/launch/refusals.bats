# SPDX-License-Identifier: MIT
# A bundle that is made for memfd, where the system refuses some calls: the launcher finds another way to start it, or
# lists everything that was refused.
load ../lib/common
load ../lib/surroundings
load ../lib/users

# The probe is followed by more data, so that it has several frames and several threads decode it.
setup_file() {
    cat "$FIXTURES/probe" "$BASH" "$BASH" >"$BATS_FILE_TMPDIR/big"
    chmod +x "$BATS_FILE_TMPDIR/big"
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/probe" v1="$BATS_FILE_TMPDIR/big"
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/level" v1="$FIXTURES/level.v1"
}

setup() {
    start_test
    ln -s "$BATS_FILE_TMPDIR"/{probe,level} .
    mkdir tmp
    export TMPDIR=$PWD/tmp
}

teardown() {
    remove_public_folder
}

# ran_from_file FOLDER: `probe exe` in the file `out` ran from a private file in this folder, which is empty now
ran_from_file() {
    grep -Eq "^exe: $1/#[0-9]+ \(deleted\)\$" out
    empty "$1"
}

# ran_from_default_folder: the same for the folders that the launcher tries by itself
ran_from_default_folder() {
    grep -Eq '^exe: /(dev/shm|tmp|var/tmp)/#[0-9]+ \(deleted\)$' out
}

# ran_from_memfd: `probe exe` in the file `out` ran from a memfd
ran_from_memfd() {
    grep -Fxq 'exe: /memfd:probe.v1 (deleted)' out
}

@test "the sandbox of these tests makes system calls fail" {
    run -126 sandboxed memfd_create=EPERM,open=EACCES,openat=EACCES ./level
    need perl
    # perl's fork calls clone
    run -5 sandboxed clone=EPERM,clone3=EPERM "$(command -v perl)" -e 'exit(defined fork ? 0 : 5)'
}

@test "if memfds are refused, the program starts in place" {
    local error
    for error in EPERM ENOSYS EACCES EMFILE; do
        sandboxed "memfd_create=$error" ./probe exe >out
        grep -Fxq "exe: $BATS_FILE_TMPDIR/probe" out
    done
}

@test "if memfds and new code are refused, the program runs from a private file in TMPDIR, which is then removed" {
    local error
    for error in EPERM ENOSYS EACCES EMFILE; do
        sandboxed "$no_new_code,memfd_create=$error" ./probe exe >out
        ran_from_file "$TMPDIR"
    done
}

@test "the memfd is sealed with F_SEAL_FUTURE_WRITE, which is faster" {
    [ "$(uname -r | awk -F. '{ print $1 * 1000 + $2 }')" -ge 6003 ] || skip "this kernel does not know MFD_EXEC"
    ./probe exe >out
    ran_from_memfd
    grep -Fxq 'seals: future-write shrink grow seal' out
}

@test "on a kernel before 6.3, which refuses MFD_EXEC, the memfd is sealed with F_SEAL_WRITE" {
    # in some of these kernels, F_SEAL_FUTURE_WRITE makes private mappings shared after fork
    sandboxed memfd_create+exec=EINVAL ./probe exe >out
    ran_from_memfd
    grep -Fxq 'seals: write shrink grow seal' out
}

@test "on a kernel before 5.1, which does not know F_SEAL_FUTURE_WRITE, the memfd has the older seal" {
    sandboxed fcntl+future-write=EINVAL ./probe exe >out
    ran_from_memfd
    grep -Fxq 'seals: write shrink grow seal' out
}

@test "if no memfd may be executed, the program runs from a private file" {
    sandboxed "$no_new_code,memfd_create+exec=EACCES" ./probe exe >out
    ran_from_file "$TMPDIR"
}

@test "where files without a name cannot be made, the private file has a name for a moment" {
    local refused
    for refused in EINVAL EPERM; do
        sandboxed "$only_files,open+tmpfile=$refused" ./probe exe >out
        grep -Eq "^exe: $TMPDIR/\.fatelf-amd64-[0-9a-f]{16} \(deleted\)\$" out
        empty tmp
    done
}

@test "under vm.memfd_noexec=2, with new code refused too, the program runs from a private file" {
    need_namespaces --pid --fork --mount-proc
    capture as_root unshare --pid --fork --mount-proc bash -c '
        echo 2 >/proc/sys/vm/memfd_noexec || exit 77
        "$1" "$2" -- ./probe exe' bash "$FIXTURES/seccomp-run" "$no_new_code"
    skip_if_unprepared
    [ "$status" = 0 ] || fail "status $status"
    ran_from_file "$TMPDIR"
}

@test "a program in a private file gets its arguments and descriptors as natively" {
    seq 100 >in
    exec 5<in
    sandboxed "$only_files" ./probe one 'two words' >out
    grep -q "^argument\[2\]: 'two words'$" out
    grep -q '^Threads:.1$' out
    # 5, and those of the shell and of bats
    sandboxed "$only_files" "$BATS_FILE_TMPDIR/big" | grep -o '^descriptor [0-9]*' >native
    grep -o '^descriptor [0-9]*' out | diff native -
    grep -Fxq 'descriptor 5' native
    run sandboxed "$only_files" ./level word
    [ "$output" = 'v1 word' ]
}

@test "the log names the folder of the private file" {
    FATELF_AMD64_DEBUG=log sandboxed "$only_files" ./level >out 2>err
    [ "$(wc -l <err)" = 1 ]
    grep -Eq "^fatelf-amd64: \./level: starting v1 by .*$TMPDIR.*, ready in [0-9.]* ms$" err
}

@test "a TMPDIR that does not exist, is not a folder, or is relative is skipped" {
    local folder
    touch file
    for folder in "$PWD/none" "$PWD/file" tmp '' .; do
        TMPDIR=$folder sandboxed "$only_files" ./probe exe >out
        ran_from_default_folder
    done
    empty tmp
}

@test "a TMPDIR that is mounted noexec, or that is full, is skipped" {
    local options
    need_namespaces --mount
    for options in noexec size=64k; do
        capture in_mount_namespace bash -c '
            mount -t tmpfs -o "$1" none tmp || exit 77
            "$2" "$3" -- ./probe exe && names=$(ls -A tmp) && [ -z "$names" ]' bash "$options" "$FIXTURES/seccomp-run" "$only_files"
        skip_if_unprepared
        [ "$status" = 0 ] || fail "$options: status $status"
        ran_from_default_folder
    done
}

@test "XDG_RUNTIME_DIR is the last folder that is tried" {
    need_namespaces --mount
    cp "$FIXTURES/seccomp-run" .
    cp -L probe copy
    # all other folders are mounted noexec; the working folder, which lies in one of them, still is the one from before
    capture in_mount_namespace bash -c '
        for folder in /dev/shm /var/tmp /tmp; do
            mount -t tmpfs -o noexec none "$folder" || exit 77
        done
        TMPDIR=/tmp XDG_RUNTIME_DIR=/proc/self/cwd/tmp ./seccomp-run "$1" -- ./copy exe' bash "$only_files"
    skip_if_unprepared
    [ "$status" = 0 ] || fail "status $status"
    grep -Eq '^exe: .*/tmp/#[0-9]+ \(deleted\)$' out
    empty tmp
}

@test "the umask does not prevent a start from a private file" {
    public_folder # because the umask does not keep root from reading its files
    mkdir -m 1777 tmp
    cp "$BATS_FILE_TMPDIR/probe" "$FIXTURES/seccomp-run" .
    touch out err
    umask 777
    TMPDIR=$PWD/tmp capture "${AS_NOBODY[@]}" ./seccomp-run "$only_files" -- ./probe exe
    umask 022
    [ "$status" = 0 ] || fail "status $status"
    ran_from_file "$PWD/tmp"
}

@test "a small soft limit on the size of files does not prevent a private file, and is set again" {
    bash -c 'ulimit -S -f 4 && exec "$0" "$1" -- ./probe' "$FIXTURES/seccomp-run" "$only_files" | cat >out
    grep -q '^limit 1: 4096 -1$' out
}

@test "without execveat the program starts through /proc, from a memfd and from a private file" {
    sandboxed execveat=ENOSYS ./probe exe >out
    ran_from_memfd
    sandboxed "execveat=ENOSYS,$only_files" ./probe exe >out
    ran_from_file "$TMPDIR"
    run sandboxed execveat=ENOSYS ./level word
    [ "$output" = 'v1 word' ]
}

@test "if no thread can be started, the first one decodes everything" {
    local error
    for error in EPERM EAGAIN ENOSYS; do
        sandboxed "clone=$error,clone3=$error" ./probe exe >out
        ran_from_memfd
    done
}

@test "the launcher needs neither the number of processors nor seals nor limits" {
    local call
    for call in sched_getaffinity=EPERM sched_getaffinity=ENOSYS fcntl=EPERM fcntl=EINVAL \
        prlimit64=EPERM,getrlimit=EPERM; do
        run sandboxed "$call" ./level "$call"
        [ "$output" = "v1 $call" ]
        [ "$status" = 0 ]
    done
    sandboxed sched_getaffinity=ENOSYS ./probe exe >out
    ran_from_memfd
}

@test "a kernel that refuses every lease does not prevent a start from a memfd" {
    local error
    for error in EAGAIN EINVAL EACCES; do
        sandboxed "fcntl+lease=$error" ./probe exe >out
        ran_from_memfd
    done
}

@test "if everything is refused, the status is 126 and one line lists every refusal" {
    local error refusals
    # a folder may not exist here, or may be mounted noexec
    error='([a-z ]+: [A-Z][a-z ]+)'
    # for a start in place, the program's dynamic loader cannot be opened
    refusals="memfd: memfd_create: Operation not permitted; inplace: /.*/ld-[^:;]*: Permission denied"
    refusals+="; $PWD/tmp: open: Permission denied; /dev/shm: $error; /tmp: $error; /var/tmp: $error"
    refusals+="; $PWD: open: Permission denied"
    XDG_RUNTIME_DIR=$PWD cannot_start level "$refusals" sandboxed "$only_files,open=EACCES,openat=EACCES"
    empty tmp
}

@test "if the execution of private files is refused, every attempt is named and nothing is left" {
    capture sandboxed "execveat=EPERM,$only_files" ./level
    if [ "$status" = 0 ]; then
        # another way of execution was allowed
        [ "$(cat out)" = v1 ]
    else
        [ "$status" = 126 ]
        grep -q '^fatelf-amd64: \./level: the program could not be started: memfd: memfd_create: ' err
        grep -q "; $TMPDIR: exec[a-z]*: Operation not permitted" err
        [ "$(wc -l <err)" = 1 ]
    fi
    empty tmp
}

@test "a write that fails is named with its error, for every place that was tried" {
    capture sandboxed "$no_new_code,pwrite64=ENOSPC" ./level
    [ "$status" = 126 ]
    grep -q "; $TMPDIR: pwrite: No space left on device; " err
    grep -q '^fatelf-amd64: \./level: the program could not be started: memfd: pwrite: No space left on device; ' err
    empty tmp
}

@test "without a free descriptor the status is 126 and the message says so" {
    capture "$FIXTURES/exec-with" close=3 -- "$BASH" bash -c 'ulimit -n 3; exec ./level'
    [ "$status" = 126 ]
    grep -q '^fatelf-amd64: .*/level: the program could not be started: memfd: memfd_create: ' err
    grep -Eq '; inplace: /[^:;]*/ld-[^:;]*: .*; /.*: open: ' err
    [ "$(wc -l <err)" = 1 ]
}

@test "if execveat finds no program, the program starts through /proc, from a memfd and from a private file" {
    # ENOEXEC: an emulator that gives execveat to a kernel for another processor; ENOENT: valgrind and some sandboxes
    local error
    for error in ENOENT ENOEXEC; do
        sandboxed "execveat=$error" ./probe exe >out
        ran_from_memfd
        sandboxed "execveat=$error,$only_files" ./probe exe >out
        ran_from_file "$TMPDIR"
    done
}

@test "if execveat finds no program, the memfd stays open for a handler of binfmt_misc, which can open it as any file" {
    "$TOOL" create -q -o cat v1="$(type -P cat)"
    sandboxed execveat=ENOENT "$FIXTURES/exec-with" close=3 -- ./cat ./cat /proc/self/fdinfo/3 >out
    # O_LARGEFILE and O_RDWR; close-on-exec would be 02000000
    grep -Eq '^flags:[[:space:]]+0100002$' out
    # a lease would be shown as a lock
    run ! grep '^lock:' out
}

@test "if there is no /proc either, the program starts in place, or the message lists everything that was tried" {
    need_root
    local error text tried
    mkdir -p root/tmp
    compile_level 1 static -static
    "${CC:-cc}" -static -O2 -D_GNU_SOURCE -o root/seccomp-run "$TOP/tests/fixtures/seccomp-run.c"
    "$TOOL" create -q -o root/static v1=static
    for error in 'ENOENT:No such file or directory' 'ENOEXEC:Exec format error'; do
        text=${error#*:} error=${error%:*}
        same 'v1 word' "$(as_root chroot root /seccomp-run "execveat=$error" -- /static word)"
        capture as_root chroot root /seccomp-run "execveat=$error,$no_new_code" -- /static
        same 126 "$status"
        same 1 "$(wc -l <err)"
        tried="memfd: execveat: $text; memfd: execve: No such file or directory; inplace: mprotect: Permission denied"
        grep -Fq "the program could not be started: $tried" err
        tried="; /tmp: execveat: $text; /tmp: execve: No such file or directory"
        grep -Fq "$tried" err
        finds -v 'is the dynamic loader' <err
        empty root/tmp
    done
}

@test "valgrind runs a bundle that is made for memfd" {
    need valgrind
    skip_unless "valgrind does not run here" valgrind -q true
    same 'v1 word' "$(valgrind -q ./level word 2>err)"
    # the program is checked only if valgrind follows exec
    same 'v1 word' "$(valgrind --trace-children=yes ./level word 2>err)"
    grep -q 'ERROR SUMMARY: ' err
}
