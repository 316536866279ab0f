# SPDX-License-Identifier: MIT
# `build` runs a command for each level, and joins the programs that it makes.
load ../lib/common
load ../lib/tool

setup() {
    start_test
    unset CFLAGS CXXFLAGS FFLAGS RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_DIR
    printf 'int main(void) { return 0; }\n' >prog.c
}

@test "each run has the variables for its level, and its output is prefixed with the level" {
    # shellcheck disable=SC2016 # for the command
    tool build -q -o out -l v1,v3 -- sh -c '
        echo "$FATELF_LEVEL, $GOAMD64, $CFLAGS, $CXXFLAGS, $FFLAGS, $RUSTFLAGS, $CARGO_TARGET_DIR, $1, $2"
        echo error >&2
        printf "no end"
        cc $CFLAGS -o "$FATELF_OUTPUT" prog.c' - '{level}' '{march}'
    same 0 "$status"
    same "v1: v1, v1, -g -O2 -march=x86-64, -g -O2 -march=x86-64, -g -O2 -march=x86-64, -C target-cpu=x86-64, \
target/fatelf-amd64-v1, v1, x86-64
v1: no end
v3: v3, v3, -g -O2 -march=x86-64-v3, -g -O2 -march=x86-64-v3, -g -O2 -march=x86-64-v3, -C target-cpu=x86-64-v3, \
target/fatelf-amd64-v3, v3, x86-64-v3
v3: no end" "$output"
    same "v1: error
v3: error" "$stderr"
    prints "out: ok, v1, v3" verify out
    same "out prog.c" "$(ls -A | paste -sd ' ')"
}

@test "flags are appended to those that are there" {
    # shellcheck disable=SC2016 # for the command
    CFLAGS=-O3 RUSTFLAGS='-C lto' CARGO_TARGET_DIR=/t tool build -q -o out -l v4 -- sh -c '
        echo "$CFLAGS, $RUSTFLAGS, $CARGO_TARGET_DIR"; cc -o {} prog.c'
    same "v4: -O3 -march=x86-64-v4, -C lto -C target-cpu=x86-64-v4, /t/fatelf-amd64-v4" "$output"
    # shellcheck disable=SC2016 # for the command
    CARGO_ENCODED_RUSTFLAGS=$'-C\x1flto' tool build -q --force -o out -l v4 -- sh -c '
        echo "$CARGO_ENCODED_RUSTFLAGS" | tr "\037" "|"; cc -o {} prog.c'
    same "v4: -C|lto|-C|target-cpu=x86-64-v4" "$output"
}

@test "without -l there is a variant for every level" {
    "$TOOL" build -q -o out -- cc "-march={march}" -o {} prog.c
    prints "out: ok, v1, v2, v3, v4" verify out
}

@test "a command that does not build again for each level is warned about" {
    need make
    cat >Makefile <<'MAKE'
prog: prog.o
	$(CC) -o $@ prog.o
prog.o: prog.c
	$(CC) $(CFLAGS) -c -o $@ prog.c
MAKE
    printf '#include <stdio.h>\nint main(void) { unsigned x = getchar(); printf("%%d", __builtin_popcount(x)); }\n' >prog.c
    tool build -o out -l v1,v2 --artifact prog -- make prog
    same "fatelf-amd64: warning: the command has made the same program for every level; if it does not build all again \
each time, give each level a directory with {level} in its name (make: or use -B)" "$stderr"
    tool build --force -o out -l v1,v2 --artifact prog -- make -B prog
    nothing "$stderr"
    "$TOOL" list out >listing
    run -1 grep '^v2 *=' listing
}

@test "a command may be run again, and --artifact may follow it" {
    printf 'prog: prog.c\n\t$(CC) $(CFLAGS) -o $@ prog.c\n' >Makefile
    need make
    "$TOOL" build -q -o prog -l v1,v2 -- make CC=cc prog --artifact prog
    prints "prog: ok, v1, v2" verify prog
    # the bundle is newer than its source, so make would take it for up to date
    "$TOOL" build -q --force -o prog -l v1,v3 -- make CC=cc prog --artifact=prog
    prints "prog: ok, v1, v3" verify prog
    # an output that is there is refused before anything runs
    refuses 1 "prog: exists; --force replaces it" build -o prog -- touch run
    # what was at the path stays if the command fails
    echo earlier >other
    tool build -q -o out --artifact other -- false
    same "1 earlier" "$status $(<other)"
    # the level in an argument does not make the path one for each level
    "$TOOL" build -q -o third -l v1,v2 --artifact prog.out -- cc '-march={march}' -o prog.out prog.c
    prints "third: ok, v1, v2" verify third
}

@test "an artifact on another file system is copied" {
    here=$(stat -c %d .)
    there=$(stat -c %d /dev/shm)
    [ "$here" != "$there" ] || skip "/dev/shm is on the same file system"
    elsewhere=$(mktemp -d -p /dev/shm)
    # shellcheck disable=SC2016 # for the command
    tool build -q -o out -l v1,v3 --artifact "$elsewhere/prog" -- \
        sh -c 'cc $CFLAGS -DLEVEL={level} -o "$1/prog" prog.c' - "$elsewhere"
    rm -r "$elsewhere"
    same 0 "$status"
    prints "out: ok, v1, v3" verify out
}

@test "files that a command leaves beside its program are removed" {
    "$TOOL" build -q -o out -l v1 -- sh -c 'cc -o {} prog.c; touch "$(dirname {})/.more" {}.debug; mkdir {}.d'
    same "out prog.c" "$(ls -A | paste -sd ' ')"
}

@test "the status of the command is that of build, nothing is left, and the other levels end" {
    for words in "7:exit 7" "127:nosuchcommand" "143:kill \$\$"; do
        tool build -o out -l v1,v2 -- sh -c "${words#*:}"
        same "${words%%:*}" "$status"
        same "fatelf-amd64: v1: the command failed with status ${words%%:*}" "$(tail -n 1 <<<"$stderr")"
        run -1 grep '^v2' <<<"$stderr"
        same prog.c "$(ls -A)"
    done
    tool build -o out -- ./nosuchcommand
    same 127 "$status"
    same "v1: ./nosuchcommand: No such file or directory" "$(head -n 1 <<<"$stderr")"
    # side by side: the one that fails ends the one that would never end
    tool build -o out -l v1,v2 -j2 -- sh -c 'if [ {level} = v2 ]; then exit 5; fi; sleep 1000; echo not reached'
    same 5 "$status"
    same "fatelf-amd64: v2: the command failed with status 5" "$stderr"
    same prog.c "$(ls -A)"
}

@test "a signal ends the commands, and nothing is left" {
    # shellcheck disable=SC2016 # for the command
    env --default-signal=INT,TERM "$TOOL" build -o out -l v1 -- sh -c 'echo $$ >pid; exec sleep 1000' >said 2>&1 3>&- &
    pid=$!
    until [ -s pid ]; do kill -0 "$pid"; done
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    same 143 "$status"
    if kill -0 "$(cat pid)" 2>/dev/null; then return 1; fi
    same "pid prog.c said" "$(ls -A | paste -sd ' ')"
}

@test "a command that leaves no program, or the same one for all levels, is refused" {
    refuses 1 "v1: the command has left no program at FATELF_OUTPUT; write {} where it wants the name of its output, or \
say with --artifact where it is" build -o out -- true
    refuses 1 "v1: nowhere: the command has left no program there: No such file or directory" \
        build -o out --artifact nowhere -- true
    cc -o program prog.c
    tool build -o out -l v1,v2 -- ln -f program {}
    same 1 "$status"
    finds '^fatelf-amd64: v1 and v2: the command has left the same file, .*; it needs one for each level' <<<"$stderr"
    [ ! -e out ]
    echo text >text
    tool build -o out -l v1,v2 -- cp text {}
    same 1 "$status"
    finds 'v1/out: not an ELF file$' <<<"$stderr"
    [ ! -e out ]
}

@test "a program that says that it is for another level is refused" {
    tool build -o out -l v1 -- cc -Wl,-z,x86-64-v3 -o {} prog.c
    [ "$status" = 1 ] || skip "the linker does not record levels"
    finds 'given as v1, but its GNU property note says v3' <<<"$stderr"
}

@test "wrong options of build are usage errors" {
    refuses 2 "build: no output; name it with -o FILE; see 'fatelf-amd64 build --help'" build -- true
    refuses 2 "build: no command to run; write it after --; see 'fatelf-amd64 build --help'" build -o out
    for levels in "" v5 "v1,," ",v1" "v1,x" 1 v1-v3; do
        refuses 2 "build: -l $levels: not levels, as in v1,v3; see 'fatelf-amd64 build --help'" \
            build -o out -l "$levels" -- true
    done
    refuses 2 "build: --base v2: not among the levels; see 'fatelf-amd64 build --help'" \
        build -o out -l v1,v3 --base v2 -- true
    refuses 1 "nowhere/out: cannot be created: No such file or directory" build -o nowhere/out -- true
}
