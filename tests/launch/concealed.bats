# SPDX-License-Identifier: MIT
# While the launcher writes the program to a memfd or to a private file, no other process of the same user can write to
# that file.
load ../lib/common
load ../lib/surroundings
load ../lib/tracing
load ../lib/users

setup() {
    start_test
    need_strace
    skip_unless "needs root, and other users" "${OTHER_USER[@]}" true
    public_folder
    chmod 777 .
    cp "$FIXTURES/seccomp-run" "$FIXTURES/patch-file" .
    "$TOOL" create -q -o level v1="$FIXTURES/level.v1"
    # shellcheck disable=SC2016 # for the script
    printf '#!/bin/sh\necho $$ >pid.new\nmv pid.new pid\nexec ./seccomp-run "$1" -- ./level\n' >start
    chmod +x start
}

teardown() {
    remove_public_folder
}

# attack HOW CALL=ERRNO,..: starts the bundle in a sandbox that refuses these calls. The calls that DELAYED names take a
# second; by default that is the first write to the program's file. Meanwhile another process of the same user tries to
# write to the file. $got: what it wrote to.
DELAYED=pwrite64:when=1
attack() {
    local how=$1 refused=$2 launcher
    rm -f pid
    "${AS_NOBODY[@]}" strace -qq -e signal=none -o trace -e "trace=${DELAYED%%:*}" -e "inject=$DELAYED:delay_exit=1000000" \
        env FATELF_AMD64_DEBUG=log ./start "$refused" >out 2>err 3>&- 4>&- &
    launcher=$!
    until [ -s pid ]; do
        kill -0 "$launcher" 2>/dev/null || fail "nothing was started"
    done
    got=$("${AS_NOBODY[@]}" ./patch-file "$(<pid)" "$how")
    wait "$launcher" || true
    grep -q DELAYED trace || fail "nothing was delayed"
}

# runs_unchanged: the program is what it was
runs_unchanged() {
    same nothing "$got"
    same v1 "$(<out)"
}

# What keeps others out is taken away: no PR_SET_DUMPABLE, no lease.
unprotected=prctl=EPERM,fcntl=EINVAL

@test "this attack works on a launcher that does not keep others out" {
    attack open $unprotected
    same '/memfd:level.v1 (deleted)' "$got"
    attack open "$only_files,$unprotected"
    [[ $got == /*' (deleted)' ]]
}

@test "nobody else can open the memfd" {
    attack open clone=EPERM
    runs_unchanged
}

@test "nobody else can open the memfd where the file system has no leases" {
    attack open fcntl=EINVAL
    runs_unchanged
}

@test "nobody else can open the memfd where PR_SET_DUMPABLE is refused" {
    attack open prctl=EPERM
    runs_unchanged
}

@test "nobody else can take the descriptor of the memfd" {
    attack getfd $unprotected
    [ "$got" != nothing ] || skip "this kernel forbids it to everybody"
    attack getfd clone=EPERM
    runs_unchanged
}

@test "nobody else can open the private file" {
    attack open "$only_files"
    runs_unchanged
    attack open "$only_files,open+tmpfile=EINVAL"
    runs_unchanged
}

@test "a process with root's rights cannot open the memfd either" {
    AS_NOBODY=()
    attack open clone=EPERM
    # it may have opened a memfd that the launcher then gave up
    same v1 "$(<out)"
    same 1 "$(grep -c 'starting v1 by memfd' err)"
    same 1 "$(grep -c 'starting v1 by' err)"
}

@test "the launcher gives up a memfd that another process has opened before it was protected" {
    DELAYED=memfd_create
    attack keep prctl=EPERM
    same '/memfd:level.v1 (deleted)' "$got"
    same 2 "$(grep -c '^memfd_create(.* = [0-9]' trace)"
    same v1 "$(<out)"
    same 1 "$(grep -c 'starting v1 by memfd' err)"
    same 1 "$(grep -c 'starting v1 by' err)"
}

@test "a tracer without root's rights sees the arguments of the exec" {
    "${AS_NOBODY[@]}" strace -o trace -e trace=execveat ./level word >out
    same 'v1 word' "$(<out)"
    grep -q '^execveat([0-9]*, "", \["./level", "word"\], ' trace
}

# compile_dumpable: dumpable.v1, which prints whether it is dumpable, and a bundle of it, dumpable
compile_dumpable() {
    cat >dumpable.c <<'END'
#include <stdio.h>
#include <sys/prctl.h>
int main(void) { return !(printf("%d\n", prctl(PR_GET_DUMPABLE)) > 0); }
END
    gcc -o dumpable.v1 dumpable.c
    "$TOOL" create -q -o dumpable dumpable.v1
}

@test "a program that starts in place is not dumpable if it is not dumpable natively" {
    compile_dumpable
    # the kernel decides it by the permission to read
    chmod 711 dumpable*
    # setpriv itself still has rights when it executes a program
    same 0 "$("${AS_NOBODY[@]}" env ./dumpable.v1)"
    same 0 "$("${AS_NOBODY[@]}" env FATELF_AMD64_LAUNCH=inplace ./dumpable)"
    same 0 "$("${AS_NOBODY[@]}" ./seccomp-run memfd_create=EPERM -- ./dumpable)"
}

@test "the program is dumpable as natively, whichever method starts it" {
    local refused
    compile_dumpable
    same 1 "$(./dumpable.v1)"
    for refused in clone=EPERM execveat=ENOSYS pwrite64=ENOSPC memfd_create=EPERM "$only_files"; do
        same 1 "$(sandboxed "$refused" ./dumpable)"
    done
}

@test "where a tracer cannot read the paths of a concealed launcher, the private file is made without concealment" {
    # proot(1) then lets the call fail with EFAULT
    "${AS_NOBODY[@]}" env TMPDIR="$PWD" FATELF_AMD64_DEBUG=log strace -qq -e signal=none -o trace -e trace=statfs,prctl \
        -e inject=statfs:error=EFAULT:when=1 ./seccomp-run "$only_files" -- ./level >out 2>err
    same v1 "$(<out)"
    grep -q "starting v1 by $PWD, " err
    # it was not dumpable before the call that failed, and is dumpable before the next one
    sed -n 's/^\(prctl(PR_SET_DUMPABLE, [A-Z_]*\).*/\1/p; s/^statfs.*\(EFAULT\|= 0\).*/\1/p' trace >calls
    same 'prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE
EFAULT
prctl(PR_SET_DUMPABLE, SUID_DUMP_USER
= 0' "$(tail -n 4 calls)"
}
