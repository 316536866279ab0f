# SPDX-License-Identifier: MIT
# What debuggers show with the files of create --debug-dir, and with the script for gdb.
load ../lib/common
load ../lib/traced
load ../lib/tracing

# Bundles of the traced program, at random and at fixed addresses, started from memory, in place, and in place from zstd.
# Their debug information is in the folder `debug`.
BUNDLES="pie.memfd pie.stored fixed.zstd"

setup_file() {
    local program
    cd "$BATS_FILE_TMPDIR" || return 1
    cp "$TOP/tests/tools/traced.c" .
    local cc=("${CC:-cc}" -g -O1 -fno-omit-frame-pointer '-Wl,--build-id')
    "${cc[@]}" -fPIE -pie -o pie.v1 traced.c
    "${cc[@]}" -fno-pie -no-pie -o fixed.v1 traced.c
    "${cc[@]}" -static -o static.v1 traced.c 2>/dev/null || cp fixed.v1 static.v1
    for program in pie fixed static; do
        "$TOOL" create -q --debug-dir debug -o $program.memfd $program.v1
        "$TOOL" create -q --debug-dir debug --launch inplace -o $program.stored $program.v1
    done
    "$TOOL" create -q --debug-dir debug --launch inplace --compress zstd -o fixed.zstd fixed.v1
    # here, because a test has another home, without Go's cache
    if command -v go >/dev/null; then
        printf 'package main\n\n//go:noinline\nfunc inner(n int) { println(n) }\n\nfunc main() { inner(3) }\n' >main.go
        go build -ldflags=-B=gobuildid -o go.v1 main.go
    fi
    # with all that is in the build, and a second level
    "${cc[@]}" -fPIE -pie -DOTHER -O2 -march=x86-64-v2 -o whole.v2 traced.c
    "$TOOL" create -q --launch inplace -o whole pie.v1 whole.v2
    "$TOOL" create -q -o whole.memfd pie.v1 whole.v2
}

setup() {
    start_traced_test
    unset OBJCOPY
    need_gdb
    DEBUG=(-iex "set debug-file-directory $PWD/debug:/usr/lib/debug")
    SCRIPT=(-iex "source $TOP/packaging/gdb/fatelf-amd64-gdb.py")
    export PYTHONDONTWRITEBYTECODE=1
}

teardown() {
    end_waiting
}

# need_python_in_gdb: skips the test if gdb has no Python, or is too old for the script
need_python_in_gdb() {
    skip_unless "gdb has no Python, or is older than 11" \
        gdb -nx -q -batch -ex 'python gdb.BP_HARDWARE_BREAKPOINT, gdb.selected_inferior().connection'
}

need_hardware_breakpoints() {
    debug -ex starti -ex 'hbreak main' -ex continue fixed.v1
    grep -q '^Breakpoint 1, main ' said || skip "no hardware breakpoints here"
}

# said_all: the file `said` has the functions of the program, and of the C library
said_all() {
    said_backtrace
    grep -q ' read (\| __GI___libc_read (' said
}

said_names() {
    grep -Eq '^#[0-9]+ .* inner$' said
    grep -Eq '^#[0-9]+ .* outer$' said
    grep -Eq '^#[0-9]+ .* main$' said
}

@test "from a core file alone, gdb and eu-stack name the functions of a bundle's program" {
    need_core
    need eu-stack
    local bundle
    for bundle in $BUNDLES; do
        dump_core "./$bundle"
        eu-stack --debuginfo-path=":$PWD/debug" --core=core >said 2>&1 || true
        cat said
        said_names
        debug "${DEBUG[@]}" -c core -ex bt
        said_all
    done
}

@test "eu-stack names the functions of a process that was started from memory; of others, from its core file" {
    need eu-stack
    start_waiting ./pie.memfd
    eu-stack --debuginfo-path=":$PWD/debug" -p "$PROCESS" >said 2>&1 || true
    cat said
    said_names
    finish
    start_waiting ./pie.stored
    debug -p "$PROCESS" -ex 'gcore now'
    finish
    eu-stack --debuginfo-path=":$PWD/debug" --core=now >said 2>&1 || true
    cat said
    said_names
}

@test "gdb with the script, attached to a process, knows its program, from the debug files" {
    need_python_in_gdb
    local bundle
    for bundle in $BUNDLES; do
        start_waiting "./$bundle"
        debug "${SCRIPT[@]}" "${DEBUG[@]}" -p "$PROCESS" -ex bt
        said_all
        grep -qF "fatelf-amd64: symbols of $BATS_FILE_TMPDIR/debug/.build-id/" said
        debug "${SCRIPT[@]}" "${DEBUG[@]}" "./$bundle" -p "$PROCESS" -ex bt -ex 'info breakpoints'
        said_all
        grep -qx 'No breakpoints or watchpoints.' said
        finish
    done
}

@test "gdb with the script reads a core file with the bundle" {
    need_core
    need_python_in_gdb
    local bundle
    for bundle in $BUNDLES; do
        dump_core "./$bundle"
        debug "${SCRIPT[@]}" "${DEBUG[@]}" "./$bundle" core -ex bt
        said_all
    done
}

@test "gdb with the script runs a bundle, and stops its program in its functions, also a second time" {
    need_python_in_gdb
    need_hardware_breakpoints
    local bundle
    for bundle in $BUNDLES fixed.stored static.memfd; do
        debug "${SCRIPT[@]}" "${DEBUG[@]}" -ex 'set breakpoint pending on' -ex 'set startup-with-shell off' \
            -ex 'break main' -ex 'break inner' -ex run -ex continue -ex bt -ex 'info sharedlibrary' -ex continue \
            -ex run -ex continue -ex 'print wait' -ex 'info breakpoints' -ex 'delete' -ex continue --args "./$bundle" one
        same 2 "$(grep -c '^Breakpoint 1, main (argc=2, ' said)"
        same 2 "$(grep -c '^Breakpoint 2, inner (wait=0) at traced.c:' said)"
        grep -Eq '^#1 .* outer \(wait=.*\) at .*traced\.c:26$' said
        [[ $bundle == static.* ]] || grep -Eq '^0x.* .*/libc\.so' said
        same 2 "$(grep -c 'exited normally' said)"
        [[ $bundle != *.memfd ]] || same 2 "$(grep -c 'is executing new program: /memfd:' said)"
        # none of the script's own is left
        same 2 "$(grep -cE '^[0-9-]+ +(breakpoint|hw|catch)' said)"
    done
}

@test "without debug files, the script takes the program from the process or from the bundle" {
    need_core
    need_python_in_gdb
    need_hardware_breakpoints
    local path=$PATH
    start_waiting env FATELF_AMD64=v1 ./whole.memfd
    debug "${SCRIPT[@]}" -p "$PROCESS" -ex bt
    said_all
    finish
    export FATELF_AMD64=v1
    for PATH in "$path" "$BUILD:$path"; do
        start_waiting ./whole
        debug "${SCRIPT[@]}" -p "$PROCESS" -ex bt
        if [ "$PATH" = "$path" ]; then
            grep -q "^fatelf-amd64: no program with build-id [0-9a-f]*: not in debug-file-directory, and not to be had" said
            same 1 "$(grep -c '^fatelf-amd64: ' said)"
        else
            said_all
        fi
        finish
    done
    dump_core ./whole.memfd
    debug "${SCRIPT[@]}" ./whole.memfd core -ex bt
    said_all
    debug "${SCRIPT[@]}" -ex 'set breakpoint pending on' -ex 'break inner' -ex run -ex bt --args ./whole one
    grep -Eq '^#1 .* outer \(wait=.*\) at .*traced\.c:26$' said
}

@test "gdb runs the script by itself for a program for which it is linked into auto-load" {
    need_python_in_gdb
    local directory=$PWD/auto-load$BATS_FILE_TMPDIR
    mkdir -p "$directory" share
    cp "$TOP"/packaging/gdb/*.py share
    ln -s "$PWD/share/fatelf-amd64-gdb.py" "$directory/pie.stored-gdb.py"
    start_waiting ./pie.stored
    debug -iex "set auto-load scripts-directory $PWD/auto-load" -iex "set auto-load safe-path $PWD/auto-load" \
        "${DEBUG[@]}" -p "$PROCESS" -ex bt
    said_all
    finish
}

@test "the script leaves other programs alone" {
    need_python_in_gdb
    debug "${SCRIPT[@]}" -ex 'break inner' -ex run -ex bt -ex 'info breakpoints' -ex continue --args ./pie.v1 one
    run -1 grep fatelf-amd64 said
    same 1 "$(grep -cE '^[0-9-]+ +(breakpoint|hw|catch)' said)"
    grep -q 'exited normally' said
    start_waiting ./whole
    "$TOOL" extract -o given whole best
    debug "${SCRIPT[@]}" -iex 'set exec-file-mismatch off' given -p "$PROCESS" -ex bt
    run -1 grep fatelf-amd64 said
    said_all
    finish
}

@test "gdb with the script knows a Go program" {
    need go
    need_python_in_gdb
    need_hardware_breakpoints
    local launch
    for launch in memfd inplace; do
        "$TOOL" create -q --force --launch $launch --debug-dir go.debug -o go.bundle go.v1
        debug "${SCRIPT[@]}" -iex "set debug-file-directory $PWD/go.debug" -ex 'set breakpoint pending on' \
            -ex 'break main.inner' -ex run -ex bt ./go.bundle
        grep -Eq '^#1 .* main\.main \(\) at .*main\.go:6$' said
    done
}

@test "debuginfod serves the programs and their debug information" {
    need debuginfod debuginfod-find python3
    local port id
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    debuginfod -v -F -d :memory: -p "$port" debug/ >log 2>&1 &
    PROCESS=$!
    until grep -q 'fts traversed source paths in' log; do
        kill -0 "$PROCESS"
    done
    export DEBUGINFOD_URLS=http://127.0.0.1:$port DEBUGINFOD_CACHE_PATH=$PWD/cache
    unset http_proxy https_proxy all_proxy
    id=$(readelf -n pie.v1 | sed -n 's/.*Build ID: //p')
    cmp "$(debuginfod-find executable "$id")" "debug/.build-id/${id:0:2}/${id:2}"
    cmp "$(debuginfod-find debuginfo "$id")" "debug/.build-id/${id:0:2}/${id:2}.debug"
    kill "$PROCESS"
    wait "$PROCESS" || true
    PROCESS=''
}
