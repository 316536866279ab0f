# SPDX-License-Identifier: MIT
# Packages of a bundle, $BATS_FILE_TMPDIR/level, and whether what they hold is whole.

# runs FILE: it is $BATS_FILE_TMPDIR/level, a bundle of all four fixtures, or what a strip tool left of it
runs() {
    local level
    "$TOOL" verify -q "$1"
    for level in v1 v2 v3 v4; do
        [ "$("$TOOL" extract -o - "$1" "$level" | sha256sum)" = "$(sha256sum <"$FIXTURES/level.$level")" ]
    done
    [ "$("$1" from a package)" = "v$(machine_level) from a package" ]
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

# build_rpm NAME OPTION...: makes NAME.rpm and NAME.log
build_rpm() {
    local name=$1
    shift
    rpmbuild -bb --define "_topdir $PWD/rpmbuild" --define "_tmppath $PWD" "$@" "$name.spec" >"$name.log" 2>&1 ||
        { cat "$name.log"; return 1; }
    mv rpmbuild/RPMS/*/"$name"-1-*.rpm "$name.rpm"
}

install_rpm() {
    rpm --root "$PWD/root" --dbpath /rpmdb --nodeps --noscripts -i "$@"
}

need_rpm_root() {
    need rpmbuild rpm
    [ "$(id -u)" = 0 ] || skip "needs root: rpm --root"
}

# What goes into a Debian package.
debian_tree() {
    mkdir -p tree/DEBIAN tree/usr/bin
    cp -p "$BATS_FILE_TMPDIR/level" tree/usr/bin/level
    printf '%s\n' 'Package: fatelf-prog' 'Version: 1' 'Architecture: amd64' 'Maintainer: Nobody <nobody@example.org>' \
        'Description: a program for every level' >tree/DEBIAN/control
}
