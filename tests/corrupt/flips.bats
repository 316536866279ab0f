# SPDX-License-Identifier: MIT
# One flipped bit: the launcher refuses the damaged variant, verify fails, and the other variants run.
load ../lib/common
load ../lib/damage

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    build_tiny tiny 8000 1 2 3 4
    build_tiny large 2200000 2 4 # several frames, the last one shorter
    build_alike alike 2200000 1 3 4
    for how in zstd none; do
        "$TOOL" create -q --allow-different --compress "$how" --no-delta -o "tiny.$how" tiny.v[1-4]
        "$TOOL" create -q --allow-different --compress "$how" --no-delta -o "large.$how" large.v[24]
    done
    "$TOOL" create -q --allow-different --base v3 -o tiny.delta tiny.v[1-4]
    "$TOOL" create -q --allow-different -o alike.delta alike.v[134] # create chooses delta coding here
    "$TOOL" create -q --allow-different --launch inplace -o large.inplace large.v[24]
}

large=(large.v2 large.v4)
alike=(alike.v1 alike.v3 alike.v4)

@test "a flipped bit anywhere in the manifest of a compressed bundle is refused" {
    damage note tiny.zstd "${TINY[@]}"
}

@test "a flipped bit anywhere in the manifest of a delta-coded bundle is refused" {
    damage note-by-bytes tiny.delta "${TINY[@]}"
}

@test "a flipped bit anywhere in the manifest of a stored bundle is refused" {
    damage note-by-bytes tiny.none "${TINY[@]}"
}

@test "a flipped bit in any part of a frame is refused, and the other variants run" {
    damage frames tiny.zstd "${TINY[@]}"
}

@test "a flipped bit in a stored variant is refused, and the other variants run" {
    damage frames-by-steps tiny.none "${TINY[@]}"
}

@test "a flipped bit in any part of a delta-coded variant or of its base is refused, and verify names the base" {
    damage frames tiny.delta "${TINY[@]}"
}

@test "a flipped bit anywhere in the seek table is found by verify and extract, and does not matter to the launcher" {
    damage seek-table tiny.zstd "${TINY[@]}"
    damage seek-table tiny.delta "${TINY[@]}"
}

@test "a flipped bit in any of several frames is refused" {
    damage frames-by-steps large.zstd "${large[@]}"
}

@test "a flipped bit in any of several delta-coded frames, or in the part of the base that they need, is refused" {
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
    damage seek-table alike.delta "${alike[@]}"
}

@test "a flipped bit anywhere after the launcher never starts a wrong program" {
    damage anywhere tiny.zstd "${TINY[@]}"
    damage anywhere tiny.none "${TINY[@]}"
    damage anywhere tiny.delta "${TINY[@]}"
}

@test "a flipped bit in a compressed frame is refused by a start in place" {
    damage frames-in-place tiny.delta "${TINY[@]}"
    damage frames-in-place large.zstd "${large[@]}"
}

@test "a flipped bit in a segment that is mapped from the file is found by verify and by a start from a memfd" {
    damage frames-in-place large.inplace "${large[@]}"
}
