# SPDX-License-Identifier: MIT
# create --debug-dir: what it writes, what it refuses, and that it leaves nothing behind.
load ../lib/common
load ../lib/tool

setup() {
    start_test
    unset OBJCOPY
    need objcopy readelf
}

# debuggable NAME CC-OPTION..: a program with debug information
debuggable() {
    local name=$1
    shift
    "${CC:-cc}" -g -O2 -o "$name" "$LEVEL_SOURCE" -DLEVEL=1 -Wl,--build-id "$@"
}

# id FILE: the build-id
id() {
    readelf -nW "$1" 2>/dev/null | sed -n 's/.*Build ID: //p'
}

# file_of DIRECTORY BUILD: where the program without debug information is
file_of() {
    local id
    id=$(id "$2")
    [ "${#id}" -gt 2 ]
    echo "$1/.build-id/${id:0:2}/${id:2}"
}

sections() {
    readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] \(\.[^ ]*\) .*/\1/p'
}

@test "the bundle has the stripped programs, and the directory has them and their debug information" {
    local level build file
    debuggable prog.v1
    debuggable prog.v2 -DOTHER=2 -march=x86-64-v2 -O1
    chmod 0750 prog.v2
    succeeds create -o prog --debug-dir new/deep/dir prog.v1 prog.v2
    for level in v1 v2; do
        build=prog.$level
        file=$(file_of new/deep/dir $build)
        "$TOOL" extract -q --force -o variant prog $level
        cmp variant "$file"
        same "$(id $build)" "$(id "$file")"
        same "$(id $build)" "$(id "$file.debug")"
        sections $build | finds -x '.debug_info'
        sections "$file" >in_program
        run -1 grep -E '^\.(debug_.*|symtab)$' in_program
        sections "$file.debug" >in_debug
        grep -qx .debug_info in_debug
        grep -qx .symtab in_debug
        # it has nothing that runs
        readelf -SW "$file.debug" | finds '\.text  *NOBITS'
    done
    same 4 "$(find new -type f | wc -l)"
    same "644 755" "$(stat -c %a "$(file_of new/deep/dir prog.v1)"{.debug,} | paste -sd ' ')"
    same "640 750" "$(stat -c %a "$(file_of new/deep/dir prog.v2)"{.debug,} | paste -sd ' ')"
    same 750 "$(stat -c %a prog)"
    run -1 grep 'not stripped' <<<"$("$TOOL" list -v prog)"
    run -0 ./prog
}

@test "files that are there with the same contents stay; others are replaced only with --force" {
    debuggable prog.v1
    succeeds create -o one --debug-dir dir prog.v1
    local before file
    before=$(cd dir && folder)
    succeeds create -o two --debug-dir dir prog.v1
    cmp one two
    same "$before" "$(cd dir && folder)"
    file=$(file_of dir prog.v1)
    echo more >>"$file.debug"
    refuses 1 "prog.v1: $file.debug: exists, with other contents; --force replaces it" \
        create -o three --debug-dir dir prog.v1
    objcopy --strip-all prog.v1 stripped
    cp stripped "$file"
    echo more >>"$file"
    succeeds create --force -o three --debug-dir dir prog.v1
    cmp stripped "$file"
    run -1 grep more "$file.debug"
    cmp one three
    same 2 "$(find dir -type f | wc -l)"
}

@test "identical builds have one set of files; different builds with one build-id are refused" {
    debuggable prog.v1
    cp prog.v1 prog.v2
    succeeds create -o prog --debug-dir dir prog.v1 prog.v2
    same 2 "$(find dir -type f | wc -l)"
    same "v1 v2" "$(levels prog)"
    debuggable other.v1 -Wl,--build-id=0x12345678
    debuggable other.v2 -Wl,--build-id=0x12345678 -O0
    refuses 1 "other.v2: dir/.build-id/12/345678.debug: belongs to two different builds with one build-id; link them\
 with --build-id=sha1" create -o other --debug-dir dir other.v1 other.v2
}

@test "a build without debug information is bundled as it is" {
    debuggable prog.v1
    strip -o stripped.v1 prog.v1
    tool create -v -o prog --debug-dir dir stripped.v1
    same 0 "$status"
    [[ $stderr == "v1: stripped.v1: no debug information, bundled as it is
$(file_of dir prog.v1): written
v1: stripped.v1, "* ]]
    same "$(file_of dir prog.v1)" "$(find dir -type f)"
    cmp stripped.v1 "$(file_of dir prog.v1)"
    "$TOOL" extract -q -o variant prog v1
    cmp stripped.v1 variant
    # no build-id is no matter then
    program bare.v1 -s -Wl,--build-id=none
    succeeds create -o bare --debug-dir none bare.v1
    [ ! -e none ]
    # symbols alone are debug information too
    program symbols.v1 -Wl,--build-id
    succeeds create -o symbols --debug-dir symbols.dir symbols.v1
    sections "$(file_of symbols.dir symbols.v1).debug" | finds -x .symtab
}

@test "a build with debug information must have a build-id, and no data at its end" {
    debuggable prog.v1 -Wl,--build-id=none
    refuses 1 "prog.v1: has no build-id, by which debuggers find debug information; link it with -Wl,--build-id\
 (Go: -ldflags=-B=gobuildid)" create -o prog --debug-dir dir prog.v1
    debuggable app.v1
    echo "data of the program" >>app.v1
    refuses 1 "app.v1: has data behind its end, which would be lost with its debug information; strip it before the data\
 is appended, or leave out --debug-dir" create -q -o app --debug-dir dir app.v1
}

@test "without objcopy, or if it fails, a message says why, and nothing is left" {
    debuggable prog.v1
    OBJCOPY=./absent refuses 1 "prog.v1: its debug information cannot be taken out: ./absent: cannot be run: No such file or directory\
 (--debug-dir needs binutils; OBJCOPY names another objcopy)" create -o prog --debug-dir dir prog.v1
    printf '#!/bin/sh\necho "broken: it" >&2; echo more >&2; exit 3\n' >broken
    chmod +x broken
    OBJCOPY=./broken refuses 1 "prog.v1: its debug information cannot be taken out: ./broken: broken: it (--debug-dir\
 needs binutils; OBJCOPY names another objcopy)" create -o prog --debug-dir dir prog.v1
    OBJCOPY='' succeeds create -o prog --debug-dir dir prog.v1
    # later failures: the output is there
    refuses 1 "prog: exists; --force replaces it" create -o prog --debug-dir other prog.v1
    refuses 2 "create: --debug-dir: the name of a directory is missing; see 'fatelf-amd64 create --help'" \
        create -o other --debug-dir '' prog.v1
}

@test "a signal leaves nothing behind" {
    debuggable prog.v1
    # the second one: the first file is complete then
    printf '#!/bin/sh\n[ "$1" = --only-keep-debug ] && exec objcopy "$@"\nkill -TERM $PPID\nsleep 1\n' >killer
    chmod +x killer
    local before
    before=$(folder)
    OBJCOPY=./killer tool create -o prog --debug-dir a/b prog.v1
    same 143 "$status"
    same "$before" "$(folder)"
}

@test "an objcopy that writes a new file is enough" {
    need llvm-objcopy
    debuggable prog.v1
    OBJCOPY=llvm-objcopy succeeds create -o prog --debug-dir dir prog.v1
    same "644 755" "$(stat -c %a "$(file_of dir prog.v1)"{.debug,} | paste -sd ' ')"
    run -0 ./prog
}

@test "build and join write the files of all programs" {
    local file
    debuggable one.v1
    debuggable one.v3 -march=x86-64-v3 -O3
    debuggable two.v1 -O0
    debuggable two.v2 -O1
    cp one.v1 kept
    succeeds join --debug-dir dir .
    same 8 "$(find dir -type f | wc -l)"
    [ -e "$(file_of dir kept).debug" ]
    [ ! -e one.v1 ]
    cp "$LEVEL_SOURCE" level.c
    "$TOOL" build -q -o three -l v1,v2 --debug-dir more -- "${CC:-cc}" -DLEVEL=1 -g -O2 '-march={march}' -Wl,--build-id \
        -DNAME='"{level}"' -o '{}' level.c
    "$TOOL" extract -q -o variant three v2
    file=$(file_of more variant)
    cmp variant "$file"
    [ -e "$file.debug" ]
}

@test "warnings are about what is bundled, and name functions" {
    debuggable prog.v1 -gz=zlib
    debuggable prog.v2 -gz=zlib -O1
    tool create -o kept prog.v1 prog.v2
    [[ $stderr == *"its debug sections are compressed"* ]]
    succeeds create -o prog --debug-dir dir prog.v1 prog.v2
    "$TOOL" check --help >/dev/null
    [ "$("$TOOL" check --json prog.v1 2>/dev/null | wc -c)" -gt 2 ] || skip "this tool has no decoder"
    cat >vector.c <<'C'
float a[64], b[64];
__attribute__((noinline)) void multiply(float factor) { for (int i = 0; i < 64; i++) a[i] = b[i] * factor + a[i]; }
int main(int argc, char **argv) { (void)argv; multiply((float)argc); return a[3] > 1; }
C
    "${CC:-cc}" -g -O3 -march=x86-64-v3 -Wl,--build-id -o vector vector.c
    tool create -o bundle --debug-dir dir v1=vector
    [[ $stderr == *"is given as v1, but looks made for v3"*" in main;"* ]]
}
