# SPDX-License-Identifier: MIT
# Profilers and memory checkers on bundles that start in place: the recipes of the manual, fatelf-amd64(7).
load ../lib/common
load ../lib/elf
load ../lib/traced
load ../lib/tracing

setup_file() {
    make_traced
}

setup() {
    start_traced_test
}

# list_symbols PROFILE: " FILE-OF-THE-CODE SYMBOL", the most frequent first
list_symbols() {
    perf report -i "$1" --stdio --no-children -s dso,symbol 2>/dev/null | grep -v '^#' | grep '%' |
        awk '{ $1 = ""; print }'
}

@test "perf names the functions of a build that was extracted, and of a bundle that starts from a memfd" {
    need_perf
    "$TOOL" extract -o build.v1 pie v1
    perf record -q -o native -e cpu-clock ./build.v1 busy >out
    list_symbols native >said
    head -n 1 said | finds 'build\.v1 .* busy'
    perf record --buildid-mmap -o /dev/null true >/dev/null 2>&1 || skip "this perf does not know --buildid-mmap"
    FATELF_AMD64_LAUNCH=memfd perf record --buildid-mmap -q -o memory -e cpu-clock ./pie busy >out
    perf buildid-cache --add build.v1
    list_symbols memory >said
    cat said
    head -n 1 said | finds 'memfd:pie\.v1.* busy'
}

@test "perf attributes the time to a bundle that starts in place" {
    need_perf
    perf record -q -o place -e cpu-clock ./pie busy >out
    list_symbols place >said
    cat said
    head -n 1 said | finds '^ pie '
}

# add_symbols BUNDLE BUILD: BUNDLE.symbols, a copy of BUNDLE with symbols for the functions of BUILD, its variant v1
add_symbols() {
    local address offset
    address=$(section "$2" .text address)
    offset=$(section "$2" .text offset)
    objcopy --change-addresses=$((offset - address)) "$2" shifted
    nm --defined-only shifted |
        sed -nE 's/^([0-9a-f]+) [tT] (.*)/--add-symbol \2=.fatelf.v1:0x\1,function,global/p' >symbols
    objcopy @symbols "$1" "$1.symbols"
}

@test "perf names the functions of a program that starts in place if symbols are added to the bundle" {
    need_perf
    need objcopy nm readelf
    local program
    for program in pie fixed; do
        add_symbols $program $program.v1
        "$TOOL" verify -q $program.symbols
        FATELF_AMD64_DEBUG=log perf record -q -o place -e cpu-clock ./$program.symbols busy >out 2>err
        grep -q ' by inplace, ' err
        list_symbols place >said
        cat said
        head -n 1 said | finds -E "^ $program\.symbols .* busy( |\$)"
    done
}

# --- memory -----------------------------------------------------------------------------------------------------------

@test "valgrind runs a program that starts in place, and finds its errors" {
    need valgrind
    skip_unless "valgrind does not run here" valgrind -q true
    local bundle
    for bundle in pie fixed pie.decoded; do
        valgrind ./$bundle >out 2>err
        [ "$(cat out)" = 2 ]
        grep -q 'ERROR SUMMARY: 0 errors' err || fail "$bundle"
        valgrind ./$bundle overrun >out 2>err
        cat err
        grep -q 'Invalid write of size 1' err
        grep -q '0 bytes after a block of size 10' err
    done
}

@test "a program with AddressSanitizer starts in place, and finds its errors" {
    "${CC:-cc}" -g -fsanitize=address -o asan.v1 traced.c 2>/dev/null || skip "this compiler has no AddressSanitizer"
    ./asan.v1 >/dev/null || skip "AddressSanitizer does not run here"
    local compress
    for compress in none zstd; do
        "$TOOL" create -q --force --launch inplace --compress $compress -o asan asan.v1
        FATELF_AMD64_DEBUG=log ./asan >out 2>err
        [ "$(cat out)" = 2 ]
        grep -q ' by inplace, ' err
        run ! ./asan overrun
        [[ $output == *"heap-buffer-overflow"* ]]
        # the addresses it prints are those of the build
        [[ $output =~ asan\+(0x[0-9a-f]+)\) ]]
        if command -v addr2line >/dev/null; then
            [[ $(addr2line -f -e asan.v1 "${BASH_REMATCH[1]}") == main* ]]
        fi
    done
}
