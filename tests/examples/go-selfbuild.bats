# SPDX-License-Identifier: MIT
# examples/go-selfbuild: a Go program that makes a bundle of itself.
load ../lib/common
load ../lib/examples

OUT=$BUILD/examples/go-selfbuild

setup_file() {
    check_go os/exec
    [ -z "$MISSING" ] || return 0
    FATELF=$TOOL "$TOP/examples/go-selfbuild/build" "$OUT" >"$BATS_FILE_TMPDIR/hashes"
}

@test "a Go program makes a bundle of itself, this bundle makes the same one, and that one makes it again" {
    same "stage1 stage2 stage3" "$(sed 's/.* //' "$BATS_FILE_TMPDIR/hashes" | paste -sd ' ')"
    same 1 "$(cut -d ' ' -f 1 "$BATS_FILE_TMPDIR/hashes" | sort -u | wc -l)"
    (cd "$OUT" && sha256sum --quiet -c "$BATS_FILE_TMPDIR/hashes")
    same "$OUT/stage3: ok, v1, v2, v3, v4" "$("$TOOL" verify "$OUT/stage3")"
}

@test "GOAMD64 chooses the variant of the bundle that a bundle has made, and MGODEBUG names it" {
    local level levels
    levels=$(runnable_levels)
    for level in $levels; do
        GOAMD64=v$level MGODEBUG=log capture "$OUT/stage3"
        same "v$level" "$(<out)"
        finds "starting v$level by memfd" <err
    done
    same "v$(machine_level)" "$("$OUT/stage3")"
}
