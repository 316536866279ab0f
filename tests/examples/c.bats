# SPDX-License-Identifier: MIT
# examples/c: a numeric program that the compiler makes faster level by level.
load ../lib/common

OUT=$BUILD/examples/c

# Why there is no example on this machine; nothing where there is one.
missing() {
    "${CC:-cc}" -march=x86-64-v4 -E -x c /dev/null >/dev/null 2>&1 || { echo "${CC:-cc} does not know -march=x86-64-v4"; return; }
}

setup_file() {
    [ -z "$(missing)" ] || return 0
    FATELF=$TOOL "$TOP/examples/c/build" "$OUT"
}

# To skip is for tests only, not for setup_file.
built() {
    local reason
    reason=$(missing)
    [ -z "$reason" ] || skip "$reason"
}

@test "the C example's bundle prints at every level what the build for that level prints" {
    built
    for level in $(seq "$(machine_level)"); do
        "$OUT/minhash.v$level" >native
        FATELF_AMD64=v$level "$OUT/minhash" >bundle
        grep -qx "level     x86-64-v$level" bundle
        diff <(grep -v ^time native) <(grep -v ^time bundle)
    done
}

@test "without being told, the C example runs this machine's level" {
    built
    ran=$("$OUT/minhash" | sed -n 's/^level *//p')
    [ "$ran" = "x86-64-v$(machine_level)" ]
}

@test "the C example's answer is the same at every level" {
    built
    for level in $(seq "$(machine_level)"); do
        FATELF_AMD64=v$level "$OUT/minhash" | grep -v -e ^time -e ^level >>answers
    done
    [ "$(sort -u answers | wc -l)" = 2 ]
    grep -q '^checksum  [0-9a-f]\{8\}$' answers
}
