# SPDX-License-Identifier: MIT
# The tool on damaged ELF files: a message or an answer, never a crash, and never half an output file.
load ../lib/common
load ../lib/damage

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    build_tiny tiny 8000 1 2 3 4
    "$TOOL" create -q -o bundle tiny.v[1-4]
    # what Go's linker writes (Go, debug/buildinfo): magic, pointer size, flags, version, modules
    {
        printf '\377 Go buildinf:\10\2%16s\10go1.22.0\74' ''
        printf '%s\n' 0123456789abcdef $'path\tcommand' $'build\tGOAMD64=v3' 0123456789ab
    } >buildinfo
    objcopy --add-section .go.buildinfo=buildinfo --set-section-flags .go.buildinfo=alloc,readonly,data \
        --add-section .note.package=buildinfo "$FIXTURES/level.v3" program 2>/dev/null
    # without e_shoff, e_shnum and e_shstrndx: libbfd then has no section headers to miss
    cp program sectionless
    printf '\0\0\0\0\0\0\0\0' | dd of=sectionless bs=1 seek=40 conv=notrunc status=none
    printf '\0\0\0\0' | dd of=sectionless bs=1 seek=60 conv=notrunc status=none
}

tiny=(tiny.v1 tiny.v2 tiny.v3 tiny.v4)

@test "create copes with any damage to the headers of a program" {
    damage elf-header program
    rm -r damage.*
    damage elf-tables program
    rm -r damage.*
    damage elf-extremes program
}

@test "create refuses a program that lacks a part of what it would load" {
    damage elf-cuts program
    rm -r damage.*
    damage elf-cuts sectionless
}

@test "verify, list and extract cope with any damage to the headers of a bundle" {
    damage elf-header bundle "${tiny[@]}"
    rm -r damage.*
    damage elf-tables bundle "${tiny[@]}"
    rm -r damage.*
    damage elf-extremes bundle "${tiny[@]}"
}
