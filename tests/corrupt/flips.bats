# SPDX-License-Identifier: MIT
# One flipped bit: the launcher says so and starts nothing, verify fails, and the other variants run.
load ../lib/common
load ../lib/damage

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    build_tiny tiny 8000 1 2 3 4
    build_tiny large 2200000 2 4 # three frames, the last one shorter
    build_alike alike 2200000 1 3 4
    for how in zstd none; do
        "$TOOL" create -q --compress "$how" --no-delta -o "tiny.$how" tiny.v[1-4]
        "$TOOL" create -q --compress "$how" --no-delta -o "large.$how" large.v[24]
    done
    "$TOOL" create -q --base v3 -o tiny.delta tiny.v[1-4]
    "$TOOL" create -q -o alike.delta alike.v[134] # coded so without being told
    "$TOOL" create -q --launch inplace -o large.inplace large.v[24]
}

tiny=(tiny.v1 tiny.v2 tiny.v3 tiny.v4)
large=(large.v2 large.v4)
alike=(alike.v1 alike.v3 alike.v4)

@test "a flipped bit anywhere in the manifest of a compressed bundle is refused" {
    damage note tiny.zstd "${tiny[@]}"
}

@test "a flipped bit anywhere in the manifest of a delta-coded bundle is refused" {
    damage note-by-bytes tiny.delta "${tiny[@]}"
}

@test "a flipped bit anywhere in the manifest of a stored bundle is refused" {
    damage note-by-bytes tiny.none "${tiny[@]}"
}

@test "a flipped bit in any part of a frame is refused, and concerns no other variant" {
    damage frames tiny.zstd "${tiny[@]}"
}

@test "a flipped bit in a stored variant is refused, and concerns no other variant" {
    damage frames-by-steps tiny.none "${tiny[@]}"
}

@test "a flipped bit in any part of a delta-coded variant or of its base is refused, and verify names the base" {
    damage frames tiny.delta "${tiny[@]}"
}

@test "a flipped bit anywhere in the seek table is found by verify and extract, and the launcher does not mind" {
    damage seek-table tiny.zstd "${tiny[@]}"
    rm -r damage.*
    damage seek-table tiny.delta "${tiny[@]}"
}

@test "a flipped bit in any of several frames is refused" {
    damage frames-by-steps large.zstd "${large[@]}"
}

@test "a flipped bit in any of several delta-coded frames or in what they need of the base is refused" {
    [ "$("$TOOL" list "$BATS_FILE_TMPDIR/alike.delta" | grep -c zstd-delta)" = 2 ]
    damage frames-by-steps alike.delta "${alike[@]}"
}

@test "a flipped bit in any of several stored frames is refused" {
    damage frames-by-steps large.none "${large[@]}"
}

@test "a flipped bit in the manifest of several frames is refused" {
    damage note-by-bytes large.none "${large[@]}"
}

@test "a flipped bit in the seek table of several frames is found by verify and extract" {
    damage seek-table large.zstd "${large[@]}"
    rm -r damage.*
    damage seek-table alike.delta "${alike[@]}"
}

@test "a flipped bit anywhere behind the launcher never starts a wrong program" {
    damage anywhere tiny.zstd "${tiny[@]}"
    rm -r damage.*
    damage anywhere tiny.none "${tiny[@]}"
    rm -r damage.*
    damage anywhere tiny.delta "${tiny[@]}"
}

@test "a flipped bit in a compressed frame is refused when it is started in place" {
    damage frames-in-place tiny.delta "${tiny[@]}"
    rm -r damage.*
    damage frames-in-place large.zstd "${large[@]}"
}

@test "a flipped bit in what is mapped from the file is found by verify and by memfd, and concerns no other variant" {
    damage frames-in-place large.inplace "${large[@]}"
}
