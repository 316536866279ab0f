# SPDX-License-Identifier: MIT
# Where the system refuses what the launcher would like best, it finds another way, or says all that was refused.
load ../lib/common
load ../lib/surroundings
load ../lib/users

# Two frames and more, so that there is something to decode in threads.
setup_file() {
    cat "$FIXTURES/probe" "$(command -v bash)" "$(command -v bash)" >"$BATS_FILE_TMPDIR/big"
    chmod +x "$BATS_FILE_TMPDIR/big"
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/probe" v1="$BATS_FILE_TMPDIR/big"
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/level" v1="$FIXTURES/level.v1"
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset FATELF_AMD64 FATELF_AMD64_LAUNCH FATELF_AMD64_DEBUG GOAMD64 MGODEBUG XDG_RUNTIME_DIR
    umask 022
    ln -s "$BATS_FILE_TMPDIR"/{probe,level} .
    mkdir tmp
    export TMPDIR=$PWD/tmp
    PUBLIC=
}

teardown() {
    [ -z "$PUBLIC" ] || rm -rf "$PUBLIC"
}

# The program ran from a private file in the folder $1, by the output of `probe exe` on stdin; nothing is left there.
ran_from() {
    grep -Eq "^exe: $1/\.fatelf-amd64-[0-9a-f]{16} \(deleted\)\$"
    [ -z "$(ls -A "$1")" ]
}

# Neither in place nor from memory: only private files are left.
only_files=$no_new_code,memfd_create=EPERM

ran_from_memfd() {
    grep -Fxq 'exe: /memfd:probe.v1 (deleted)'
}

@test "the sandbox of these tests refuses what it is told to" {
    run sandboxed memfd_create=EPERM,open=EACCES,openat=EACCES ./level
    [ "$status" = 126 ]
    need perl
    # clone: a fork of perl's
    run sandboxed clone=EPERM,clone3=EPERM "$(command -v perl)" -e 'exit(defined fork ? 0 : 5)'
    [ "$status" = 5 ]
}

@test "where memfds are refused the program starts in place" {
    local error
    for error in EPERM ENOSYS EACCES EMFILE; do
        sandboxed "memfd_create=$error" ./probe exe >out
        grep -Fxq "exe: $BATS_FILE_TMPDIR/probe" out
    done
}

@test "where memfds and new code are refused the program runs from a private file in TMPDIR, which is gone" {
    local error
    for error in EPERM ENOSYS EACCES EMFILE; do
        sandboxed "$no_new_code,memfd_create=$error" ./probe exe >out
        ran_from "$TMPDIR" <out
    done
}

@test "a kernel before 6.3, which refuses MFD_EXEC, starts the program from a sealed memfd all the same" {
    sandboxed memfd_create+exec=EINVAL ./probe exe >out
    ran_from_memfd <out
    grep -Fxq 'seals: future-write shrink grow seal' out
}

@test "a kernel before 5.1, which does not know F_SEAL_FUTURE_WRITE, gets the older seal" {
    sandboxed fcntl+future-write=EINVAL ./probe exe >out
    ran_from_memfd <out
    grep -Fxq 'seals: write shrink grow seal' out
}

@test "a memfd that may not execute is left for a private file" {
    sandboxed "$no_new_code,memfd_create+exec=EACCES" ./probe exe >out
    ran_from "$TMPDIR" <out
}

@test "under vm.memfd_noexec=2, where new code is refused too, the program runs from a private file" {
    need_namespaces --pid --fork --mount-proc
    as_root unshare --pid --fork --mount-proc bash -c '
        echo 2 >/proc/sys/vm/memfd_noexec || exit 77
        "$1" "$2" -- ./probe exe' bash "$FIXTURES/seccomp-run" "$no_new_code" >out 2>err ||
        { [ $? = 77 ] && skip "this kernel has no vm.memfd_noexec, or does not let us"; cat err; false; }
    ran_from "$TMPDIR" <out
}

@test "the private file is a program to the last argument" {
    seq 100 >in
    exec 5<in
    sandboxed "$only_files" ./probe one 'two words' >out
    grep -q "^argument\[2\]: 'two words'$" out
    grep -q '^Threads:.1$' out
    # those of the shell and of bats, 5, and none of the launcher's
    diff <(sandboxed "$only_files" "$BATS_FILE_TMPDIR/big" | grep -o '^descriptor [0-9]*') \
        <(grep -o '^descriptor [0-9]*' out)
    run sandboxed "$only_files" ./level word
    [ "$output" = 'v1 word' ]
}

@test "the log names the folder of the private file" {
    FATELF_AMD64_DEBUG=log sandboxed "$only_files" ./level >out 2>err
    [ "$(wc -l <err)" = 1 ]
    grep -Eq "^fatelf-amd64: \./level: starting v1 by .*$TMPDIR.*, ready in [0-9.]* ms$" err
}

@test "a TMPDIR that does not exist, is no folder or is relative is passed over" {
    local folder
    touch file
    for folder in "$PWD/none" "$PWD/file" tmp '' .; do
        TMPDIR=$folder sandboxed "$only_files" ./probe exe >out
        grep -Eq '^exe: /(dev/shm|tmp|var/tmp)/\.fatelf-amd64-[0-9a-f]{16} \(deleted\)$' out
    done
    [ -z "$(ls -A tmp)" ]
}

@test "a TMPDIR that nobody may execute from, or that is full, is passed over" {
    local options
    need_namespaces --mount
    for options in noexec size=64k; do
        as_root unshare --mount bash -c '
            mount -t tmpfs -o "$1" none tmp || exit 77
            "$2" "$3" -- ./probe exe && [ -z "$(ls -A tmp)" ]' bash "$options" "$FIXTURES/seccomp-run" "$only_files" \
            >out 2>err || { [ $? = 77 ] && skip "no tmpfs to be had here"; cat err; false; }
        grep -Eq '^exe: /(dev/shm|tmp|var/tmp)/\.fatelf-amd64-[0-9a-f]{16} \(deleted\)$' out
    done
}

@test "XDG_RUNTIME_DIR is the last resort" {
    need_namespaces --mount
    cp "$FIXTURES/seccomp-run" .
    cp -L probe copy
    # all other folders are noexec; what lies in them is reached through the working folder, from before the mounts
    as_root unshare --mount bash -c '
        for folder in /dev/shm /var/tmp /tmp; do
            mount -t tmpfs -o noexec none "$folder" || exit 77
        done
        TMPDIR=/tmp XDG_RUNTIME_DIR=/proc/self/cwd/tmp ./seccomp-run "$1" -- ./copy exe' bash "$only_files" \
        >out 2>err ||
        { [ $? = 77 ] && skip "no tmpfs to be had here"; cat err; false; }
    grep -Eq '^exe: .*/tmp/\.fatelf-amd64-[0-9a-f]{16} \(deleted\)$' out
    [ -z "$(ls -A tmp)" ]
}

@test "a private file needs no permission that the umask could take away" {
    local as=()
    PUBLIC=$(TMPDIR='' mktemp -d)
    chmod 755 "$PUBLIC"
    mkdir -m 1777 "$PUBLIC/tmp"
    cp -L probe level "$FIXTURES/seccomp-run" "$PUBLIC"
    # root may read its own file in any case
    [ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    touch out err
    umask 777
    TMPDIR=$PUBLIC/tmp "${as[@]}" "$PUBLIC/seccomp-run" "$only_files" -- "$PUBLIC/probe" exe >out 2>err || cat err
    umask 022
    cat out
    ran_from "$PUBLIC/tmp" <out
}

@test "a small soft limit on the size of files is no hindrance to a private file, and is put back" {
    bash -c 'ulimit -S -f 4 && exec "$0" "$1" -- ./probe' "$FIXTURES/seccomp-run" "$only_files" | cat >out
    grep -q '^limit 1: 4096 -1$' out
}

@test "without execveat the program starts through /proc, from a memfd and from a private file" {
    sandboxed execveat=ENOSYS ./probe exe >out
    ran_from_memfd <out
    sandboxed "execveat=ENOSYS,$only_files" ./probe exe >out
    ran_from "$TMPDIR" <out
    run sandboxed execveat=ENOSYS ./level word
    [ "$output" = 'v1 word' ]
}

@test "where no thread can be started one decodes all" {
    local error
    for error in EPERM EAGAIN ENOSYS; do
        sandboxed "clone=$error,clone3=$error" ./probe exe >out
        ran_from_memfd <out
    done
}

@test "the launcher does without the number of processors, seals and limits" {
    local call
    for call in sched_getaffinity=EPERM sched_getaffinity=ENOSYS fcntl=EPERM fcntl=EINVAL \
        prlimit64=EPERM,getrlimit=EPERM; do
        run sandboxed "$call" ./level "$call"
        [ "$output" = "v1 $call" ]
        [ "$status" = 0 ]
    done
    sandboxed sched_getaffinity=ENOSYS ./probe exe >out
    ran_from_memfd <out
}

@test "when all is refused, status 126 and every refusal, on one line" {
    local status=0 error refusals
    XDG_RUNTIME_DIR=$PWD sandboxed "$only_files,open=EACCES,openat=EACCES" ./level >out 2>err || status=$?
    [ "$status" = 126 ]
    [ ! -s out ]
    [ "$(wc -l <err)" = 1 ]
    # a folder may be missing here, or be mounted noexec
    error='([a-z ]+: [A-Z][a-z ]+)'
    # the loader that a dynamic program names cannot be opened for a start in place
    refusals="memfd: memfd_create: Operation not permitted; inplace: /.*/ld-[^:;]*: Permission denied"
    refusals+="; $PWD/tmp: open: Permission denied; /dev/shm: $error; /tmp: $error; /var/tmp: $error"
    refusals+="; $PWD: open: Permission denied"
    grep -Exq "fatelf-amd64: \./level: the program could not be started: $refusals" err
    [ -z "$(ls -A tmp)" ]
}

@test "when the program's execution is refused, status 126, every attempt named, and nothing left" {
    local status=0
    sandboxed "execveat=EPERM,$only_files" ./level >out 2>err || status=$?
    if [ "$status" = 0 ]; then
        # it found a way
        [ "$(cat out)" = v1 ]
    else
        [ "$status" = 126 ]
        grep -q '^fatelf-amd64: \./level: the program could not be started: memfd: memfd_create: ' err
        grep -q "; $TMPDIR: exec[a-z]*: Operation not permitted" err
        [ "$(wc -l <err)" = 1 ]
    fi
    [ -z "$(ls -A tmp)" ]
}

@test "a write that fails is named with its error, in each place that was tried" {
    local status=0
    sandboxed "$no_new_code,pwrite64=ENOSPC" ./level >out 2>err || status=$?
    [ "$status" = 126 ]
    grep -q "; $TMPDIR: pwrite: No space left on device; " err
    grep -q '^fatelf-amd64: \./level: the program could not be started: memfd: pwrite: No space left on device; ' err
    [ -z "$(ls -A tmp)" ]
}

@test "with no descriptor to be had, status 126 and a message that says so" {
    local status=0
    "$FIXTURES/exec-with" close=3 -- "$(command -v bash)" bash -c 'ulimit -n 3; exec ./level' >out 2>err || status=$?
    [ "$status" = 126 ]
    grep -q '^fatelf-amd64: .*/level: the program could not be started: memfd: memfd_create: ' err
    grep -Eq '; inplace: /[^:;]*/ld-[^:;]*: .*; /.*: open: ' err
    [ "$(wc -l <err)" = 1 ]
}
