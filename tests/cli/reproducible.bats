# SPDX-License-Identifier: MIT
# The same builds and options give the same bytes.
load ../lib/common
load ../lib/tool
load ../lib/elf

setup_file() {
    # three small builds, and a real program of several frames
    cp "$FIXTURES"/level.v[1-3] "$BATS_FILE_TMPDIR"
    head -c 3M /dev/urandom | enlarge "$BASH" "$BATS_FILE_TMPDIR/level.v4"
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/usual" "$BATS_FILE_TMPDIR"/level.v[1-4]
}

# out_is_usual: `out` has the bytes and permissions of the bundle that setup_file made
out_is_usual() {
    cmp out "$BATS_FILE_TMPDIR/usual"
    same "$(stat -c %a "$BATS_FILE_TMPDIR/usual")" "$(stat -c %a out)"
    rm out
}

@test "a second run gives the same bytes" {
    "$TOOL" create -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    out_is_usual
}

@test "the number of threads makes no difference" {
    for jobs in 1 2 3 7 64; do
        "$TOOL" create -o out -j "$jobs" "$BATS_FILE_TMPDIR"/level.v[1-4]
        out_is_usual
    done
}

@test "the allowed processors make no difference" {
    need taskset
    taskset -c "$(some_processor)" "$TOOL" create -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    out_is_usual
}

@test "the order of the builds on the command line makes no difference" {
    for order in "4 3 2 1" "2 4 1 3" "3 1 4 2"; do
        builds=()
        for level in $order; do
            builds+=("$BATS_FILE_TMPDIR/level.v$level")
        done
        "$TOOL" create -o out "${builds[@]}"
        out_is_usual
    done
}

@test "the builds' names, and where their levels come from, make no difference" {
    cp "$BATS_FILE_TMPDIR/level.v1" first
    mkdir deep
    cp "$BATS_FILE_TMPDIR/level.v2" deep/second-x86-64-v2
    ln -s "$BATS_FILE_TMPDIR/level.v3" third
    cp "$BATS_FILE_TMPDIR/level.v4" fourth_v4
    "$TOOL" create -o out v1=first deep/second-x86-64-v2 x86-64-v3=third fourth_v4
    out_is_usual
}

@test "the working folder and relative paths make no difference" {
    cp "$BATS_FILE_TMPDIR"/level.v[1-4] .
    "$TOOL" create -o out level.v[1-4]
    out_is_usual
    mkdir -p a/b
    (cd a/b && "$TOOL" create -o ../../out ../../level.v1 ./../../level.v2 "$OLDPWD"/level.v3 ../../level.v4)
    out_is_usual
}

@test "the output's name and the tool's make no difference" {
    "$TOOL" create -o another-name "$BATS_FILE_TMPDIR"/level.v[1-4]
    mv another-name out
    out_is_usual
    ln -s "$TOOL" tool
    ./tool create -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    out_is_usual
}

@test "the umask makes no difference" {
    for mask in 000 027 077; do
        (umask "$mask" && exec "$TOOL" create -o out "$BATS_FILE_TMPDIR"/level.v[1-4])
        out_is_usual
    done
}

@test "the builds' times and the clock make no difference" {
    cp "$BATS_FILE_TMPDIR"/level.v[1-4] .
    touch -d '1999-12-31 23:59:59' level.v1
    touch -d '2037-01-01' level.v2
    touch -d '@1' level.v3
    "$TOOL" create -o out level.v[1-4]
    out_is_usual
}

@test "the environment makes no difference: language, time zone, home, GOAMD64" {
    env -i LC_ALL=tr_TR.UTF-8 TZ=Asia/Tokyo HOME=/nonexistent GOAMD64=v1 FATELF_AMD64=v1 COLUMNS=20 \
        "$TOOL" create -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    out_is_usual
}

@test "-q, -v and --force make no difference" {
    "$TOOL" create -q -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    out_is_usual
    "$TOOL" create -v -o out "$BATS_FILE_TMPDIR"/level.v[1-4] 2>said
    out_is_usual
    echo old >out
    "$TOOL" create --force -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    out_is_usual
}

@test "bundles of stored builds and of other zstd levels are reproducible too" {
    for how in none zstd:1 zstd:19; do
        "$TOOL" create -o one -j 1 --compress "$how" "$BATS_FILE_TMPDIR"/level.v[1-4]
        "$TOOL" create -o two -j 5 --compress "$how" "$BATS_FILE_TMPDIR"/level.v[4321]
        cmp one two
        rm one two
    done
}

@test "a build that differs in one byte gives another bundle and another build-id" {
    cp "$BATS_FILE_TMPDIR/level.v4" level.v4
    size=$(stat -c %s level.v4)
    flip level.v4 $((size - 1)) 1
    "$TOOL" create -o out "$BATS_FILE_TMPDIR"/level.v[1-3] level.v4
    run -1 cmp -s out "$BATS_FILE_TMPDIR/usual"
    one=$(build_id out)
    two=$(build_id "$BATS_FILE_TMPDIR/usual")
    [ ${#one} = 40 ]
    [ ${#two} = 40 ]
    [ "$one" != "$two" ]
}
