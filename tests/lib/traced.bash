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

start_traced_test() {
    start_test
    unset DEBUGINFOD_URLS
    export LC_ALL=C HOME=$BATS_TEST_TMPDIR # perf keeps its build-ids there
    ln -s "$BATS_FILE_TMPDIR"/* .
}
