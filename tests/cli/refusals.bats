# SPDX-License-Identifier: MIT
# What `create` refuses: the whole message, and nothing is left behind.
load ../lib/common
load ../lib/tool
load ../lib/elf
load ../lib/users

@test "a file that is not ELF is refused" {
    printf '#!/bin/sh\nexit 0\n' >script.v1
    refuses 1 "script.v1: not an ELF file" create -o out script.v1
}

@test "an empty file and one of three bytes are refused as not ELF" {
    : >empty.v1
    printf '\177EL' >short.v1
    refuses 1 "empty.v1: not an ELF file" create -o out empty.v1
    refuses 1 "short.v1: not an ELF file" create -o out short.v1
}

@test "a folder is refused" {
    mkdir folder.v1
    refuses 1 "folder.v1: not a regular file" create -o out folder.v1
}

@test "a pipe and a device are refused without waiting for them" {
    mkfifo pipe.v1
    refuses 1 "pipe.v1: not a regular file" create -o out pipe.v1
    refuses 1 "/dev/zero: not a regular file" create -o out v1=/dev/zero
}

@test "a file that is missing is refused" {
    ln -s nowhere link.v2
    refuses 1 "missing.v1: No such file or directory" create -o out missing.v1
    refuses 1 "link.v2: No such file or directory" create -o out link.v2
    refuses 1 "missing: No such file or directory" create -o out v3=missing
}

@test "a file that may not be read is refused" {
    without_privilege
    cp "$FIXTURES/level.v1" secret.v1
    chmod 0311 secret.v1
    refuses 1 "secret.v1: Permission denied" create -o out secret.v1
}

@test "a bad build is named, whatever its position among good ones" {
    echo text >bad.v3
    refuses 1 "bad.v3: not an ELF file" create -o out "$FIXTURES/level.v1" "$FIXTURES/level.v2" bad.v3
    refuses 1 "bad.v3: not an ELF file" create -o out bad.v3 "$FIXTURES/level.v1" "$FIXTURES/level.v2"
}

@test "32-bit and x32 programs are refused" {
    printf '.globl _start\n_start: hlt\n' >start.s
    # no C library needed, so any cc that knows the two modes can build them
    cc -m32 -nostdlib -static -o i386.v1 start.s 2>/dev/null || skip "cc cannot build 32-bit programs"
    cc -mx32 -nostdlib -static -o x32.v1 start.s 2>/dev/null || skip "cc cannot build x32 programs"
    refuses 1 "i386.v1: a 32-bit ELF file; only x86-64 programs can be bundled" create -o out i386.v1
    refuses 1 "x32.v1: a 32-bit ELF file; only x86-64 programs can be bundled" create -o out x32.v1
}

@test "programs for other machines are refused, with the machine's number" {
    cp "$FIXTURES/level.v1" arm.v1
    poke arm.v1 18 '\267\0' # e_machine: EM_AARCH64
    refuses 1 "arm.v1: not for x86-64 (ELF machine 183); only x86-64 programs can be bundled" create -o out arm.v1
    cp "$FIXTURES/level.v1" riscv.v1
    poke riscv.v1 18 '\363\0'
    refuses 1 "riscv.v1: not for x86-64 (ELF machine 243); only x86-64 programs can be bundled" create -o out riscv.v1
}

@test "a relocatable object is refused" {
    program object.v1 -c
    refuses 1 "object.v1: a relocatable object; link it into a program first" create -o out object.v1
}

@test "a shared library is refused, with and without a SONAME" {
    program plain.v1 -shared -fPIC
    program named.v1 -shared -fPIC -Wl,-soname,libnamed.so.1
    refuses 1 "plain.v1: a shared library; only programs can be bundled" create -o out plain.v1
    refuses 1 "named.v1: a shared library; only programs can be bundled" create -o out named.v1
}

@test "a core dump is refused" {
    need gdb
    gdb -q -batch -ex 'break main' -ex run -ex 'generate-core-file core.v1' "$FIXTURES/level.v1" >/dev/null 2>&1 || true
    [ -s core.v1 ] || skip "gdb cannot write a core dump here"
    refuses 1 "core.v1: a core dump; give the program itself" create -o out core.v1
}

@test "a file of debug information is refused" {
    need objcopy
    objcopy --only-keep-debug "$FIXTURES/level.v1" level.debug
    tool create -o out v1=level.debug
    same 1 "$status"
    [[ $stderr == "fatelf-amd64: level.debug: "* ]]
    [ ! -e out ]
}

@test "a program without an entry point is refused" {
    printf '.globl _start\n_start: hlt\n' >start.s
    cc -nostdlib -static -Wl,-e,0 -o entry.v1 start.s
    refuses 1 "entry.v1: has no entry point; only programs can be bundled" create -o out entry.v1
}

@test "a bundle is refused as a build, stripped or not" {
    "$TOOL" create -q -o bundle "$FIXTURES"/level.v[1-2]
    strip -s -o stripped bundle
    for file in bundle stripped; do
        refuses 1 "$file: already a bundle; take its variants with 'fatelf-amd64 extract' and bundle those" \
            create -o out "v3=$file"
    done
}

@test "two builds for one level are refused, wherever their levels come from" {
    cp "$FIXTURES/level.v2" other-v2
    refuses 1 "$FIXTURES/level.v2 and other-v2: both for v2; a bundle has at most one variant for each level" \
        create -o out "$FIXTURES/level.v2" other-v2
    refuses 1 "$FIXTURES/level.v3 and other-v2: both for v2; a bundle has at most one variant for each level" \
        create -o out "v2=$FIXTURES/level.v3" "$FIXTURES/level.v1" other-v2
    refuses 1 "other-v2 and other-v2: both for v2; a bundle has at most one variant for each level" \
        create -o out other-v2 other-v2
}

@test "more than four builds are a usage error" {
    refuses 2 "create: 5 builds given; there are only four levels; see 'fatelf-amd64 create --help'" \
        create -o out "$FIXTURES"/level.v[1-4] "$FIXTURES/level.v1"
}

@test "set-uid and set-gid programs are refused" {
    cp "$FIXTURES/level.v1" .
    for mode in 4755 2755 6755; do
        chmod "$mode" level.v1
        refuses 1 "level.v1: set-uid or set-gid; a bundle cannot keep that, remove it with 'chmod u-s,g-s'" \
            create -o out level.v1
    done
    chmod u-s,g-s level.v1
    succeeds create -o out level.v1
}

@test "a program with file capabilities is refused" {
    PATH=$PATH:/usr/sbin:/sbin need setcap
    PATH=$PATH:/usr/sbin:/sbin
    cp "$FIXTURES/level.v1" .
    setcap cap_net_raw+ep level.v1 2>/dev/null || skip "file capabilities cannot be set here: needs root"
    refuses 1 "level.v1: has file capabilities; a bundle cannot keep them, remove them with 'setcap -r'" \
        create -o out level.v1
    setcap -r level.v1
    succeeds create -o out level.v1
}

@test "a truncated program is refused, wherever it ends" {
    size=$(stat -c %s "$FIXTURES/level.v1")
    head -c 40 "$FIXTURES/level.v1" >header.v1
    refuses 1 "header.v1: cut short: its program headers are missing" create -o out header.v1
    head -c 100 "$FIXTURES/level.v1" >table.v1
    refuses 1 "table.v1: cut short: its program headers are missing" create -o out table.v1
    head -c 2000 "$FIXTURES/level.v1" >segment.v1
    refuses 1 "segment.v1: cut short: a segment ends after the end of the file" create -o out segment.v1
    # without section headers libbfd does not miss the last byte of a segment
    cp "$FIXTURES/level.v1" last.v1
    poke last.v1 40 '\0\0\0\0\0\0\0\0' # e_shoff
    poke last.v1 60 '\0\0\0\0'         # e_shnum, e_shstrndx
    end=$(readelf -lW last.v1 | awk '$1 == "LOAD" { print $2 "+" $5 }' | tail -n 1)
    truncate -s $((end - 1)) last.v1
    refuses 1 "last.v1: cut short: a segment ends after the end of the file" create -o out last.v1
    head -c $((size - 1)) "$FIXTURES/level.v1" >end.v1
    refuses 1 "end.v1: damaged ELF file: file format not recognized" create -o out end.v1
}

@test "impossible program headers are refused" {
    cp "$FIXTURES/level.v1" offset.v1
    poke offset.v1 32 '\377\377\377\377\377\377\377\177' # e_phoff
    refuses 1 "offset.v1: cut short: its program headers are missing" create -o out offset.v1
    cp "$FIXTURES/level.v1" entsize.v1
    poke entsize.v1 54 '\40\0' # e_phentsize
    refuses 1 "entsize.v1: damaged ELF file: wrong size of a program header" create -o out entsize.v1
}

@test "whatever is wrong in a file, every line on stderr is the tool's own" {
    # e_shnum and e_shstrndx: libbfd has messages of its own about these
    for offset in 60 62; do
        cp "$FIXTURES/level.v1" damaged.v1
        poke damaged.v1 "$offset" '\167\23'
        tool create --force -o out damaged.v1
        [ -z "$stderr" ] || run -1 grep -v '^fatelf-amd64: ' <<<"$stderr"
    done
}

# --- the output ---------------------------------------------------------------------------------------------------

@test "an output that exists is refused without --force before anything is compressed, and replaced with it" {
    echo old >out
    # what comes before the compression would warn about this one
    cp "$FIXTURES/level.v2" .
    chmod a-x level.v2
    refuses 1 "out: exists; --force replaces it" create -o out level.v2
    succeeds create --force -o out "$FIXTURES/level.v1"
    same v1 "$(./out)"
}

@test "an output that is the stub is refused" {
    cp "$BUILD/fatelf-amd64-stub" stub
    refuses 1 "stub: is the launcher stub; name another output" create --force --stub stub -o stub "$FIXTURES/level.v1"
}

@test "an output that is a folder, a pipe or a device is refused, with --force too" {
    mkdir folder
    mkfifo pipe
    for force in "" --force; do
        for name in folder pipe /dev/null .; do
            refuses 1 "$name: not a regular file; name another output" create $force -o "$name" "$FIXTURES/level.v1"
        done
    done
}

@test "an output in a folder that does not exist is refused" {
    refuses 1 "none/out: cannot be created: No such file or directory" create -o none/out "$FIXTURES/level.v1"
    refuses 1 "none/: cannot be created: No such file or directory" create -o none/ "$FIXTURES/level.v1"
    : >file
    refuses 1 "file/out: cannot be created: Not a directory" create -o file/out "$FIXTURES/level.v1"
}

@test "an output in a folder where nothing may be written is refused" {
    without_privilege
    mkdir closed
    chmod 0555 closed
    refuses 1 "closed/out: cannot be created: Permission denied" create -o closed/out "$FIXTURES/level.v1"
}

@test "an output without a name is a usage error" {
    refuses 2 "create: no output; name it with -o FILE; see 'fatelf-amd64 create --help'" create -o "" \
        "$FIXTURES/level.v1"
}

# --- the stub -----------------------------------------------------------------------------------------------------

@test "a stub that is missing is refused" {
    refuses 1 "none: the launcher stub cannot be opened: No such file or directory; --stub names another one" \
        create --stub none -o out "$FIXTURES/level.v1"
}

@test "a file that is not a launcher is refused as a stub" {
    echo text >text
    refuses 1 "text: not an ELF file" create --stub text -o out "$FIXTURES/level.v1"
    refuses 1 "$FIXTURES/level.v2: not a launcher stub" create --stub "$FIXTURES/level.v2" -o out "$FIXTURES/level.v1"
}

@test "a bundle is refused as a stub" {
    "$TOOL" create -q -o bundle "$FIXTURES/level.v1"
    refuses 1 "bundle: a bundle, not a launcher stub" create --stub bundle -o out "$FIXTURES/level.v1"
}

@test "a stub of another format version is refused" {
    cp "$BUILD/fatelf-amd64-stub" stub
    chmod u+w stub
    offset=$(section stub .fatelf.stub offset)
    poke stub $((offset + 8)) '\11'
    refuses 1 "stub: a stub of another version (format 9, this is 4); use the one that came with this tool" \
        create --stub stub -o out "$FIXTURES/level.v1"
}

@test "a build that cannot be opened twice is not called damaged" {
    local open_files
    # the limit at which the second one cannot be had: it depends on what bats has open
    for open_files in {3..40}; do
        "$BASH" -c "ulimit -n $open_files; exec \"\$@\"" - "$TOOL" create -o out "$FIXTURES/level.v1" 2>said || true
        case $(<said) in
            *'level.v1: cannot be read: Too many open files') return ;;
            *damaged*) break ;;
            *) ;;
        esac
    done
    cat said
    false
}
