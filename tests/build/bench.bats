# SPDX-License-Identifier: MIT
# The benchmark's section that compares with mgo: what it says if mgo is not there or cannot be built.
load ../lib/common

setup() {
    start_test
    need python3
    unset MGO
    mkdir build none
    ln -s "$TOOL" "$BUILD/fatelf-amd64-stub" build
    python=$(python3 -c 'import sys; print(sys.executable)') # python3 itself may be a script
}

# says LINES [SETTING=VALUE]...: the benchmark's section prints these lines and nothing else
says() {
    local lines=$1
    shift
    env BUILD="$PWD/build" "$@" "$python" "$TOP/tests/bench/run" mgo >out
    # the lines before the section describe the machine
    same "mgo:
$lines" "$(sed -n '/^mgo:$/,$p' out)"
}

@test "the benchmark says in one line that mgo is not there" {
    says "  skipped: mgo is not in PATH; MGO=FILE names its binary, MGO=FOLDER its source" PATH="$PWD/none"
    says "  skipped: mgo is not in PATH; MGO=FILE names its binary, MGO=FOLDER its source" PATH="$PWD/none" MGO=
    says "  skipped: MGO: $PWD/mgo is neither a program nor a folder" MGO="$PWD/mgo"
    echo text >mgo
    says "  skipped: MGO: $PWD/mgo is neither a program nor a folder" MGO="$PWD/mgo"
}

@test "the benchmark says in one line that Go is not there" {
    says "  skipped: go is not installed" PATH="$PWD/none" MGO="$PWD/none"
}

@test "the benchmark says in one line that mgo cannot be built" {
    need go
    mkdir source
    echo "module example" >source/go.mod
    echo "package main; func main() { none() }" >source/main.go
    says "  skipped: go build -buildvcs=false failed: ./main.go:1:29: undefined: none" MGO="$PWD/source"
}

@test "the benchmark says in one line for each program that mgo fails" {
    need go
    printf '#!/bin/sh\necho "no network"\nexit 1\n' >mgo
    chmod +x mgo
    hash=$(sha256sum mgo)
    folder=build/bench/mgo.${hash:0:8}
    for name in tiny gofmt compile; do
        echo "  building $name with mgo; this can take some minutes, but only once"
        echo "  $name skipped: mgo -o $PWD/$folder/$name failed: no network"
    done >wanted
    says "$(<wanted)" MGO="$PWD/mgo"
}
