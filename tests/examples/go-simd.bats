# SPDX-License-Identifier: MIT
# examples/go-simd: Go with assembly for v3 and v4.
load ../lib/common
load ../lib/examples

OUT=$BUILD/examples/go-simd

setup_file() {
    check_go std
    missing "this Go has no build tags for levels" bash -c '[[ $(go version) =~ go1\.[2-9][0-9] ]]'
    [ -z "$MISSING" ] || return 0
    FATELF=$TOOL "$TOP/examples/go-simd/build" "$OUT"
}

@test "the Go example with SIMD gives the same answer at every level" {
    answers "$OUT/nearest" >answers
    same 2 "$(sort -u answers | wc -l)"
    finds '^checksum  [0-9a-f]\{8\}$' <answers
}

@test "each level of the Go example with SIMD has its own assembly" {
    same "v1 v2 v3 v4" "$("$TOOL" list "$OUT/nearest" | sed -n 's/^\(v[1-4]\) .*/\1/p' | paste -sd ' ')"
    need objdump
    for level in 1 2 3 4; do
        (cd "$TOP/examples/go-simd" && GOAMD64=v$level go build -trimpath -buildvcs=false -o "$BATS_TEST_TMPDIR/one" .)
        objdump -d --no-show-raw-insn one >code
        sed -n '/<main\.dot\.abi0>:/,/ret/p' code >assembly
        case $level in
            3) finds 'vpmaddwd .*ymm' <assembly ;;
            4) finds 'vpmaddwd .*zmm' <assembly ;;
            *) [ ! -s assembly ] ;;
        esac
    done
}

@test "go vet finds nothing in the Go examples" {
    for level in 1 3 4; do
        for module in go-simd reexec goreleaser; do
            (cd "$TOP/examples/$module" && GOAMD64=v$level go vet .)
        done
    done
}

@test "the table of times has every level of the Go example with SIMD" {
    has_times "$OUT/nearest"
}
