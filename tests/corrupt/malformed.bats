# Manifests that lie, with checksums that are right: every field is checked before it is used.
load ../common
load programs

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    build_tiny tiny 70000 1 2 3 4
    "$TOOL" create -q -o zstd tiny.v[1-4]
    "$TOOL" create -q --compress none -o none tiny.v[1-4]
    "$TOOL" create -q -o one tiny.v3
}

# each KIND: for a compressed and a stored bundle of four, and for a bundle of one
each() {
    local bundle
    for bundle in zstd none; do
        damage "$1" "$bundle" tiny.v1 tiny.v2 tiny.v3 tiny.v4
        rm -r damage.*
    done
    damage "$1" one tiny.v3
}

@test "every field of the manifest's header is refused when it is out of range" {
    each malformed-header
}

@test "every field of a variant is refused when it is out of range" {
    each malformed-variant
}

@test "a payload outside of its segment is refused" {
    each malformed-place
}

@test "a payload that is not what the manifest says is refused when it is chosen" {
    each malformed-contents
}

@test "notes and program headers that lead astray are refused, and so are two manifests" {
    each malformed-note
}

@test "compatible flags that nobody knows yet change nothing" {
    each unknown-but-compatible
}
