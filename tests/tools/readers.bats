# SPDX-License-Identifier: MIT
# A bundle is an ordinary ELF executable: tools that know nothing of it read it without complaint.
load ../lib/common

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    local level
    for level in 1 2 3 4; do
        "${CC:-cc}" -O2 -static -DLEVEL="$level" -o "prog.v$level" "$BATS_TEST_DIRNAME/../fixtures/level.c"
    done
    "$TOOL" create -q -o zstd prog.v[1-4]
    "$TOOL" create -q --compress none -o none prog.v[1-4]
    "$TOOL" create -q -o one prog.v2
}

setup() {
    cd "$BATS_FILE_TMPDIR"
    export LC_ALL=C
}

# quiet COMMAND...: it succeeds, says something, and complains about nothing
quiet() {
    "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" ||
        { cat "$BATS_TEST_TMPDIR"/{out,err}; return 1; }
    [ -s "$BATS_TEST_TMPDIR/out" ]
    [ ! -s "$BATS_TEST_TMPDIR/err" ] || { cat "$BATS_TEST_TMPDIR/err"; return 1; }
    # but for the folder's name, which may say anything
    ! sed "s|$BATS_RUN_TMPDIR||g" "$BATS_TEST_TMPDIR/out" | grep -iE 'warning|error:|corrupt|invalid'
}

# "NAME TYPE ADDRESS OFFSET SIZE ENTRY-SIZE FLAGS LINK INFO ALIGNMENT" of each section that has flags
sections() {
    readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] *\(\.[^ ]*\)/\1/p' | awk 'NF == 10'
}

build_id() {
    readelf -n "$1" | sed -n 's/^ *Build ID: *//p'
}

@test "readelf reads every part of a bundle without a warning" {
    need readelf
    quiet readelf -aW zstd
    quiet readelf -aW none
    quiet readelf -aW one
}

@test "llvm-readelf reads every part of a bundle without a warning" {
    need llvm-readelf
    quiet llvm-readelf -aW zstd
    quiet llvm-readelf -aW none
}

@test "eu-readelf reads every part of a bundle without a warning" {
    need eu-readelf
    quiet eu-readelf -a zstd
    quiet eu-readelf -a none
}

@test "objdump reads the headers of a bundle without a warning" {
    need objdump
    quiet objdump -h zstd
    quiet objdump -x none
    quiet objdump -p one
}

@test "eu-elflint finds nothing but a note that it does not know" {
    need eu-elflint
    local bundle
    for bundle in zstd none one; do
        run eu-elflint --gnu-ld "$bundle"
        echo "$output"
        [ "${#lines[@]}" = 2 ]
        [ "$(grep -c "unknown object file note type 1 with owner name 'fatelf-amd64'" <<<"$output")" = 2 ]
    done
}

@test "file sees a static program and the bundle's build-id" {
    need file
    run file -b zstd
    echo "$output"
    [[ $output == "ELF 64-bit LSB pie executable, x86-64, "*"BuildID[sha1]=$(build_id zstd), stripped" ]]
    [[ $output != *corrupt* && $output != *"missing section headers"* && $output != *"can't read"* ]]
}

@test "gdb lists the sections of a bundle" {
    need gdb
    quiet gdb -nx -q -batch -ex 'info files' zstd
    grep -q ' is \.note\.fatelf$' "$BATS_TEST_TMPDIR/out"
    grep -q ' is \.fatelf\.v4$' "$BATS_TEST_TMPDIR/out"
}

@test "gdb runs the program of a bundle to its end" {
    need gdb
    [[ $(gdb -nx -q -batch -ex run "$(type -P true)" 2>&1) == *"exited normally"* ]] || skip "gdb may not trace here"
    run gdb -nx -q -batch -ex run --args ./zstd hello
    echo "$output"
    [ "$status" = 0 ]
    grep -qE '^v[1-4] hello$' <<<"$output"
    [[ $output == *"exited normally"* ]]
}

@test "the manifest and the payloads are allocated, read-only sections, the payloads at page borders" {
    need readelf
    local bundle name type address offset size entry flags link info alignment
    for bundle in zstd none; do
        sections "$bundle" >"$BATS_TEST_TMPDIR/sections"
        cat "$BATS_TEST_TMPDIR/sections"
        [ "$(grep -c '^\.fatelf\.v[1-4] ' "$BATS_TEST_TMPDIR/sections")" = 4 ]
        while read -r name type address offset size entry flags link info alignment; do
            case $name in
            .fatelf.v[1-4])
                [ "$type $flags $alignment" = "PROGBITS A 4096" ]
                ((0x$address % 4096 == 0 && 0x$offset % 4096 == 0 && 0x$size > 0))
                ;;
            .note.fatelf)
                [ "$type $flags $alignment" = "NOTE A 4" ]
                ;;
            esac
        done <"$BATS_TEST_TMPDIR/sections"
        grep -q '^\.note\.fatelf ' "$BATS_TEST_TMPDIR/sections"
    done
}

@test "a bundle has sections for the levels that it holds and for no other" {
    need readelf
    [ "$(sections one | grep -o '^\.fatelf\.v[1-4]')" = .fatelf.v2 ]
}

@test "one read-only PT_LOAD holds the manifest and all payloads, and a PT_NOTE the manifest" {
    need readelf
    readelf -lW zstd >"$BATS_TEST_TMPDIR/segments"
    cat "$BATS_TEST_TMPDIR/segments"
    # "Segment Sections...": number and names, in the order of the program headers
    local payloads note
    payloads=$(sed -n 's/^ *\([0-9]*\) *\.note\.fatelf \.fatelf\.v1 \.fatelf\.v2 \.fatelf\.v3 \.fatelf\.v4 *$/\1/p' \
        "$BATS_TEST_TMPDIR/segments")
    note=$(sed -n 's/^ *\([0-9]*\) *\.note\.fatelf *$/\1/p' "$BATS_TEST_TMPDIR/segments")
    [ "$(grep -c '\.fatelf\.v[1-4]' "$BATS_TEST_TMPDIR/segments")" = 1 ]
    header() {
        sed -n '/^ *Type .*VirtAddr/,/^$/p' "$BATS_TEST_TMPDIR/segments" | sed -n "$((10#$1 + 2))p"
    }
    [[ $(header "$payloads") =~ ^' '*LOAD' '.*' R '+0x1000$ ]]
    [[ $(header "$note") =~ ^' '*NOTE' '.*' R '+0x4$ ]]
    # nothing may be written and executed
    ! grep -qE '^ *LOAD .* RWE ' "$BATS_TEST_TMPDIR/segments"
}

@test "readelf shows the manifest as a note of fatelf-amd64" {
    need readelf
    run readelf -nW zstd
    echo "$output"
    grep -qE '^ *fatelf-amd64 +0x' <<<"$output"
    [[ $output == *"7f 46 41 54 45 4c 46 0a"* ]]
}

@test "the build-id is the content's: another one for other content or options, the same for the same" {
    need readelf
    local id
    id=$(build_id zstd)
    [[ $id =~ ^[0-9a-f]{40}$ ]]
    [[ ! $id =~ ^0*$ ]]
    "$TOOL" create -q -o "$BATS_TEST_TMPDIR/again" prog.v[1-4]
    "$TOOL" create -q --go-env -o "$BATS_TEST_TMPDIR/go-env" prog.v[1-4]
    [ "$(build_id "$BATS_TEST_TMPDIR/again")" = "$id" ]
    local other
    for other in none one "$BATS_TEST_TMPDIR/go-env"; do
        [ "$(build_id "$other")" != "$id" ]
        [[ $(build_id "$other") =~ ^[0-9a-f]{40}$ ]]
    done
    [ "$("$TOOL" list --json zstd | sed -n 's/.*"build_id": *"\([0-9a-f]*\)".*/\1/p')" = "$id" ]
}

@test "objcopy and zstd take a variant out of a bundle" {
    need objcopy zstd
    local level
    # what is coded against another variant only the tool can decode
    "$TOOL" create -q --no-delta -o "$BATS_TEST_TMPDIR/plain" prog.v[1-4]
    for level in v1 v2 v3 v4; do
        objcopy -O binary --only-section=".fatelf.$level" "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/x"
        zstd -d <"$BATS_TEST_TMPDIR/x" | cmp - "prog.$level"
        objcopy -O binary --only-section=".fatelf.$level" none "$BATS_TEST_TMPDIR/x"
        cmp "$BATS_TEST_TMPDIR/x" "prog.$level"
    done
}

@test "zstd counts the frames of a large variant and takes it out" {
    need objcopy zstd
    # more than two frames: a program with something behind its end
    { cat prog.v3 && head -c 3000000 /dev/zero; } >"$BATS_TEST_TMPDIR/large"
    chmod +x "$BATS_TEST_TMPDIR/large"
    "$TOOL" create -q -o "$BATS_TEST_TMPDIR/bundle" v3="$BATS_TEST_TMPDIR/large"
    objcopy -O binary --only-section=.fatelf.v3 "$BATS_TEST_TMPDIR/bundle" "$BATS_TEST_TMPDIR/x.zst"
    zstd -d <"$BATS_TEST_TMPDIR/x.zst" | cmp - "$BATS_TEST_TMPDIR/large"
    run zstd -lv "$BATS_TEST_TMPDIR/x.zst"
    echo "$output"
    [[ $output == *"Zstandard Frames: 29"* && $output == *"Skippable Frames: 1"* && $output == *"Check: XXH64"* ]]
}

@test "what objcopy writes as another bundle is the same for readelf and still runs" {
    need objcopy readelf
    objcopy zstd "$BATS_TEST_TMPDIR/copy"
    quiet readelf -aW "$BATS_TEST_TMPDIR/copy"
    [ "$(sections "$BATS_TEST_TMPDIR/copy" | grep -c fatelf)" = "$(sections zstd | grep -c fatelf)" ]
    [ "$("$BATS_TEST_TMPDIR/copy")" = "$(./zstd)" ]
}
