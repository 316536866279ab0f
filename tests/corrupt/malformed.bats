# SPDX-License-Identifier: MIT
# Manifests with wrong fields and right checksums: every field is checked before it is used.
load ../lib/common
load ../lib/damage

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    build_tiny tiny 70000 1 2 3 4
    "$TOOL" create -q --allow-different --no-delta -o zstd tiny.v[1-4]
    "$TOOL" create -q --allow-different --compress none -o none tiny.v[1-4]
    "$TOOL" create -q -o one tiny.v3
    "$TOOL" create -q --allow-different --base v3 -o delta tiny.v[1-4]
    "$TOOL" create -q --allow-different --base v3 -o two tiny.v[13]
    build_alike large 2200000 2 4 # three frames, the last one shorter
    "$TOOL" create -q --allow-different --base v2 -o large.delta large.v[24]
    "$TOOL" create -q --allow-different --compress none -o large.none large.v[24]
    build_tiny appended 8000 1 3
    for build in appended.v1 appended.v3; do
        objcopy --add-section pydata=tiny.v1 "$build"
        cat tiny.v2 >>"$build"
    done
    "$TOOL" create -q --allow-different -o appended appended.v[13]
    build_tiny canvas 8000 1 2 3 4
    "$TOOL" create -q --allow-different --compress none -o canvas canvas.v[1-4]
}

# damage_four KIND: damages bundles of four variants: compressed, stored and delta-coded
damage_four() {
    local bundle
    for bundle in zstd none delta; do
        damage "$1" "$bundle" "${TINY[@]}"
    done
}

# damage_few KIND: damages bundles of one and of two variants
damage_few() {
    damage "$1" one tiny.v3
    damage "$1" two tiny.v1 tiny.v3
}

# damage_large KIND: damages bundles whose variants have several frames
damage_large() {
    damage "$1" large.delta large.v2 large.v4
    damage "$1" large.none large.v2 large.v4
}

@test "every field of the manifest's header is refused when it is out of range" {
    damage_four malformed-header
    damage_few malformed-header
}

@test "every field of a variant is refused when it is out of range" {
    damage_four malformed-variant
    damage_few malformed-variant
}

@test "a payload outside its segment is refused" {
    damage_four malformed-place
    damage_few malformed-place
}

@test "a base that is missing, that is the variant itself, that forms a ring, or that is delta-coded is refused" {
    damage_four malformed-base
    damage_few malformed-base
}

@test "such a base is refused even if none of its bytes are needed" {
    damage forged-bases canvas canvas.v1 canvas.v2 canvas.v3 canvas.v4
}

@test "frames with gaps between them, that overlap, descend, or end outside the payload are refused" {
    damage_four malformed-frames
    damage_large malformed-frames
}

@test "a prefix outside the base, or without a base, is refused" {
    damage_four malformed-prefixes
    damage_large malformed-prefixes
}

@test "a prefix that is too large, ends one byte too late or is too far from others is refused, and one that just fits is accepted" {
    damage forged-prefixes canvas canvas.v1 canvas.v2 canvas.v3 canvas.v4
}

@test "a frame with an impossible delta is refused" {
    damage forged-deltas canvas canvas.v1 canvas.v2 canvas.v3 canvas.v4
}

@test "a payload that differs from what the manifest says is refused when its variant is chosen" {
    damage_four malformed-contents
    damage_large malformed-contents
}

@test "a frame with a right checksum is refused if it is not exactly one zstd frame of the right size" {
    damage forged-frames canvas canvas.v1 canvas.v2 canvas.v3 canvas.v4
}

@test "wrong notes and program headers are refused, and so are two manifests" {
    damage_four malformed-note
}

@test "an entry of the table of appended data that is invalid, or that points outside of the segment, is refused" {
    damage malformed-appended appended appended.v1 appended.v3
}

@test "unknown compatible flags change nothing" {
    damage_four unknown-but-compatible
}
