# SPDX-License-Identifier: MIT
# packaging/debian: the Debian package of the tool, built from the archive that `make dist` makes.
load ../lib/common
load ../lib/make
load ../lib/tool

OUT=$BUILD/debian

setup_file() {
    missing "slow: run by make check-all" [ "${SLOW-}" = 1 ]
    missing "debhelper is not installed" command -v dh_strip
    missing "dpkg-dev is not installed" command -v dpkg-buildpackage
    [ -z "$MISSING" ] || return 0
    rm -rf "$OUT"
    mkdir -p "$OUT"
    cd "$OUT"
    unpack_dist
    cp packed/fatelf-amd64-*.tar.gz "fatelf-amd64_$("$TOOL" --version | sed 's/.* //').orig.tar.gz"
    cp -r source/packaging/debian source
    # without a network, which only root can take away and stay the same user
    local offline=(unshare -n)
    "${offline[@]}" true 2>/dev/null || offline=()
    cd source
    # nocheck: `make check` runs the same tests. -d: what they need may be missing. bats' variables must not get in.
    env -i PATH="$PATH" HOME="$HOME" LC_ALL=C.UTF-8 DEB_BUILD_OPTIONS="nocheck parallel=2" "${offline[@]}" \
        dpkg-buildpackage -us -uc -d >../log 2>&1 || echo "# see $OUT/log" >&3
}

setup() {
    start_test
    dpkg-deb -x "$OUT"/fatelf-amd64_*_amd64.deb .
    dpkg-deb -x "$OUT"/fatelf-amd64-dbgsym_*_amd64.deb debug
}

@test "the packaged tool makes bundles, with its own stub" {
    usr/bin/fatelf-amd64 create -q -o out "$FIXTURES"/level.v1
    same v1 "$(./out)"
    same dh-sequence-fatelf-amd64 "$(dpkg-deb -f "$OUT"/fatelf-amd64_*_amd64.deb Provides)"
}

@test "the debug package has the symbols of the tool and of the stub" {
    for file in usr/bin/fatelf-amd64 usr/libexec/fatelf-amd64/fatelf-amd64-stub; do
        id=$(readelf -n "$file" | sed -n 's/.*Build ID: //p')
        symbols=debug/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
        readelf -SW "$symbols" | finds ' \.debug_info '
        readelf -sW "$symbols" | finds ' main$'
    done
    cmp usr/libexec/fatelf-amd64/fatelf-amd64-stub "$OUT/source/build/fatelf-amd64-stub"
}

@test "the packaged tool is hardened" {
    need hardening-check
    hardening-check usr/bin/fatelf-amd64 >out
    same "Position Independent Executable: yes
Stack protected: yes
Fortify Source functions: yes (some protected functions found)
Read-only relocations: yes
Immediate binding: yes" "$(sed -n 's/^ //; 2,6p' out)"
}

@test "lintian finds nothing in the tool's packages" {
    need lintian
    run -0 --separate-stderr lintian --fail-on none --display-info --tag-display-limit 0 "$OUT"/*.changes
    nothing "$output"
}

@test "blhc finds all hardening flags in the log of the build" {
    need blhc
    run -0 blhc --all "$OUT/log"
    nothing "$output"
}
