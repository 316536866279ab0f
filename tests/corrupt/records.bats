# SPDX-License-Identifier: MIT
# Manifests with a wrong description of the variants' ELF headers and a right checksum: no start in place crashes.
load ../lib/common
load ../lib/damage
load ../lib/elf

# create_with_room OUT ARGUMENT..: a bundle whose alignment leaves room for a longer manifest before the first payload
create_with_room() {
    local out=$1 align note size room
    shift
    for align in 16K 32K 64K 128K 256K 512K 1M; do
        "$TOOL" create -q --force --allow-different --align "$align" -o "$out" "$@"
        note=$(section "$out" .note.fatelf offset)
        size=$(section "$out" .note.fatelf size)
        room=$(section "$out" .fatelf.v1 offset)
        room=$((room - note - size))
        [ "$room" -lt 12288 ] || return 0
    done
    echo "no alignment leaves room" >&2
    return 1
}

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    build_tiny tiny 8000 1 3
    pie=1 build_tiny pie 8000 1 3
    # with a note, the first segment has more than the page with the ELF header, which is a copy
    printf '.section .note.long, "a", @note\n.long 4, 8192, 1\n.ascii "long"\n.skip 8192\n.section .note.GNU-stack, ""\n' >long.s
    words 8000 7919 | build_words long 1 long.s
    words 8000 23757 | build_words long 3 long.s
    cp "$FIXTURES"/level.v[13] .
    create_with_room stored --launch inplace tiny.v[13]
    create_with_room stored.memfd --compress none long.v[13]
    create_with_room delta --base v3 pie.v[13]
    create_with_room stored.pie --launch inplace pie.v[13]
    create_with_room stored.dynamic --launch inplace level.v[13]
    create_with_room zstd.dynamic level.v[13]
}

# damage_programs KIND: damages bundles of programs at fixed addresses and of PIEs, stored and compressed
damage_programs() {
    damage "$1" stored tiny.v1 tiny.v3
    damage "$1" stored.pie pie.v1 pie.v3
    damage "$1" delta pie.v1 pie.v3
}

@test "program headers or a loader's name that are missing, too many, or without an end are refused" {
    damage_programs malformed-records
}

@test "a variant whose described segments cannot be mapped is started by memfd, and verify fails" {
    damage_programs records-of-segments
}

@test "a variant with an impossible type or entry point is not started in place, and verify fails" {
    damage_programs records-of-programs
}

@test "wrong headers that the program does not use do no harm in place, and verify fails" {
    damage_programs records-that-do-no-harm
}

@test "a file that cannot be a dynamic loader is not started, and verify fails" {
    mkfifo -m 755 fifo
    damage_programs records-of-loaders
}

@test "verify detects a loader other than the one that the program names" {
    damage records-of-other-loaders stored.dynamic level.v1 level.v3
    damage records-of-other-loaders zstd.dynamic level.v1 level.v3
}

@test "a stored payload that does not start at a page is started by memfd" {
    damage records-of-places stored tiny.v1 tiny.v3
    damage records-of-places stored.pie pie.v1 pie.v3
}

@test "segments without read permission, which are moved in vain, are started by memfd" {
    damage records-without-permission stored.memfd long.v1 long.v3
}

@test "a wrong record is not carried over to another bundle, also if a new build has the same bytes" {
    cd "$BATS_FILE_TMPDIR"
    "$TOOL" create -q --allow-different -o whole tiny.v[13]
    python3 - "$CORRUPT" <<'END'
import struct
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from bundle import Bundle
with open("whole", "rb") as file:
    bundle = Bundle(file.read())
data, entry = bytearray(bundle.data), bundle.manifest + bundle.variants[1].elf_offset
struct.pack_into("<Q", data, entry, struct.unpack_from("<Q", data, entry)[0] + 1)
struct.pack_into("<Q", data, bundle.note_end - 8, bundle.checksum(data))
with open("wrong", "wb") as file:
    file.write(data)
END
    run -1 "$TOOL" add -q --allow-different -o out wrong v2=tiny.v3
    finds 'v3: damaged: the record of a variant' <<<"$output"
    [ ! -e out ]
    "$TOOL" add -q --allow-different -o out whole v2=tiny.v3
    "$TOOL" verify -q out
}
