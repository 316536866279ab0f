# SPDX-License-Identifier: MIT
# `build` with real build systems: the commands that the manual shows, as they are written there.
load ../lib/common
load ../lib/tool

setup() {
    start_test
    unset CFLAGS CXXFLAGS FFLAGS RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_TARGET_DIR
    printf 'int main(void) { return 0; }\n' >prog.c
}

# make_project: ./project, a program and a static library that says for which level it was compiled
make_project() {
    mkdir project
    cd project
    cat >main.c <<'END'
#include <stdio.h>
const char *level(void);
int main(void) { return puts(level()) < 0; }
END
    cat >level.c <<'END'
const char *level(void)
{
#if defined __AVX512BW__
    return "compiled for v4";
#elif defined __AVX2__
    return "compiled for v3";
#elif defined __SSE4_2__
    return "compiled for v2";
#else
    return "compiled for v1";
#endif
}
END
}

# is_built LEVEL..: ./prog has these variants, each compiled for its own level
is_built() {
    local level
    same "$*" "$(levels prog)"
    for level; do
        "$TOOL" extract -q -o one prog "$level"
        finds -a "compiled for $level" one
        rm one
    done
    same "compiled for v1" "$(FATELF_AMD64=v1 ./prog)"
}

@test "--artifact says where the command leaves its program" {
    need make
    tool build -q -o out --artifact prog -- make CC=cc prog
    same 0 "$status"
    same 4 "$(grep -c '^v[1-4]: cc -g -O2 -march=x86-64.* -o prog$' <<<"$output")"
    prints "out: ok, v1, v2, v3, v4" verify out
    same "out prog.c" "$(ls -A | paste -sd ' ')"
    # shellcheck disable=SC2016 # for the command
    tool build -q --force -o out -l v1,v2 --artifact 'dir-{level}/prog' -- \
        sh -c 'mkdir -p dir-{level} && cc $CFLAGS -o dir-{level}/prog prog.c'
    same 0 "$status"
    same "dir-v1/prog dir-v2/prog" "$(echo dir-*/prog)" # left there, as make would have it
}

@test "go build needs no option" {
    need go
    printf 'module example.com/m\n\ngo 1.18\n' >go.mod
    mkdir -p cmd/prog
    printf 'package main\n\nfunc main() { println("here") }\n' >cmd/prog/main.go
    for jobs in "" -j2; do
        # shellcheck disable=SC2086 # no word, if it is empty
        "$TOOL" build -q --force $jobs -o prog -- go build ./cmd/prog
        same here "$(./prog 2>&1)"
        prints "prog: ok, v1, v2, v3, v4" verify prog
        rm prog
    done
    "$TOOL" build -q -l v1,v3 -o prog -- go build -o {} ./cmd/prog
    same here "$(./prog 2>&1)"
}

@test "cargo's program is found by its messages" {
    need cargo
    cargo init -q --vcs none --name prog package 2>/dev/null || skip "cargo does not work here"
    cd package
    run -0 "$TOOL" build -q -l v1,v3 -o prog -- cargo build --release --offline
    same "Hello, world!" "$(./prog)"
    prints "prog: ok, v1, v3" verify prog
    run -1 grep '^v1: {' <<<"$output"
}

# Twice, because the second run finds what the first has left.
@test "cmake builds in a directory for each level, with make and with ninja" {
    need cmake make ninja
    make_project
    cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.13)
project(prog C)
add_library(level STATIC level.c)
add_executable(prog main.c)
target_link_libraries(prog level)
END
    local generator
    for generator in "Unix Makefiles" Ninja; do
        export CMAKE_GENERATOR=$generator
        for _ in 1 2; do
            "$TOOL" build -q -l v1,v4 --force -o prog --artifact 'b-{level}/prog' -- \
                sh -c 'cmake -B b-{level} . && cmake --build b-{level}'
            is_built v1 v4
        done
        rm -r b-v[1-4]
    done
}

@test "meson builds in a directory for each level" {
    need meson ninja
    make_project
    cat >meson.build <<'END'
project('prog', 'c')
level = static_library('level', 'level.c')
executable('prog', 'main.c', link_with: level)
END
    for _ in 1 2; do
        "$TOOL" build -q -j2 -l v1,v3 --force -o prog --artifact 'b-{level}/prog' -- \
            sh -c 'meson setup b-{level} && meson compile -C b-{level}'
        is_built v1 v3
    done
}

@test "a package of autoconf and automake builds in a directory for each level" {
    need autoreconf automake make
    make_project
    cat >configure.ac <<'END'
AC_INIT([prog], [1])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
AC_PROG_RANLIB
AM_PROG_AR
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
END
    cat >Makefile.am <<'END'
bin_PROGRAMS = prog
noinst_LIBRARIES = liblevel.a
liblevel_a_SOURCES = level.c
prog_SOURCES = main.c
prog_LDADD = liblevel.a
END
    autoreconf -i >said 2>&1 || fail "$(cat said)"
    for _ in 1 2; do
        "$TOOL" build -q -j2 -l v1,v3 --force -o prog --artifact 'b-{level}/prog' -- \
            sh -c 'mkdir -p b-{level} && cd b-{level} && ../configure && make'
        is_built v1 v3
    done
}
