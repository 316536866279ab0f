# SPDX-License-Identifier: MIT
# Tools that ask a file which program it is get the program's answer from a bundle.
load ../lib/common

metadata='{"type":"deb","os":"debian","name":"prog","version":"1.2-3","architecture":"amd64"}'

# A program with a .note.package, by the linker or, before binutils 2.39, by hand.
program_with_package() {
    local level=$1 out=$2
    if "${CC:-cc}" -DLEVEL="$level" "-Wl,--package-metadata=${metadata//,/%2C}" -o "$out" \
        "$BATS_TEST_DIRNAME/../fixtures/level.c" 2>/dev/null && package "$out" | grep -qaF "$metadata"; then
        return
    fi
    {
        echo '.section .note.package, "a", @note'
        echo '.p2align 2'
        echo '.long 4, 2f - 1f, 0xcafe1a7e' # FDO's packaging metadata
        echo '.asciz "FDO"'
        echo "1: .asciz \"${metadata//\"/\\\"}\""
        echo '2: .p2align 2'
        echo '.section .note.GNU-stack, "", @progbits'
    } >package.s
    "${CC:-cc}" -DLEVEL="$level" -o "$out" "$BATS_TEST_DIRNAME/../fixtures/level.c" package.s
}

package() {
    objcopy -O binary --only-section=.note.package "$1" "$1.package" && cat "$1.package"
}

@test "go version -m on a bundle prints the program's modules" {
    need go
    mkdir prog dep
    printf 'module example.org/dep\n\ngo 1.18\n' >dep/go.mod
    printf 'package dep\n\nfunc Say() { println("dep") }\n' >dep/dep.go
    printf 'module example.org/prog\n\ngo 1.18\n\nrequire example.org/dep v1.2.3\n\n%s\n' \
        'replace example.org/dep v1.2.3 => ../dep' >prog/go.mod
    printf 'package main\n\nimport "example.org/dep"\n\nfunc main() { dep.Say() }\n' >prog/main.go
    cd prog
    export GOTOOLCHAIN=local GOFLAGS=-mod=mod GOPROXY=off CGO_ENABLED=0
    [ -n "${HOME-}" ] || export GOCACHE="$BATS_TEST_TMPDIR/cache"
    GOAMD64=v1 go build -o prog.v1 .
    GOAMD64=v3 go build -o prog.v3 .
    "$TOOL" create -q -o bundle prog.v3 prog.v1
    run go version -m bundle
    echo "$output"
    [ "$status" = 0 ]
    [[ ${lines[0]} == "bundle: go1."* ]]
    [[ $output == *"example.org/dep"*v1.2.3* && $output == *GOAMD64=v1* ]]
    diff <(go version -m bundle | tail -n +2) <(go version -m prog.v1 | tail -n +2)
    [ "$(./bundle 2>&1)" = dep ]
}

@test "the package note of the lowest variant is the bundle's" {
    need readelf objcopy
    program_with_package 2 prog.v2
    "${CC:-cc}" -DLEVEL=3 -o prog.v3 "$BATS_TEST_DIRNAME/../fixtures/level.c"
    "$TOOL" create -q -o bundle prog.v3 prog.v2
    package bundle >one
    package prog.v2 >other
    cmp one other
    package bundle | grep -qaF "$metadata"
    run readelf -nW bundle
    echo "$output"
    [[ $output == *"Displaying notes found in: .note.package"* ]]
    grep -qE '^ *FDO ' <<<"$output"
    # binutils 2.39 and later know what it means
    [[ $(readelf -nW prog.v2) != *"Packaging Metadata"* || $output == *"Packaging Metadata: $metadata"* ]]
    [ "$(FATELF_AMD64=v2! ./bundle)" = v2 ]
    "$TOOL" verify -q bundle
}

@test "a bundle with a package note is read without complaint" {
    need readelf objcopy
    program_with_package 2 prog.v2
    "$TOOL" create -q -o bundle prog.v2
    [ -z "$(readelf -aW bundle 2>&1 >/dev/null)" ]
    if command -v eu-elflint >/dev/null; then
        eu-elflint --gnu-ld bundle >lint 2>&1 || true
        cat lint
        local known="unknown .*note type (1 with owner name 'fatelf-amd64'|[0-9]* with owner name 'FDO')"
        [ "$(grep -vcE "$known" lint)" = 0 ]
    fi
    # one PT_NOTE holds both
    readelf -lW bundle | grep -qE '^ *[0-9]+ +\.note\.fatelf \.note\.package *$'
}

@test "a variant without metadata gives a bundle without" {
    need readelf
    "$TOOL" create -q -o bundle "$FIXTURES/level.v2"
    run readelf -SW bundle
    [[ $output != *.note.package* && $output != *.go.buildinfo* && $output != *.dep-v0* ]]
}
