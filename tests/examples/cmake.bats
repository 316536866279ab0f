# SPDX-License-Identifier: MIT
# examples/cmake and examples/meson: projects that compile a program for each level, and install the bundle.
load ../lib/common
load ../lib/examples
load ../lib/tool

setup_file() {
    check_c
}

setup() {
    start_test
    unset CFLAGS LDFLAGS CMAKE_GENERATOR
    # a copy, because the tests change its sources
    cp -r "$TOP/examples/cmake" "$TOP/examples/meson" .
    export FATELF=$TOOL
}

# is_installed: out/bin/hash is a bundle in which every variant was compiled for its own level
is_installed() {
    local level levels
    "$TOOL" list out/bin/hash | finds ', launch inplace$'
    same "v1 v2 v3 v4" "$(levels out/bin/hash)"
    levels=$(runnable_levels)
    for level in $levels; do
        same "level     x86-64-v$level
hash      9626f181 abc" "$(FATELF_AMD64=v$level out/bin/hash abc)"
    done
}

# changed COMMAND..: with another hash.c, the command makes another bundle; with the same sources, it does nothing
changed() {
    local before
    before=$(stat -c '%i %y' out/build/hash)
    "$@" >said
    same "$before" "$(stat -c '%i %y' out/build/hash)"
    sed -i 's/"x86-64-v1"/"changed-v1"/' cmake/hash.c
    "$@" >said
    same "level     changed-v1" "$(FATELF_AMD64=v1 out/build/hash)"
    same "v1 v2 v3 v4" "$(levels out/build/hash)"
    rm out/build/hash
    "$@" >said
    same "level     changed-v1" "$(FATELF_AMD64=v1 out/build/hash)"
}

# by_cmake GENERATOR
by_cmake() {
    CMAKE_GENERATOR=$1 cmake/build out >said
    is_installed
    (cd out/build && ctest >../../said)
    finds '100% tests passed, 0 tests failed out of 1' <said
    changed cmake --build out/build
}

@test "the CMake module makes, tests and installs a bundle with Makefiles, and makes it again when a source changes" {
    need cmake make
    by_cmake "Unix Makefiles"
}

@test "the CMake module makes, tests and installs a bundle with Ninja, and makes it again when a source changes" {
    need cmake ninja
    by_cmake Ninja
}

@test "the CMake module passes its options on" {
    need cmake make readelf
    cat >cmake/main.c <<'END'
#include <math.h>
#include <stdio.h>
#include "hash.h"
int main(int argc, char **argv) { return argc > 1 && printf("%s %s %g\n", hash_level, WORD, cos(*argv[1])) < 0; }
END
    cat >cmake/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.18)
project(hash C)
include(FatelfAmd64.cmake)
fatelf_amd64_executable(hash SOURCES main.c hash.c LEVELS v1 v3 LAUNCH memfd COMPRESS none OPTIONS --align 16K --go-env
  LIBRARIES m DEFINITIONS WORD="word")
foreach(build IN LISTS hash_BUILDS)
  set_target_properties(${build} PROPERTIES LINK_FLAGS -Wl,-rpath,/nowhere)
endforeach()
END
    cmake -S cmake -B build -DFATELF_AMD64="$TOOL" >said
    cmake --build build >said
    "$TOOL" list build/hash >listed
    finds ', launch memfd, honours GOAMD64' <listed
    same 2 "$(grep -c '^v[13] *stored' listed)"
    finds '^x86-64-v1 word -\?0\.' <<<"$(FATELF_AMD64=v1 build/hash text)"
    "$TOOL" extract -o one build/hash v3
    readelf -d one | finds '/nowhere'
}

@test "the CMake module makes an ordinary executable on other machines, and refuses wrong arguments" {
    need cmake make
    cmake -S cmake -B build -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
        -DCMAKE_INSTALL_PREFIX="$PWD/out" >said
    cmake --build build >said
    cmake --install build >said
    run -1 "$TOOL" list out/bin/hash
    same "level     x86-64-v1" "$(out/bin/hash)"
    sed -i 's/SOURCES/LAUNCH/' cmake/CMakeLists.txt
    run -1 cmake -S cmake -B build -DFATELF_AMD64="$TOOL"
    # cmake breaks the line as it likes
    finds 'SOURCES are missing, or there are unknown arguments: hash.c' <<<"$(xargs <<<"$output")"
}

@test "the Meson project makes, tests and installs a bundle, and makes it again when a source or an option changes" {
    need meson ninja
    meson/build out >said
    is_installed
    meson test -C out/build >said
    finds '^Ok: *1' <said
    PATH=$BUILD:$PATH changed ninja -C out/build
    PATH=$BUILD:$PATH meson configure -Dlevels=v1,v3 -Dlaunch=memfd out/build >said
    PATH=$BUILD:$PATH ninja -C out/build >said
    same "v1 v3" "$(levels out/build/hash)"
    "$TOOL" list out/build/hash | finds ', launch memfd$'
}
