# SPDX-License-Identifier: MIT
# examples/rust: a small crate that counts bits.
load ../lib/common

OUT=$BUILD/examples/rust

# Why there is no example on this machine; nothing where there is one.
missing() {
    command -v cargo >/dev/null || { echo "cargo is not installed"; return; }
    rustc --print target-cpus 2>/dev/null | grep -q 'x86-64-v4' || { echo "rustc does not know the levels"; return; }
}

setup_file() {
    [ -z "$(missing)" ] || return 0
    FATELF=$TOOL "$TOP/examples/rust/build" "$OUT"
}

# To skip is for tests only, not for setup_file.
built() {
    local reason
    reason=$(missing)
    [ -z "$reason" ] || skip "$reason"
}

@test "the Rust example's bundle prints at every level what the build for that level prints" {
    built
    for level in $(seq "$(machine_level)"); do
        "$OUT/nearest.v$level" >native
        FATELF_AMD64=v$level "$OUT/nearest" >bundle
        grep -qx "level     x86-64-v$level" bundle
        diff <(grep -v ^time native) <(grep -v ^time bundle)
    done
}

@test "without being told, the Rust example runs this machine's level" {
    built
    ran=$("$OUT/nearest" | sed -n 's/^level *//p')
    [ "$ran" = "x86-64-v$(machine_level)" ]
}

@test "the Rust example's answer is the same at every level" {
    built
    for level in $(seq "$(machine_level)"); do
        FATELF_AMD64=v$level "$OUT/nearest" | grep -v -e ^time -e ^level >>answers
    done
    [ "$(sort -u answers | wc -l)" = 2 ]
    grep -q '^checksum  [0-9]*$' answers
}
