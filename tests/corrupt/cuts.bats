# SPDX-License-Identifier: MIT
# Bundles that end too early. Within the entry code nothing can be said: that window is read from the section's bounds.
load ../lib/common
load ../lib/damage

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    build_tiny tiny 8000 1 2 3 4
    "$TOOL" create -q --no-delta -o zstd tiny.v[1-4]
    "$TOOL" create -q --compress none -o none tiny.v[1-4]
    "$TOOL" create -q --launch inplace -o inplace tiny.v[1-4]
    "$TOOL" create -q --base v3 -o delta tiny.v[1-4]
    "$TOOL" create -q --base v4 -o delta.last tiny.v[1-4]
}

tiny=(tiny.v1 tiny.v2 tiny.v3 tiny.v4)

@test "a compressed bundle that is cut short says so, at every 1 KB and at every border" {
    damage cuts zstd "${tiny[@]}"
}

@test "a stored bundle that is cut short says so, at every 1 KB and at every border" {
    damage cuts none "${tiny[@]}"
}

@test "a bundle that starts in place and is cut short says so, at every 1 KB and at every border" {
    damage cuts inplace "${tiny[@]}"
}

@test "a delta-coded bundle that is cut short says so, also where the base comes last" {
    damage cuts delta "${tiny[@]}"
    rm -r damage.*
    damage cuts delta.last "${tiny[@]}"
}

@test "a bundle cut anywhere in its first 4 KB is refused by the kernel or says so" {
    damage cuts-of-first-page zstd "${tiny[@]}"
}

@test "a bundle whose launcher was linked with the system's C library says so too" {
    local stub=$BUILD/stub-system/fatelf-amd64-stub
    [ -e "$stub" ] || skip "there is no such stub in this build"
    "$TOOL" create -q --stub "$stub" -o "$BATS_FILE_TMPDIR/system" "${tiny[@]/#/$BATS_FILE_TMPDIR/}"
    damage cuts system "${tiny[@]}"
    rm -r damage.*
    damage cuts-of-first-page system "${tiny[@]}"
}
