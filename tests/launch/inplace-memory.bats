# SPDX-License-Identifier: MIT
# How much memory a start in place needs: found out by limits.
load ../lib/common
load ../lib/surroundings

# least LIMIT COMMAND..: the least value, in KiB and within 16 KiB, of this limit of prlimit under which COMMAND prints
# "it runs"
least() {
    local limit=$1 low=0 high=$((4 << 20)) middle
    shift
    while ((high - low > 16)); do
        middle=$(((low + high) / 2))
        if prlimit "--$limit=$((middle << 10))" "$@" >least.out 2>&1 && [ "$(cat least.out)" = 'it runs' ]; then
            high=$middle
        else
            low=$middle
        fi
    done
    [ "$high" != $((4 << 20)) ] || return 1 # no limit at all was enough
    echo "$high"
}

@test "with a limit on the address space, a start in place needs at most the bundle's size more than natively" {
    local large native bundle size kind limit arguments=(-S -E -c 'print("it runs")')
    large=$(find_program python3)
    [ -n "$large" ] || skip "python3 is not installed"
    cp "$large" large
    make_bundles large
    native=$(least as "$large" "${arguments[@]}")
    for kind in stored decoded memfd; do
        bundle=$(least as "./large.$kind" "${arguments[@]}")
        size=$(stat -L -c %s "large.$kind")
        size=$((size >> 10))
        echo "# least address space: natively $native KiB, $kind $bundle KiB; its file has $size KiB" >&3
        [ "$kind" != stored ] || ((bundle <= native + size + 64))
        # below that, the launcher or the kernel refuses the start, or the program itself reports what is missing
        for limit in $((native / 4)) $((native / 2)) $((bundle - 64)) $((bundle - 512)); do
            capture prlimit "--as=$((limit << 10))" "./large.$kind" "${arguments[@]}"
            [ "$status" != 0 ] || [ "$(cat out)" = 'it runs' ]
            [ "$status" != 126 ] || grep -q '^fatelf-amd64: \./large\.' err
        done
    done
}

@test "with a limit on the data segment, a start in place needs no more than natively" {
    local native bundle kind arguments=(-c 'echo it runs')
    # bash, because Python may fail with more and run with less
    cp "$BASH" large
    make_bundles large
    native=$(least data "$BASH" "${arguments[@]}")
    for kind in stored decoded memfd; do
        bundle=$(least data "./large.$kind" "${arguments[@]}")
        echo "# least data: natively $native KiB, $kind $bundle KiB" >&3
    done
    FATELF_AMD64_DEBUG=log capture prlimit "--data=$(((native + 32) << 10))" ./large.stored "${arguments[@]}"
    [ "$(cat out)" = 'it runs' ] || fail "status $status"
    grep -q ' by inplace, ' err
}
