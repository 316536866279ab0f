# SPDX-License-Identifier: MIT
# Packages of a bundle, $BATS_FILE_TMPDIR/level, and checks of what is unpacked from them.

# runs_whole FILE: FILE is $BATS_FILE_TMPDIR/level, a bundle of all four fixtures, or what a strip tool made of it
runs_whole() {
    local level said
    "$TOOL" verify -q "$1"
    for level in v1 v2 v3 v4; do
        "$TOOL" extract -o - "$1" "$level" | cmp - "$FIXTURES/level.$level"
    done
    said=$("$1" from a package)
    same "v$(machine_level) from a package" "$said"
}

# spec NAME BUNDLE: a package that installs BUNDLE as /usr/bin/NAME
spec() {
    cat >"$1.spec" <<END
Name: $1
Version: 1
Release: 1
Summary: A program for every level
License: MIT

%description
A bundle.

%install
mkdir -p %{buildroot}/usr/bin
cp -p $2 %{buildroot}/usr/bin/$1

%files
/usr/bin/$1
END
}

# build_rpm NAME OPTION..: makes NAME.rpm and NAME.log of NAME.spec
build_rpm() {
    local name=$1
    shift
    rpmbuild -bb --define "_topdir $PWD/rpmbuild" --define "_tmppath $PWD" "$@" "$name.spec" >"$name.log" 2>&1 ||
        { cat "$name.log"; return 1; }
    mv rpmbuild/RPMS/*/"$name"-1-*.rpm "$name.rpm"
}

# install_rpm FILE..: into ./root
install_rpm() {
    rpm --root "$PWD/root" --dbpath /rpmdb --nodeps --noscripts -i "$@"
}

# rpm_script NAME: where one of rpm's scripts is; distributions name find-debuginfo in a macro
rpm_script() {
    local script=''
    [ "$1" != find-debuginfo ] || script=$(rpm --eval '%{?__find_debuginfo}')
    [ -x "$script" ] || script=$(rpm --eval '%{_rpmconfigdir}')/$1
    echo "$script"
}

need_rpm_root() {
    need rpmbuild rpm
    skip_unless "needs root: rpm --root" chroot / true
}

# unpack_deb: ./root/usr/bin/level from a Debian package
unpack_deb() {
    need dpkg-deb
    mkdir -p tree/DEBIAN tree/usr/bin
    cp -p "$BATS_FILE_TMPDIR/level" tree/usr/bin/level
    printf '%s\n' 'Package: fatelf-prog' 'Version: 1' 'Architecture: amd64' 'Maintainer: Nobody <nobody@example.org>' \
        'Description: a program for every level' >tree/DEBIAN/control
    dpkg-deb --root-owner-group -b tree prog.deb >/dev/null
    dpkg-deb -x prog.deb root
    cmp root/usr/bin/level "$BATS_FILE_TMPDIR/level"
}
