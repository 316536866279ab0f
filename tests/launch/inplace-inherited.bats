# SPDX-License-Identifier: MIT
# A program that is started in place inherits from its parent what it would inherit if the kernel had started it, and
# other processes see no difference either.
load ../lib/common
load ../lib/inplace
load ../lib/self

setup_file() {
    make_self_kinds pie
    make_kinds "$FIXTURES/probe"
}

setup() {
    start_test
    KINDS=$BATS_FILE_TMPDIR
}

@test "the program inherits signals, descriptors, limits, timers, priorities and locks" {
    need nice chrt taskset
    local kind LAUNCH nice
    nice=$(nice -n 7 nice) # relative to this process's own
    seq 1000 >in
    exec 5<in 77>>in 99</dev/null
    read -r _ <&5
    umask 027
    PREFIX=(bash -c 'ulimit -n 200 && ulimit -S -t 1000 && ulimit -S -f 100000 && ulimit -S -l 64 && exec "$@"' limited
        nice -n 7 chrt --batch 0 taskset -c "$(some_processor)" "$FIXTURES/exec-with" block=1,2,15,17,32,33,34,64
        ignore=3,13,17,20,25,63 pending=10 slack=70000 subreaper=1 death=10 alarm=1000 "lock=$PWD/locked" --)
    for kind in stored zstd; do
        LAUNCH=$([ "$kind" = stored ] || echo inplace)
        run_kind native probe probe one two
        run_kind "$kind" probe probe one two
        started_in_place "$kind"
        sed -i '/^descriptor [12]:/d' native.out "$kind.out" # the two files themselves
        as_native "$kind"
    done
    grep -q '^blocked: 8000000380014203$' stored.out
    grep -q '^pending: 0000000000000200$' stored.out
    # glibc's posix_spawn, which make uses, ignores its own two signals in the processes that it starts
    [ "$(grep '^signal [0-9]*: ignored' stored.out | grep -cv '^signal 3[23]:')" = 6 ]
    grep -q '^descriptor 77: ' stored.out
    grep -q '^umask: 027$' stored.out
    grep -q "^nice: $nice, policy: 3," stored.out
    grep -q '^timer 0: armed$' stored.out
    grep -q '^lock: *POSIX *ADVISORY *WRITE$' stored.out
    exec 5<&- 77>&- 99<&-
}

@test "descriptors that close at exec are closed, the others stay open, and there are no others" {
    need python3
    PREFIX=(python3 -c '
import os, sys
for number, stays in (50, True), (51, False), (800, True), (801, False):
    os.dup2(os.open("/dev/null", os.O_RDONLY), number, inheritable=stays)
os.execv(sys.argv[1], sys.argv[1:])')
    local kind
    for kind in native stored zstd; do
        run_kind "$kind" probe one
        sed -i '/^descriptor [012]:/d; /FATELF_AMD64_LAUNCH/d' "$kind.out" # the test's own files
        [ "$kind" != native ] || continue
        started_in_place "$kind"
        as_native "$kind"
    done
    [ "$(grep -oE '^descriptor (50|51|800|801)' stored.out | paste -sd ' ')" = 'descriptor 50 descriptor 800' ]
}

# see_from_outside KIND: what other processes see of the program while it runs
see_from_outside() {
    local pid
    ln -f "$KINDS/$1/pie" .
    mkfifo gate
    env ./pie hold <gate >ready 3>&- &
    pid=$!
    exec 9>gate
    until [ -s ready ]; do kill -0 "$pid"; done
    ps -o comm=,args= -p "$pid"
    pgrep -x pie | grep -Fx "$pid" | sed 's/.*/found/'
    readlink "/proc/$pid/exe"
    tr '\0' '~' <"/proc/$pid/cmdline"
    find "/proc/$pid/fd" -mindepth 1 -printf '%f\n' | grep -vx '[3-9]' | sort
    find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l
    sed -E 's/.* //' "/proc/$pid/maps" | sort -u
    exec 9>&-
    wait "$pid"
    rm gate ready
}

@test "other processes see the same name, file and arguments" {
    need ps pgrep
    see_from_outside native >native.seen
    see_from_outside stored >stored.seen
    diff native.seen stored.seen
    grep -Fxq "$PWD/pie" stored.seen
    grep -Fxq found stored.seen
}
