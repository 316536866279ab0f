# SPDX-License-Identifier: MIT
# Builds that resemble each other are coded against one of them, the base.
load ../lib/common
load ../lib/tool
load ../lib/elf
load ../lib/similar

# Four builds of some megabytes that resemble each other.
setup_file() {
    check_similar
    [ -z "$MISSING" ] || return 0
    for level in 1 2 3 4; do
        make_similar "$FIXTURES/level.v$level" 4000000 "$level" "$BATS_FILE_TMPDIR/prog.v$level"
    done
}

setup() {
    start_test
    BUILDS=$BATS_FILE_TMPDIR
}

# codings BUNDLE: "v1:zstd-delta:v3 v2:.." for its variants
codings() {
    "$TOOL" list --json "$1" |
        json '" ".join(":".join(filter(None, (v["level"], v["encoding"], v["base"], v["same_as"])))
            for v in d["variants"])'
}

# stored_size BUNDLE LEVEL
stored_size() {
    "$TOOL" list --json "$1" | json '[v["stored"] for v in d["variants"] if v["level"] == "'"$2"'"][0]'
}

# holds BUNDLE LEVEL..: the bundle is intact and has exactly these variants, which are the builds prog.LEVEL
holds() {
    local bundle=$1 level
    shift
    prints "$bundle: ok$(printf ', %s' "$@")" verify "$bundle"
    for level; do
        "$TOOL" extract "$bundle" "$level" -o - | cmp - "$BUILDS/prog.$level"
    done
}

@test "builds are coded against v3, and every build can be extracted" {
    succeeds create -o out "$BUILDS"/prog.v[1-4]
    same "v1:zstd-delta:v3 v2:zstd-delta:v3 v3:zstd v4:zstd-delta:v3" "$(codings out)"
    holds out v1 v2 v3 v4
}

@test "list shows encoding, base and ratio" {
    "$TOOL" create -o out "$BUILDS"/prog.v[34]
    size=$(stat -c %s "$BUILDS/prog.v4")
    part=$(section out .fatelf.v4 size)
    line=$("$TOOL" list out | grep ^v4)
    same "v4 zstd-delta v3 $size $part $(awk "BEGIN { printf \"%.1f%%\", $part * 100 / $size }")" \
        "$(awk '{ print $1, $2, $3, $4, $5, $6 }' <<<"$line")"
    same "v3 zstd -" "$("$TOOL" list out | awk '/^v3/ { print $1, $2, $3 }')"
}

@test "delta coding makes the bundle much smaller" {
    "$TOOL" create -o out "$BUILDS"/prog.v[1-4]
    "$TOOL" create --no-delta -o plain "$BUILDS"/prog.v[1-4]
    same "v1:zstd v2:zstd v3:zstd v4:zstd" "$(codings plain)"
    # all four with delta coding take less than two without
    size=$(stat -c %s out)
    plain=$(stat -c %s plain)
    [ "$size" -lt $((plain / 2)) ]
}

@test "without v3 the base is the nearest lower level, or else the lowest" {
    "$TOOL" create -o out "$BUILDS"/prog.v[124]
    same "v1:zstd-delta:v2 v2:zstd v4:zstd-delta:v2" "$(codings out)"
    "$TOOL" create --force -o out "$BUILDS"/prog.v[12]
    same "v1:zstd-delta:v2 v2:zstd" "$(codings out)"
    "$TOOL" create --force -o out "$BUILDS/prog.v4"
    same "v4:zstd" "$(codings out)"
}

@test "--base selects another base" {
    for base in v1 v2 v3 v4; do
        "$TOOL" create --force --base "$base" -o out "$BUILDS"/prog.v[1-4]
        wanted=
        for level in v1 v2 v3 v4; do
            if [ "$level" = "$base" ]; then wanted+=" $level:zstd"; else wanted+=" $level:zstd-delta:$base"; fi
        done
        same "$wanted" " $(codings out)"
    done
    holds out v1 v2 v3 v4
}

@test "a base without a build, or one that contradicts another option, is refused" {
    refuses 1 "--base v4: there is no build for v4" create --base v4 -o out "$BUILDS"/prog.v[12]
    refuses 1 "--base v1: there is no build for v1" create --base v1 -o out "$BUILDS"/prog.v[23]
    refuses 2 "create: --base v5: not v1, v2, v3 or v4; see 'fatelf-amd64 create --help'" \
        create --base v5 -o out "$BUILDS"/prog.v[12]
    refuses 2 "create: --base and --no-delta cannot be used together; see 'fatelf-amd64 create --help'" \
        create --no-delta --base v1 -o out "$BUILDS"/prog.v[12]
    refuses 2 "create: --base needs --compress zstd; see 'fatelf-amd64 create --help'" \
        create --base v1 --compress none -o out "$BUILDS"/prog.v[12]
}

@test "--compress none codes no build against another" {
    "$TOOL" create --compress none -o out "$BUILDS"/prog.v[12]
    same "v1:stored v2:stored" "$(codings out)"
}

@test "delta coding works at every level of compression" {
    for level in 1 3 9 19; do
        "$TOOL" create --force --compress "zstd:$level" --base v3 -o out "$BUILDS"/prog.v[34]
        same "v3:zstd v4:zstd-delta:v3" "$(codings out)"
        holds out v3 v4
    done
}

@test "delta coding is not used if it saves little, unless --base asks for it" {
    head -c 3M /dev/urandom | enlarge "$FIXTURES/level.v4" prog.v4
    succeeds create -o out "$BUILDS/prog.v3" prog.v4
    same "v3:zstd v4:zstd" "$(codings out)"
    "$TOOL" create -o plain --no-delta "$BUILDS/prog.v3" prog.v4
    cmp out plain
    "$TOOL" create --force --base v3 -o out "$BUILDS/prog.v3" prog.v4
    same "v3:zstd v4:zstd-delta:v3" "$(codings out)"
    "$TOOL" extract out v4 -o - | cmp - prog.v4
    prints "out: ok, v3, v4" verify out
}

@test "small builds are not coded against each other, unless --base asks for it" {
    "$TOOL" create -o out "$FIXTURES"/level.v[1-4]
    same "v1:zstd v2:zstd v3:zstd v4:zstd" "$(codings out)"
    "$TOOL" create --force --base v2 -o out "$FIXTURES"/level.v[1-4]
    same "v1:zstd-delta:v2 v2:zstd v3:zstd-delta:v2 v4:zstd-delta:v2" "$(codings out)"
    prints "out: ok, v1, v2, v3, v4" verify out
    [ "$(FATELF_AMD64=v1 ./out)" = v1 ]
}

@test "identical builds are stored once, with and without delta coding" {
    cp "$BUILDS/prog.v1" a
    cp "$BUILDS/prog.v3" b
    "$TOOL" create -o out v1=a v2=a v3=b v4=b
    same "v1:zstd-delta:v3 v2:zstd-delta:v3:v1 v3:zstd v4:zstd:v3" "$(codings out)"
    same 2 "$(readelf -SW out | grep -c '\.fatelf\.v')"
    for level in 1 2; do "$TOOL" extract out "v$level" -o - | cmp - a; done
    for level in 3 4; do "$TOOL" extract out "v$level" -o - | cmp - b; done
    # the base is also the build of a lower level
    "$TOOL" create --force -o out v1=b v2=a v3=b
    same "v1:zstd v2:zstd-delta:v3 v3:zstd:v1" "$(codings out)"
    "$TOOL" extract out v2 -o - | cmp - a
    prints "out: ok, v1, v2, v3" verify out
}

@test "bytes that have moved by megabytes are found in the base" {
    # 5 MB are inserted in front of the rest; in the second build, the two parts of the rest also change places
    python3 - "$BUILDS/prog.v3" "$BUILDS/prog.v4" "$FIXTURES/level.v4" <<'PYTHON'
import os, sys
v3, v4, level = (open(name, "rb").read() for name in sys.argv[1:])
tail, noise = v4[len(level):], os.urandom(5000000)
open("moved.v4", "wb").write(level + noise + tail)
open("swapped.v4", "wb").write(level + noise + tail[2000000:] + tail[:2000000])
open("base.v3", "wb").write(v3 + noise)
PYTHON
    chmod 0755 moved.v4 swapped.v4 base.v3
    "$TOOL" create --ignore-appended -o near base.v3 "$BUILDS/prog.v4"
    for moved in moved swapped; do
        "$TOOL" create --ignore-appended --force -o out base.v3 "$moved.v4"
        same "v3:zstd v4:zstd-delta:v3" "$(codings out)"
        "$TOOL" extract out v4 -o - | cmp - "$moved.v4"
        # the inserted bytes, which the base has too, cost next to nothing, and the rest costs what it costs in its old
        # place, plus a fifth because the frames cut it elsewhere
        size=$(stored_size out v4)
        near=$(stored_size near v4)
        [ "$size" -lt $((near * 6 / 5)) ]
    done
}

@test "bytes that have moved farther than a start may look back are stored again" {
    # the first 2 MiB and the last 2 MiB have changed places, between them are 11 MiB, or 16 MiB
    python3 - "$FIXTURES/level.v3" "$FIXTURES/level.v4" <<'PYTHON'
import os, sys
v3, v4 = (open(name, "rb").read() for name in sys.argv[1:])
for name, between in ("near", bytes(11 << 20)), ("far", bytes(16 << 20)):
    first, last = os.urandom(2 << 20), os.urandom(2 << 20)
    open(f"{name}.v3", "wb").write(v3 + first + between + last)
    open(f"{name}.v4", "wb").write(v4 + last + between + first)
PYTHON
    chmod 0755 near.v[34] far.v[34]
    for name in near far; do
        "$TOOL" create --ignore-appended --base v3 -o "$name" "$name".v[34]
        "$TOOL" extract "$name" v4 -o - | cmp - "$name.v4"
    done
    [ "$(stored_size near v4)" -lt $((1 << 20)) ]
    [ "$(stored_size far v4)" -gt $((4 << 20)) ]
    FATELF_AMD64=v4! FATELF_AMD64_DEBUG=extract ./near | cmp - near.v4
}

@test "the number of threads and the order of the builds make no difference" {
    "$TOOL" create -o usual "$BUILDS"/prog.v[1-4]
    for jobs in 1 3 16; do
        "$TOOL" create --force -j "$jobs" -o out "$BUILDS"/prog.v[4321]
        cmp out usual
    done
}

@test "-v names the base" {
    tool create -v -o out "$BUILDS"/prog.v[34]
    [[ $stderr == "v3: "*" of its size, zstd"$'\n'"v4: "*" of its size, zstd-delta of v3"$'\n'"out: "* ]]
}

# --- compressed debug sections ------------------------------------------------------------------------------------

# debugged NAME OPTION..: two builds with debug sections
debugged() {
    local name=$1 level
    shift
    for level in 1 2; do
        program "$name.v$level" -g "-Wl,--defsym,level=$level" "$@"
    done
}

# debug_warning FILE: what create says about it
debug_warning() {
    echo "fatelf-amd64: warning: $1: its debug sections are compressed, which makes the bundle larger;" \
        "strip it, or build it with -gz=none (gcc, clang) or -ldflags=-compressdwarf=false (Go)"
}

@test "create says in one line that debug sections are compressed" {
    debugged small -gz=zlib
    readelf -SW small.v1 | finds '\.debug_info .* C '
    tool create -o out small.v1 small.v2
    same "$(debug_warning small.v1)" "$stderr"
    same 0 "$status"
    debugged old -gz=zlib-gnu
    tool create --force -o out old.v1 old.v2
    same "$(debug_warning old.v1)" "$stderr"
}

@test "create says nothing about compressed debug sections if they cost nothing" {
    debugged small -gz=zlib
    succeeds create -q -o out small.v1 small.v2
    succeeds create --force --no-delta -o out small.v1 small.v2
    succeeds create --force --compress none -o out small.v1 small.v2
    succeeds create --force -o out small.v1
    cp small.v1 same.v2
    succeeds create --force -o out small.v1 same.v2
    debugged plain -gz=none
    succeeds create --force -o out plain.v1 plain.v2
    strip small.v1 small.v2
    succeeds create --force -o out small.v1 small.v2
}

@test "create recognises Go's compressed debug sections" {
    need go
    printf 'package main\nfunc main() {}\n' >main.go
    for level in 1 2; do
        GOAMD64=v$level go build -o "go.v$level" main.go
        GOAMD64=v$level go build -o "plain.v$level" -ldflags=-compressdwarf=false main.go
    done
    tool create -o out go.v1 go.v2
    same "$(debug_warning go.v1)" "$stderr"
    succeeds create --force -o out plain.v1 plain.v2
}
