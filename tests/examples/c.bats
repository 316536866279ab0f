# SPDX-License-Identifier: MIT
# examples/c: a numeric program that the compiler makes faster level by level.
load ../lib/common
load ../lib/examples

OUT=$BUILD/examples/c

setup_file() {
    check_c
    [ -z "$MISSING" ] || return 0
    FATELF=$TOOL "$TOP/examples/c/build" "$OUT"
}

@test "the C example's bundle prints at every level what the build for that level prints" {
    levels=$(runnable_levels)
    for level in $levels; do
        "$OUT/minhash.v$level" >native
        FATELF_AMD64=v$level "$OUT/minhash" >bundle
        grep -qx "level     x86-64-v$level" bundle
        sed -i '/^time/d' native bundle
        diff native bundle
    done
}

@test "by default the C example's bundle runs this machine's level" {
    ran=$("$OUT/minhash" | sed -n 's/^level *//p')
    [ "$ran" = "x86-64-v$(machine_level)" ]
}

@test "the C example's answer is the same at every level" {
    levels=$(runnable_levels)
    for level in $levels; do
        FATELF_AMD64=v$level "$OUT/minhash" | grep -v -e ^time -e ^level >>answers
    done
    [ "$(sort -u answers | wc -l)" = 2 ]
    grep -q '^checksum  [0-9a-f]\{8\}$' answers
}

@test "the table of times has every level of the C example" {
    has_times "$OUT/minhash"
}
