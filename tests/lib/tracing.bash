# SPDX-License-Identifier: MIT
# Debuggers and tracers, which a container may forbid.

# gdb for commands whose messages are compared: it prints nothing of its own between them when threads come and go.
# shellcheck disable=SC2034 # used by tests
GDB=(gdb -nx -q -batch -ex 'set startup-with-shell off' -ex 'set breakpoint pending on'
    -ex 'set print thread-events off')

need_gdb() {
    need gdb
    local program said
    program=$(type -P true)
    said=$(gdb -nx -q -batch -ex run --args "$program" 2>&1) || true
    [[ $said == *"exited normally"* ]] || skip "gdb may not trace here"
}

need_strace() {
    need strace
    skip_unless "strace may not trace here" strace -o /dev/null true
}

need_perf() {
    need perf
    skip_unless "perf is refused here" perf record -q -o perf.try -e cpu-clock true
    rm -f perf.try
}
