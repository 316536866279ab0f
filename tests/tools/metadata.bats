# SPDX-License-Identifier: MIT
# Tools that ask a bundle which program it is get the program's answer.
load ../lib/common

metadata='{"type":"deb","os":"debian","name":"prog","version":"1.2-3","architecture":"amd64"}'

# compile_with_package LEVEL OUT: a program with a .note.package, from the linker or, before binutils 2.39, from an
# assembler file
compile_with_package() {
    local level=$1 out=$2
    if "${CC:-cc}" -DLEVEL="$level" "-Wl,--package-metadata=${metadata//,/%2C}" -o "$out" "$LEVEL_SOURCE" \
        2>/dev/null; then
        write_package_note "$out" note
        if grep -qaF "$metadata" note; then return; fi
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
    compile_level "$level" "$out" package.s
}

# write_package_note PROGRAM FILE
write_package_note() {
    objcopy -O binary --only-section=.note.package "$1" "$2"
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
    GOAMD64=v1 go build -o prog.v1 .
    GOAMD64=v3 go build -o prog.v3 .
    "$TOOL" create -q -o bundle prog.v3 prog.v1
    run go version -m bundle
    echo "$output"
    [ "$status" = 0 ]
    [[ ${lines[0]} == "bundle: go1."* ]]
    [[ $output == *"example.org/dep"*v1.2.3* && $output == *GOAMD64=v1* ]]
    go version -m prog.v1 | tail -n +2 >native
    go version -m bundle | tail -n +2 | diff native -
    [ "$(./bundle 2>&1)" = dep ]
}

@test "the package note of the lowest variant is the bundle's" {
    need readelf objcopy
    compile_with_package 2 prog.v2
    compile_level 3 prog.v3
    "$TOOL" create -q -o bundle prog.v3 prog.v2
    write_package_note bundle one
    write_package_note prog.v2 other
    cmp one other
    grep -qaF "$metadata" one
    run readelf -nW bundle
    echo "$output"
    [[ $output == *"Displaying notes found in: .note.package"* ]]
    grep -qE '^ *FDO ' <<<"$output"
    # binutils 2.39 and later print its contents
    readelf -nW prog.v2 >notes
    if grep -q "Packaging Metadata" notes; then
        [[ $output == *"Packaging Metadata: $metadata"* ]]
    fi
    [ "$(FATELF_AMD64=v2! ./bundle)" = v2 ]
    "$TOOL" verify -q bundle
}

@test "a bundle with a package note is read without complaint" {
    need readelf objcopy
    compile_with_package 2 prog.v2
    "$TOOL" create -q -o bundle prog.v2
    readelf -aW bundle >out 2>err
    [ ! -s err ]
    if command -v eu-elflint >/dev/null; then
        eu-elflint --gnu-ld bundle >lint 2>&1 || true
        cat lint
        local known="unknown .*note type ([123] with owner name 'fatelf-amd64'|[0-9]* with owner name 'FDO')"
        [ "$(grep -vcE "$known" lint)" = 0 ]
    fi
    # one PT_NOTE contains all
    readelf -lW bundle | finds -E '^ *[0-9]+ +\.note\.fatelf \.note\.fatelf\.creator \.note\.package *$'
}

@test "a variant without metadata gives a bundle without" {
    need readelf
    "$TOOL" create -q -o bundle "$FIXTURES/level.v2"
    run readelf -SW bundle
    [[ $output != *.note.package* && $output != *.go.buildinfo* && $output != *.dep-v0* ]]
}
