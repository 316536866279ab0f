# SPDX-License-Identifier: MIT
# ripgrep from the package registry, built for four levels, searching this repository.
load ../lib/common

OUT=$BUILD/examples/ripgrep
VERSION=14.1.1

# Why there is no example on this machine; nothing where there is one.
missing() {
    [ "${SLOW:-}" = 1 ] || { echo "slow: run by make check-all"; return; }
    command -v cargo >/dev/null || { echo "cargo is not installed"; return; }
    rustc --print target-cpus 2>/dev/null | grep -q 'x86-64-v4' || { echo "rustc does not know the levels"; return; }
    [ ! -e "$BATS_FILE_TMPDIR/missing" ] || cat "$BATS_FILE_TMPDIR/missing"
}

setup_file() {
    [ -z "$(missing)" ] || return 0
    local level
    mkdir -p "$OUT"
    for level in 1 2 3 4; do
        [ -x "$OUT/rg.v$level" ] || build_level "$level" 2>"$OUT/log" || give_up || return 1
        [ -z "$(missing)" ] || return 0
    done
    "$TOOL" create -q --force -o "$OUT/rg" "$OUT"/rg.v[1-4]
}

build_level() {
    local cpu=x86-64-v$1 host
    [ "$1" != 1 ] || cpu=x86-64
    host=$(rustc -vV | sed -n 's/^host: //p')
    RUSTFLAGS="-C target-cpu=$cpu" cargo install ripgrep --version "$VERSION" --locked --quiet --no-track \
        --root "$OUT/root.v$1" --target "$host" --target-dir "$OUT/target.v$1" &&
        mv "$OUT/root.v$1/bin/rg" "$OUT/rg.v$1" && rm -rf "$OUT/root.v$1" "$OUT/target.v$1"
}

# No network is no fault of ours; a build that fails is.
give_up() {
    if grep -qiE 'could not resolve|could not connect|spurious network|failed to download|offline' "$OUT/log"; then
        echo "the package registry is not reached" >"$BATS_FILE_TMPDIR/missing"
    else
        cat "$OUT/log" >&2
        return 1
    fi
}

# To skip is for tests only, not for setup_file.
built() {
    local reason
    reason=$(missing)
    [ -z "$reason" ] || skip "$reason"
}

# No network is no fault of ours; a build that fails is.
give_up() {
    cat "$OUT/log" >&2
    ! grep -qiE 'could not resolve|failed to (download|query|connect)|network|offline' "$OUT/log" ||
        skip "the package registry is not reached"
    return 1
}

# What $1 finds in this repository, in a fixed order.
search() {
    "$1" --no-config --no-require-git --sort path -n 'memfd|AT_[A-Z]+' "$TOP"
}

@test "ripgrep's bundle finds at every level in this repository what the build for that level finds" {
    built
    for level in $(seq "$(machine_level)"); do
        search "$OUT/rg.v$level" >native
        FATELF_AMD64=v$level search "$OUT/rg" >bundle
        grep -q 'stub/memfd.c' bundle
        cmp native bundle
    done
}

@test "ripgrep's bundle says that it was built for the level that runs" {
    built
    for level in $(seq "$(machine_level)"); do
        "$OUT/rg.v$level" --version >native
        FATELF_AMD64=v$level FATELF_AMD64_DEBUG=log "$OUT/rg" --version >bundle 2>log
        grep -q "starting v$level by memfd" log
        cmp native bundle
    done
}

@test "ripgrep's bundle ends with ripgrep's exit statuses" {
    built
    for rg in "$OUT/rg.v1" "$OUT/rg"; do
        run "$rg" --no-config -q memfd "$TOP/stub"
        [ "$status" = 0 ]
        echo nothing >text
        run "$rg" --no-config something text
        [ "$status" = 1 ]
        run "$rg" --no-config '(' text
        [ "$status" = 2 ]
    done
}
