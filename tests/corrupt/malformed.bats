# SPDX-License-Identifier: MIT
# Manifests that lie, with checksums that are right: every field is checked before it is used.
load ../lib/common
load ../lib/damage

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    build_tiny tiny 70000 1 2 3 4
    "$TOOL" create -q --no-delta -o zstd tiny.v[1-4]
    "$TOOL" create -q --compress none -o none tiny.v[1-4]
    "$TOOL" create -q -o one tiny.v3
    "$TOOL" create -q --base v3 -o delta tiny.v[1-4]
    "$TOOL" create -q --base v3 -o two tiny.v[13]
    build_alike large 2200000 2 4 # three frames, the last one shorter
    "$TOOL" create -q --base v2 -o large.delta large.v[24]
    "$TOOL" create -q --compress none -o large.none large.v[24]
    build_tiny canvas 8000 1 2 3 4
    "$TOOL" create -q --compress none -o canvas canvas.v[1-4]
}

# each KIND: for bundles of four: compressed, stored and delta-coded
each() {
    local bundle
    for bundle in zstd none delta; do
        damage "$1" "$bundle" tiny.v1 tiny.v2 tiny.v3 tiny.v4
        rm -r damage.*
    done
}

# for bundles of one and of two
few() {
    damage "$1" one tiny.v3
    rm -r damage.*
    damage "$1" two tiny.v1 tiny.v3
}

# for bundles of several frames a variant
large() {
    damage "$1" large.delta large.v2 large.v4
    rm -r damage.*
    damage "$1" large.none large.v2 large.v4
}

@test "every field of the manifest's header is refused when it is out of range" {
    each malformed-header
    few malformed-header
}

@test "every field of a variant is refused when it is out of range" {
    each malformed-variant
    few malformed-variant
}

@test "a payload outside of its segment is refused" {
    each malformed-place
    few malformed-place
}

@test "a base that is missing, is the variant itself, forms a ring or is no whole variant is refused" {
    each malformed-base
    few malformed-base
}

@test "such a base is refused although not one of its bytes is needed" {
    damage forged-bases canvas canvas.v1 canvas.v2 canvas.v3 canvas.v4
}

@test "frames with gaps, that overlap, descend or reach out of the payload are refused" {
    each malformed-frames
    large malformed-frames
}

@test "a prefix outside of the base, or where there is no base, is refused" {
    each malformed-prefixes
    large malformed-prefixes
}

@test "a prefix that is too large or one byte too far is refused, and one that is not runs" {
    damage forged-prefixes canvas canvas.v1 canvas.v2 canvas.v3 canvas.v4
}

@test "a frame that says of its prefix what cannot be is refused" {
    damage forged-deltas canvas canvas.v1 canvas.v2 canvas.v3 canvas.v4
}

@test "a payload that is not what the manifest says is refused when it is chosen" {
    each malformed-contents
    large malformed-contents
}

@test "a frame with a right checksum that is not one zstd frame of the right size is refused" {
    damage forged-frames canvas canvas.v1 canvas.v2 canvas.v3 canvas.v4
}

@test "notes and program headers that lead astray are refused, and so are two manifests" {
    each malformed-note
}

@test "compatible flags that nobody knows yet change nothing" {
    each unknown-but-compatible
}
