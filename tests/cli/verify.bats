# SPDX-License-Identifier: MIT
load ../common
load helper

setup_file() {
    load ../common
    make_level_bundle
    "$TOOL" create -q --compress none -o "$BATS_FILE_TMPDIR/stored" "$FIXTURES"/level.v[1-4]
    # a build of four frames
    { cat "$FIXTURES/level.v2" && head -c 3M /dev/urandom; } >"$BATS_FILE_TMPDIR/large.v2"
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/large" "$BATS_FILE_TMPDIR/large.v2"
}

# The first byte of the manifest in a bundle: behind the note's header and its owner's name.
manifest() {
    echo $(($(section "$1" .note.fatelf offset) + 12 + 16))
}

@test "verify says that a bundle is whole, and what it holds" {
    cp "$BATS_FILE_TMPDIR/level" "$BATS_FILE_TMPDIR/stored" "$BATS_FILE_TMPDIR/large" .
    prints "level: ok, v1, v2, v3, v4" verify level
    prints "./stored: ok, v1, v2, v3, v4" verify ./stored
    prints "large: ok, v2" verify large
}

@test "verify -q prints nothing when all is well" {
    succeeds verify -q "$BATS_FILE_TMPDIR/level"
    succeeds verify --quiet --has v1 "$BATS_FILE_TMPDIR/stored"
}

@test "verify --has passes for levels that are there" {
    "$TOOL" create -o out "$FIXTURES"/level.v[13]
    prints "out: ok, v1, v3" verify --has v1 out
    prints "out: ok, v1, v3" verify --has v1 --has v3 out
    prints "out: ok, v1, v3" verify out --has=v3 --has v3
}

@test "verify --has fails for every level that is missing, with -q too" {
    "$TOOL" create -o out "$FIXTURES"/level.v[13]
    refuses 1 "out: holds no variant v2" verify --has v2 out
    refuses 1 "out: holds no variant v2" verify -q --has v1 --has v2 out
    refuses 1 "out: holds no variant v2
fatelf-amd64: out: holds no variant v4" verify --has v4 --has v3 --has v2 out
}

@test "verify --has takes only levels" {
    for word in v0 v5 3 x86-64-v3 all ""; do
        refuses 2 "verify: --has $word: not v1, v2, v3 or v4; see 'fatelf-amd64 verify --help'" \
            verify --has "$word" "$BATS_FILE_TMPDIR/level"
    done
}

@test "verify finds one changed byte in a stored build" {
    cp "$BATS_FILE_TMPDIR/stored" damaged
    at=$(($(section damaged .fatelf.v3 offset) + 5000))
    [ "$(od -An -tu1 -j $at -N 1 damaged)" -ne 170 ]
    poke damaged $at '\252'
    refuses 1 "damaged: v3: damaged: a frame's checksum does not match (frame 1 of 1)" verify damaged
    refuses 1 "damaged: v3: damaged: a frame's checksum does not match (frame 1 of 1)" verify -q damaged
}

@test "verify names the frame that is damaged" {
    cp "$BATS_FILE_TMPDIR/large" damaged
    # random bytes are kept as they are, so each frame is where it would be in the build
    poke damaged $(($(section damaged .fatelf.v2 offset) + (5 << 19))) 'changed'
    refuses 1 "damaged: v2: damaged: a frame's checksum does not match (frame 21 of 25)" verify damaged
}

@test "verify names every build that is damaged" {
    cp "$BATS_FILE_TMPDIR/stored" damaged
    for level in v1 v4; do
        poke damaged $(($(section damaged ".fatelf.$level" offset) + 100)) 'changed'
    done
    refuses 1 "damaged: v1: damaged: a frame's checksum does not match (frame 1 of 1)
fatelf-amd64: damaged: v4: damaged: a frame's checksum does not match (frame 1 of 1)" verify damaged
}

@test "verify finds a damaged frame and a damaged seek table of a coded build" {
    cp "$BATS_FILE_TMPDIR/level" frame
    poke frame "$(section frame .fatelf.v1 offset)" '\0' # zstd's magic number
    refuses 1 "frame: v1: damaged: a frame's checksum does not match (frame 1 of 1)" verify frame
    cp "$BATS_FILE_TMPDIR/level" table
    end=$(($(section table .fatelf.v2 offset) + $(section table .fatelf.v2 size)))
    poke table $((end - 1)) '\0' # the seek table's magic number
    refuses 1 "table: v2: damaged: the seek table does not match its payload" verify table
}

# All checksums are right, those of the frames and of the manifest; another build's hash stands in it.
@test "verify and extract find a build in another one's place, which only the hash tells" {
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

@test "verify finds a damaged manifest" {
    while read -r offset bytes message; do
        cp "$BATS_FILE_TMPDIR/level" damaged
        poke damaged $(($(manifest damaged) + offset)) "$bytes"
        refuses 1 "damaged: $message" verify damaged
        refuses 1 "damaged: $message" list damaged
    done <<'END'
0 \1 damaged: the manifest does not start with its magic number
8 \11 damaged: the manifest's checksum does not match
16 \1 damaged: the manifest's size is wrong
80 \1\2\3 damaged: the manifest's checksum does not match
END
}

@test "verify finds a bundle that is cut short" {
    cp "$BATS_FILE_TMPDIR/level" damaged
    truncate -s "$(($(section damaged .fatelf.v4 offset) + 100))" damaged
    refuses 1 "damaged: cut short: a segment ends behind the end of the file" verify damaged
}

@test "verify finds a bundle whose manifest is gone" {
    cp "$BATS_FILE_TMPDIR/level" damaged
    poke damaged $(($(section damaged .note.fatelf offset) + 12)) 'x' # the note's owner
    refuses 1 "damaged: not a fatelf-amd64 bundle, or its manifest is gone" verify damaged
}

@test "verify refuses what is no bundle" {
    echo text >text
    mkdir folder
    refuses 1 "text: not an ELF file" verify text
    refuses 1 "folder: not a regular file" verify folder
    refuses 1 "missing: No such file or directory" verify --has v1 missing
    refuses 1 "$FIXTURES/level.v1: not a fatelf-amd64 bundle, or its manifest is gone" verify "$FIXTURES/level.v1"
    "$BUILD/fatelf-amd64" create -o out "$FIXTURES/level.v1"
    prints "out: ok, v1" verify out
}
