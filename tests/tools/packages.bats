# SPDX-License-Identifier: MIT
# Packages are built with whatever their tools do to programs; what comes out of them runs.
load ../lib/common
load ../lib/packages

setup_file() {
    make_level_bundle
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    export HOME=$BATS_TEST_TMPDIR # rpm makes a database in it
    umask 022
}

@test "a bundle in an rpm package survives rpm's strip scripts and runs where it is installed" {
    need_rpm_root
    spec prog "$BATS_FILE_TMPDIR/level"
    # rpm's own strip script, whatever this distribution turned off
    local script
    script=$(rpm --eval '%{_rpmconfigdir}')/brp-strip
    [ -x "$script" ] || skip "rpm has no brp-strip here"
    sed -i "s|^%files\$|%global __os_install_post $script $(type -P strip)\n&|" prog.spec
    build_rpm prog
    grep -q brp-strip prog.log
    install_rpm prog.rpm
    runs "$PWD/root/usr/bin/prog"
}

@test "a bundle in an rpm package that was built with the default macros runs" {
    need_rpm_root
    spec prog "$BATS_FILE_TMPDIR/level"
    build_rpm prog
    install_rpm prog.rpm
    runs "$PWD/root/usr/bin/prog"
}

@test "a bundle in an rpm package unpacks and runs" {
    need rpmbuild tar
    command -v rpm2archive >/dev/null || { need rpm2cpio && need cpio; }
    spec prog "$BATS_FILE_TMPDIR/level"
    build_rpm prog
    mkdir root
    if command -v rpm2archive >/dev/null; then
        rpm2archive - <prog.rpm | tar -xz -C root
    else
        rpm2cpio prog.rpm | (cd root && cpio -id --quiet)
    fi
    runs "$PWD/root/usr/bin/prog"
}

@test "rpm's extraction of debug information leaves a bundle that runs" {
    need_rpm_root
    local find
    find=$(rpm --eval '%{?__find_debuginfo}')
    [ -x "$find" ] || find=$(rpm --eval '%{_rpmconfigdir}')/find-debuginfo
    [ -x "$find" ] || skip "find-debuginfo is not installed"
    need debugedit
    spec prog "$BATS_FILE_TMPDIR/level"
    sed -i "s|^%files\$|%global __os_install_post $find --strict-build-id -m -i %{_builddir}\n&|" prog.spec
    build_rpm prog
    grep -q '^+ .*find-debuginfo' prog.log
    install_rpm prog.rpm
    runs "$PWD/root/usr/bin/prog"
}

@test "packages with different bundles of one launcher do not conflict by their build-ids" {
    need_rpm_root
    "$TOOL" create -q -o two "$FIXTURES"/level.v[12]
    spec one "$BATS_FILE_TMPDIR/level"
    spec two "$PWD/two"
    local name
    for name in one two; do
        # links /usr/lib/.build-id/XX/.. in the package itself, as Fedora's have
        build_rpm "$name" --define "_build_id_links compat" --define "_missing_build_ids_terminate_build 1"
    done
    rpm -qpl one.rpm | grep -q '/\.build-id/' || skip "this rpm makes no build-id links"
    install_rpm one.rpm two.rpm
    runs "$PWD/root/usr/bin/one"
    # and that this would show: the same bundle under two names
    spec same "$BATS_FILE_TMPDIR/level"
    build_rpm same --define "_build_id_links compat" --define "_missing_build_ids_terminate_build 1"
    rm -r root
    run install_rpm one.rpm same.rpm
    [ "$status" != 0 ]
    [[ $output == *.build-id*conflicts* ]]
}

@test "a bundle in a Debian package unpacks and runs" {
    need dpkg-deb
    debian_tree
    dpkg-deb --root-owner-group -b tree prog.deb >/dev/null
    dpkg-deb -x prog.deb root
    cmp root/usr/bin/level "$BATS_FILE_TMPDIR/level"
    runs "$PWD/root/usr/bin/level"
}

@test "a bundle is not harmed by dh_strip" {
    need dh_strip dpkg-deb
    mkdir -p debian/fatelf-prog/usr/bin
    cp -p "$BATS_FILE_TMPDIR/level" debian/fatelf-prog/usr/bin/level
    printf '%s\n' 'Source: fatelf-prog' 'Maintainer: Nobody <nobody@example.org>' '' 'Package: fatelf-prog' \
        'Architecture: amd64' 'Description: a program for every level' >debian/control
    printf 'fatelf-prog (1) unstable; urgency=low\n\n  * New.\n\n -- Nobody <nobody@example.org>  %s\n' \
        'Thu, 01 Jan 2026 00:00:00 +0000' >debian/changelog
    echo 13 >debian/compat
    dh_strip
    runs "$PWD/debian/fatelf-prog/usr/bin/level"
}

@test "strip as dpkg-dev's tools call it leaves a bundle that runs" {
    need strip
    cp -p "$BATS_FILE_TMPDIR/level" level
    strip --remove-section=.comment --remove-section=.note level # dh_strip's options for programs
    runs "$PWD/level"
}
