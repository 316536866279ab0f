# SPDX-License-Identifier: MIT
# `verify` decodes every variant and finds every kind of damage.
load ../lib/common
load ../lib/tool
load ../lib/elf

setup_file() {
    make_level_bundle
    "$TOOL" create -q --compress none -o "$BATS_FILE_TMPDIR/stored" "$FIXTURES"/level.v[1-4]
    # a build of four frames
    head -c 3M /dev/urandom | enlarge "$FIXTURES/level.v2" "$BATS_FILE_TMPDIR/large.v2"
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/large" "$BATS_FILE_TMPDIR/large.v2"
}

# offset_in FILE SECTION NUMBER: where this byte of the section is in the file
offset_in() {
    local offset
    offset=$(section "$1" "$2" offset)
    echo $((offset + $3))
}

# The manifest begins after the note's header of 12 bytes and its owner's name, padded to 16.
MANIFEST=28

@test "verify says that a bundle is intact, and which variants it has" {
    cp "$BATS_FILE_TMPDIR/level" "$BATS_FILE_TMPDIR/stored" "$BATS_FILE_TMPDIR/large" .
    prints "level: ok, v1, v2, v3, v4" verify level
    prints "./stored: ok, v1, v2, v3, v4" verify ./stored
    prints "large: ok, v2" verify large
}

@test "verify -q prints nothing if the bundle is intact" {
    succeeds verify -q "$BATS_FILE_TMPDIR/level"
    succeeds verify --quiet --has v1 "$BATS_FILE_TMPDIR/stored"
}

@test "verify --has succeeds for levels that the bundle has" {
    "$TOOL" create -o out "$FIXTURES"/level.v[13]
    prints "out: ok, v1, v3" verify --has v1 out
    prints "out: ok, v1, v3" verify --has v1 --has v3 out
    prints "out: ok, v1, v3" verify out --has=v3 --has v3
}

@test "verify --has names every level that is missing, with -q too" {
    "$TOOL" create -o out "$FIXTURES"/level.v[13]
    refuses 1 "out: has no variant v2" verify --has v2 out
    refuses 1 "out: has no variant v2" verify -q --has v1 --has v2 out
    refuses 1 "out: has no variant v2
fatelf-amd64: out: has no variant v4" verify --has v4 --has v3 --has v2 out
}

@test "verify --has accepts only levels" {
    for word in v0 v5 3 x86-64-v3 all ""; do
        refuses 2 "verify: --has $word: not v1, v2, v3 or v4; see 'fatelf-amd64 verify --help'" \
            verify --has "$word" "$BATS_FILE_TMPDIR/level"
    done
}

@test "verify finds one changed byte in a stored variant" {
    cp "$BATS_FILE_TMPDIR/stored" damaged
    flip damaged "$(offset_in damaged .fatelf.v3 5000)" 255
    refuses 1 "damaged: v3: damaged: a frame's checksum does not match (frame 1 of 1)" verify damaged
    refuses 1 "damaged: v3: damaged: a frame's checksum does not match (frame 1 of 1)" verify -q damaged
}

@test "verify names the frame that is damaged" {
    cp "$BATS_FILE_TMPDIR/large" damaged
    # zstd stores random bytes unchanged, so each frame has the same offset as in the build
    poke damaged "$(offset_in damaged .fatelf.v2 $((5 << 19)))" 'changed'
    refuses 1 "damaged: v2: damaged: a frame's checksum does not match (frame 11 of 13)" verify damaged
}

@test "verify names every variant that is damaged" {
    cp "$BATS_FILE_TMPDIR/stored" damaged
    for level in v1 v4; do
        poke damaged "$(offset_in damaged ".fatelf.$level" 100)" 'changed'
    done
    refuses 1 "damaged: v1: damaged: a frame's checksum does not match (frame 1 of 1)
fatelf-amd64: damaged: v4: damaged: a frame's checksum does not match (frame 1 of 1)" verify damaged
}

@test "verify finds a damaged frame and a damaged seek table of a compressed variant" {
    cp "$BATS_FILE_TMPDIR/level" frame
    poke frame "$(offset_in frame .fatelf.v1 0)" '\0' # zstd's magic number
    refuses 1 "frame: v1: damaged: a frame's checksum does not match (frame 1 of 1)" verify frame
    cp "$BATS_FILE_TMPDIR/level" table
    size=$(section table .fatelf.v2 size)
    poke table "$(offset_in table .fatelf.v2 $((size - 1)))" '\0' # the seek table's magic number
    refuses 1 "table: v2: damaged: the seek table does not match its payload" verify table
}

# All checksums are right, those of the frames and that of the manifest, but the manifest has another build's hash.
@test "verify and extract find a variant that is another build, which only its hash shows" {
    "$TOOL" create -q -o one "$FIXTURES/level.v1"
    python3 - one "$FIXTURES/level.v2" "$TOP/tests/corrupt" <<'PYTHON'
import hashlib, sys
name, other, drivers = sys.argv[1:]
sys.dont_write_bytecode = True
sys.path.insert(0, drivers)
from bundle import Bundle, VARIANT, xxh64
data = bytearray(open(name, "rb").read())
bundle = Bundle(data)
at = bundle.variants[0].place + VARIANT["sha256"][0]
data[at:at + 32] = hashlib.sha256(open(other, "rb").read()).digest()
end = bundle.note_end - 8
data[end:end + 8] = xxh64(data[bundle.manifest:end]).to_bytes(8, "little")
open(name, "wb").write(data)
PYTHON
    refuses 1 "one: v1: damaged: its SHA-256 does not match" verify one
    refuses 1 "one: v1: damaged: its SHA-256 does not match" extract one v1 -o out
}

# forge BUNDLE CHANGE: applies these fields to the manifest, with right checksums; see bundle.py
forge() {
    python3 - "$@" "$TOP/tests/corrupt" <<'PYTHON'
import sys
name, change, drivers = sys.argv[1:]
sys.dont_write_bytecode = True
sys.path.insert(0, drivers)
from bundle import Bundle
bundle = Bundle(open(name, "rb").read())
with open(name, "r+b") as file:
    file.seek(bundle.note)
    file.write(eval(f"bundle.with_fields({change})"))
PYTHON
}

@test "verify and extract check a payload for each variant that describes it in another way" {
    "$TOOL" create -q -o shared v1="$FIXTURES/level.v1" v2="$FIXTURES/level.v1" v3="$FIXTURES/level.v3"
    cp shared frames
    forge frames 'frames={(1, 0): {"checksum": 1}}'
    cp shared hash
    forge hash 'variants={1: {"sha256": bytes(32)}}'
    cp shared record
    python3 - record "$TOP/tests/corrupt" <<'PYTHON'
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[2])
from bundle import Bundle
data = bytearray(open(sys.argv[1], "rb").read())
bundle = Bundle(bytes(data))
at = bundle.manifest + bundle.variants[1].elf_offset
data[at] ^= 1 # the entry
data[bundle.note_end - 8:bundle.note_end] = bundle.checksum(data).to_bytes(8, "little")
open(sys.argv[1], "wb").write(data)
PYTHON
    while read -r name message; do
        refuses 1 "$name: v2: damaged: $message" verify "$name"
        tool extract --force "$name" all
        same "1 fatelf-amd64: $name: v2: damaged: $message" "$status $stderr"
        "$TOOL" extract -o - "$name" v1 | cmp - "$FIXTURES/level.v1"
    done <<'END'
frames a frame's checksum does not match (frame 1 of 1)
hash its SHA-256 does not match
record the record of a variant's ELF headers is invalid or at the wrong offset
END
}

@test "verify finds a damaged manifest" {
    while read -r offset bytes message; do
        cp "$BATS_FILE_TMPDIR/level" damaged
        poke damaged "$(offset_in damaged .note.fatelf $((MANIFEST + offset)))" "$bytes"
        refuses 1 "damaged: $message" verify damaged
        refuses 1 "damaged: $message" list damaged
    done <<'END'
0 \1 damaged: the manifest does not start with its magic number
8 \11 damaged: the manifest's checksum does not match
16 \1 damaged: the manifest's size is wrong
80 \1\2\3 damaged: the manifest's checksum does not match
END
}

@test "verify finds a truncated bundle" {
    cp "$BATS_FILE_TMPDIR/level" damaged
    truncate -s "$(offset_in damaged .fatelf.v4 100)" damaged
    refuses 1 "damaged: cut short: a segment ends after the end of the file" verify damaged
}

@test "verify finds a bundle without its manifest" {
    cp "$BATS_FILE_TMPDIR/level" damaged
    poke damaged "$(offset_in damaged .note.fatelf 12)" 'x' # the note's owner
    refuses 1 "damaged: not a fatelf-amd64 bundle, or its manifest was removed" verify damaged
}

@test "verify refuses a file that is not a bundle" {
    echo text >text
    mkdir folder
    refuses 1 "text: not an ELF file" verify text
    refuses 1 "folder: not a regular file" verify folder
    refuses 1 "missing: No such file or directory" verify --has v1 missing
    refuses 1 "$FIXTURES/level.v1: not a fatelf-amd64 bundle, or its manifest was removed" verify "$FIXTURES/level.v1"
    "$BUILD/fatelf-amd64" create -o out "$FIXTURES/level.v1"
    prints "out: ok, v1" verify out
}
