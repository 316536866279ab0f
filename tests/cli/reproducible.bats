# SPDX-License-Identifier: MIT
# The same builds and options give the same bytes.
load ../common
load helper

setup_file() {
    load ../common
    # a real program of several frames beside the small ones
    cp "$FIXTURES"/level.v[1-3] "$BATS_FILE_TMPDIR"
    cat "$BASH" >"$BATS_FILE_TMPDIR/level.v4"
    head -c 3M /dev/urandom >>"$BATS_FILE_TMPDIR/level.v4"
    chmod 0755 "$BATS_FILE_TMPDIR/level.v4"
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/usual" "$BATS_FILE_TMPDIR"/level.v[1-4]
}

usual() {
    cmp out "$BATS_FILE_TMPDIR/usual"
    same "$(stat -c %a "$BATS_FILE_TMPDIR/usual")" "$(stat -c %a out)"
    rm out
}

@test "a second run gives the same bytes" {
    "$TOOL" create -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    usual
}

@test "the number of threads does not show" {
    for jobs in 1 2 3 7 64; do
        "$TOOL" create -o out -j "$jobs" "$BATS_FILE_TMPDIR"/level.v[1-4]
        usual
    done
}

@test "the processors one may run on do not show" {
    need taskset
    taskset -c "$(taskset -cp $$ | sed 's/.*: \([0-9]*\).*/\1/')" \
        "$TOOL" create -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    usual
}

@test "the order of the builds on the command line does not show" {
    for order in "4 3 2 1" "2 4 1 3" "3 1 4 2"; do
        builds=()
        for level in $order; do
            builds+=("$BATS_FILE_TMPDIR/level.v$level")
        done
        "$TOOL" create -o out "${builds[@]}"
        usual
    done
}

@test "the builds' names, and how their levels were told, do not show" {
    cp "$BATS_FILE_TMPDIR/level.v1" first
    mkdir deep
    cp "$BATS_FILE_TMPDIR/level.v2" deep/second-x86-64-v2
    ln -s "$BATS_FILE_TMPDIR/level.v3" third
    cp "$BATS_FILE_TMPDIR/level.v4" fourth_v4
    "$TOOL" create -o out v1=first deep/second-x86-64-v2 x86-64-v3=third fourth_v4
    usual
}

@test "the working folder and relative paths do not show" {
    cp "$BATS_FILE_TMPDIR"/level.v[1-4] .
    "$TOOL" create -o out level.v[1-4]
    usual
    mkdir -p a/b
    (cd a/b && "$TOOL" create -o ../../out ../../level.v1 ./../../level.v2 "$OLDPWD"/level.v3 ../../level.v4)
    usual
}

@test "the output's name does not show, nor how the tool is called" {
    "$TOOL" create -o another-name "$BATS_FILE_TMPDIR"/level.v[1-4]
    mv another-name out
    usual
    ln -s "$TOOL" tool
    ./tool create -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    usual
}

@test "the umask does not show" {
    for mask in 000 027 077; do
        (umask "$mask" && exec "$TOOL" create -o out "$BATS_FILE_TMPDIR"/level.v[1-4])
        usual
    done
}

@test "the builds' times and the clock do not show" {
    cp "$BATS_FILE_TMPDIR"/level.v[1-4] .
    touch -d '1999-12-31 23:59:59' level.v1
    touch -d '2037-01-01' level.v2
    touch -d '@1' level.v3
    "$TOOL" create -o out level.v[1-4]
    usual
}

@test "the environment does not show: language, time zone, home, GOAMD64" {
    env -i LC_ALL=tr_TR.UTF-8 TZ=Asia/Tokyo HOME=/nonexistent GOAMD64=v1 FATELF_AMD64=v1 COLUMNS=20 \
        "$TOOL" create -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    usual
}

@test "-q, -v and --force do not show" {
    "$TOOL" create -q -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    usual
    "$TOOL" create -v -o out "$BATS_FILE_TMPDIR"/level.v[1-4] 2>said
    usual
    echo old >out
    "$TOOL" create --force -o out "$BATS_FILE_TMPDIR"/level.v[1-4]
    usual
}

@test "stored builds and other zstd levels are reproducible too" {
    for how in none zstd:1 zstd:19; do
        "$TOOL" create -o one -j 1 --compress "$how" "$BATS_FILE_TMPDIR"/level.v[1-4]
        "$TOOL" create -o two -j 5 --compress "$how" "$BATS_FILE_TMPDIR"/level.v[4321]
        cmp one two
        rm one two
    done
}

@test "a build that differs in one byte gives another bundle and another build-id" {
    cp "$BATS_FILE_TMPDIR/level.v4" level.v4
    poke level.v4 $(($(stat -c %s level.v4) - 1)) '\1'
    cmp -s level.v4 "$BATS_FILE_TMPDIR/level.v4" && poke level.v4 $(($(stat -c %s level.v4) - 1)) '\2'
    "$TOOL" create -o out "$BATS_FILE_TMPDIR"/level.v[1-3] level.v4
    one=$(readelf -n out | sed -n 's/.*Build ID: //p')
    two=$(readelf -n "$BATS_FILE_TMPDIR/usual" | sed -n 's/.*Build ID: //p')
    [ ${#one} = 40 ]
    [ "$one" != "$two" ]
}
