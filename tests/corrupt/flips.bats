# One flipped bit: the launcher says so and starts nothing, verify fails, and the other variants run.
load ../common
load programs

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    build_tiny tiny 8000 1 2 3 4
    build_tiny large 2200000 2 4 # three frames, the last one shorter
    for how in zstd zstd:19 none; do
        "$TOOL" create -q --compress "$how" -o "tiny.$how" tiny.v[1-4]
        "$TOOL" create -q --compress "$how" -o "two.$how" tiny.v[13]
        "$TOOL" create -q --compress "$how" -o "large.$how" large.v[24]
    done
}

tiny=(tiny.v1 tiny.v2 tiny.v3 tiny.v4)
large=(large.v2 large.v4)

@test "a flipped bit anywhere in the manifest of a compressed bundle is refused" {
    damage note tiny.zstd "${tiny[@]}"
}

@test "a flipped bit anywhere in the manifest of a stored bundle is refused" {
    damage note tiny.none "${tiny[@]}"
}

@test "a flipped bit in any byte of a frame is refused, and concerns no other variant" {
    damage frames tiny.zstd "${tiny[@]}"
}

@test "a flipped bit in any byte of a frame with compressed literals is refused" {
    damage frames two.zstd:19 tiny.v1 tiny.v3
}

@test "a flipped bit in a stored variant is refused, and concerns no other variant" {
    damage frames-by-steps tiny.none "${tiny[@]}"
}

@test "a flipped bit anywhere in the seek table is refused" {
    damage seek-table tiny.zstd "${tiny[@]}"
}

@test "a flipped bit in any of several frames is refused" {
    damage frames-by-steps large.zstd "${large[@]}"
    rm -r damage.*
    damage frames-by-steps large.zstd:19 "${large[@]}"
}

@test "a flipped bit in any of several stored frames is refused" {
    damage frames-by-steps large.none "${large[@]}"
}

@test "a flipped bit in a manifest or seek table for several frames is refused" {
    damage note large.none "${large[@]}"
    rm -r damage.*
    damage seek-table large.zstd "${large[@]}"
}

@test "a flipped bit anywhere behind the launcher never starts a wrong program" {
    damage anywhere tiny.zstd "${tiny[@]}"
    rm -r damage.*
    damage anywhere tiny.none "${tiny[@]}"
}
