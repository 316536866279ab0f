# SPDX-License-Identifier: MIT
# The Go compiler itself as a bundle, in place of the real one.
load ../lib/common
load ../lib/examples
load ../lib/goroot

OUT=$BUILD/examples/compile

setup_file() {
    check_slow
    check_go cmd/compile
    [ -z "$MISSING" ] || return 0
    FATELF=$TOOL "$TOP/examples/go/build" "$OUT" cmd/compile
}

# compile_gofmt OUT: with the compiler in ./goroot alone
compile_gofmt() {
    with_goroot go build -trimpath -o "$1" cmd/gofmt
    rm -rf cache
}

@test "the Go compiler as a bundle compiles gofmt at every level to the same bytes as the real one" {
    make_goroot "$(go env GOTOOLDIR)/compile"
    compile_gofmt native
    make_goroot "$OUT/compile"
    levels=$(runnable_levels)
    for level in $levels; do
        FATELF_AMD64=v$level compile_gofmt bundle
        cmp native bundle
    done
    [ "$(echo 'package   p' | ./bundle)" = 'package p' ]
}

@test "the go command starts the bundle as its compiler" {
    make_goroot "$OUT/compile"
    printf 'package main\nfunc main() { println("hello") }\n' >hello.go
    # the go command prints what a compiler writes to stderr, here also the launcher's line
    FATELF_AMD64_DEBUG=log run with_goroot go build -o hello hello.go
    echo "$output"
    [[ $output == *"starting v$(machine_level) by memfd"* ]]
}
