# SPDX-License-Identifier: MIT
# ripgrep from the package registry, built for four levels, searching this repository.
load ../lib/common
load ../lib/examples

OUT=$BUILD/examples/ripgrep
VERSION=14.1.1

setup_file() {
    check_slow
    check_rust
    local level
    mkdir -p "$OUT"
    for level in 1 2 3 4; do
        [ -z "$MISSING" ] || return 0
        [ -x "$OUT/rg.v$level" ] || build_level "$level"
    done
    [ -n "$MISSING" ] || "$TOOL" create -q --force -o "$OUT/rg" "$OUT"/rg.v[1-4]
}

# build_level LEVEL: $OUT/rg.vLEVEL. Without network the tests are skipped; if the compiler fails, they fail.
build_level() {
    local cpu=x86-64-v$1 host failed=0
    [ "$1" != 1 ] || cpu=x86-64
    host=$(rustc -vV | sed -n 's/^host: //p')
    RUSTFLAGS="-C target-cpu=$cpu" cargo install ripgrep --version "$VERSION" --locked --quiet --no-track \
        --root "$OUT/root.v$1" --target "$host" --target-dir "$OUT/target.v$1" 2>"$OUT/log" || failed=1
    if [ "$failed" = 0 ]; then
        mv "$OUT/root.v$1/bin/rg" "$OUT/rg.v$1"
        rm -rf "$OUT/root.v$1" "$OUT/target.v$1"
    elif grep -qiE 'could not (resolve|connect)|spurious network|failed to (download|query)|offline' "$OUT/log"; then
        missing "the package registry cannot be reached" false
    else
        cat "$OUT/log" >&2
        return 1
    fi
}

# search RIPGREP: what it finds in this repository, in a fixed order
search() {
    "$1" --no-config --no-require-git --sort path -n 'memfd|AT_[A-Z]+' "$TOP"
}

@test "ripgrep's bundle finds at every level in this repository what the build for that level finds" {
    levels=$(runnable_levels)
    for level in $levels; do
        search "$OUT/rg.v$level" >native
        FATELF_AMD64=v$level search "$OUT/rg" >bundle
        grep -q 'stub/memfd.c' bundle
        cmp native bundle
    done
}

@test "ripgrep's bundle says that it was built for the level that runs" {
    levels=$(runnable_levels)
    for level in $levels; do
        "$OUT/rg.v$level" --version >native
        FATELF_AMD64=v$level FATELF_AMD64_DEBUG=log "$OUT/rg" --version >bundle 2>log
        grep -q "starting v$level by memfd" log
        cmp native bundle
    done
}

@test "ripgrep's bundle ends with ripgrep's exit statuses" {
    for rg in "$OUT/rg.v1" "$OUT/rg"; do
        run -0 "$rg" --no-config -q memfd "$TOP/stub"
        echo nothing >text
        run -1 "$rg" --no-config something text
        run -2 "$rg" --no-config '(' text
    done
}
