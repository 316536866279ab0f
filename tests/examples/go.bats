# SPDX-License-Identifier: MIT
# examples/go: gofmt, built from the Go installation's own source.
load ../lib/common
load ../lib/examples

OUT=$BUILD/examples/go

setup_file() {
    check_go cmd/gofmt
    [ -z "$MISSING" ] || return 0
    FATELF=$TOOL "$TOP/examples/go/build" "$OUT"
}

# make_messy: messy.go, a file of a real package without its indentation, for gofmt to format
make_messy() {
    sed 's/^[[:space:]]*//' "$(go env GOROOT)/src/strings/strings.go" >messy.go
}

@test "the Go example's bundle formats at every level as the build for that level does" {
    make_messy
    levels=$(runnable_levels)
    for level in $levels; do
        "$OUT/gofmt.v$level" messy.go >native.go
        FATELF_AMD64=v$level FATELF_AMD64_DEBUG=log "$OUT/gofmt" messy.go >bundle.go 2>log
        grep -q "starting v$level by memfd" log
        cmp native.go bundle.go
    done
    cmp bundle.go "$(go env GOROOT)/src/strings/strings.go"
}

@test "by default the Go example's bundle runs this machine's level" {
    echo 'package p' | FATELF_AMD64_DEBUG=log "$OUT/gofmt" 2>log
    grep -q "starting v$(machine_level) by memfd" log
}

@test "the Go example reads standard input, writes in place and reports errors as gofmt does" {
    [ "$(echo 'package   p' | "$OUT/gofmt")" = 'package p' ]
    make_messy
    "$OUT/gofmt" -w messy.go
    "$OUT/gofmt" -l messy.go >listed
    [ ! -s listed ]
    for variant in "$OUT/gofmt.v1" "$OUT/gofmt"; do
        echo 'package' >broken.go
        run -2 "$variant" broken.go
        echo "$output" >>messages
    done
    [ "$(sort -u messages | wc -l)" = 1 ]
}

@test "go version -m prints the same for the Go example's bundle as for its first build" {
    go version -m "$OUT/gofmt" | tail -n +2 >bundle
    go version -m "$OUT/gofmt.v1" | tail -n +2 >native
    grep -q cmd/gofmt bundle
    cmp native bundle
}
