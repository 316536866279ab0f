# SPDX-License-Identifier: MIT
# Truncated bundles. A file that ends within the entry code of the launcher may end in any way; the bounds of this code
# are those of its section.
load ../lib/common
load ../lib/damage

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    build_tiny tiny 8000 1 2 3 4
    "$TOOL" create -q --allow-different --no-delta -o zstd tiny.v[1-4]
    "$TOOL" create -q --allow-different --compress none -o none tiny.v[1-4]
    "$TOOL" create -q --allow-different --launch inplace -o inplace tiny.v[1-4]
    "$TOOL" create -q --allow-different --base v3 -o delta tiny.v[1-4]
    "$TOOL" create -q --allow-different --base v4 -o delta.last tiny.v[1-4]
}

@test "the launcher detects that a compressed bundle is truncated, after every KiB and at every border" {
    damage cuts zstd "${TINY[@]}"
}

@test "the launcher detects that a stored bundle is truncated, after every KiB and at every border" {
    damage cuts none "${TINY[@]}"
}

@test "the launcher detects that a bundle for a start in place is truncated, after every KiB and at every border" {
    damage cuts inplace "${TINY[@]}"
}

@test "the launcher detects that a delta-coded bundle is truncated, also if the base comes last" {
    damage cuts delta "${TINY[@]}"
    damage cuts delta.last "${TINY[@]}"
}

@test "a bundle that ends anywhere in its first 4 KiB is refused by the kernel or by the launcher" {
    damage cuts-of-first-page zstd "${TINY[@]}"
}

@test "the launcher that is linked with the system's C library detects truncated bundles too" {
    local stub=$BUILD/stub-system/fatelf-amd64-stub
    [ -e "$stub" ] || skip "this stub is not built"
    "$TOOL" create -q --allow-different --stub "$stub" -o "$BATS_FILE_TMPDIR/system" "${TINY[@]/#/$BATS_FILE_TMPDIR/}"
    damage cuts system "${TINY[@]}"
    damage cuts-of-first-page system "${TINY[@]}"
}
