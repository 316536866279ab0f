# SPDX-License-Identifier: MIT
# The tool on damaged ELF files: a message or an answer, never a crash, and never an incomplete output file.
load ../lib/common
load ../lib/damage
load ../lib/elf

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    build_tiny tiny 8000 1 2 3 4
    "$TOOL" create -q --allow-different -o bundle tiny.v[1-4]
    # as Go's linker writes it (Go, debug/buildinfo): magic, pointer size, flags, version, modules
    {
        printf '\377 Go buildinf:\10\2%16s\10go1.22.0\74' ''
        printf '%s\n' 0123456789abcdef $'path\tcommand' $'build\tGOAMD64=v3' 0123456789ab
    } >buildinfo
    # systemd's package metadata, and cargo-auditable's list of crates
    printf '\4\0\0\0\40\0\0\0\176\32\376\312FDO\0%s\0' '{"name":"tiny","version":"1.2"}' >package
    python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.compress(sys.argv[1].encode()))' \
        '{"packages":[{"name":"tiny","version":"1.2","root":true}]}' >crates
    objcopy --add-section .go.buildinfo=buildinfo --set-section-flags .go.buildinfo=alloc,readonly,data \
        --add-section .note.package=package --add-section .dep-v0=crates --add-section pydata=buildinfo \
        "$FIXTURES/level.v3" program 2>/dev/null
    cat buildinfo >>program
    # without e_shoff, e_shnum and e_shstrndx, so that libbfd does not miss the section headers
    cp program sectionless
    poke sectionless 40 '\0\0\0\0\0\0\0\0'
    poke sectionless 60 '\0\0\0\0'
}

@test "create survives any damage to the headers of a program" {
    damage elf-header program
    damage elf-tables program
    damage elf-extremes program
}

@test "check survives any damage to the headers and symbols of a program" {
    skip_unless "this fatelf-amd64 has no instruction decoder" grep -q HAVE_ZYDIS "$BUILD/config.mk"
    export PROGRAM_COMMAND=check
    damage elf-header program
    damage elf-tables program
    damage elf-extremes program
}

@test "create refuses a program that ends before the end of its segments" {
    damage elf-cuts program
    damage elf-cuts sectionless
}

@test "verify, list and extract survive any damage to the headers of a bundle" {
    damage elf-header bundle "${TINY[@]}"
    damage elf-tables bundle "${TINY[@]}"
    damage elf-extremes bundle "${TINY[@]}"
}
