# SPDX-License-Identifier: MIT
# Bundles of tests/tools/traced.c that start in place, for debuggers, tracers and profilers.

# For setup_file: the program with debug information, at random addresses, pie.v1, and at fixed ones, fixed.v1; bundles
# of them, pie and fixed, and compressed ones, pie.decoded and fixed.decoded.
make_traced() {
    local program
    cd "$BATS_FILE_TMPDIR" || return 1
    cp "$TOP/tests/tools/traced.c" .
    "${CC:-cc}" -g -O1 -fno-omit-frame-pointer -fPIE -pie -o pie.v1 traced.c
    "${CC:-cc}" -g -O1 -fno-omit-frame-pointer -fno-pie -no-pie -o fixed.v1 traced.c
    for program in pie fixed; do
        "$TOOL" create -q --launch inplace -o $program $program.v1
        "$TOOL" create -q --launch inplace --compress zstd -o $program.decoded $program.v1
    done
}

PROCESS=''

start_traced_test() {
    start_test
    unset DEBUGINFOD_URLS
    export LC_ALL=C HOME=$BATS_TEST_TMPDIR # perf keeps its build-ids there
    ln -s "$BATS_FILE_TMPDIR"/* .
}

# start_waiting COMMAND..: starts it, as $PROCESS, with the argument wait, and returns when it waits for input
start_waiting() {
    local line
    rm -f in out
    mkfifo in out
    "$@" wait <in >out &
    PROCESS=$!
    exec 6>in 7<out
    read -r line <&7
    [ "$line" = ready ]
    until grep -q ') S ' "/proc/$PROCESS/stat"; do
        kill -0 "$PROCESS"
    done
}

# dump_core COMMAND..: the file `core` is the core file that the kernel writes of the command, called with `wait`
dump_core() {
    rm -f core*
    start_waiting "$@"
    kill -ABRT "$PROCESS"
    exec 6>&- 7<&-
    local exit_status=0
    wait "$PROCESS" 2>/dev/null || exit_status=$?
    [ "$exit_status" = 134 ]
    PROCESS=
    [ -e core ] || mv core.* core
}

# need_core: the kernel writes core files to the working folder
need_core() {
    [ "$(cat /proc/sys/kernel/core_pattern)" = core ] || skip "core files are not written to the working folder here"
    ulimit -S -c unlimited || skip "no core files here"
}

# For teardown: no process is left.
end_waiting() {
    [ -z "$PROCESS" ] || kill -KILL "$PROCESS" 2>/dev/null || true
}

# finish: $PROCESS reads the end of its input, and ends with status 0
finish() {
    exec 6>&-
    cat <&7 >/dev/null
    exec 7<&-
    wait "$PROCESS"
    PROCESS=
}

# debug ARGUMENT..: gdb's output is in the file `said`
debug() {
    local exit_status=0
    gdb -nx -q -batch "$@" >said 2>&1 </dev/null || exit_status=$?
    cat said
    return "$exit_status"
}

# said_backtrace: the file `said` has a backtrace through the program's functions, with their lines in the source
said_backtrace() {
    grep -Eq '^#[0-9]+ .* inner \(wait=.*\) at .*traced\.c:21$' said
    grep -Eq '^#[0-9]+ .* outer \(wait=.*\) at .*traced\.c:26$' said
    grep -Eq '^#[0-9]+ .* main \(argc=2.*|^#[0-9]+ .* main \(argc=<optimized out>.*' said
}
