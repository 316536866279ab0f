# SPDX-License-Identifier: MIT
# `create` joins builds of one program. What tells that they are not: what they say about themselves, and their texts.
load ../lib/common
load ../lib/tool
load ../lib/elf

another="not builds of one program:"
anyway="--allow-different joins them"

# go_section TOOLCHAIN LINE..: a .go.buildinfo section, as Go's linker writes it (Go, debug/buildinfo)
go_section() {
    python3 - "$@" <<'PYTHON'
import sys

def string(text):
    data, size = text.encode(), b""
    rest = len(data)
    while rest >= 0x80:
        size += bytes([rest & 0x7f | 0x80])
        rest >>= 7
    return size + bytes([rest]) + data

lines = "".join(line + "\n" for line in sys.argv[2:])
sys.stdout.buffer.write(b"\xff Go buildinf:\x08\x02" + bytes(16) + string(sys.argv[1])
                        + string("0123456789abcdef" + lines + "0123456789abcdef"))
PYTHON
}

# package_note JSON: a .note.package section (systemd, "Package Metadata for Executable Files")
package_note() {
    python3 -c '
import struct, sys
text = sys.argv[1].encode() + b"\0"
text += bytes(-len(text) % 4)
sys.stdout.buffer.write(struct.pack("<III", 4, len(text), 0xcafe1a7e) + b"FDO\0" + text)' "$1"
}

# crate_list <JSON: a .dep-v0 section (cargo-auditable)
crate_list() {
    python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read()))'
}

# with_section LEVEL NAME FILE: the fixture for a level as prog.vLEVEL, with a section
with_section() {
    objcopy --add-section "$2=$3" --set-section-flags "$2=alloc,readonly,data" "$FIXTURES/level.v$1" "prog.v$1" 2>/dev/null
}

# with_go LEVEL TOOLCHAIN LINE..: the fixture as prog.vLEVEL, as if Go had built it
with_go() {
    go_section "${@:2}" >section
    with_section "$1" .go.buildinfo section
}

# differ MESSAGE: prog.v1 and prog.v3 are refused for this reason; --allow-different joins them without a word
differ() {
    refuses 1 "prog.v1 and prog.v3: $another $1; $anyway" create -o out prog.v1 prog.v3
    refuses 1 "prog.v1 and prog.v3: $another $1; $anyway" create -q -o out prog.v3 prog.v1
    succeeds create -o out --allow-different prog.v1 prog.v3
    rm out
}

# agree: prog.v1 and prog.v3 are joined without a word
agree() {
    succeeds create --force -o out prog.v1 prog.v3
}

@test "Go builds of two main packages or two modules are refused" {
    with_go 1 go1.24.0 $'path\texample.com/a/cmd/x' $'mod\texample.com/a\tv1.2.3\th1:AAA='
    with_go 3 go1.24.0 $'path\texample.com/a/cmd/y' $'mod\texample.com/a\tv1.2.3\th1:AAA='
    differ "Go package example.com/a/cmd/x and example.com/a/cmd/y"
    with_go 3 go1.24.0 $'path\texample.com/a/cmd/x' $'mod\texample.com/b\tv1.2.3\th1:AAA='
    differ "Go module example.com/a and example.com/b"
    with_go 3 go1.24.0 $'path\texample.com/a/cmd/x' $'mod\texample.com/a\tv1.2.3\th1:AAA='
    agree
}

@test "Go builds of two versions or two commits are refused" {
    with_go 1 go1.24.0 $'path\tx' $'mod\tx\tv1.2.3\th1:AAA='
    with_go 3 go1.24.0 $'path\tx' $'mod\tx\tv1.2.4\th1:AAA='
    differ "version of the Go module v1.2.3 and v1.2.4"
    with_go 1 go1.24.0 $'path\tx' $'mod\tx\t(devel)\t' $'build\tvcs.revision=0123'
    with_go 3 go1.24.0 $'path\tx' $'mod\tx\t(devel)\t' $'build\tvcs.revision=4567'
    differ "commit of the Go module 0123 and 4567"
    with_go 1 go1.24.0 $'path\tx' $'mod\tx\tv1.2.3\t' $'build\tvcs.revision=0123'
    differ "commit of the Go module 0123 and 4567"
}

@test "Go builds of one commit are joined, even if Go gives them other versions or none" {
    # files beside the sources have changed; versions are not stamped; a clone without tags
    for version in v1.2.3+dirty '(devel)' v0.0.0-20260101000000-0123456789ab; do
        with_go 1 go1.24.0 $'path\tx' $'mod\tx\tv1.2.3\t' $'build\tvcs.revision=0123'
        with_go 3 go1.24.0 $'path\tx' $'mod\tx\t'"$version"$'\t' $'build\tvcs.revision=0123'
        agree
    done
    with_go 1 go1.24.0 $'path\tx' $'mod\tx\tv1.2.3\t'
    for version in v1.2.3+dirty '(devel)'; do
        with_go 3 go1.24.0 $'path\tx' $'mod\tx\t'"$version"$'\t' $'build\tvcs.revision=0123'
        agree
    done
}

@test "a Go build of single files does not say what package it is" {
    with_go 1 go1.24.0 $'path\tcommand-line-arguments'
    with_go 3 go1.24.0 $'path\texample.com/x' $'mod\texample.com/x\tv1.2.3\t'
    agree
}

@test "two versions of Go, or of a module that a Go program needs, are warned of" {
    dependency=$'dep\texample.com/b\tv1.0.0\th1:AAA='
    with_go 1 go1.24.0 $'path\tx' $'dep\texample.com/a\tv9.0.0\th1:AAA=' "$dependency" $'dep\texample.com/c\tv1.0.0\t'
    with_go 3 go1.24.1 $'path\tx' "$dependency" $'dep\texample.com/bb\tv3.0.0\t' $'dep\texample.com/c\tv1.0.0\t'
    tool create -o out prog.v1 prog.v3
    same "0 fatelf-amd64: warning: prog.v1 and prog.v3: built by different versions of Go, go1.24.0 and go1.24.1; build both with one" \
        "$status $stderr"
    with_go 3 go1.24.0 $'path\tx' "$dependency" $'dep\texample.com/c\tv1.0.1\t'
    tool create --force -o out prog.v1 prog.v3
    same "0 fatelf-amd64: warning: prog.v1 and prog.v3: built with different versions of example.com/c, v1.0.0 and v1.0.1; build both from one go.sum" \
        "$status $stderr"
    with_go 3 go1.24.0 $'path\tx' "$dependency" $'=>\t../b\tv1.0.0\t' $'dep\texample.com/c\tv1.0.1\t'
    tool create --force -o out prog.v1 prog.v3
    same "0 fatelf-amd64: warning: prog.v1 and prog.v3: built with different versions of example.com/b, v1.0.0 and v1.0.0 => ../b v1.0.0; build both from one go.sum" \
        "$status $stderr"
    succeeds create --force -q -o out prog.v1 prog.v3
    succeeds create --force --allow-different -o out prog.v1 prog.v3
}

@test "real Go builds of two modules are refused, those of one are not" {
    need go
    printf 'package main\n\nfunc main() {}\n' >main.go
    export GOFLAGS=-buildvcs=false GO111MODULE=on GOTOOLCHAIN=local CGO_ENABLED=0 GOWORK=off
    for level in 1 2 3 4; do
        printf 'module example.com/%s\n\ngo 1.18\n' "$((level / 4))" >go.mod
        GOAMD64=v$level go build -ldflags=-s -o "prog.v$level" .
    done
    refuses 1 "prog.v1 and prog.v4: $another Go package example.com/0 and example.com/1; $anyway" create -o out prog.v[1-4]
    succeeds create -o out prog.v[1-3]
}

@test "two packages in .note.package are refused" {
    package_note '{"type":"rpm","name":"hello","version":"1-2.fc40"}' >section
    with_section 1 .note.package section
    package_note '{"type":"rpm","name":"hello","version":"1-3.fc40"}' >section
    with_section 3 .note.package section
    differ "package in .note.package hello 1-2.fc40 and hello 1-3.fc40"
    # the rest may differ, and what cannot be read says nothing
    for json in '{"type":"deb","version":"1-2.fc40","name":"hello","x":[1]}' '{"name":"other"}' '{"name":1,"version":2}' \
        '[]' '"name"' 'null' '{' ''; do
        package_note "$json" >section
        with_section 3 .note.package section
        agree
    done
    head -c 20 /dev/urandom >section
    with_section 3 .note.package section
    agree
}

@test "two root packages in .dep-v0 are refused" {
    list='{"packages":[{"name":"libc","version":"%s"},{"name":"prog","version":"%s","root":true}]}'
    # shellcheck disable=SC2059 # the list is a format
    printf "$list" 0.2.1 1.0.0 | crate_list >section
    with_section 1 .dep-v0 section
    # shellcheck disable=SC2059
    printf "$list" 0.2.1 1.0.1 | crate_list >section
    with_section 3 .dep-v0 section
    differ "root package in .dep-v0 prog 1.0.0 and prog 1.0.1"
    # shellcheck disable=SC2059
    printf "$list" 0.2.2 1.0.0 | crate_list >section
    with_section 3 .dep-v0 section
    agree
    # not compressed, more than a megabyte, no root, no list
    echo '{}' >section
    with_section 3 .dep-v0 section
    agree
    { printf '{"x":"' && head -c 2000000 /dev/zero | tr '\0' x && printf '",%s' "${list#?}"; } | crate_list >section
    with_section 3 .dep-v0 section
    agree
    for json in '{"packages":[{"name":"a","version":"1"}]}' '{"packages":{"root":true}}' '[1]' '{"packages":[1,null,[]]}'; do
        crate_list <<<"$json" >section
        with_section 3 .dep-v0 section
        agree
    done
}

@test "another type or dynamic loader is refused" {
    program prog.v1 -no-pie
    program prog.v3 -pie
    differ "ELF type ET_EXEC and ET_DYN"
    program prog.v1 -Wl,--dynamic-linker=/lib/ld-other.so.1
    differ "dynamic loader /lib/ld-other.so.1 and /lib64/ld-linux-x86-64.so.2"
    skip_unless "the C library cannot be linked statically" program prog.v1 -static-pie
    differ "dynamic loader none and /lib64/ld-linux-x86-64.so.2"
}

# text_program FROM TO OUT: a program with the numbers from FROM to TO as texts
text_program() {
    {
        printf 'const char *texts[] = {\n'
        seq -f '"This is text number %08.0f",' "$1" "$2"
        printf '};\nint main(int argc, char **argv) { (void)argv; return texts[argc][0]; }\n'
    } | cc -O2 -x c -o "$3" -
}

@test "programs with hardly a text in common are refused, however they are stored" {
    text_program 1 400 prog.v1
    text_program 1001 1400 prog.v3
    tool create -o out prog.v1 prog.v3
    same 1 "$status"
    [[ $stderr =~ ^"fatelf-amd64: prog.v1 and prog.v3: $another only "(1?[0-9])" % of their texts are the same; $anyway"$ ]]
    for how in --compress=none --no-delta --base=v3 --launch=inplace; do
        wanted=$stderr
        tool create "$how" -o out prog.v1 prog.v3
        same "$how: 1 $wanted" "$how: $status $stderr"
        stderr=$wanted
    done
    [ ! -e out ]
    succeeds create --allow-different -o out prog.v1 prog.v3
}

@test "programs with few texts in common are warned of" {
    text_program 1 600 prog.v1
    text_program 301 900 prog.v3
    tool create -o out prog.v1 prog.v3
    same 0 "$status"
    wanted="fatelf-amd64: warning: prog.v1 and prog.v3: only [0-9][0-9] % of their texts are the same; check that both are builds of one program"
    # shellcheck disable=SC2053 # a pattern
    [[ $stderr == $wanted ]]
    succeeds create --force -q -o out prog.v1 prog.v3
    succeeds create --force --allow-different -o out prog.v1 prog.v3
}

@test "programs with most texts in common, or with hardly any text, are joined" {
    text_program 1 600 prog.v1
    text_program 31 630 prog.v3
    agree
    program prog.v1
    text_program 1 4 prog.v3
    agree
}

@test "builds of one program for all levels, by gcc and clang, stripped or not, are joined without a word" {
    for compiler in gcc clang; do
        command -v "$compiler" >/dev/null || continue
        for level in "" -v2 -v3 -v4; do
            "$compiler" -w -O3 -D_GNU_SOURCE -pthread -march="x86-64$level" -o "prog${level:--v1}" "$TOP/tests/fixtures/probe.c"
        done
        strip prog-v3
        succeeds create --force -o out prog-v[1-4]
        same "v1 v2 v3 v4" "$(levels out)"
    done
}

@test "a library that only one build needs is warned of, but not libm, libmvec and libatomic" {
    program prog.v1
    program prog.v2 -Wl,--no-as-needed -lm
    printf 'int odd;\n' | cc -shared -o libodd.so -x c -
    program prog.v3 -Wl,--no-as-needed -L. -lodd -lm
    tool create -o out prog.v[1-3]
    same 0 "$status"
    same "fatelf-amd64: warning: prog.v3: needs the library libodd.so, which prog.v1 does not need; build both with the same libraries and options" \
        "$stderr"
    tool create --force -o out v4=prog.v1 v1=prog.v3
    same "fatelf-amd64: warning: prog.v3: needs the library libodd.so, which prog.v1 does not need; build both with the same libraries and options" \
        "$stderr"
    succeeds create --force -o out prog.v[12]
    succeeds create --force --allow-different -o out prog.v[1-3]
    need patchelf
    patchelf --add-needed libmvec.so.1 --add-needed libatomic.so.1 --output prog.v4 prog.v2
    tool create --force -o out prog.v1 prog.v2 prog.v4
    nothing "$stderr"
}
