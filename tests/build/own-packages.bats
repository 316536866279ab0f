# SPDX-License-Identifier: MIT
# packaging/rpm and packaging/arch: packages of this tool, built from the source archive without a network. Of the
# tests, only the unit tests run in them here.
load ../lib/common
load ../lib/make
load ../lib/rpm

need_archive() {
    need_slow
    need unshare
    plain_make BUILD="$PWD/packed" dist >/dev/null 2>&1
    archive=$(echo "$PWD"/packed/fatelf-amd64-*.tar.gz)
    export TESTS=''
}

@test "the packages have the version of the tool" {
    local version
    version=$("$TOOL" --version | sed -n '1s/.* //p')
    same "$version" "$(sed -n 's/^Version: *//p' "$TOP/packaging/rpm/fatelf-amd64.spec")"
    same "$version" "$(sed -n 's/^pkgver=//p' "$TOP/packaging/arch/PKGBUILD")"
}

# tool_works ROOT STUB: the tool below ROOT makes a bundle with STUB
tool_works() {
    "$1/usr/bin/fatelf-amd64" create -q -o bundle "$FIXTURES"/level.v[12]
    same v1 "$(FATELF_AMD64=v1 ./bundle)"
    run -1 grep -E 'gnu_debuglink|symtab' <<<"$(readelf -SW "$1/$2")"
    nothing "$output"
}

# hardened PROGRAM
hardened() {
    finds BIND_NOW <<<"$(readelf -dW "$1")"
    finds 'PIE' <<<"$(readelf -dW "$1")"
    finds 'GNU_RELRO' <<<"$(readelf -lW "$1")"
    finds '_chk' <<<"$(readelf --dyn-syms -W "$1")"
}

# stub_debug ROOT FILE: FILE is the debug information of the stub, at its addresses
stub_debug() {
    local main
    main=$(gdb -nx -batch -ex "info line launcher_main" "$2" 2>&1)
    [[ $main == "Line "*' of "stub/main.c" starts at address '* ]] || fail "$main"
    same "$(build_id "$1")" "$(build_id "$2")"
}

@test "an rpm of the tool, its debug information, and what rpmlint says" {
    need_archive
    need_debug_packages
    skip_unless "needs root: unshare --net" unshare --net true
    mkdir top
    unshare --net rpmbuild -ba --nodeps --dbpath "$PWD/db" --define "_topdir $PWD/top" \
        --define "_sourcedir ${archive%/*}" --define "optflags -O2 -g -DFROM_SPEC" \
        "$TOP/packaging/rpm/fatelf-amd64.spec" >log 2>&1 || fail "$(tail -n 40 log)"
    finds -- '-DFROM_SPEC' <log
    finds -E '[1-9][0-9]* passed, 0 failed' <log
    unpack root top/RPMS/*/*.rpm
    no_dangling root
    tool_works root usr/libexec/fatelf-amd64/fatelf-amd64-stub
    hardened root/usr/bin/fatelf-amd64
    stub_debug root/usr/libexec/fatelf-amd64/fatelf-amd64-stub \
        root/usr/lib/debug/usr/libexec/fatelf-amd64/fatelf-amd64-stub-*.debug
    need rpmlint
    run -0 env HOME="$PWD" rpmlint -r "$TOP/packaging/rpm/fatelf-amd64.rpmlintrc" top/RPMS/*/*.rpm top/SRPMS/*.rpm
    echo "$output"
    finds '3 packages and . specfiles checked; 0 errors, 0 warnings' <<<"$output"
}

@test "a package of the tool for Arch Linux, and its debug package" {
    need_archive
    need makepkg bsdtar fakeroot gdb
    local as_user=(unshare --map-user=1000 --map-group=1000 --net)
    skip_unless "there are no user namespaces" "${as_user[@]}" true
    cp "$TOP/packaging/arch/PKGBUILD" "$archive" .
    { cat /etc/makepkg.conf && printf '%s\n' 'CFLAGS="-O2 -DFROM_CONF"' DEBUG_CFLAGS=-g PKGEXT=.pkg.tar; } >makepkg.conf
    "${as_user[@]}" makepkg --nodeps --config "$PWD/makepkg.conf" >log 2>&1 || fail "$(tail -n 40 log)"
    finds -- '-DFROM_CONF' <log
    mkdir root
    for package in *.pkg.tar*; do
        bsdtar -xf "$package" -C root
    done
    no_dangling root
    tool_works root usr/lib/fatelf-amd64/fatelf-amd64-stub
    hardened root/usr/bin/fatelf-amd64
    id=$(build_id root/usr/lib/fatelf-amd64/fatelf-amd64-stub)
    stub_debug root/usr/lib/fatelf-amd64/fatelf-amd64-stub "root/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
}
