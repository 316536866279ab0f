# SPDX-License-Identifier: MIT
# examples/goreleaser: packages of a Go program, which goreleaser builds with fatelf-go in place of go.
load ../lib/common
load ../lib/examples
load ../lib/tool

OUT=$BUILD/examples/goreleaser
DIST=$OUT/greet/dist

setup_file() {
    check_go std
    missing "goreleaser is not installed" command -v goreleaser
    missing "git is not installed" command -v git
    [ -z "$MISSING" ] || return 0
    PATH=$BUILD:$PATH "$TOP/examples/goreleaser/build" "$OUT" 2>"$BATS_FILE_TMPDIR/log" || cat "$BATS_FILE_TMPDIR/log"
}

# has_bundle: ./usr/bin/greet is the bundle, which says its version
has_bundle() {
    cmp usr/bin/greet "$DIST/greet_linux_amd64_v1/greet"
    [ -x usr/bin/greet ]
    same "v1 v2 v3 v4" "$(levels usr/bin/greet)"
    same "version   0.0.0-SNAPSHOT
level     x86-64-v1" "$(FATELF_AMD64=v1 usr/bin/greet | sed 's/-SNAPSHOT-.*/-SNAPSHOT/')"
}

@test "goreleaser's build for arm64 is an ordinary program" {
    need file
    [[ $(file -b "$DIST/greet_linux_arm64_v8.0/greet") == *"ARM aarch64"* ]]
}

@test "goreleaser's deb has the bundle" {
    need dpkg-deb
    dpkg-deb -x "$DIST"/greet_*_linux_amd64.deb .
    same amd64 "$(dpkg-deb -f "$DIST"/greet_*_linux_amd64.deb Architecture)"
    has_bundle
}

@test "goreleaser's rpm has the bundle" {
    need rpm rpm2archive
    rpm2archive - <"$(echo "$DIST"/greet_*_linux_amd64.rpm)" | tar -xz
    same x86_64 "$(rpm -qp --qf '%{ARCH}' "$DIST"/greet_*_linux_amd64.rpm)"
    has_bundle
}

@test "goreleaser's apk has the bundle" {
    tar -xzf "$DIST"/greet_*_linux_amd64.apk
    finds -x 'arch = x86_64' <.PKGINFO
    has_bundle
}

@test "goreleaser's package for Arch Linux has the bundle" {
    need zstd
    zstd -dcq "$DIST"/greet_*_linux_amd64.pkg.tar.zst | tar -x
    finds -x 'arch = x86_64' <.PKGINFO
    has_bundle
}

@test "goreleaser's archive has the bundle" {
    mkdir -p usr/bin
    tar -xzf "$DIST"/greet_*_linux_amd64.tar.gz -C usr/bin
    has_bundle
}
