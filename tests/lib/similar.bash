# SPDX-License-Identifier: MIT
# Large programs that resemble each other as builds for different levels do.

# For setup_file: sets MISSING, see lib/common, if make_similar does not work here.
check_similar() {
    missing "gdb is not installed" command -v gdb
    missing "python3 is not installed" command -v python3
}

# make_similar PROGRAM SIZE SEED OUT: PROGRAM with SIZE more bytes, about the same for every SEED
make_similar() {
    "$TOP/tests/lib/similar" "$1" "$(command -v gdb)" "$2" "$3" "$4"
}
