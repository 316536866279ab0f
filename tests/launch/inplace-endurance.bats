# SPDX-License-Identifier: MIT
# Started over and over, a bundle never fails, and nothing is left of it but its output.
load ../lib/common

setup_file() {
    cd "$BATS_FILE_TMPDIR"
    # a name of its own, to look for among all processes
    "$TOOL" create -q --launch inplace -o endures.stored "$FIXTURES"/level.v[1-4]
    "$TOOL" create -q --launch inplace --compress zstd -o endures.decoded "$FIXTURES"/level.v[1-4]
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset FATELF_AMD64 FATELF_AMD64_LAUNCH FATELF_AMD64_DEBUG GOAMD64 MGODEBUG
    ln -s "$BATS_FILE_TMPDIR"/* .
    mkdir tmp
    export TMPDIR=$PWD/tmp
    left >before
}

# All that a start could leave on this machine: files, shared memory, processes and what they hold.
left() {
    local folder process
    for folder in "$TMPDIR" /dev/shm /tmp /var/tmp; do
        ls -A "$folder" 2>/dev/null | grep -E '^\.?fatelf|endures' || true
    done
    awk 'NR > 1 { print $2 }' /proc/sysvipc/shm 2>/dev/null || true
    for process in /proc/[0-9]*; do
        readlink "$process/exe" "$process"/fd/* 2>/dev/null | grep -E "memfd:endures|endures\.(stored|decoded)" || true
    done
}

nothing_left() {
    left | diff before -
}

@test "1000 starts in a row all succeed and leave nothing" {
    local bundle number
    for bundle in stored decoded; do
        for number in {1..500}; do
            "./endures.$bundle" "$number" "$bundle"
        done
    done >out 2>err
    [ ! -s err ]
    diff out <(for bundle in stored decoded; do seq -f "v$(machine_level) %g $bundle" 500; done)
    nothing_left
}

@test "200 starts at once all succeed and leave nothing" {
    local bundle number processes failed=0
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
        sort -k 2n "$bundle"/* | diff - <(seq -f "v$(machine_level) %g" 200)
    done
    nothing_left
}

@test "one that is killed while it starts leaves nothing" {
    local number process
    for number in {1..100}; do
        "./endures.decoded" >/dev/null 2>&1 &
        process=$!
        kill -KILL "$process" 2>/dev/null || true
        wait "$process" || true
    done
    nothing_left
}
