# SPDX-License-Identifier: MIT
# dh_fatelf_amd64 and the addon that runs it. tests/examples/deb.bats builds packages with them.
load ../lib/common
load ../lib/make
load ../lib/tool

setup_file() {
    missing "debhelper is not installed" command -v dh_strip
    missing "dpkg-dev is not installed" command -v dpkg-architecture
    [ -n "$MISSING" ] || plain_make DESTDIR="$BATS_FILE_TMPDIR/root" PREFIX=/usr install
    export PATH=$BATS_FILE_TMPDIR/root/usr/bin:$PATH PERL5LIB=$BATS_FILE_TMPDIR/root/usr/share/perl5
    unset DEB_BUILD_OPTIONS DEB_BUILD_PROFILES DEB_HOST_ARCH DH_VERBOSE
}

setup() {
    start_test
    mkdir debian
    printf '%s\n' 'Source: one' 'Build-Depends: debhelper-compat (= 13)' '' 'Package: one' 'Architecture: any' '' \
        'Package: two' 'Architecture: amd64' '' 'Package: data' 'Architecture: all' >debian/control
    printf '%s\n' 'one (1) unstable; urgency=low' '' '  * One.' '' \
        ' -- Nobody <nobody@example.org>  Sun, 01 Nov 2026 12:00:00 +0000' >debian/changelog
    for package in one two data; do
        mkdir -p "debian/$package/usr/bin"
        cp "$FIXTURES"/level.v[13] "debian/$package/usr/bin"
    done
}

# files: what is in the packages
files() {
    (cd debian && find . -name 'level*') | sort | paste -sd ' '
}

@test "the addon joins after dh_strip and dh_shlibdeps, and before what makes the package" {
    dh binary --no-act --with fatelf_amd64 >steps
    grep -oE '^ +dh_(strip|shlibdeps|fatelf_amd64|gencontrol|md5sums|builddeb)\b' steps | xargs >got
    same "dh_strip dh_shlibdeps dh_fatelf_amd64 dh_gencontrol dh_md5sums dh_builddeb" "$(<got)"
}

@test "dh_fatelf_amd64 makes bundles in every package for amd64, in place" {
    run -0 dh_fatelf_amd64
    nothing "$output"
    same "./data/usr/bin/level.v1 ./data/usr/bin/level.v3 ./one/usr/bin/level ./two/usr/bin/level" "$(files)"
    finds ', launch inplace$' <<<"$("$TOOL" list debian/one/usr/bin/level)"
}

@test "dh_fatelf_amd64 knows debhelper's options and passes others to join" {
    dh_fatelf_amd64 -pone -- --launch memfd --keep
    same "./data/usr/bin/level.v1 ./data/usr/bin/level.v3 ./one/usr/bin/level ./one/usr/bin/level.v1\
 ./one/usr/bin/level.v3 ./two/usr/bin/level.v1 ./two/usr/bin/level.v3" "$(files)"
    finds ', launch memfd$' <<<"$("$TOOL" list debian/one/usr/bin/level)"
}

@test "dh_fatelf_amd64 does nothing on other architectures" {
    before=$(files)
    DEB_HOST_ARCH=arm64 dh_fatelf_amd64
    same "$before" "$(files)"
}

@test "dh_fatelf_amd64 fails if a set cannot be joined" {
    echo other >debian/two/usr/bin/level
    run ! dh_fatelf_amd64
    finds -F "fatelf-amd64: debian/two/usr/bin/level: exists; --force replaces it" <<<"$output"
}
