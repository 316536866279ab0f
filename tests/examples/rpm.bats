# SPDX-License-Identifier: MIT
# examples/rpm: packages of a C, a Go and a Rust program, which differ from packages of ordinary programs only where
# they should.
load ../lib/common
load ../lib/examples
load ../lib/rpm
load ../lib/tool

OUT=$BUILD/examples/rpm # levels/PROGRAM and plain/PROGRAM

# build_packages PROGRAM
build_packages() {
    rm -rf "$OUT"/{levels,plain}/"$1"
    run -0 "$TOP/examples/rpm/build" "$OUT/levels/$1" "$1" "${RPM_MACROS[@]}"
    run -0 "$TOP/examples/rpm/build" "$OUT/plain/$1" "$1" "${RPM_MACROS[@]}" --without levels
}

setup() {
    start_test
    need_debug_packages
    export PATH=$BUILD:$PATH
    mkdir -p "$OUT"
}

# is_packaged PROGRAM MAIN-FUNCTION: dependencies as those of an ordinary program, debug information of all builds
is_packaged() {
    local program=$1 kind
    for kind in levels plain; do
        unpack "$kind" "$OUT/$kind/$program"/RPMS/x86_64/*.rpm
        rpm -qp --requires "$OUT/$kind/$program/RPMS/x86_64/$program-1"*.rpm >"$kind.requires"
        rpm -qp --provides "$OUT/$kind/$program/RPMS/x86_64/$program-1"*.rpm >"$kind.provides"
    done
    finds rpmlib <plain.requires
    diff plain.requires levels.requires
    finds "$program = 1.0" <plain.provides
    diff plain.provides levels.provides
    same "v1 v2 v3" "$(levels "levels/usr/bin/$program")"
    finds "launch inplace" <<<"$("$TOOL" list "levels/usr/bin/$program")"
    no_dangling levels
    has_debug "levels/usr/bin/$program" levels "$2" v1 v2 v3
    has_builds "levels/usr/bin/$program" levels v1 v2 v3
    same 3 "$(rpm -qp --provides "$OUT/levels/$program/RPMS/x86_64/$program-debuginfo"*.rpm | grep -c 'debuginfo(build-id)')"
}

# complaints KIND PROGRAM: which kinds of complaints rpmlint has about which package
complaints() {
    run env HOME="$PWD" rpmlint "$OUT/$1/$2"/RPMS/x86_64/*.rpm "$OUT/$1/$2"/SRPMS/*.rpm
    finds 'packages and . specfiles checked' <<<"$output"
    sed -n 's/^\([^ ]*: [EW]: [^ ]*\).*/\1/p' <<<"$output" | sort -u >"$1.lint"
}

is_no_worse() {
    need rpmlint
    complaints plain "$1"
    complaints levels "$1"
    comm -13 plain.lint levels.lint >new
    nothing "$(<new)"
}

@test "the packages of a C program with zlib" {
    skip_unless "zlib's headers are not installed" cc -E -include zlib.h -x c /dev/null
    build_packages zratio
    is_packaged zratio main
    finds 'libz\.so\.1' <levels.requires
    same "level     x86-64-v1" "$(FATELF_AMD64=v1 levels/usr/bin/zratio <plain.requires | sed -n 1p)"
    is_no_worse zratio
}

@test "the packages of a Go program" {
    skip_unless "go is not installed" env GOAMD64=v4 go list std
    build_packages nearest
    is_packaged nearest main.main
    finds 'x86-64-v1' <<<"$(FATELF_AMD64=v1 levels/usr/bin/nearest)"
    is_no_worse nearest
}

@test "the packages of a Rust program" {
    need cargo
    build_packages words
    is_packaged words words::main
    finds 'x86-64-v1' <<<"$(FATELF_AMD64=v1 levels/usr/bin/words <plain.requires)"
    is_no_worse words
}
