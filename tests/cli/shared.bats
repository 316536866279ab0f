# SPDX-License-Identifier: MIT
# A build that is identical for several levels is stored once.
load ../lib/common
load ../lib/tool

@test "a build given for several levels is stored once, at the lowest" {
    need python3
    cp "$FIXTURES/level.v1" a
    cp "$FIXTURES/level.v2" b
    "$TOOL" create -o out v1=a v2=b v3=a v4=a
    "$TOOL" create -o two v1=a v2=b
    [ "$(readelf -SW out | grep -c '\.fatelf\.v')" = 2 ]
    # the manifest has two more variants, for which it may need another page, and the payloads are the same
    size=$(stat -c %s out)
    two=$(stat -c %s two)
    [ "$size" -le $((two + 4096)) ]
    "$TOOL" list out | awk '$1 ~ /^v[1-4]$/ { print $1, $2 == "=" ? "= " $3 : $2 }' >list
    diff - list <<<$'v1 zstd\nv2 zstd\nv3 = v1\nv4 = v1'
    same "[None, None, 'v1', 'v1']" "$("$TOOL" list --json out | json '[v["same_as"] for v in d["variants"]]')"
}

@test "every level of a shared build can be extracted and runs" {
    local how level
    cp "$FIXTURES/level.v1" a
    cp "$FIXTURES/level.v2" b
    for how in zstd none; do
        "$TOOL" create -q --force --compress "$how" -o out v1=a v2=b v3=b v4=a
        "$TOOL" verify out
        for level in 1 2 3 4; do
            "$TOOL" extract --force -o x out "v$level"
            case $level in
            1 | 4) cmp x a ;;
            *) cmp x b ;;
            esac
        done
        [ "$(FATELF_AMD64=v1 ./out)" = v1 ]
        [ "$(FATELF_AMD64=v3! ./out)" = v2 ]
        [ "$(FATELF_AMD64=v4! ./out)" = v1 ]
    done
}

@test "builds of the same size that differ are both stored" {
    same "$(stat -c %s "$FIXTURES/level.v1")" "$(stat -c %s "$FIXTURES/level.v2")"
    "$TOOL" create -o out "$FIXTURES/level.v1" "$FIXTURES/level.v2"
    [ "$(readelf -SW out | grep -c '\.fatelf\.v')" = 2 ]
}
