# SPDX-License-Identifier: MIT
# What `list` prints about a bundle; the expected sizes and hashes come from other tools.
load ../lib/common
load ../lib/tool
load ../lib/elf
load ../lib/users

# components_of BUNDLE [1]: what the note of the launcher says, as JSON; 1: the version in its first line
components_of() {
    objcopy -O binary --only-section=.note.fatelf.components "$1" note
    tail -c +29 note | tr -d '\0' >components
    if [ $# = 2 ]; then
        sed -n '1s/^fatelf-amd64 //p' components
    else
        sed -n '2,$s/\(.*\) \(.*\)/{"name": "\1", "version": "\2"}/p' components | paste -sd , | sed 's/.*/[&]/'
    fi
}

# table BUNDLE HEAD ENCODING: what list prints for a bundle of the four fixtures
table() {
    local bundle=$1 head=$2 encoding=$3 level size stored
    echo "$bundle: $(stat -c %s "$bundle") bytes, $head"
    echo "LEVEL  ENCODING    BASE         SIZE      STORED  RATIO  SHA-256"
    for level in v1 v2 v3 v4; do
        size=$(stat -c %s "$FIXTURES/level.$level")
        stored=$(section "$bundle" ".fatelf.$level" size)
        printf '%-6s %-10s  -     %11d %11d  %5s  %s\n' "$level" "$encoding" "$size" "$stored" \
            "$(awk "BEGIN { printf \"%.1f%%\", $stored * 100 / $size }")" \
            "$(sha256sum "$FIXTURES/level.$level" | cut -c 1-16)"
    done
}

@test "list prints a line for the bundle and one for each variant" {
    "$TOOL" create -o out "$FIXTURES"/level.v[1-4]
    prints "$(table out "launch memfd" zstd)" list out
}

@test "list -v also shows the marks of each variant" {
    program prog.v1 -no-pie -z execstack -z norelro -Wl,-rpath,lib
    program prog.v2 -no-pie -z relro -z now -s
    program prog.v3 -pie -z relro -z now -s
    program prog.v4 -pie -z relro -z lazy
    "$TOOL" create -q -o out --allow-different prog.v[1-4]
    tool list out
    plain=$output
    for option in -v --verbose; do
        tool list $option out
        same 0 "$status"
        nothing "$stderr"
        [[ $output == *$'\n'"launcher: fatelf-amd64 "[0-9]*", zstd "[0-9]*$'\n'"create: fatelf-amd64 "[0-9]* ]]
        output=${output%$'\n'launcher:*}
        same "SHA-256           MARKS
relative RUNPATH, executable stack, no PIE, no RELRO, not stripped
no PIE
-
partial RELRO, not stripped" "$(sed -n '2s/.*SHA/SHA/p; 3,$s/.*%  [0-9a-f]*  //p' <<<"$output")"
        # the rest is the same
        same "$plain" "$(sed '2s/ *MARKS$//; 3,$s/\(%  [0-9a-f]*\)  .*/\1/' <<<"$output")"
    done
    tool list --json out
    same '[["relative-runpath", "executable-stack", "no-pie", "no-relro", "not-stripped"], ["no-pie"], [], ["partial-relro", "not-stripped"]]' \
        "$(json 'json.dumps([v["marks"] for v in d["variants"]])' <<<"$output")"
}

@test "list shows stored variants and --go-env" {
    "$TOOL" create -o out --compress none --go-env "$FIXTURES"/level.v[1-4]
    prints "$(table out "launch memfd, honours GOAMD64 and MGODEBUG" stored)" list out
}

@test "list prints the bundle's name as it was given" {
    "$TOOL" create -o 'a bundle' "$FIXTURES"/level.v1
    for name in 'a bundle' './a bundle' "$PWD/a bundle"; do
        tool list "$name"
        same "$name: $(stat -c %s 'a bundle') bytes, launch memfd" "${output%%$'\n'*}"
    done
}

@test "list --json prints the same facts for programs" {
    need python3
    "$TOOL" create -o out "$FIXTURES/level.v2" "$FIXTURES/level.v4"
    tool list --json out
    nothing "$stderr"
    same 0 "$status"
    wanted=$(python3 - <<PYTHON
import json
print(json.dumps({
    "file": "out", "size": $(stat -c %s out), "format": 4,
    "build_id": "$(readelf -n out | sed -n 's/.*Build ID: //p')", "launch": "memfd", "go_env": False,
    "launcher": {"version": "$(components_of out 1)", "components": $(components_of out)}, "create": "$(components_of out 1)",
    "variants": [
        {"level": "v2", "same_as": None, "encoding": "zstd", "base": None, "in_place": True,
         "marks": ["partial-relro", "not-stripped"], "size": $(stat -c %s "$FIXTURES/level.v2"), "stored": $(section out .fatelf.v2 size),
         "frame_size": 262144, "frames": 1,
         "sha256": "$(sha256sum <"$FIXTURES/level.v2" | cut -d ' ' -f 1)"},
        {"level": "v4", "same_as": None, "encoding": "zstd", "base": None, "in_place": True,
         "marks": ["partial-relro", "not-stripped"], "size": $(stat -c %s "$FIXTURES/level.v4"), "stored": $(section out .fatelf.v4 size),
         "frame_size": 262144, "frames": 1,
         "sha256": "$(sha256sum <"$FIXTURES/level.v4" | cut -d ' ' -f 1)"}], "appended": []}))
PYTHON
    )
    same "$wanted" "$(json 'json.dumps(d)' <<<"$output")"
}

@test "list --json counts the frames of a large variant" {
    need python3
    { cat "$FIXTURES/level.v1" && head -c 3M /dev/zero; } >large.v1
    "$TOOL" create -q -o out large.v1
    tool list --json out
    size=$(stat -c %s large.v1)
    same "$size 13 262144" "$(json '"%d %d %d" % tuple(d["variants"][0][k] for k in ("size", "frames", "frame_size"))' \
        <<<"$output")"
}

@test "list --json escapes characters that JSON strings cannot contain" {
    need python3
    name=$'quo"te back\\slash tab\t new\nline \1'
    "$TOOL" create -o "$name" "$FIXTURES/level.v1"
    tool list --json "$name"
    same "$name" "$(json 'd["file"]' <<<"$output")"
}

@test "list reads a bundle without section headers" {
    need python3
    need llvm-strip
    "$TOOL" create -o out "$FIXTURES"/level.v[1-2]
    llvm-strip --strip-sections -o bare out
    tool list --json bare
    same 0 "$status"
    nothing "$stderr"
    same "['v1', 'v2']" "$(json '[v["level"] for v in d["variants"]]' <<<"$output")"
}

@test "list refuses a file that is not a bundle" {
    echo text >text
    : >empty
    mkdir folder
    mkfifo pipe
    for json in "" --json; do
        refuses 1 "text: not an ELF file" list $json text
        refuses 1 "empty: not an ELF file" list $json empty
        refuses 1 "folder: not a regular file" list $json folder
        refuses 1 "pipe: not a regular file" list $json pipe
        refuses 1 "missing: No such file or directory" list $json missing
        refuses 1 "$FIXTURES/level.v1: not a fatelf-amd64 bundle, or its manifest was removed" \
            list $json "$FIXTURES/level.v1"
    done
}

@test "list refuses a bundle that it may not read" {
    without_privilege
    "$TOOL" create -o out "$FIXTURES/level.v1"
    chmod 0111 out
    refuses 1 "out: Permission denied" list out
}

@test "list reads a bundle that is not executable and lies in a read-only folder" {
    without_privilege
    mkdir closed
    "$TOOL" create -o closed/out "$FIXTURES"/level.v[1-2]
    chmod 0444 closed/out
    chmod 0555 closed
    tool list closed/out
    chmod 0755 closed
    same 0 "$status"
    nothing "$stderr"
}
