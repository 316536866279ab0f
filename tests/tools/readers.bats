# SPDX-License-Identifier: MIT
# A bundle is an ordinary ELF executable: tools that know nothing of it read it without complaint.
load ../lib/common
load ../lib/elf
load ../lib/tracing

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    local level
    for level in 1 2 3 4; do
        compile_level "$level" "prog.v$level" -static
    done
    "$TOOL" create -q -o zstd prog.v[1-4]
    "$TOOL" create -q --compress none -o none prog.v[1-4]
    "$TOOL" create -q -o one prog.v2
}

setup() {
    start_test
    export LC_ALL=C
    ln -s "$BATS_FILE_TMPDIR"/* .
}

@test "the segments of a bundle do not overlap in memory" {
    need readelf
    local type address size end=0 segments=0
    readelf -lW zstd >headers
    while read -r type _ address _ _ size _; do
        [ "$type" = LOAD ] || continue
        ((address >= end))
        end=$((address + size))
        segments=$((segments + 1))
    done <headers
    same 3 "$segments"
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

@test "eu-elflint finds only a note that it does not know" {
    need eu-elflint
    local bundle
    for bundle in zstd none one; do
        lints_but_for_note "$bundle"
    done
}

@test "file sees a static program and the bundle's build-id" {
    need file
    run file -Lb zstd
    echo "$output"
    [[ $output == "ELF 64-bit LSB pie executable, x86-64, "*"BuildID[sha1]=$(build_id zstd), stripped" ]]
    [[ $output != *corrupt* && $output != *"missing section headers"* && $output != *"can't read"* ]]
}

@test "gdb lists the sections of a bundle" {
    need gdb
    quiet gdb -nx -q -batch -ex 'info files' zstd
    grep -q ' is \.note\.fatelf$' out
    grep -q ' is \.fatelf\.v4$' out
}

@test "gdb runs the program of a bundle to its end" {
    need_gdb
    run gdb -nx -q -batch -ex run --args ./zstd hello
    echo "$output"
    [ "$status" = 0 ]
    grep -qE '^v[1-4] hello$' <<<"$output"
    [[ $output == *"exited normally"* ]]
}

@test "the manifest and the payloads are allocated, read-only sections, and payloads start at a page" {
    need readelf
    local bundle name type address offset size flags alignment
    for bundle in zstd none; do
        list_sections "$bundle" | awk 'NF == 10' >sections
        cat sections
        [ "$(grep -c '^\.fatelf\.v[1-4] ' sections)" = 4 ]
        while read -r name type address offset size _ flags _ _ alignment; do
            case $name in
            .fatelf.v[1-4])
                [ "$type $flags $alignment" = "PROGBITS A 4096" ]
                ((0x$address % 4096 == 0 && 0x$offset % 4096 == 0 && 0x$size > 0))
                ;;
            .note.fatelf)
                [ "$type $flags $alignment" = "NOTE A 4" ]
                ;;
            esac
        done <sections
        grep -q '^\.note\.fatelf ' sections
    done
}

@test "a bundle has a section for each of its levels and for no other" {
    need readelf
    [ "$(list_sections one | grep -o '^\.fatelf\.v[1-4]')" = .fatelf.v2 ]
}

# program_header NUMBER: this line of `readelf -lW` in the file `segments`
program_header() {
    sed -n '/^ *Type .*VirtAddr/,/^$/p' segments | sed -n "$((10#$1 + 2))p"
}

@test "one read-only PT_LOAD contains the manifest and all payloads, and a PT_NOTE the manifest" {
    need readelf
    readelf -lW zstd >segments
    cat segments
    # "Segment Sections...": number and names, in the order of the program headers
    local payloads note
    payloads=$(sed -n 's/^ *\([0-9]*\) *\.note\.fatelf .* \.fatelf\.v1 \.fatelf\.v2 \.fatelf\.v3 \.fatelf\.v4 *$/\1/p' \
        segments)
    note=$(sed -n 's/^ *\([0-9]*\) *\.note\.fatelf \.note\.fatelf\.creator *$/\1/p' segments)
    [ "$(grep -c '\.fatelf\.v[1-4]' segments)" = 1 ]
    [[ $(program_header "$payloads") =~ ^' '*LOAD' '.*' R '+0x1000$ ]]
    [[ $(program_header "$note") =~ ^' '*NOTE' '.*' R '+0x4$ ]]
    # no segment is writable and executable
    run -1 grep -E '^ *LOAD .* RWE ' segments
}

@test "readelf shows the manifest as a note of fatelf-amd64" {
    need readelf
    run readelf -nW zstd
    echo "$output"
    grep -qE '^ *fatelf-amd64 +0x' <<<"$output"
    [[ $output == *"7f 46 41 54 45 4c 46 0a"* ]]
}

@test "bundles have the same build-id if and only if contents and options are the same" {
    need readelf
    local id other other_id
    id=$(build_id zstd)
    [[ $id =~ ^[0-9a-f]{40}$ ]]
    [[ ! $id =~ ^0*$ ]]
    "$TOOL" create -q -o again prog.v[1-4]
    "$TOOL" create -q --go-env -o go-env prog.v[1-4]
    [ "$(build_id again)" = "$id" ]
    for other in none one go-env; do
        other_id=$(build_id "$other")
        [[ $other_id =~ ^[0-9a-f]{40}$ ]]
        [ "$other_id" != "$id" ]
    done
    [ "$("$TOOL" list --json zstd | sed -n 's/.*"build_id": *"\([0-9a-f]*\)".*/\1/p')" = "$id" ]
}

@test "objcopy and zstd extract a variant from a bundle" {
    need objcopy zstd
    local level
    # only the tool can decode what is coded against another variant
    "$TOOL" create -q --no-delta -o plain prog.v[1-4]
    for level in v1 v2 v3 v4; do
        objcopy -O binary --only-section=".fatelf.$level" plain x
        zstd -d <x | cmp - "prog.$level"
        objcopy -O binary --only-section=".fatelf.$level" none x
        cmp x "prog.$level"
    done
}

@test "zstd counts the frames of a large variant and extracts it" {
    need objcopy zstd
    # a program of many frames, because it is followed by more data
    { cat prog.v3 && head -c 3000000 /dev/zero; } >large
    chmod +x large
    "$TOOL" create -q -o bundle v3=large
    objcopy -O binary --only-section=.fatelf.v3 bundle x.zst
    zstd -d <x.zst | cmp - large
    run zstd -lv x.zst
    echo "$output"
    [[ $output == *"Zstandard Frames: 15"* && $output == *"Skippable Frames: 1"* && $output == *"Check: XXH64"* ]]
}

@test "a copy by objcopy has the same sections and runs" {
    need objcopy readelf
    objcopy zstd copy
    quiet readelf -aW copy
    same "$(list_sections zstd | grep -c fatelf)" "$(list_sections copy | grep -c fatelf)"
    same "$(./zstd)" "$(./copy)"
}
