# SPDX-License-Identifier: MIT
# Builds that resemble each other are coded against one of them.
load ../common
load helper

# Four builds of some megabytes, alike as builds of one program are.
setup_file() {
    load ../common
    need gdb
    for level in 1 2 3 4; do
        "$TOP/tests/similar" "$FIXTURES/level.v$level" "$(command -v gdb)" 4000000 "$level" \
            "$BATS_FILE_TMPDIR/prog.v$level"
    done
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    umask 022
    BUILDS=$BATS_FILE_TMPDIR
}

# "v1:zstd-delta:v3 v2:..." for a bundle
codings() {
    "$TOOL" list --json "$1" |
        json '" ".join(":".join(filter(None, (v["level"], v["encoding"], v["base"], v["same_as"])))
            for v in d["variants"])'
}

# Bytes stored for a level.
stored() {
    "$TOOL" list --json "$1" | json '[v["stored"] for v in d["variants"] if v["level"] == "'"$2"'"][0]'
}

# Every build comes out of the bundle again.
whole() {
    local bundle=$1 level
    shift
    prints "$bundle: ok$(printf ', %s' "$@")" verify "$bundle"
    for level; do
        "$TOOL" extract "$bundle" "$level" -o - | cmp - "$BUILDS/prog.$level"
    done
}

@test "builds are coded against v3, and all come out again" {
    succeeds create -o out "$BUILDS"/prog.v[1-4]
    same "v1:zstd-delta:v3 v2:zstd-delta:v3 v3:zstd v4:zstd-delta:v3" "$(codings out)"
    whole out v1 v2 v3 v4
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
    # the four together take less than two of them without
    [ "$(stat -c %s out)" -lt "$(($(stat -c %s plain) / 2))" ]
}

@test "without v3 the base is the nearest below, or else the lowest" {
    "$TOOL" create -o out "$BUILDS"/prog.v[124]
    same "v1:zstd-delta:v2 v2:zstd v4:zstd-delta:v2" "$(codings out)"
    "$TOOL" create --force -o out "$BUILDS"/prog.v[12]
    same "v1:zstd-delta:v2 v2:zstd" "$(codings out)"
    "$TOOL" create --force -o out "$BUILDS/prog.v4"
    same "v4:zstd" "$(codings out)"
}

@test "--base takes another base" {
    for base in v1 v2 v3 v4; do
        "$TOOL" create --force --base "$base" -o out "$BUILDS"/prog.v[1-4]
        wanted=$(for level in v1 v2 v3 v4; do
            [ "$level" = "$base" ] && echo "$level:zstd" || echo "$level:zstd-delta:$base"
        done | paste -sd ' ')
        same "$wanted" "$(codings out)"
    done
    whole out v1 v2 v3 v4
}

@test "a base that is not there, or that contradicts another option, is refused" {
    refuses 1 "--base v4: there is no build for v4" create --base v4 -o out "$BUILDS"/prog.v[12]
    refuses 1 "--base v1: there is no build for v1" create --base v1 -o out "$BUILDS"/prog.v[23]
    refuses 2 "create: --base v5: not v1, v2, v3 or v4; see 'fatelf-amd64 create --help'" \
        create --base v5 -o out "$BUILDS"/prog.v[12]
    refuses 2 "create: --base and --no-delta exclude each other; see 'fatelf-amd64 create --help'" \
        create --no-delta --base v1 -o out "$BUILDS"/prog.v[12]
    refuses 2 "create: --base needs --compress zstd; see 'fatelf-amd64 create --help'" \
        create --base v1 --compress none -o out "$BUILDS"/prog.v[12]
}

@test "--compress none codes nothing" {
    "$TOOL" create --compress none -o out "$BUILDS"/prog.v[12]
    same "v1:stored v2:stored" "$(codings out)"
}

@test "every level of compression codes against the base" {
    for level in 1 3 9 19; do
        "$TOOL" create --force --compress "zstd:$level" --base v3 -o out "$BUILDS"/prog.v[34]
        same "v3:zstd v4:zstd-delta:v3" "$(codings out)"
        whole out v3 v4
    done
}

@test "where delta coding saves little it is not used, but with --base" {
    { cat "$FIXTURES/level.v4" && head -c 3M /dev/urandom; } >prog.v4
    chmod 0755 prog.v4
    succeeds create -o out "$BUILDS/prog.v3" prog.v4
    same "v3:zstd v4:zstd" "$(codings out)"
    "$TOOL" create -o plain --no-delta "$BUILDS/prog.v3" prog.v4
    cmp out plain
    "$TOOL" create --force --base v3 -o out "$BUILDS/prog.v3" prog.v4
    same "v3:zstd v4:zstd-delta:v3" "$(codings out)"
    "$TOOL" extract out v4 -o - | cmp - prog.v4
    prints "out: ok, v3, v4" verify out
}

@test "small builds are not coded against each other, but with --base" {
    "$TOOL" create -o out "$FIXTURES"/level.v[1-4]
    same "v1:zstd v2:zstd v3:zstd v4:zstd" "$(codings out)"
    "$TOOL" create --force --base v2 -o out "$FIXTURES"/level.v[1-4]
    same "v1:zstd-delta:v2 v2:zstd v3:zstd-delta:v2 v4:zstd-delta:v2" "$(codings out)"
    prints "out: ok, v1, v2, v3, v4" verify out
    [ "$(FATELF_AMD64=v1 ./out)" = v1 ]
}

@test "builds that are the same are stored once, coded or not" {
    cp "$BUILDS/prog.v1" a
    cp "$BUILDS/prog.v3" b
    "$TOOL" create -o out v1=a v2=a v3=b v4=b
    same "v1:zstd-delta:v3 v2:zstd-delta:v3:v1 v3:zstd v4:zstd:v3" "$(codings out)"
    same 2 "$(readelf -SW out | grep -c '\.fatelf\.v')"
    for level in 1 2; do "$TOOL" extract out "v$level" -o - | cmp - a; done
    for level in 3 4; do "$TOOL" extract out "v$level" -o - | cmp - b; done
    # the base is also a lower level
    "$TOOL" create --force -o out v1=b v2=a v3=b
    same "v1:zstd v2:zstd-delta:v3 v3:zstd:v1" "$(codings out)"
    "$TOOL" extract out v2 -o - | cmp - a
    prints "out: ok, v1, v2, v3" verify out
}

@test "what has moved by megabytes is found" {
    # five megabytes more in front; then the halves of the rest change places
    python3 - "$BUILDS/prog.v3" "$BUILDS/prog.v4" "$FIXTURES/level.v4" <<'PYTHON'
import os, sys
v3, v4, level = (open(name, "rb").read() for name in sys.argv[1:])
tail, noise = v4[len(level):], os.urandom(5000000)
open("moved.v4", "wb").write(level + noise + tail)
open("swapped.v4", "wb").write(level + noise + tail[2000000:] + tail[:2000000])
open("base.v3", "wb").write(v3 + noise)
PYTHON
    chmod 0755 moved.v4 swapped.v4 base.v3
    "$TOOL" create -o near base.v3 "$BUILDS/prog.v4"
    for moved in moved swapped; do
        "$TOOL" create --force -o out base.v3 "$moved.v4"
        same "v3:zstd v4:zstd-delta:v3" "$(codings out)"
        "$TOOL" extract out v4 -o - | cmp - "$moved.v4"
        # the noise costs next to nothing, and the rest what it costs in its place; a fifth for what frames cut
        [ "$(stored out v4)" -lt "$(($(stored near v4) * 6 / 5))" ]
    done
}

@test "the number of threads and the order of the builds do not show" {
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

# debugged NAME OPTION...: two builds with debug sections.
debugged() {
    local name=$1 level
    shift
    for level in 1 2; do
        program "$name.v$level" -g "-Wl,--defsym,level=$level" "$@"
    done
}

warning() {
    echo "fatelf-amd64: warning: $1: its debug sections are compressed, which hides what the builds have in common;" \
        "without (-ldflags=-compressdwarf=false for Go, -gz=none for gcc and clang, or strip) the bundle gets smaller"
}

@test "create says in one line that debug sections are compressed" {
    debugged small -gz=zlib
    readelf -SW small.v1 | grep -q '\.debug_info .* C '
    tool create -o out small.v1 small.v2
    same "$(warning small.v1)" "$stderr"
    same 0 "$status"
    debugged old -gz=zlib-gnu
    tool create --force -o out old.v1 old.v2
    same "$(warning old.v1)" "$stderr"
}

@test "it says nothing where that costs nothing" {
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

@test "Go's compressed debug sections are seen" {
    need go
    printf 'package main\nfunc main() {}\n' >main.go
    for level in 1 2; do
        GOAMD64=v$level go build -o "go.v$level" main.go
        GOAMD64=v$level go build -o "plain.v$level" -ldflags=-compressdwarf=false main.go
    done
    tool create -o out go.v1 go.v2
    same "$(warning go.v1)" "$stderr"
    succeeds create --force -o out plain.v1 plain.v2
}
