# SPDX-License-Identifier: MIT
# Which level `create` thinks a build is for.
load ../lib/common
load ../lib/tool
load ../lib/elf

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    # The names of these programs say no level. They import nothing, so that Go compiles only its runtime.
    if command -v go >/dev/null; then
        printf 'package main\n\nfunc main() {}\n' >empty.go
        for level in v1 v3; do
            GOFLAGS='' GO111MODULE=off GOAMD64=$level CGO_ENABLED=0 GOTOOLCHAIN=local \
                go build -o "go-$level.exe" empty.go
        done
    fi
    for level in 2 3 4; do
        program "note$level" "-Wl,-z,x86-64-v$level"
    done
}

need_note() {
    [[ $(readelf -n "$BATS_FILE_TMPDIR/note3") == *"x86 ISA needed:"*x86-64-v3* ]] || skip "ld writes no ISA notes"
}

@test "LEVEL=FILE gives the level" {
    for level in v1 v2 v3 v4; do
        cp "$FIXTURES/level.v1" program
        succeeds create --force -o out "$level=program"
        same "$level" "$(levels out)"
    done
}

@test "x86-64-LEVEL=FILE gives the level" {
    cp "$FIXTURES/level.v1" program
    for level in v1 v2 v3 v4; do
        succeeds create --force -o out "x86-64-$level=program"
        same "$level" "$(levels out)"
    done
}

@test "a file's name gives the level: .v3, -v3, _v3, x86-64-v3" {
    mkdir folder.v1
    for name in prog.v3 prog-v3 prog_v3 prog.x86-64-v3 x86-64-v3 folder.v1/prog-v3; do
        cp "$FIXTURES/level.v1" "$name"
        succeeds create --force -o out "$name"
        same "$name: v3" "$name: $(levels out)"
    done
}

@test "a name that only resembles a level gives none" {
    mkdir folder.v3
    for name in prog progv3 prog.v0 prog.v5 prog.V3 prog.v33 prog.v3.old .v3 v3 folder.v3/prog 'prog+v3'; do
        cp "$FIXTURES/level.v1" "$name"
        refuses 1 "$name: its level is unknown; write LEVEL=$name, where LEVEL is v1, v2, v3 or v4" create -o out "$name"
    done
}

@test "LEVEL= counts, not the name" {
    succeeds create -o out "v1=$FIXTURES/level.v3"
    same v1 "$(levels out)"
}

@test "a level that does not exist is a usage error that names it" {
    cp "$FIXTURES/level.v1" program
    refuses 2 "v5=program: 'v5' is not a level; levels are v1, v2, v3 and v4" create -o out v5=program
    refuses 2 "v0=program: 'v0' is not a level; levels are v1, v2, v3 and v4" create -o out v0=program
    refuses 2 "v10=program: 'v10' is not a level; levels are v1, v2, v3 and v4" create -o out v10=program
    refuses 2 "x86-64-v9=program: 'v9' is not a level; levels are v1, v2, v3 and v4" create -o out x86-64-v9=program
}

@test "a file's name may have a '=' in it" {
    cp "$FIXTURES/level.v2" 'a=b.v2'
    cp "$FIXTURES/level.v2" 'size=big'
    cp "$FIXTURES/level.v2" 'v3=x'
    succeeds create -o out 'a=b.v2'
    same v2 "$(levels out)"
    succeeds create --force -o out 'v1=size=big'
    same v1 "$(levels out)"
    refuses 1 "size=big: its level is unknown; write LEVEL=size=big, where LEVEL is v1, v2, v3 or v4" create -o new 'size=big'
    # with a folder before it, v3= is not a level
    succeeds create --force -o out 'v4=./v3=x'
    same v4 "$(levels out)"
}

@test "a GNU property note gives the level" {
    need_note
    for level in 2 3 4; do
        succeeds create --force -o out "$BATS_FILE_TMPDIR/note$level"
        same "v$level" "$(levels out)"
    done
}

@test "a note that names only the baseline gives no level, because C libraries' start files have it" {
    # what an assembler writes with -mx86-used-note=yes: owner GNU, type 5, GNU_PROPERTY_X86_ISA_1_NEEDED, bit 0
    printf '%s\n' '.section .note.gnu.property,"a"' '.p2align 3' '.long 4, 16, 5' '.asciz "GNU"' \
        '.long 0xc0008002, 4, 1, 0' '.section .note.GNU-stack,"",@progbits' >note.s
    cc -c note.s
    program baseline note.o
    [[ $(readelf -n baseline) == *"x86 ISA needed: x86-64-baseline"* ]] || skip "ld writes no ISA notes"
    refuses 1 "baseline: its level is unknown; write LEVEL=baseline, where LEVEL is v1, v2, v3 or v4" create -o out baseline
    succeeds create -o out v3=baseline
}

@test "a name or LEVEL= that agrees with the note is accepted" {
    need_note
    cp "$BATS_FILE_TMPDIR/note3" prog.v3
    succeeds create -o out prog.v3
    succeeds create --force -o out v3=prog.v3
    same v3 "$(levels out)"
}

@test "a name that contradicts the note is refused, unless LEVEL= agrees with the note" {
    need_note
    cp "$BATS_FILE_TMPDIR/note3" prog.v2
    refuses 1 "prog.v2: named v2, but its GNU property note says v3; write v3=prog.v2, or build it for v2" \
        create -o out prog.v2
    succeeds create -o out v3=prog.v2
    same v3 "$(levels out)"
}

@test "LEVEL= that contradicts the note is refused" {
    need_note
    cp "$BATS_FILE_TMPDIR/note3" prog
    refuses 1 "prog: given as v4, but its GNU property note says v3; give it as v3, or build it for v4" \
        create -o out v4=prog
    refuses 1 "prog: given as v1, but its GNU property note says v3; give it as v3, or build it for v1" \
        create -o out x86-64-v1=prog
}

@test "Go build information gives the level" {
    need go
    for level in v1 v3; do
        succeeds create --force -o out "$BATS_FILE_TMPDIR/go-$level.exe"
        same "$level" "$(levels out)"
    done
}

@test "Go build information gives the level of a stripped program too" {
    need go strip
    strip -s -o stripped "$BATS_FILE_TMPDIR/go-v3.exe"
    succeeds create -o out stripped
    same v3 "$(levels out)"
}

@test "a name or LEVEL= that contradicts Go build information is refused" {
    need go
    cp "$BATS_FILE_TMPDIR/go-v1.exe" prog.v2
    cp "$BATS_FILE_TMPDIR/go-v3.exe" prog
    refuses 1 "prog.v2: named v2, but its Go build information says v1; write v1=prog.v2, or build it for v2" \
        create -o out prog.v2
    refuses 1 "prog: given as v2, but its Go build information says v3; give it as v3, or build it for v2" \
        create -o out v2=prog
}

@test "the levels in one bundle may come from a note, a name, Go and the command line" {
    need go
    need_note
    cp "$FIXTURES/level.v1" program
    cp "$FIXTURES/level.v2" program-v2
    succeeds create --allow-different -o out "$BATS_FILE_TMPDIR/note4" program-v2 "$BATS_FILE_TMPDIR/go-v3.exe" v1=program
    same "v1 v2 v3 v4" "$(levels out)"
}
