# SPDX-License-Identifier: MIT
# examples/cargo: a crate that cargo fatelf builds.
load ../lib/common
load ../lib/examples
load ../lib/tool

OUT=$BUILD/examples/cargo

setup_file() {
    check_rust
    [ -z "$MISSING" ] || return 0
    PATH=$BUILD:$PATH "$TOP/examples/cargo/build" "$OUT"
}

@test "cargo fatelf leaves the bundle where cargo would leave the program" {
    local level machine
    same "v1 v2 v3 v4" "$(levels "$OUT/release/words")"
    machine=$(runnable_levels)
    for level in $machine; do
        same "level     x86-64-v$level
bytes     18
lines     2
words     3" "$(printf ' one two\n\nthree...' | FATELF_AMD64=v$level "$OUT/release/words")"
    done
}
