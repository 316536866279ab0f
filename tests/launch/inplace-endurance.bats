# SPDX-License-Identifier: MIT
# Hundreds of starts in place never fail, and leave nothing behind.
load ../lib/common

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    # names that no other process has
    "$TOOL" create -q --launch inplace -o endures.stored "$FIXTURES"/level.v[1-4]
    "$TOOL" create -q --launch inplace --compress zstd -o endures.decoded "$FIXTURES"/level.v[1-4]
}

setup() {
    start_test
    ln -s "$BATS_FILE_TMPDIR"/* .
    mkdir tmp
    export TMPDIR=$PWD/tmp
    list_left >before
}

# list_left: everything that a start could leave on this machine: files, shared memory, processes and their open files
list_left() {
    local folder process
    for folder in "$TMPDIR" /dev/shm /tmp /var/tmp; do
        find "$folder" -maxdepth 1 \( -name 'fatelf*' -o -name '.fatelf*' -o -name '*endures*' \) 2>/dev/null || true
    done
    awk 'NR > 1 { print "shared memory", $2 }' /proc/sysvipc/shm 2>/dev/null || true
    for process in /proc/[0-9]*; do
        readlink "$process/exe" "$process"/fd/* 2>/dev/null | grep -E "memfd:endures|endures\.(stored|decoded)" || true
    done
}

nothing_left() {
    list_left | diff before -
}

@test "1000 starts in a row all succeed and leave nothing" {
    local bundle number level
    level=$(machine_level)
    for bundle in stored decoded; do
        for number in {1..500}; do
            "./endures.$bundle" "$number" "$bundle"
        done
    done >out 2>err
    [ ! -s err ]
    for bundle in stored decoded; do seq -f "v$level %g $bundle" 500; done | diff out -
    nothing_left
}

@test "200 starts at once all succeed and leave nothing" {
    local bundle number level processes failed=0
    level=$(machine_level)
    for bundle in stored decoded; do
        processes=()
        mkdir "$bundle"
        for number in {1..200}; do
            "./endures.$bundle" "$number" >"$bundle/$number" 2>&1 &
            processes+=($!)
        done
        for number in "${processes[@]}"; do
            wait "$number" || failed=$((failed + 1))
        done
        [ "$failed" = 0 ]
        seq -f "v$level %g" 200 >wanted
        sort -k 2n "$bundle"/* | diff - wanted
    done
    nothing_left
}

@test "a process that is killed while it starts leaves nothing" {
    local process _
    for _ in {1..100}; do
        "./endures.decoded" >/dev/null 2>&1 &
        process=$!
        kill -KILL "$process" 2>/dev/null || true
        wait "$process" || true
    done
    nothing_left
}
