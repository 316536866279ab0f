# SPDX-License-Identifier: MIT
# examples/c-shared: a C program that loads a library with Go's runtime, which starts threads and handles signals.
load ../lib/common
load ../lib/examples

OUT=$BUILD/examples/c-shared

setup_file() {
    check_c
    check_go std
    [ -z "$MISSING" ] || return 0
    FATELF=$TOOL "$TOP/examples/c-shared/build" "$OUT"
}

# loads METHOD BUNDLE: at every level, the library counts, calls back and catches its signal
loads() {
    local level levels
    levels=$(runnable_levels)
    for level in $levels; do
        FATELF_AMD64=v$level started "$1" "$OUT/$2" "$OUT/libwordcount.so" "one two three" "four  five" " " six
        same "level     x86-64-v$level
words     6
results   3
signal    caught by Go" "$(<out)"
    done
}

@test "a C program that was started from memory loads a library written in Go" {
    loads memfd words
}

@test "a C program that was started in place, from a stored variant, loads a library written in Go" {
    loads inplace words.stored
}

@test "a C program that was started in place, from a compressed variant, loads a library written in Go" {
    loads inplace words.zstd
}
