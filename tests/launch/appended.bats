# SPDX-License-Identifier: MIT
# Programs that read data in their own file find it in a bundle as well: through /proc/self/exe and through argv[0],
# with every launch method.
load ../lib/common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    echo 'own data: in a section' >section
    echo 'own data: at the end' >end
    make_reader program.v1 end
    make_reader program.v2 end
    make_bundles program program.v1 program.v2
}

# The launch methods, as options of `create`.
METHODS=('--launch memfd' '--launch inplace' '--launch inplace --compress zstd')

# make_reader NAME FILE: the fixture own-file with a section .own and the bytes of FILE behind it
make_reader() {
    objcopy --add-section .own=section "$FIXTURES/own-file" "$1"
    printf %s "$1" | objcopy --add-section .debug_name=/dev/stdin "$1" # so that they are different programs
    cat "$2" >>"$1"
}

# make_bundles NAME BUILD..: NAME.0, NAME.1 and NAME.2, by the three methods
make_bundles() {
    local name=$1 i
    shift
    for i in 0 1 2; do
        # shellcheck disable=SC2086 # several words
        "$TOOL" create -q ${METHODS[i]} ${CREATE-} -o "$name.$i" "$@"
    done
}

# The first two levels, or only the first, if this machine is at that level.
two_levels() {
    local top
    top=$(machine_level)
    seq $((top < 2 ? top : 2))
}

# each_start FUNCTION [ARGUMENT]..: FUNCTION LEVEL METHOD BUNDLE, and these arguments, for all levels that run here and
# all methods
each_start() {
    local function=$1 i level levels
    shift
    levels=$(two_levels)
    for i in 0 1 2; do
        for level in $levels; do
            FATELF_AMD64=v$level "$function" "$level" "$i" "$@"
        done
    done
}

reads_the_same() {
    local level=$1 method=$2 file how
    for file in exe argv; do
        for how in search headers .own; do
            same "$("$BATS_FILE_TMPDIR/program.v$level" "$file" "$how")" \
                "$("$BATS_FILE_TMPDIR/program.$method" "$file" "$how")"
        done
    done
}

@test "a program finds its data from the end, behind the section headers, and in a section" {
    same "own data: at the end" "$("$BATS_FILE_TMPDIR/program.v1" exe search)"
    same "own data: at the end" "$("$BATS_FILE_TMPDIR/program.v1" argv headers)"
    same "own data: in a section" "$("$BATS_FILE_TMPDIR/program.v1" argv .own)"
    each_start reads_the_same
}

@test "after strip, the section is still found" {
    local i
    for i in 0 1 2; do
        strip -o stripped "$BATS_FILE_TMPDIR/program.$i"
        same "own data: in a section" "$(./stripped argv .own)"
    done
}

@test "with --ignore-appended, no program finds the data of another level" {
    local level levels file
    cp "$BATS_FILE_TMPDIR/section" .
    for level in 1 2; do
        echo "own data: of v$level" >"end.v$level"
        make_reader "different.v$level" "end.v$level"
    done
    "$TOOL" create -q --ignore-appended -o different.0 different.v[12]
    "$TOOL" create -q --ignore-appended --launch inplace --compress zstd -o different.2 different.v[12]
    levels=$(two_levels)
    for level in $levels; do
        same "own data: of v$level" "$(FATELF_AMD64=v$level ./different.0 exe search)"
        for file in exe argv; do
            FATELF_AMD64=v$level run -1 ./different.2 "$file" search
            same "no data" "$output"
        done
    done
}

opens_its_zip() {
    local level=$1 method=$2
    same "the content" "$("./zipped.$method" 2>&1)"
}

@test "a Go program with a zip archive behind it opens it" {
    need go
    need zip
    export GOCACHE=$BATS_TEST_TMPDIR/cache GOFLAGS=-mod=mod
    printf 'module zipped\ngo 1.18\n' >go.mod
    cat >main.go <<'GO'
package main

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
)

func main() {
	archive, err := zip.OpenReader(os.Args[0])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	file, err := archive.File[0].Open()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	io.Copy(os.Stdout, file)
}
GO
    echo 'the content' >name
    zip -q archive.zip name
    local level
    for level in 1 2; do
        GOAMD64=v$level go build -o "zipped.v$level" .
        cat archive.zip >>"zipped.v$level"
    done
    same "the content" "$(./zipped.v1)"
    make_bundles zipped zipped.v1 zipped.v2
    each_start opens_its_zip
    # its offsets now count from the start of the file
    zip -qA zipped.v1
    CREATE=--force make_bundles zipped zipped.v1
    local i
    for i in 0 1 2; do
        same "the content" "$("./zipped.$i")"
    done
}

@test "python runs the archive that is behind it" {
    local python i
    python=$(find_program python3)
    [ -n "$python" ] || skip "python3 is not installed"
    mkdir files
    echo 'import sys; print("from the archive", sys.argv[1:])' >files/__main__.py
    python3 -m zipapp -o archive files
    cat "$python" archive >python.v1
    chmod +x python.v1
    same "from the archive ['an argument']" "$(./python.v1 -I ./python.v1 'an argument')"
    make_bundles python python.v1
    for i in 0 1 2; do
        same "from the archive ['an argument']" "$("./python.$i" -I "./python.$i" 'an argument')"
    done
}
