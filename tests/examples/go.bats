# SPDX-License-Identifier: MIT
# examples/go: gofmt, built from the Go installation's own source.
load ../lib/common

OUT=$BUILD/examples/go

# Why there is no example on this machine; nothing where there is one.
missing() {
    command -v go >/dev/null || { echo "go is not installed"; return; }
    GOAMD64=v4 go list cmd/gofmt >/dev/null 2>&1 || { echo "this Go has no GOAMD64 or no source of cmd/gofmt"; return; }
}

setup_file() {
    [ -z "$(missing)" ] || return 0
    FATELF=$TOOL "$TOP/examples/go/build" "$OUT"
}

# To skip is for tests only, not for setup_file.
built() {
    local reason
    reason=$(missing)
    [ -z "$reason" ] || skip "$reason"
}

# Source that gofmt has something to do with: a real package, its indentation taken away.
make_messy() {
    sed 's/^[[:space:]]*//' "$(go env GOROOT)/src/strings/strings.go" >messy.go
}

@test "the Go example's bundle formats at every level as the build for that level does" {
    built
    make_messy
    for level in $(seq "$(machine_level)"); do
        "$OUT/gofmt.v$level" messy.go >native.go
        FATELF_AMD64=v$level FATELF_AMD64_DEBUG=log "$OUT/gofmt" messy.go >bundle.go 2>log
        grep -q "starting v$level by memfd" log
        cmp native.go bundle.go
    done
    cmp bundle.go "$(go env GOROOT)/src/strings/strings.go"
}

@test "without being told, the Go example runs this machine's level" {
    built
    echo 'package p' | FATELF_AMD64_DEBUG=log "$OUT/gofmt" 2>log
    grep -q "starting v$(machine_level) by memfd" log
}

@test "the Go example reads standard input, writes in place and reports errors as gofmt does" {
    built
    [ "$(echo 'package   p' | "$OUT/gofmt")" = 'package p' ]
    make_messy
    "$OUT/gofmt" -w messy.go
    [ -z "$("$OUT/gofmt" -l messy.go)" ]
    for variant in "$OUT/gofmt.v1" "$OUT/gofmt"; do
        echo 'package' >broken.go
        run "$variant" broken.go
        [ "$status" = 2 ]
        echo "$output" >>messages
    done
    [ "$(sort -u messages | wc -l)" = 1 ]
}

@test "go version -m tells of the Go example's bundle what it tells of its first build" {
    built
    go version -m "$OUT/gofmt" | tail -n +2 >bundle
    go version -m "$OUT/gofmt.v1" | tail -n +2 >native
    grep -q cmd/gofmt bundle
    cmp native bundle
}
