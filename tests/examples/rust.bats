# SPDX-License-Identifier: MIT
# examples/rust: a small crate that counts bits.
load ../lib/common
load ../lib/examples

OUT=$BUILD/examples/rust

setup_file() {
    check_rust
    [ -z "$MISSING" ] || return 0
    FATELF=$TOOL "$TOP/examples/rust/build" "$OUT"
}

@test "the Rust example's bundle prints at every level what the build for that level prints" {
    levels=$(runnable_levels)
    for level in $levels; do
        "$OUT/nearest.v$level" >native
        FATELF_AMD64=v$level "$OUT/nearest" >bundle
        grep -qx "level     x86-64-v$level" bundle
        sed -i '/^time/d' native bundle
        diff native bundle
    done
}

@test "by default the Rust example's bundle runs this machine's level" {
    ran=$("$OUT/nearest" | sed -n 's/^level *//p')
    [ "$ran" = "x86-64-v$(machine_level)" ]
}

@test "the Rust example's answer is the same at every level" {
    levels=$(runnable_levels)
    for level in $levels; do
        FATELF_AMD64=v$level "$OUT/nearest" | grep -v -e ^time -e ^level >>answers
    done
    [ "$(sort -u answers | wc -l)" = 2 ]
    grep -q '^checksum  [0-9]*$' answers
}

@test "the table of times has every level of the Rust example" {
    has_times "$OUT/nearest"
}
