# SPDX-License-Identifier: MIT
# `join` makes bundles of all sets of builds in directories.
load ../lib/common
load ../lib/tool

# set_of PROGRAM LEVEL..: PROGRAM.vN for each level
set_of() {
    local program=$1
    shift
    mkdir -p "$(dirname "$program")"
    for level in "$@"; do
        cp "$FIXTURES/level.v$level" "$program.v$level"
    done
}

@test "join makes a bundle of every set, and removes the builds" {
    set_of dir/usr/bin/one 1 3
    set_of dir/usr/libexec/two 1 2 3 4
    "$TOOL" create -q -o one dir/usr/bin/one.v[13]
    succeeds join dir
    same "./usr/bin/one
./usr/libexec/two" "$(cd dir && find . -type f | sort)"
    cmp dir/usr/bin/one one
    prints "dir/usr/libexec/two: ok, v1, v2, v3, v4" verify dir/usr/libexec/two
}

@test "join passes create's options on" {
    set_of dir/one 1 3
    succeeds join --launch inplace --go-env dir
    finds ', launch inplace, honours GOAMD64 and MGODEBUG$' <<<"$("$TOOL" list dir/one)"
}

@test "join --keep removes nothing" {
    set_of dir/one 1 3
    succeeds join --keep dir
    same "one one.v1 one.v3" "$(ls -A dir | paste -sd ' ')"
}

@test "a set with one level is left alone, with a word" {
    set_of dir/one 3
    tool join dir
    same 0 "$status"
    same "fatelf-amd64: dir/one.v3: the only level of dir/one; left alone" "$stderr"
    same one.v3 "$(ls -A dir)"
    succeeds join -q dir
}

@test "join leaves other files alone: text, links, directories, other names" {
    set_of dir/one 1 3
    echo text >dir/notes.v1
    echo text >dir/notes.v2
    ln -s one.v1 dir/link.v1
    ln -s one.v3 dir/link.v3
    cp "$FIXTURES/level.v1" dir/.v1
    cp "$FIXTURES/level.v1" dir/other-v1
    cp "$FIXTURES/level.v1" dir/other.v5
    mkdir dir/one.v2
    set_of dir/one.v2/deep 1 4
    succeeds join dir
    same ".v1 link.v1 link.v3 notes.v1 notes.v2 one one.v2 other-v1 other.v5" "$(ls -A dir | LC_ALL=C sort | paste -sd ' ')"
    same deep "$(ls -A dir/one.v2)"
    prints "dir/one: ok, v1, v3" verify dir/one
}

@test "a directory without builds is no error" {
    mkdir empty
    succeeds join empty
    left=$(ls -A empty)
    [ -z "$left" ]
}

@test "the same directory can be named twice" {
    set_of dir/one 1 3
    succeeds join dir dir
    "$TOOL" verify -q dir/one
}

@test "if a set cannot be joined, its builds stay, and the others are joined" {
    set_of dir/a 1 3
    set_of dir/b 1 3
    set_of dir/c 1 3
    echo old >dir/b
    tool join dir
    same 1 "$status"
    same "fatelf-amd64: dir/b: exists; --force replaces it" "$stderr"
    same "a b b.v1 b.v3 c" "$(ls -A dir | paste -sd ' ')"
    same old "$(cat dir/b)"
    succeeds join --force dir
    same "a b c" "$(ls -A dir | paste -sd ' ')"
}

@test "wrong operands of join are refused" {
    set_of dir/one 1 3
    refuses 2 "join: no directory to look for builds in; see 'fatelf-amd64 join --help'" join
    refuses 1 "nowhere: No such file or directory" join nowhere
    refuses 1 "dir/one.v1: not a directory" join dir/one.v1
    refuses 2 "join: --base and --no-delta cannot be used together; see 'fatelf-amd64 join --help'" \
        join --base v1 --no-delta dir
}
