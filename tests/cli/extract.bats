# SPDX-License-Identifier: MIT
# `extract` writes variants as the files that they were bundled from.
load ../lib/common
load ../lib/tool
load ../lib/elf

setup_file() {
    make_level_bundle
    # a build of several frames
    head -c 3M /dev/urandom | enlarge "$BASH" "$BATS_FILE_TMPDIR/large.v2"
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/large" "$BATS_FILE_TMPDIR/large.v2"
    "$TOOL" create -q --compress none -o "$BATS_FILE_TMPDIR/stored" "$FIXTURES/level.v1" "$BATS_FILE_TMPDIR/large.v2"
}

@test "extract writes a variant to NAME.LEVEL in the working folder" {
    mkdir folder
    cp "$BATS_FILE_TMPDIR/level" folder/prog
    for level in v1 v2 v3 v4; do
        succeeds extract folder/prog "$level"
        cmp "prog.$level" "$FIXTURES/level.$level"
    done
    same "folder
prog.v1
prog.v2
prog.v3
prog.v4" "$(ls -A)"
}

@test "extract -o FILE writes a variant to FILE" {
    succeeds extract "$BATS_FILE_TMPDIR/level" v3 -o one
    succeeds extract -o two "$BATS_FILE_TMPDIR/level" v3
    succeeds extract --output=three "$BATS_FILE_TMPDIR/level" v3
    for name in one two three; do
        cmp "$name" "$FIXTURES/level.v3"
    done
    same "one three two" "$(ls -A | paste -sd ' ')"
}

@test "extract -o - writes a variant to standard output, and nothing else" {
    for bundle in large stored; do
        "$TOOL" extract "$BATS_FILE_TMPDIR/$bundle" v2 -o - >out 2>said
        cmp out "$BATS_FILE_TMPDIR/large.v2"
        [ ! -s said ]
    done
    same "out said" "$(ls -A | paste -sd ' ')"
}

@test "a variant of several frames is extracted whole, coded or stored" {
    for bundle in large stored; do
        succeeds extract --force -o out "$BATS_FILE_TMPDIR/$bundle" v2
        cmp out "$BATS_FILE_TMPDIR/large.v2"
    done
}

@test "extract best writes the variant that this machine runs" {
    wanted=$("$BATS_FILE_TMPDIR/level")
    succeeds extract "$BATS_FILE_TMPDIR/level" best
    cmp "level.$wanted" "$FIXTURES/level.$wanted"
    succeeds extract -o out "$BATS_FILE_TMPDIR/level" best
    same "$wanted" "$(./out)"
}

@test "extract best falls back to a lower variant, and says so if this machine can run none" {
    not_sanitized
    need qemu-x86_64
    PREFIX=(qemu-x86_64 -cpu qemu64)
    "$TOOL" create -q -o low "$FIXTURES"/level.v[14]
    "$TOOL" create -q -o high "$FIXTURES"/level.v[24]
    tool extract low best
    same 0 "$status"
    cmp low.v1 "$FIXTURES/level.v1"
    refuses 1 "high: has no variant for this machine, which is at v1; the lowest is v2" extract high best
}

@test "extract all writes every variant" {
    succeeds extract "$BATS_FILE_TMPDIR/level" all
    same "level.v1 level.v2 level.v3 level.v4" "$(ls -A | paste -sd ' ')"
    for level in v1 v2 v3 v4; do
        cmp "level.$level" "$FIXTURES/level.$level"
    done
}

@test "extract all -o PREFIX writes PREFIX.LEVEL" {
    mkdir folder
    succeeds extract "$BATS_FILE_TMPDIR/level" all -o folder/prog
    same "prog.v1 prog.v2 prog.v3 prog.v4" "$(ls -A folder | paste -sd ' ')"
    cmp folder/prog.v2 "$FIXTURES/level.v2"
}

@test "variants that were extracted make the same bundle again" {
    succeeds extract "$BATS_FILE_TMPDIR/level" all
    succeeds create -o again level.v[1-4]
    cmp again "$BATS_FILE_TMPDIR/level"
}

@test "extract all to standard output is a usage error" {
    refuses 2 "extract: 'all' cannot go to standard output; name a file with -o; see 'fatelf-amd64 extract --help'" \
        extract "$BATS_FILE_TMPDIR/level" all -o -
}

@test "extract refuses a level that the bundle does not have" {
    "$TOOL" create -o out "$FIXTURES"/level.v[24]
    refuses 1 "out: has no variant v1; see 'fatelf-amd64 list'" extract out v1
    refuses 1 "out: has no variant v3; see 'fatelf-amd64 list'" extract out v3 -o file
    refuses 1 "out: has no variant v3; see 'fatelf-amd64 list'" extract out v3 -o -
}

@test "extract refuses words that are not a level" {
    for word in v0 v5 V1 1 x86-64-v1 lowest ALL ""; do
        refuses 2 "extract: '$word' is not v1, v2, v3, v4, best or all; see 'fatelf-amd64 extract --help'" \
            extract "$BATS_FILE_TMPDIR/level" "$word"
    done
}

@test "extract keeps a file that exists, and replaces it with --force" {
    echo old >level.v2
    echo old >named
    refuses 1 "level.v2: exists; --force replaces it" extract "$BATS_FILE_TMPDIR/level" v2
    refuses 1 "named: exists; --force replaces it" extract "$BATS_FILE_TMPDIR/level" v2 -o named
    succeeds extract --force "$BATS_FILE_TMPDIR/level" v2
    succeeds extract --force "$BATS_FILE_TMPDIR/level" v2 -o named
    cmp level.v2 "$FIXTURES/level.v2"
    cmp named "$FIXTURES/level.v2"
}

@test "extract all keeps a file that exists, and replaces it with --force" {
    echo old >level.v3
    tool extract "$BATS_FILE_TMPDIR/level" all
    same 1 "$status"
    same "fatelf-amd64: level.v3: exists; --force replaces it" "$stderr"
    same old "$(cat level.v3)"
    succeeds extract --force "$BATS_FILE_TMPDIR/level" all
    cmp level.v3 "$FIXTURES/level.v3"
}

@test "extract refuses outputs that are not regular files, or cannot be created" {
    mkdir folder
    mkfifo pipe
    for name in folder pipe /dev/null; do
        refuses 1 "$name: not a regular file; name another output" \
            extract --force "$BATS_FILE_TMPDIR/level" v1 -o "$name"
    done
    refuses 1 "none/out: cannot be created: No such file or directory" \
        extract "$BATS_FILE_TMPDIR/level" v1 -o none/out
}

@test "extract does not replace the bundle that it reads, under none of its names" {
    cp "$BATS_FILE_TMPDIR/level" prog
    ln prog hard
    ln -s prog soft
    for name in prog ./prog hard soft; do
        refuses 1 "$name: is the bundle itself; name another output" extract --force prog v2 -o "$name"
    done
    mv prog level.v1
    refuses 1 "level.v1: is the bundle itself; name another output" extract --force hard all -o level
    "$TOOL" verify -q hard
}

@test "extract ends when its output cannot be written, however many frames are left" {
    for jobs in 1 2 16; do
        run "$BASH" -c 'exec "$@" 2>&1 >/dev/full' - "$TOOL" extract -j "$jobs" "$BATS_FILE_TMPDIR/large" v2 -o -
        same "fatelf-amd64: standard output: cannot be written: No space left on device" "$output"
        same 1 "$status"
    done
}

@test "an extracted variant has the bundle's permissions, whatever the umask" {
    cp "$BATS_FILE_TMPDIR/level" prog
    for mode in 755 750 700 644 555 777; do
        chmod "$mode" prog
        for mask in 000 077; do
            umask "$mask"
            succeeds extract --force prog v1
            same "$mode" "$(stat -c %a prog.v1)"
        done
    done
}

@test "a variant extracted from a set-uid bundle is not set-uid" {
    cp "$BATS_FILE_TMPDIR/level" prog
    chmod 6755 prog
    succeeds extract prog v1
    same 755 "$(stat -c %a prog.v1)"
}

@test "extract leaves no file of a damaged variant" {
    for bundle in level stored; do
        cp "$BATS_FILE_TMPDIR/$bundle" damaged
        offset=$(section damaged .fatelf.v1 offset)
        poke damaged $((offset + 1000)) '\1\2\3'
        before=$(folder)
        tool extract damaged v1
        same 1 "$status"
        [[ $stderr == "fatelf-amd64: damaged: v1: damaged: "*" (frame 1 of 1)" ]]
        same "$before" "$(folder)"
        # the other variants are intact
        succeeds extract --force damaged v2
    done
}

@test "extract refuses a file that is not a bundle" {
    echo text >text
    refuses 1 "text: not an ELF file" extract text v1
    refuses 1 "missing: No such file or directory" extract missing best
    refuses 1 "$FIXTURES/level.v1: not a fatelf-amd64 bundle, or its manifest was removed" \
        extract "$FIXTURES/level.v1" all
}
