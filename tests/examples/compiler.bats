# SPDX-License-Identifier: MIT
# The Go compiler itself as a bundle, in the place of the real one.
load ../lib/common
load ../lib/goroot

OUT=$BUILD/examples/compile

# Why there is no example on this machine; nothing where there is one.
missing() {
    [ "${SLOW:-}" = 1 ] || { echo "slow: run by make check-all"; return; }
    command -v go >/dev/null || { echo "go is not installed"; return; }
    GOAMD64=v4 go list cmd/compile >/dev/null 2>&1 || { echo "this Go has no GOAMD64 or no source of cmd/compile"; return; }
}

setup_file() {
    [ -z "$(missing)" ] || return 0
    FATELF=$TOOL "$TOP/examples/go/build" "$OUT" cmd/compile
}

# To skip is for tests only, not for setup_file.
built() {
    local reason
    reason=$(missing)
    [ -z "$reason" ] || skip "$reason"
}

# gofmt, compiled to $1 from nothing: no object that another compiler has left is used.
compile_gofmt() {
    with_goroot go build -trimpath -o "$1" cmd/gofmt
    rm -rf cache
}

@test "the Go compiler as a bundle compiles gofmt at every level to the same bytes as the real one" {
    built
    make_goroot "$(go env GOTOOLDIR)/compile"
    compile_gofmt native
    make_goroot "$OUT/compile"
    for level in $(seq "$(machine_level)"); do
        FATELF_AMD64=v$level compile_gofmt bundle
        cmp native bundle
    done
    [ "$(echo 'package   p' | ./bundle)" = 'package p' ]
}

@test "it was the bundle that compiled" {
    built
    make_goroot "$OUT/compile"
    printf 'package main\nfunc main() { println("hello") }\n' >hello.go
    # the go command shows what a compiler wrote to stderr, and here the launcher's line is among that
    FATELF_AMD64_DEBUG=log run with_goroot go build -o hello hello.go
    echo "$output"
    [[ $output == *"starting v$(machine_level) by memfd"* ]]
}
