# SPDX-License-Identifier: MIT
# examples/arch: packages that makepkg makes of a C, a Go and a Rust program, with its part from packaging/arch.
load ../lib/common
load ../lib/rpm
load ../lib/tool

OUT=$BUILD/examples/arch

# makepkg refuses to run as root.
AS_USER=()
[ "$EUID" != 0 ] || AS_USER=(unshare --map-user=1000 --map-group=1000)

setup() {
    start_test
    need makepkg bsdtar fakeroot gdb
    skip_unless "makepkg does not run as root, and there are no user namespaces" "${AS_USER[@]}" true
    export PATH=$BUILD:$PATH
    # where makepkg looks for its parts, with ours among them
    export LIBRARY=$PWD/makepkg
    cp -r "${MAKEPKG_LIBRARY:-/usr/share/makepkg}" makepkg
    cp "$TOP/packaging/arch/zz-fatelf-amd64.sh" makepkg/tidy
    { cat /etc/makepkg.conf && printf '%s\n' CFLAGS=-O2 DEBUG_CFLAGS=-g PKGEXT=.pkg.tar; } >makepkg.conf
}

# makepkg_as_user STATUS COMMAND..: STATUS is an option of `run`. The output is in `log`.
makepkg_as_user() {
    local wanted=$1
    shift
    run "$wanted" "${AS_USER[@]}" env "$@"
    echo "$output" | tee log
}

# is_packaged PROGRAM MAIN-FUNCTION
is_packaged() {
    local program=$1 package
    rm -rf "${OUT:?}/$program"
    makepkg_as_user -0 "$TOP/examples/arch/build" "$OUT" "$program" --config "$PWD/makepkg.conf"
    mkdir root
    for package in "$OUT/$program"/*.pkg.tar*; do
        bsdtar -xf "$package" -C root
    done
    same "$program" "$(ls root/usr/bin)"
    same "v1 v2 v3" "$(levels "root/usr/bin/$program")"
    finds "launch inplace" <<<"$("$TOOL" list "root/usr/bin/$program")"
    no_dangling root
    has_debug "root/usr/bin/$program" root "$2" v1 v2 v3
    has_builds "root/usr/bin/$program" root v1 v2 v3
    same 3 "$(find root/usr/lib/debug -name '*.debug' -type f | wc -l)"
    find root -name '*~' >left
    nothing "$(<left)"
}

@test "makepkg's packages of a C program with zlib" {
    skip_unless "zlib's headers are not installed" cc -E -include zlib.h -x c /dev/null
    is_packaged zratio main
    same "level     x86-64-v1" "$(FATELF_AMD64=v1 root/usr/bin/zratio <log | sed -n 1p)"
}

@test "makepkg's packages of a Go program" {
    skip_unless "go is not installed" env GOAMD64=v4 go list std
    is_packaged nearest main.main
    finds 'x86-64-v1' <<<"$(FATELF_AMD64=v1 root/usr/bin/nearest)"
}

@test "makepkg's packages of a Rust program" {
    need cargo
    is_packaged words words::main
    finds 'x86-64-v1' <<<"$(FATELF_AMD64=v1 root/usr/bin/words <log)"
}

# pkgbuild LINE: a package of the fixture `level`, and this line
pkgbuild() {
    printf '%s\n' pkgname=prog pkgver=1 pkgrel=1 "arch=(x86_64)" 'package() {' "install -D -t \"\$pkgdir/usr/bin\" \
\"$FIXTURES\"/level.v[13]" '}' "$1" >PKGBUILD
}

@test "makepkg joins builds only if the PKGBUILD says so, with its options" {
    pkgbuild ''
    makepkg_as_user -0 makepkg --nodeps
    same "level.v1 level.v3" "$(ls pkg/prog/usr/bin | paste -sd ' ')"
    pkgbuild '_fatelf_amd64_join=(--launch memfd)'
    makepkg_as_user -0 makepkg --nodeps --force
    same level "$(ls pkg/prog/usr/bin)"
    finds "launch memfd" <<<"$("$TOOL" list pkg/prog/usr/bin/level)"
    pkgbuild '_fatelf_amd64_join=()
options=(!strip)'
    makepkg_as_user -0 makepkg --nodeps --force
    same "v1 v3" "$(levels pkg/prog/usr/bin/level)"
}

@test "if builds cannot be joined, makepkg makes no package" {
    pkgbuild '_fatelf_amd64_join=(--launch nowhere)'
    makepkg_as_user '!' makepkg --nodeps
    finds "ERROR: The builds cannot be joined" <log
    run ! ls ./*.pkg.tar*
}
