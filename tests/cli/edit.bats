# SPDX-License-Identifier: MIT
# `add`, `replace` and `remove` make the bundle that `create` makes of the same builds.
load ../lib/common
load ../lib/tool
load ../lib/elf
load ../lib/similar

setup_file() {
    local level
    check_similar
    [ -z "${MISSING-}" ] || return 0
    # four builds that are large enough, and similar enough, to be coded against each other
    for level in 1 2 3 4; do
        make_similar "$FIXTURES/level.v$level" 1000000 "$level" "$BATS_FILE_TMPDIR/p.v$level"
    done
}

setup() {
    start_test
    cp "$BATS_FILE_TMPDIR"/p.v[1-4] .
}

# made LEVELS [OPTION]..: the bundle of these builds, as create makes it, in the file LEVELS
made() {
    local levels=$1 builds=() i
    shift
    for ((i = 0; i < ${#levels}; i++)); do
        builds+=("p.v${levels:i:1}")
    done
    "$TOOL" create -q --force "$@" -o "$levels" "${builds[@]}"
}

@test "add gives the bundle that create makes" {
    for options in "" "--no-delta" "--launch inplace" "--launch inplace --align 2M" "--compress none" "--go-env"; do
        # shellcheck disable=SC2086 # words
        for levels in 13 134 1234; do made "$levels" $options; done
        more=
        [ "$options" != --no-delta ] || more=--no-delta
        succeeds add --force -o out $more 13 p.v4
        cmp out 134
        succeeds add --force -o out $more 13 p.v2 p.v4
        cmp out 1234
    done
}

@test "remove gives the bundle that create makes, also where the base goes" {
    made 1234
    for left in 1 2 3 4 12 13 14 23 24 34 123 124 134 234; do
        levels=
        for level in 1 2 3 4; do
            [[ $left = *$level* ]] || levels="$levels v$level"
        done
        made "$left"
        # shellcheck disable=SC2086 # words
        succeeds remove --force -o out 1234 $levels
        cmp out "$left"
    done
}

@test "replace gives the bundle that create makes" {
    made 134
    cp p.v2 other.v4
    "$TOOL" create -q -o wanted p.v1 p.v3 other.v4
    succeeds replace -o out 134 other.v4
    cmp out wanted
    cp p.v2 base.v3
    "$TOOL" create -q --force -o wanted p.v1 base.v3 p.v4
    succeeds replace --force -o out 134 base.v3
    prints "out: ok, v1, v3, v4" verify out
    "$TOOL" extract out v3 -o - | cmp - p.v2
}

@test "a build that the bundle has for another level shares its payload" {
    made 13
    "$TOOL" create -q -o wanted p.v1 p.v3 v4=p.v3
    succeeds add -o out 13 v4=p.v3
    cmp out wanted
}

@test "--in-place replaces the bundle when the new one is complete, and keeps its permissions" {
    made 13
    made 134
    chmod 0750 13
    succeeds add --in-place 13 p.v4
    cmp 13 134
    same 750 "$(stat -c %a 13)"
    succeeds remove --in-place 13 v4
    "$TOOL" create -q -o wanted p.v1 p.v3
    cmp 13 wanted
    echo text >text.v2
    before=$(sha256sum 13)
    refuses 1 "text.v2: not an ELF file" add --in-place 13 text.v2
    same "$before" "$(sha256sum 13)"
}

@test "what is not concerned is copied, not coded again" {
    made 134 --compress zstd:19
    objcopy -O binary --only-section=.fatelf.v3 134 before
    succeeds remove -o out 134 v4
    objcopy -O binary --only-section=.fatelf.v3 out after
    cmp before after
    succeeds add --force -o out out p.v2
    objcopy -O binary --only-section=.fatelf.v3 out after
    cmp before after
}

@test "a new build is coded against the base that the bundle has" {
    made 13 --base v1
    made 134 --base v1
    succeeds add -o out 13 p.v4
    cmp out 134
}

@test "metadata is that of the lowest variant" {
    need objcopy
    for level in 1 3; do
        printf '\4\0\0\0\50\0\0\0\176\32\376\312FDO\0{"name":"p","version":"1","note":"%d"}' "$level" >note
        truncate -s 56 note
        objcopy --add-section .note.package=note "p.v$level" "q.v$level"
    done
    "$TOOL" create -q -o both q.v1 q.v3
    "$TOOL" create -q -o high q.v3
    succeeds remove -o out both v1
    cmp out high
    succeeds add -q --force -o out high q.v1
    strings -a out >texts
    grep -q '"note":"1"' texts
}

@test "a copy of appended data is kept, and builds with other data are refused" {
    for level in 1 3 4; do
        echo "the data" >>"p.v$level"
    done
    made 13
    made 134
    succeeds add -o out 13 p.v4
    cmp out 134
    succeeds remove --force -o out 134 v4
    cmp out 13
    refuses 1 "p.v2: its appended data is not that of 13, which has one copy for all variants; append the same, or keep \
the copy as it is with --ignore-appended" add -o other 13 p.v2
    succeeds add --ignore-appended -o other 13 p.v2
    "$TOOL" verify -q other
}

@test "no level finds the appended data of another one in a bundle that was changed" {
    echo "the data" >>p.v1
    echo "the other" >>p.v3
    made 13 --ignore-appended
    made 134 --ignore-appended
    section 13 .fatelf.end offset >/dev/null
    succeeds add --ignore-appended -o out 13 p.v4
    cmp out 134
    made 24
    run -1 section 24 .fatelf.end offset
    succeeds add --ignore-appended --force -o out 24 p.v3
    section out .fatelf.end offset >/dev/null
    made 24 --compress none
    refuses 1 "p.v3: its appended data is not that of 24, whose variants are stored uncompressed: one level would find \
the data of another; make the bundle again with --compress zstd" add --ignore-appended -o other 24 p.v3
}

@test "builds of another program are refused" {
    one=$(find_program bash)
    other=$(find_program perl)
    if [ -z "$one" ] || [ -z "$other" ]; then skip "no bash, or no perl"; fi
    "$TOOL" create -q -o out v1="$one"
    tool add -o both out v4="$other"
    same 1 "$status"
    finds '^fatelf-amd64: out (v1) and .*: not builds of one program: ' <<<"$stderr"
    "$TOOL" add -q --allow-different -o both out v4="$other"
    "$TOOL" extract both v4 -o - | cmp - "$other"
}

@test "wrong levels, and a bundle with nothing left, are refused" {
    made 13
    refuses 1 "13: has a variant v3 already; 'fatelf-amd64 replace' replaces it" add -o out 13 p.v3
    refuses 1 "13: has no variant v4 to replace; 'fatelf-amd64 add' adds one" replace -o out 13 p.v4
    refuses 1 "13: has no variant v4; see 'fatelf-amd64 list'" remove -o out 13 v4
    refuses 1 "13: no variant would be left; a bundle has at least one" remove -o out 13 v1 v3
    refuses 1 "p.v2 and p.v4: both for v2" add -o out 13 p.v2 v2=p.v4
    refuses 2 "remove: 'v5' is not v1, v2, v3 or v4; see 'fatelf-amd64 remove --help'" remove -o out 13 v5
    for command in add replace remove; do
        refuses 2 "$command: give either -o FILE or --in-place; see 'fatelf-amd64 $command --help'" $command 13 p.v4
        refuses 2 "$command: give either -o FILE or --in-place; see 'fatelf-amd64 $command --help'" \
            $command --in-place -o out 13 p.v4
    done
    refuses 2 "add: give a bundle, and the builds; see 'fatelf-amd64 add --help'" add -o out 13
    refuses 1 "p.v1: not a fatelf-amd64 bundle, or its manifest was removed" add -o out p.v1 p.v2
    cp "$BUILD/fatelf-amd64-stub" stub
    refuses 1 "stub: is the launcher stub; name another output" add --force --stub stub -o stub 13 p.v4
    : >out
    refuses 1 "out: exists; --force replaces it" add -o out 13 p.v4
}

@test "a damaged bundle is not edited, and nothing is left" {
    made 134
    offset=$(section 134 .fatelf.v3 offset)
    poke 134 $((offset + 100)) XXXX
    mkdir folder
    for command in "add -o folder/out 134 p.v2" "remove -o folder/out 134 v4" "remove -o folder/out 134 v3"; do
        # shellcheck disable=SC2086 # words
        tool $command
        same 1 "$status"
        finds "damaged: a frame's checksum does not match" <<<"$stderr"
        empty folder
    done
}
