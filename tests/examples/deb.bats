# SPDX-License-Identifier: MIT
# examples/deb: packages with bundles, beside packages with plain programs that the same rules build.
load ../lib/common
load ../lib/examples
load ../lib/make
load ../lib/tool

OUT=$BUILD/examples/deb

# build_one KIND PROGRAM [OPTION]..: -d, because the tool is not installed as a package
build_one() {
    local kind=$1 program=$2
    shift 2
    "$TOP/examples/deb/build" "$OUT/$kind" "$program" -d "$@" >"$OUT/$program.$kind.log" 2>&1 ||
        tail "$OUT/$program.$kind.log"
}

# build_package PROGRAM: the packages with a bundle in $OUT/bundle, that with a plain program in $OUT/plain. If something
# is missing for them, the tests of this program are skipped.
build_package() {
    rm -rf "$OUT"/{plain,bundle}/"$1" "$OUT"/{plain,bundle}/"$1"[-_]*
    if [ -n "$MISSING" ]; then
        mv "$BATS_FILE_TMPDIR/missing" "$BATS_FILE_TMPDIR/$1.missing"
        MISSING=''
        return
    fi
    DEB_BUILD_OPTIONS=noautodbgsym build_one plain "$1" "-Ppkg.$1.plain" &
    build_one bundle "$1"
    wait
}

setup_file() {
    missing "debhelper is not installed" command -v dh_strip
    missing "dpkg-dev is not installed" command -v dpkg-buildpackage
    [ -z "$MISSING" ] || return 0
    mkdir -p "$OUT"
    plain_make DESTDIR="$OUT/root" PREFIX=/usr install
    export PATH=$OUT/root/usr/bin:$PATH PERL5LIB=$OUT/root/usr/share/perl5 CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
    unset CFLAGS CPPFLAGS LDFLAGS MAKEFLAGS MAKELEVEL DEB_BUILD_OPTIONS DEB_BUILD_PROFILES
    check_c
    missing "zlib's headers are not installed" "${CC:-cc}" -E -include zlib.h -x c /dev/null
    build_package zratio
    check_rust
    build_package words
    check_go std
    [ -n "$MISSING" ] || GOCACHE=$(go env GOCACHE)
    export GOCACHE
    build_package nearest
}

# unpack PROGRAM: its packages in ./plain, ./bundle and ./bundle-dbgsym
unpack() {
    [ ! -e "$BATS_FILE_TMPDIR/$1.missing" ] || skip "$(<"$BATS_FILE_TMPDIR/$1.missing")"
    dpkg-deb -x "$OUT/plain/$1"_1.0_amd64.deb plain
    dpkg-deb -x "$OUT/bundle/$1"_1.0_amd64.deb bundle
    dpkg-deb -x "$OUT/bundle/$1"-dbgsym_1.0_amd64.deb bundle-dbgsym
    bundle=bundle/usr/bin/$1
}

# field FIELD PACKAGE KIND: of the package's control file
field() {
    dpkg-deb -f "$OUT/$3/$2_1.0_amd64.deb" "$1"
}

# has_only KIND PROGRAM: nothing else is in usr/bin
has_only() {
    same "$2" "$(ls -A "$1/usr/bin")"
}

# build_id FILE
build_id() {
    readelf -n "$1" | sed -n 's/.*Build ID: //p'
}

# is_as_plain PROGRAM: the package has a bundle where the plain one has the program; with the same dependencies, and a
# debug package of all builds
is_as_plain() {
    local level id
    has_only plain "$1"
    has_only bundle "$1"
    same "$1 $(field Depends "$1" plain)" "$1 $(field Depends "$1" bundle)"
    same "$1: ok, v1, v2, v3" "$("$TOOL" verify "$bundle" | sed 's,.*/,,')"
    finds ', launch inplace$' <<<"$("$TOOL" list "$bundle")"
    for level in v1 v2 v3; do
        "$TOOL" extract -o "$level" "$bundle" "$level"
        id=$(build_id "$level")
        echo "$id" >>ids
        debug=bundle-dbgsym/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
        readelf -SW "$debug" | finds ' \.debug_info '
        same "$id" "$(build_id "$debug")"
        readelf -SW "$level" >sections
        run -1 grep ' \.debug_info ' sections
    done
    same "$(sort -u ids | paste -sd ' ')" "$(field Build-Ids "$1-dbgsym" bundle)"
    same 3 "$(sort -u ids | wc -l)"
}

# runs_each PROGRAM: every variant that this machine can run says its level
runs_each() {
    local level machine
    machine=$(runnable_levels | sed 3q)
    for level in $machine; do
        finds -x "level     x86-64-v$level" <<<"$(FATELF_AMD64=v$level "$bundle" <"$bundle")"
    done
}

@test "a package of a C program with zlib" {
    unpack zratio
    finds 'libc6 (>= .*zlib1g (>= ' <<<"$(field Depends zratio bundle)"
    is_as_plain zratio
    runs_each zratio
}

@test "a package of a Rust program" {
    unpack words
    finds 'libc6 (>= ' <<<"$(field Depends words bundle)"
    is_as_plain words
    runs_each words
}

@test "a package of a Go program" {
    unpack nearest
    is_as_plain nearest
    runs_each nearest
}

@test "gdb finds the source line of each variant in the debug package" {
    need gdb
    unpack zratio
    for level in v1 v2 v3; do
        "$TOOL" extract -o "$level" "$bundle" "$level"
        gdb -nx -batch -iex "set debug-file-directory $PWD/bundle-dbgsym/usr/lib/debug" -ex 'info line main' "$level" \
            >out 2>&1
        finds '^Line [0-9]* of "\(.*/\)\?zratio\.c" starts at address' <out
    done
}

@test "lintian finds nothing in the packages with bundles that it does not find in the plain ones" {
    need lintian
    for kind in plain bundle; do
        lintian --fail-on none --display-info --tag-display-limit 0 "$OUT/$kind"/*.changes >"$kind.tags" 2>err
        sort -o "$kind.tags" "$kind.tags"
    done
    finds 'no-manual-page' <plain.tags # it has looked
    comm -13 plain.tags bundle.tags | grep -v '^N: ' >added || true
    nothing "$(<added)"
}
