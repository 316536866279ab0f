# SPDX-License-Identifier: MIT
# What `create` prints: with -v what it has written, and warnings.
load ../lib/common
load ../lib/tool
load ../lib/elf

@test "-v says what was written, to the byte" {
    tool create -v -o out "$FIXTURES/level.v1" "$FIXTURES/level.v3"
    same 0 "$status"
    nothing "$output"
    wanted=$(python3 - out "$FIXTURES/level.v1" "$FIXTURES/level.v3" \
        "$(section out .fatelf.v1 size)" "$(section out .fatelf.v3 size)" <<'PYTHON'
import os, sys
out, v1, v3, p1, p3 = sys.argv[1:]
size = os.path.getsize
for level, build, payload in (1, v1, int(p1)), (3, v3, int(p3)):
    print("v%d: %s, %d bytes, %.1f %% of its size, zstd" % (level, build, payload, payload * 100 / size(build)))
print("%s: %d bytes, %.2f times the largest build" % (out, size(out), size(out) / max(size(v1), size(v3))))
PYTHON
    )
    same "$wanted" "$stderr"
    tool create --verbose --force -o out "$FIXTURES/level.v1" "$FIXTURES/level.v3"
    same "$wanted" "$stderr"
}

@test "-v says which builds are stored" {
    tool create -v --compress none -o out "$FIXTURES/level.v1"
    size=$(stat -c %s "$FIXTURES/level.v1")
    same "v1: $FIXTURES/level.v1, $size bytes, 100.0 % of its size, stored" "${stderr%%$'\n'*}"
}

# path_warning FILE REASONS
path_warning() {
    echo "fatelf-amd64: warning: $1: uses the path of its own file ($2), which is another one when it is started from memory; '--launch inplace --compress zstd' keeps it"
}

# warns MESSAGE ARGUMENT..: status 0, and this one message
warns() {
    local message=$1
    shift
    tool create --force -o out "$@"
    same "0 $message" "$status $stderr"
}

@test "builds that find libraries through \$ORIGIN are joined, with one warning, unless they are started in place" {
    program plain.v1 -Wl,-rpath,/opt/lib
    program runpath.v2 -Wl,--enable-new-dtags,-rpath,'/lib:$ORIGIN/../lib'
    program rpath.v3 -Wl,--disable-new-dtags,-rpath,'$ORIGIN'
    program braces.v4 -Wl,-rpath,'${ORIGIN}/lib'
    warns "$(path_warning runpath.v2 "\$ORIGIN in its library path")" plain.v1 runpath.v2 rpath.v3 braces.v4
    same "v1 v2 v3 v4" "$(levels out)"
    for build in rpath.v3 braces.v4; do
        warns "$(path_warning "$build" "\$ORIGIN in its library path")" "$build"
    done
    succeeds create --force -o out --launch inplace plain.v1 runpath.v2 rpath.v3 braces.v4
    succeeds create --force -o out --launch inplace --compress zstd plain.v1 runpath.v2 rpath.v3 braces.v4
}

@test "a build that needs its own path and cannot be started in place needs a file of its own" {
    printf -v slashes '/%.0s' {1..5000}
    program long.v1 -Wl,-rpath,'$ORIGIN' "-Wl,--dynamic-linker,${slashes}lib64/ld-linux-x86-64.so.2"
    warning=$(path_warning long.v1 "\$ORIGIN in its library path")
    warns "${warning%;*}; it needs a file of its own, not a bundle" long.v1
}

# go_program LEVEL OUT STATEMENT [OPTION].. : a Go program that imports os
go_program() {
    printf 'package main\n\nimport "os"\n\nfunc ExecutableX() { os.Exit(0) }\nfunc main() { %s; ExecutableX() }\n' "$3" >main.go
    GOFLAGS='' GO111MODULE=off GOAMD64=$1 GOTOOLCHAIN=local go build -ldflags=-s "${@:4}" -o "$2" main.go
}

@test "a Go program that calls os.Executable is warned of, others that import os are not" {
    need go
    for mode in exe pie; do
        go_program v1 prog.v1 'println(os.Executable())' -buildmode=$mode
        go_program v3 prog.v3 'println(os.Executable())' -buildmode=$mode
        warns "$(path_warning prog.v1 "Go's os.Executable")" prog.v1 prog.v3
        succeeds create --force -o out --launch inplace prog.v1 prog.v3
        go_program v1 prog.v1 'println(os.Getpid())' -buildmode=$mode
        succeeds create --force -o out prog.v1
    done
    go_program v1 prog.v1 'println(os.Executable())' -buildmode=pie '-ldflags=-s -linkmode=external'
    warns "$(path_warning prog.v1 "Go's os.Executable")" prog.v1
}

@test "a program that uses Qt is warned of" {
    for library in Qt5Core:5 Qt6Core:6 Qt5CoreX:5 Qt7Core:7; do
        name=${library%:*}
        printf 'int odd;\n' | cc -shared -Wl,-soname,"lib$name.so.${library#*:}" -o "lib$name.so" -x c -
        program "$name.v1" -Wl,--no-as-needed -L. "-l$name"
    done
    for name in Qt5Core Qt6Core; do
        warns "$(path_warning $name.v1 "Qt's plugins")" $name.v1
        succeeds create --force -o out --launch inplace $name.v1
    done
    succeeds create --force -o out Qt5CoreX.v1
    succeeds create --force -o out Qt7Core.v1
    program all.v1 -Wl,--no-as-needed -L. -lQt5Core -Wl,-rpath,'$ORIGIN'
    warns "$(path_warning all.v1 "Qt's plugins, \$ORIGIN in its library path")" all.v1
}

@test "a Rust program with symbols is warned of, a stripped one is not" {
    skip_unless "rustc does not work" rustc --version
    printf 'fn main() { println!("{}", std::env::args().count()); }\n' >prog.rs
    rustc -O -o prog.v1 prog.rs
    for launch in memfd inplace; do
        warns "fatelf-amd64: warning: prog.v1: a Rust program with symbols, which its backtraces cannot read in a bundle; strip it, and keep this file for backtraces" \
            --launch $launch prog.v1 v3=prog.v1
    done
    strip prog.v1
    succeeds create --force -o out prog.v1
}

@test "a program with a sanitizer that reads symbols is warned of" {
    message="whose reports may lack functions and source lines in a bundle; test the build itself, and bundle one without it"
    local tried=0
    for words in "gcc address AddressSanitizer" "gcc thread ThreadSanitizer" "gcc leak LeakSanitizer" \
        "clang address AddressSanitizer" "clang thread ThreadSanitizer" "clang memory MemorySanitizer"; do
        read -r compiler kind name <<<"$words"
        printf 'int main(void) { return 0; }\n' >prog.c
        "$compiler" "-fsanitize=$kind" -o prog.v1 prog.c 2>/dev/null || continue
        tried=$((tried + 1))
        for _ in 1 2; do
            # ThreadSanitizer's own code is for v2, which is another warning
            tool create --force -o out prog.v1
            same 0 "$status"
            same "fatelf-amd64: warning: prog.v1: built with $name, $message" \
                "$(grep -v ': is given as v1, but looks made for v2: ' <<<"$stderr")"
            strip prog.v1
        done
    done
    [ "$tried" -gt 0 ] || skip "no sanitizer is installed"
    # its messages have the source line in a bundle, too
    gcc -fsanitize=undefined -o prog.v1 prog.c 2>/dev/null || return 0
    succeeds create --force -o out prog.v1
}

@test "a library path with a relative entry is warned of, an absolute one is not" {
    message="loads libraries from a path relative to the working directory (RUNPATH or RPATH), where anyone may have put them; use absolute paths, or \$ORIGIN with --launch inplace"
    for path in lib ./lib /opt/lib:lib lib:/opt/lib :/opt/lib /opt/lib: /opt//lib::/usr/lib '$LIB/x'; do
        program prog.v1 "-Wl,-rpath,$path" -Wl,--enable-new-dtags
        program prog.v2 "-Wl,-rpath,$path" -Wl,--disable-new-dtags
        warns "fatelf-amd64: warning: prog.v1: $message" --launch inplace prog.v1 prog.v2
        same '["relative-runpath"] ["relative-runpath"]' "$("$TOOL" list --json out |
            json '" ".join(json.dumps(v["marks"][:1]) for v in d["variants"])')"
    done
    for path in /opt/lib /opt/lib:/usr/lib '$ORIGIN' '$ORIGIN/../lib:/lib' '${ORIGIN}/lib'; do
        program prog.v1 "-Wl,-rpath,$path"
        succeeds create --force -o out --launch inplace prog.v1
    done
}

@test "a stack that may be executable is warned of once" {
    message="its stack may be executable, because PT_GNU_STACK is missing or has PF_X; add a section .note.GNU-stack to its assembly files, or link with -z noexecstack"
    program prog.v1
    program prog.v2 -z execstack
    program prog.v3 -z execstack
    warns "fatelf-amd64: warning: prog.v2: $message" prog.v1 prog.v2 prog.v3
    need python3
    "$TOP/tests/lib/edit_elf" no-stack prog.v1
    warns "fatelf-amd64: warning: prog.v1: $message" prog.v1
}

@test "a build that is not executable is bundled, with a warning" {
    cp "$FIXTURES/level.v1" "$FIXTURES/level.v2" .
    chmod a-x level.v2
    tool create -o out level.v1 level.v2
    same 0 "$status"
    same "fatelf-amd64: warning: level.v2: not executable, so the bundle is not either; 'chmod +x' it" "$stderr"
    [ ! -x out ]
    same "v1 v2" "$(levels out)"
}

@test "-q suppresses the warnings and changes nothing else" {
    program odd.v1 -z execstack -Wl,-rpath,'$ORIGIN:lib'
    chmod a-x odd.v1
    tool create -o loud odd.v1
    [ -n "$stderr" ]
    succeeds create -q -o quiet odd.v1
    cmp loud quiet
    succeeds create --quiet --force -o quiet odd.v1
    refuses 1 "quiet: exists; --force replaces it" create -q -o quiet odd.v1
}
