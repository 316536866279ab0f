# SPDX-License-Identifier: MIT
# What the manifest says of the variants' ELF headers lies, with a checksum that is right: no start in place dies of it.
load ../lib/common
load ../lib/damage

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    build_tiny tiny 8000 1 3
    pie=1 build_tiny pie 8000 1 3
    cp "$FIXTURES"/level.v[13] .
    # with room for a longer manifest in front of the first payload
    "$TOOL" create -q --align 16K --launch inplace -o stored tiny.v[13]
    "$TOOL" create -q --align 16K --compress none -o stored.memfd tiny.v[13]
    "$TOOL" create -q --align 16K --base v3 -o delta pie.v[13]
    "$TOOL" create -q --align 16K --launch inplace -o stored.pie pie.v[13]
    "$TOOL" create -q --align 16K --launch inplace -o stored.dynamic level.v[13]
    "$TOOL" create -q --align 16K -o zstd.dynamic level.v[13]
}

# each KIND: for bundles of fixed and of relocatable programs, stored and compressed
each() {
    damage "$1" stored tiny.v1 tiny.v3
    rm -r damage.*
    damage "$1" stored.pie pie.v1 pie.v3
    rm -r damage.*
    damage "$1" delta pie.v1 pie.v3
}

@test "headers and a loader's name that are not there, have no end or are too many are refused" {
    each malformed-records
}

@test "segments that cannot be mapped as the manifest says are not, the variant is started by memfd, and verify fails" {
    each records-of-segments
}

@test "a kind of program or an entry that cannot be is not started in place, and verify fails" {
    each records-of-programs
}

@test "headers that say what the program does not look at do no harm in place, and verify fails" {
    each records-that-do-no-harm
}

@test "a loader that cannot be one is not started, and verify fails" {
    mkfifo fifo
    each records-of-loaders
}

@test "a loader that is not the one the program names is found by verify" {
    damage records-of-other-loaders stored.dynamic level.v1 level.v3
    rm -r damage.*
    damage records-of-other-loaders zstd.dynamic level.v1 level.v3
}

@test "a stored payload that lies at no page's start is started by memfd" {
    damage records-of-places stored tiny.v1 tiny.v3
    rm -r damage.*
    damage records-of-places stored.pie pie.v1 pie.v3
}

@test "segments that may not be read and are moved in vain are started by memfd" {
    damage records-without-permission stored.memfd tiny.v1 tiny.v3
}
