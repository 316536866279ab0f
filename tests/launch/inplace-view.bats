# SPDX-License-Identifier: MIT
# A program that is started in place sees the process that it would see if the kernel had started it: mappings, stack,
# auxiliary vector, /proc.
load ../lib/common
load ../lib/inplace
load ../lib/self

setup_file() {
    make_self_kinds "${PROGRAMS[@]}"
    make_kinds "$FIXTURES/probe"
}

setup() {
    start_test
    KINDS=$BATS_FILE_TMPDIR
}

@test "mappings, heap, auxiliary vector, /proc and thread state are as after the kernel's exec" {
    local program
    for program in "${PROGRAMS[@]}"; do
        compare_view "$program" one 'two words'
        grep -Fxq '/proc/self/exe: is the file that was started: 1' stored.out
        grep -Fxq "/proc/self/comm:  $program~" stored.out
        grep -q '^auxv: [0-9]* bytes, in /proc the same: 1$' stored.out
    done
}

@test "the comparison detects a start from a memfd" {
    local LAUNCH=
    run_kind native pie
    LAUNCH=memfd
    run_kind stored pie
    not_started_in_place stored
    run ! started_in_place stored
    differences stored
    grep -Fxq '> /proc/self/exe: is the file that was started: 0' differ
    grep -q '^> auxv [0-9]*, type 31: /dev/fd/' differ
}

@test "without address randomisation the program sees the same, and the same addresses" {
    need setarch
    local program kind fields LAUNCH
    skip_unless "addresses cannot be fixed here" setarch -R true
    PREFIX=(setarch -R)
    for program in "${PROGRAMS[@]}"; do
        compare_view "$program" one 'two words'
        for kind in stored zstd; do
            LAUNCH=$([ "$kind" = stored ] || echo inplace)
            run_kind native "$program" bases
            run_kind "$kind" "$program" bases
            # program, break, loader, stack, end of the program. The launcher occupies the place where files are mapped:
            # the loader, and a static PIE, get another one.
            [ -s native.out ]
            fields=1,2,4,5
            [ "$program" != static-pie ] || fields=2,4
            cut -d' ' -f "$fields" native.out >native.bases
            cut -d' ' -f "$fields" "$kind.out" | diff native.bases -
        done
    done
    run_kind stored pie bases
    [[ $(cat stored.out) = '555555554000 '* ]]
}

@test "with an unlimited stack, when memory is laid out bottom-up, the program sees the same" {
    ulimit -s unlimited || skip "the hard limit of the stack is too low"
    local program
    for program in "${PROGRAMS[@]}"; do
        compare_view "$program"
    done
}

@test "in the older layout of memory the program sees the same" {
    need setarch
    skip_unless "the older layout cannot be chosen here" setarch -L true
    PREFIX=(setarch -L)
    compare_view pie
    compare_view static-pie
}

@test "with as little stack, data and address space as the program needs, it sees the same" {
    local program
    for program in pie exec static; do
        PREFIX=(bash -c 'ulimit -s 128 && ulimit -d 4096 && ulimit -v 32768 && exec "$@"' limited)
        compare_view "$program"
        # the bundle itself needs few pages
        PREFIX=(bash -c 'ulimit -v 8192 && exec "$@"' limited)
        compare_view "$program"
    done
}

# Two builds of several frames, of which one is coded against the other.
@test "several threads that decode leave nothing behind, with and without delta coding" {
    need taskset
    local level processor LAUNCH=inplace
    processor=$(some_processor)
    cat >padding.S <<'END'
        .section .rodata
        .globl  padding
padding: .incbin "padding"
        .section .note.GNU-stack, "", @progbits
END
    cat "$TOOL" "$TOOL" "$TOOL" "$BASH" "$(command -v gcc)" >padding
    truncate -s 5000000 padding
    mkdir native zstd
    KINDS=.
    for level in 1 2; do
        "${COMPILE[@]}" "-DLEVEL=$level" -o "big.v$level" "$SOURCES/self.c" padding.S -Wl,-u,padding
    done
    strip -o big.v2 big.v1 # other bytes
    "$TOOL" create -q -o zstd/big big.v1 big.v2
    "$TOOL" list zstd/big | finds '^v1 *zstd-delta *v2 '
    for level in 1 2; do
        cp -f "big.v$level" native/big
        for PREFIX in "env FATELF_AMD64=v$level!" "env FATELF_AMD64=v$level! taskset -c $processor"; do
            # shellcheck disable=SC2206 # words on purpose
            PREFIX=($PREFIX)
            run_kind native big
            run_kind zstd big
            started_in_place zstd
            no_differences zstd
        done
    done
    grep -q '^status Threads:.1$' zstd.out
}

@test "the dynamic loader honours its variables: libraries to load, binding, its own reports" {
    local kind
    echo 'int getpid(void) { return 4711; }' | gcc -shared -fPIC -o preloaded.so -x c -
    PREFIX=(env LD_PRELOAD="$PWD/preloaded.so" LD_BIND_NOW=1)
    compare_kinds probe pid
    grep -Fxq 4711 stored.out
    for kind in native stored zstd; do
        PREFIX=(env LD_TRACE_LOADED_OBJECTS=1)
        run_kind "$kind" probe
        sed -i 's/ (0x[0-9a-f]*)$//' "$kind.out"
        mv "$kind.out" "$kind.traced"
        PREFIX=(env LD_SHOW_AUXV=1)
        run_kind "$kind" probe exe
        sed -i 's/0x[0-9a-f]\{6,\}/address/' "$kind.out"
        diff native.traced "$kind.traced"
        diff native.out "$kind.out"
    done
    grep -q 'libc\.so' stored.traced
    grep -q '^AT_ENTRY: *address$' stored.out
}

# This launcher allocates memory, and registers more with the kernel.
@test "the launcher that is linked with the system's C library leaves only its heap behind" {
    local stub=$BUILD/stub-system/fatelf-amd64-stub program
    STORED_MAY_DIFFER+=('bytes without a file or a name:') ZSTD_MAY_DIFFER+=('bytes without a file or a name:')
    CREATE=(--stub "$stub")
    KINDS=.
    for program in pie static-pie; do
        make_kinds "$BATS_FILE_TMPDIR/native/$program"
        compare_view "$program" one 'two words'
    done
}

# spread LEAST COLUMN: in 20 lines of `self bases` this column has at least 19 different values, and the largest and the
# smallest differ by at least LEAST. Column 5: the distance of the heap from the end of the program.
spread() {
    python3 -c '
import sys
least, column = int(sys.argv[1], 0), int(sys.argv[2])
rows = [[int(word, 16) for word in line.split()] for line in sys.stdin]
values = [row[1] - row[4] if column == 5 else row[column] for row in rows]
assert len(values) == 20 and len(set(values)) >= 19, values
assert max(values) - min(values) >= least, values
assert all(value % 4096 == 0 for value in values) or column == 3, values' "$@"
}

# run_many KIND NAME: the output of 20 runs of `NAME bases`, in the file KIND-NAME
run_many() {
    local _
    ln -f "$KINDS/$1/$2" .
    for _ in {1..20}; do
        FATELF_AMD64_LAUNCH=$([ "$1" != zstd ] || echo inplace) "./$2" bases
    done >"$1-$2"
}

@test "the addresses of program, heap, loader and stack are as random as after the kernel's exec" {
    need python3
    [ "$(cat /proc/sys/kernel/randomize_va_space)" = 2 ] || skip "this system does not randomise all addresses"
    # the kernel may have started this test with the same option off
    [ $((0x$(cat /proc/self/personality) & 0x40000)) = 0 ] || skip "addresses are not randomised for this process"
    local kind
    # the program is somewhere in 2^28 pages, the heap's distance from it is below 2^30 bytes, the stack's range is 2^34
    for kind in native stored zstd; do
        run_many $kind pie
        spread 0x1000000000 0 <$kind-pie
        spread 0x4000000 5 <$kind-pie
        spread 0x1000000000 2 <$kind-pie
        spread 0x40000000 3 <$kind-pie
        run_many $kind static-pie
        spread 0x1000000000 0 <$kind-static-pie
        spread 0x1000000 1 <$kind-static-pie
    done
    run_many stored exec
    spread 0x1000000 1 <stored-exec
    spread 0x1000000000 2 <stored-exec
}

@test "the stack grows to its limit and no further" {
    local program
    for program in pie static-pie; do
        PREFIX=(bash -c 'ulimit -S -c 0 && ulimit -S -s 8192 && exec "$@"' limited)
        compare_kinds "$program" depth $((7 << 20))
        compare_kinds "$program" depth 8000000
        grep -Fxq 'depth 1' stored.out
        compare_kinds "$program" depth 8500000
        [ "$(cat stored.status)" = 139 ]
        PREFIX=(bash -c 'ulimit -S -c 0 && ulimit -S -s 200 && exec "$@"' limited)
        compare_kinds "$program" depth 150000
        grep -Fxq 'depth 1' stored.out
        compare_kinds "$program" depth 300000
        [ "$(cat stored.status)" = 139 ]
        PREFIX=(bash -c 'ulimit -S -s unlimited && exec "$@"' limited)
        compare_kinds "$program" depth 100000000
        grep -Fxq 'depth 1' stored.out
    done
}
