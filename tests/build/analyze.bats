# SPDX-License-Identifier: MIT
# The checks of `make analyze` that read the source tree: each fails on the fault that it is there for.
load ../lib/common

# A small project whose includes are as they should be.
setup() {
    start_test
    mkdir -p bundler/commands bundler/bundle bundler/coding bundler/input bundler/base stub lib
    include bundler/main.c base/say.h commands/commands.h
    include bundler/commands/create.c commands.h ../bundle/write.h ../../lib/format.h
    include bundler/commands/commands.h ../base/say.h
    include bundler/bundle/write.c write.h ../coding/delta.h
    include bundler/bundle/write.h ../input/elf.h
    include bundler/coding/delta.h ../../lib/format.h
    include bundler/input/elf.h ../base/say.h
    include bundler/base/say.h
    include stub/main.c stub.h ../lib/level.h
    include stub/stub.h ../lib/format.h
    include lib/level.c level.h
    include lib/level.h format.h
    include lib/format.h
}

# include FILE OTHER...: FILE, which includes each OTHER
include() {
    local file=$1
    shift
    {
        echo "/* SPDX-License-Identifier: MIT */"
        echo "#include <stdio.h>"
        [ $# = 0 ] || printf '#include "%s"\n' "$@"
    } >"$file"
}

check() {
    "$TOP/tests/analyze/$1" "$PWD"
}

# complains CHECK LINE: the check fails and prints this line, and no other
complains() {
    run ! check "$1"
    echo "$output"
    [ "$output" = "$2" ]
}

need_layers() {
    need python3
    run -0 check layers
    [ "$output" = "" ]
}

@test "includes that go down are as they should be" {
    need_layers
}

@test "an include of a higher layer is found" {
    need_layers
    include bundler/coding/delta.h ../bundle/write.h
    run ! check layers
    [[ $output == *"bundler/coding/delta.h:3: bundler/coding/ must not include bundler/bundle/write.h"* ]]
    include bundler/coding/delta.h
    include bundler/base/say.h ../commands/commands.h
    run ! check layers
    [[ $output == *"bundler/base/say.h:3: bundler/base/ must not include bundler/commands/commands.h"* ]]
    include bundler/base/say.h
    touch bundler/main.h
    include bundler/commands/create.c ../main.h
    complains layers "bundler/commands/create.c:3: bundler/commands/ must not include bundler/main.h"
}

@test "stub, bundler and tests stay apart, and lib is by itself" {
    need_layers
    include stub/main.c ../bundler/base/say.h
    complains layers "stub/main.c:3: stub/ must not include bundler/base/say.h"
    include stub/main.c
    include bundler/bundle/write.c ../../stub/stub.h
    complains layers "bundler/bundle/write.c:3: bundler/bundle/ must not include stub/stub.h"
    include bundler/bundle/write.c
    include lib/level.c ../stub/stub.h ../bundler/base/say.h
    complains layers "lib/level.c:3: lib/ must not include stub/stub.h
lib/level.c:4: lib/ must not include bundler/base/say.h"
}

@test "a cycle is found, also over several modules and by way of a .c file" {
    need_layers
    include lib/format.h level.h
    complains layers "cycle: lib/format -> lib/level -> lib/format"
    include lib/format.h
    include stub/a.c b.h
    include stub/b.h
    include stub/b.c c.h
    include stub/c.h a.h
    include stub/a.h
    complains layers "cycle: stub/a -> stub/b -> stub/c -> stub/a"
}

@test "a folder without a layer and a file that does not exist are found" {
    need_layers
    mkdir bundler/other
    include bundler/other/new.c
    complains layers "bundler/other/new.c: its folder is in no layer"
    rm -r bundler/other
    include stub/main.c none.h
    complains layers "stub/main.c:3: includes stub/none.h, which does not exist"
    rm -r bundler stub lib
    complains layers "no source files"
}

@test "a file without a license line is found" {
    run -0 check spdx
    mkdir docs tests
    printf '#!/bin/sh\n# SPDX-License-Identifier: MIT\n' >tests/good
    echo "# Notes" >docs/notes.md
    echo "MIT License" >LICENSE
    complains spdx "docs/notes.md: no SPDX-License-Identifier: MIT"
    rm docs/notes.md
    run -0 check spdx
}

@test "a source file that is too long is found" {
    mkdir tests
    run -0 check lines
    seq 320 >tests/long.bats
    seq 320 >tests/long.py
    seq 500 >lib/format.h
    seq 500 >tests/long.txt
    run -0 check lines
    for file in lib/level.c stub/stub.h stub/jump.S tests/long.bats tests/long.py tests/common.bash Makefile; do
        seq 321 >"$file"
        complains lines "$file: 321 lines, more than 320"
        seq 9 >"$file"
    done
    { echo '#!/bin/sh'; seq 320; } >tests/script
    complains lines "tests/script: 321 lines, more than 320"
}

@test "a source file with another layout is found" {
    need clang-format
    run -0 check format
    [[ $output != "not checked"* ]] || skip "$output"
    printf 'int  main(void) { return 0; }\n' >stub/main.c
    run ! check format
    [[ $output == *"stub/main.c:1:"*"clang-format-violations"* ]]
}

@test "every file of the project has its license line" {
    run -0 "$TOP/tests/analyze/spdx"
    [ "$output" = "" ]
}
