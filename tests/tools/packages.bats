# SPDX-License-Identifier: MIT
# Package builders change the programs in a package: a bundle still runs after that.
load ../lib/common
load ../lib/packages

setup_file() {
    make_level_bundle
}

setup() {
    start_test
    export HOME=$BATS_TEST_TMPDIR # rpm keeps a database there
}

@test "a bundle in an rpm package that rpm's script has stripped runs when it is installed" {
    need_rpm_root
    spec prog "$BATS_FILE_TMPDIR/level"
    # rpm's own script, even if this distribution does not use it
    local script
    script=$(rpm_script brp-strip)
    [ -x "$script" ] || skip "rpm has no brp-strip here"
    sed -i "s|^%files\$|%global __os_install_post $script $(type -P strip)\n&|" prog.spec
    build_rpm prog
    grep -q brp-strip prog.log
    install_rpm prog.rpm
    runs_whole "$PWD/root/usr/bin/prog"
}

@test "a bundle in an rpm package that was built with the default macros runs when it is installed" {
    need_rpm_root
    spec prog "$BATS_FILE_TMPDIR/level"
    build_rpm prog
    install_rpm prog.rpm
    runs_whole "$PWD/root/usr/bin/prog"
}

@test "a bundle in an rpm package unpacks and runs" {
    need rpmbuild tar
    command -v rpm2archive >/dev/null || need rpm2cpio cpio
    spec prog "$BATS_FILE_TMPDIR/level"
    build_rpm prog
    mkdir root
    if command -v rpm2archive >/dev/null; then
        rpm2archive - <prog.rpm | tar -xz -C root
    else
        rpm2cpio prog.rpm | (cd root && cpio -id --quiet)
    fi
    runs_whole "$PWD/root/usr/bin/prog"
}

@test "a bundle runs after rpm has extracted debug information" {
    need_rpm_root
    local find
    find=$(rpm_script find-debuginfo)
    [ -x "$find" ] || skip "find-debuginfo is not installed"
    need debugedit
    spec prog "$BATS_FILE_TMPDIR/level"
    sed -i "s|^%files\$|%global __os_install_post $find --strict-build-id -m -i %{_builddir}\n&|" prog.spec
    build_rpm prog
    grep -q '^+ .*find-debuginfo' prog.log
    install_rpm prog.rpm
    runs_whole "$PWD/root/usr/bin/prog"
}

@test "packages with different bundles do not conflict by their build-ids" {
    need_rpm_root
    "$TOOL" create -q -o two "$FIXTURES"/level.v[12]
    spec one "$BATS_FILE_TMPDIR/level"
    spec two "$PWD/two"
    local name
    for name in one two; do
        # links /usr/lib/.build-id/XX/.. in the package itself, as Fedora's have
        build_rpm "$name" --define "_build_id_links compat" --define "_missing_build_ids_terminate_build 1"
    done
    [[ $(rpm -qpl one.rpm) == */.build-id/* ]] || skip "this rpm makes no build-id links"
    install_rpm one.rpm two.rpm
    runs_whole "$PWD/root/usr/bin/one"
    # the same bundle under two names does conflict
    spec same "$BATS_FILE_TMPDIR/level"
    build_rpm same --define "_build_id_links compat" --define "_missing_build_ids_terminate_build 1"
    rm -r root
    run ! install_rpm one.rpm same.rpm
    [[ $output == *.build-id*conflicts* ]]
}

@test "a bundle in a Debian package unpacks and runs" {
    unpack_deb
    runs_whole "$PWD/root/usr/bin/level"
}

@test "a bundle runs after dh_strip" {
    need dh_strip dpkg-deb
    mkdir -p debian/fatelf-prog/usr/bin
    cp -p "$BATS_FILE_TMPDIR/level" debian/fatelf-prog/usr/bin/level
    printf '%s\n' 'Source: fatelf-prog' 'Maintainer: Nobody <nobody@example.org>' '' 'Package: fatelf-prog' \
        'Architecture: amd64' 'Description: a program for every level' >debian/control
    printf 'fatelf-prog (1) unstable; urgency=low\n\n  * New.\n\n -- Nobody <nobody@example.org>  %s\n' \
        'Thu, 01 Jan 2026 00:00:00 +0000' >debian/changelog
    echo 13 >debian/compat
    dh_strip
    runs_whole "$PWD/debian/fatelf-prog/usr/bin/level"
}

@test "a bundle runs after strip with the options of dh_strip" {
    need strip
    cp -p "$BATS_FILE_TMPDIR/level" level
    strip --remove-section=.comment --remove-section=.note level
    runs_whole "$PWD/level"
}
