# SPDX-License-Identifier: MIT
# Debuggers, tracers and profilers on bundles that start in place: the recipes of the manual, fatelf-amd64(7).
load ../lib/common

# Two programs with debug information, at a random and at a fixed address. `PROGRAM wait` reads its input in inner().
setup_file() {
    cd "$BATS_FILE_TMPDIR"
    cat >prog.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile unsigned sum;

__attribute__((noinline)) void inner(int wait)
{
    char byte;

    if (!wait)
        return;
    printf("ready\n");
    fflush(stdout);
    sum += read(0, &byte, 1) < 0;
}

__attribute__((noinline)) void outer(int wait)
{
    inner(wait);
    sum += 2;
}

__attribute__((noinline)) void busy(unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        sum += i * i;
}

int main(int argc, char **argv)
{
    volatile char *bytes = malloc(10);

    outer(argc > 1 && strcmp(argv[1], "wait") == 0);
    if (argc > 1 && strcmp(argv[1], "busy") == 0)
        busy(30000000);
    if (argc > 1 && strcmp(argv[1], "overrun") == 0)
        bytes[10] = 1;
    printf("%u\n", sum & 2);
    free((void *)bytes);
    return 0;
}
END
    local program
    "${CC:-cc}" -g -O1 -fno-omit-frame-pointer -fPIE -pie -o pie.v1 prog.c
    "${CC:-cc}" -g -O1 -fno-omit-frame-pointer -fno-pie -no-pie -o fixed.v1 prog.c
    for program in pie fixed; do
        "$TOOL" create -q --launch inplace -o $program $program.v1
        "$TOOL" create -q --launch inplace --compress zstd -o $program.decoded $program.v1
    done
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset FATELF_AMD64 FATELF_AMD64_LAUNCH FATELF_AMD64_DEBUG GOAMD64 MGODEBUG DEBUGINFOD_URLS
    export LC_ALL=C HOME=$BATS_TEST_TMPDIR # perf keeps its build-ids there
    ln -s "$BATS_FILE_TMPDIR"/* .
    PROCESS=
}

teardown() {
    [ -z "$PROCESS" ] || kill -KILL "$PROCESS" 2>/dev/null || true
}

# waiting COMMAND..: starts it, with the argument wait, and returns when it waits, as $PROCESS
waiting() {
    local line
    rm -f in out
    mkfifo in out
    "$@" wait <in >out &
    PROCESS=$!
    exec 6>in 7<out
    read -r line <&7
    [ "$line" = ready ]
    until grep -q ') S ' "/proc/$PROCESS/stat"; do
        kill -0 "$PROCESS"
    done
}

# It reads the end of its input, and ends well.
finished() {
    exec 6>&-
    cat <&7 >/dev/null
    exec 7<&-
    wait "$PROCESS"
    PROCESS=
}

need_gdb() {
    need gdb
    [[ $(gdb -nx -q -batch -ex run "$(type -P true)" 2>&1) == *"exited normally"* ]] || skip "gdb may not trace here"
}

# debug ARGUMENT..: gdb's output is in ./said
debug() {
    gdb -nx -q -batch "$@" >said 2>&1 </dev/null
    cat said
}

# A backtrace through the program, with its source, is in ./said.
backtrace() {
    grep -Eq '^#[0-9]+ .* inner \(wait=.*\) at .*prog\.c:16$' said
    grep -Eq '^#[0-9]+ .* outer \(wait=.*\) at .*prog\.c:21$' said
    grep -Eq '^#[0-9]+ .* main \(argc=2.*|^#[0-9]+ .* main \(argc=<optimized out>.*' said
}

@test "gdb that is attached to a bundle's process knows the program when it is given its build" {
    need_gdb
    local program bundle
    for program in pie fixed; do
        "$TOOL" extract -o build.v1 $program v1
        for bundle in $program $program.decoded; do
            waiting ./$bundle
            debug -iex 'set exec-file-mismatch off' build.v1 -p "$PROCESS" -ex bt
            backtrace || { echo "$bundle"; false; }
            grep -q ' read (\| __GI___libc_read (' said
            finished
        done
        rm build.v1
    done
}

@test "gdb and eu-stack read a core file with the program's build" {
    need_gdb
    local program bundle
    for program in pie fixed; do
        for bundle in $program $program.decoded; do
            waiting ./$bundle
            # as the kernel would write it, whatever its core_pattern is
            gdb -nx -q -batch -p "$PROCESS" -ex 'gcore core' >said 2>&1 </dev/null
            [ -s core ] || skip "gdb writes no core file here"
            finished
            debug $program.v1 core -ex bt
            backtrace || { echo "$bundle"; false; }
            ! command -v eu-stack >/dev/null || {
                eu-stack --core=core -e $program.v1 >said 2>&1 || true
                cat said
                grep -Eq '^#[0-9]+ .* inner$' said
                grep -Eq '^#[0-9]+ .* main$' said
            }
            rm core
        done
    done
}

@test "gdb reads a core file of the kernel's" {
    need_gdb
    [ "$(cat /proc/sys/kernel/core_pattern)" = core ] || skip "core files are not written to the working folder here"
    local program core status
    for program in pie fixed; do
        mkdir $program.cores
        cd $program.cores
        ulimit -S -c unlimited || skip "no core files here"
        waiting ../$program
        kill -ABRT "$PROCESS"
        exec 6>&- 7<&-
        status=0
        wait "$PROCESS" || status=$?
        PROCESS=
        [ "$status" = 134 ]
        core=$(echo core*)
        debug ../$program.v1 "$core" -ex bt
        backtrace
        cd ..
    done
}

@test "gdb stops a bundle's program at main, and steps into it, when it is given the build" {
    need_gdb
    debug -ex starti -ex 'hbreak main' -ex continue fixed.v1
    grep -q '^Breakpoint 1, main ' said || skip "no hardware breakpoints here"
    local program address
    for program in pie fixed; do
        address=0
        [ $program = fixed ] || address=0x555555554000
        debug -ex starti -ex "add-symbol-file $program.v1 -o $address" -ex 'hbreak main' -ex continue -ex exec-file \
            -ex 'break inner' -ex continue -ex bt -ex 'info sharedlibrary' -ex continue --args ./$program one
        grep -q '^Breakpoint 1, main (argc=2, ' said
        grep -Eq '^#0 +inner \(wait=.*\) at .*prog\.c:' said
        grep -Eq '^#1 .* outer \(wait=.*\) at .*prog\.c:21$' said
        grep -Eq '^0x.* .*/libc\.so' said # its libraries are known too
        grep -q 'exited normally' said
    done
}

@test "gdb runs a bundle to its end, and debugs the build that was taken out" {
    need_gdb
    debug -ex run ./pie
    grep -q 'exited normally' said
    "$TOOL" extract -o build.v1 pie v1
    debug -ex 'break inner' -ex run -ex bt --args ./build.v1 one
    grep -Eq '^#1 .* outer \(wait=.*\) at .*prog\.c:21$' said
}

@test "/proc and eu-unstrip show the bundle as what runs" {
    waiting ./pie
    [ "$(readlink "/proc/$PROCESS/exe")" = "$BATS_FILE_TMPDIR/pie" ]
    [ "$(cat "/proc/$PROCESS/comm")" = pie ]
    grep -Eq "^[0-9a-f-]+ r-xp .* $BATS_FILE_TMPDIR/pie\$" "/proc/$PROCESS/maps"
    # only root may look into these
    if [ -n "$(ls "/proc/$PROCESS/map_files" 2>/dev/null)" ] && [ "$(id -u)" = 0 ]; then
        # shellcheck disable=SC2012
        ls -l "/proc/$PROCESS/map_files" | grep -q " -> $BATS_FILE_TMPDIR/pie\$"
    fi
    if command -v eu-unstrip >/dev/null; then
        eu-unstrip -n -p "$PROCESS" >modules
        cat modules
        grep -q " $BATS_FILE_TMPDIR/pie " modules
    fi
    finished
}

@test "strace shows one execve, and the program's own calls" {
    need strace
    strace -o trace true || skip "strace may not trace here"
    strace -f -o trace ./pie >out
    [ "$(cat out)" = 2 ]
    [ "$(grep -c ' execve(' trace)" = 1 ]
    ! grep -q ' execveat(' trace || false
    grep -Eq ' write\(1, "2\\n", 2\) += 2$' trace
}

@test "ldd takes a bundle for what its launcher is" {
    need ldd
    run ldd ./pie
    [[ $output == *"statically linked"* || $output == *"not a dynamic executable"* ]]
}

# --- profiles ---------------------------------------------------------------------------------------------------------

need_perf() {
    need perf
    perf record -q -o try -e cpu-clock true >/dev/null 2>&1 || skip "perf is refused here"
}

# profile FILE: "FILE-OF-THE-CODE SYMBOL", the most frequent first
profile() {
    perf report -i "$1" --stdio --no-children -s dso,symbol 2>/dev/null | grep -v '^#' | grep '%' |
        awk '{ $1 = ""; print }'
}

@test "perf names the functions of the build that was taken out, and of a bundle that runs from memory" {
    need_perf
    local id
    "$TOOL" extract -o build.v1 pie v1
    perf record -q -o native -e cpu-clock ./build.v1 busy >out
    profile native | head -n 1 | grep -q 'build\.v1 .* busy'
    perf record --buildid-mmap -o /dev/null true >/dev/null 2>&1 || skip "this perf does not know --buildid-mmap"
    FATELF_AMD64_LAUNCH=memfd perf record --buildid-mmap -q -o memory -e cpu-clock ./pie busy >out
    perf buildid-cache --add build.v1
    profile memory >said
    cat said
    head -n 1 said | grep -q 'memfd:pie\.v1.* busy'
}

@test "perf shows that the time went into a bundle that runs in place" {
    need_perf
    perf record -q -o place -e cpu-clock ./pie busy >out
    profile place >said
    cat said
    head -n 1 said | grep -Eq '^ pie '
}

# with_symbols BUNDLE BUILD: the copy BUNDLE.symbols has the symbols of the functions of BUILD, its variant v1
with_symbols() {
    local address offset
    read -r address offset < <(readelf -SW "$2" | sed -n 's/^ *\[ *[0-9]*\] *\.text //p' | awk '{ print $2, $3 }')
    objcopy --change-addresses=$((0x$offset - 0x$address)) "$2" shifted
    nm --defined-only shifted |
        sed -nE 's/^([0-9a-f]+) [tT] (.*)/--add-symbol \2=.fatelf.v1:0x\1,function,global/p' >symbols
    objcopy @symbols "$1" "$1.symbols"
}

@test "perf names the functions of a program that runs in place when the bundle is given symbols" {
    need_perf
    need objcopy nm readelf
    local program
    for program in pie fixed; do
        with_symbols $program $program.v1
        "$TOOL" verify -q $program.symbols
        FATELF_AMD64_DEBUG=log perf record -q -o place -e cpu-clock ./$program.symbols busy >out 2>err
        grep -q ' by inplace, ' err
        profile place >said
        cat said
        head -n 1 said | grep -Eq "^ $program\.symbols .* busy( |\$)"
    done
}

# --- memory -----------------------------------------------------------------------------------------------------------

@test "valgrind runs a program in place and finds its errors" {
    need valgrind
    valgrind -q true || skip "valgrind does not run here"
    local bundle
    for bundle in pie fixed pie.decoded; do
        valgrind ./$bundle >out 2>err
        [ "$(cat out)" = 2 ]
        grep -q 'ERROR SUMMARY: 0 errors' err || { cat err; false; }
        valgrind ./$bundle overrun >out 2>err
        cat err
        grep -q 'Invalid write of size 1' err
        grep -q '0 bytes after a block of size 10' err
    done
}

@test "a program with AddressSanitizer runs in place and finds its errors" {
    "${CC:-cc}" -g -fsanitize=address -o asan.v1 prog.c 2>/dev/null || skip "this compiler has no AddressSanitizer"
    ./asan.v1 >/dev/null || skip "AddressSanitizer does not run here"
    local compress
    for compress in none zstd; do
        "$TOOL" create -q --force --launch inplace --compress $compress -o asan asan.v1
        FATELF_AMD64_DEBUG=log ./asan >out 2>err
        [ "$(cat out)" = 2 ]
        grep -q ' by inplace, ' err
        run ./asan overrun
        [ "$status" != 0 ]
        [[ $output == *"heap-buffer-overflow"* ]]
        # the addresses it prints are those of the build
        [[ $output =~ asan\+(0x[0-9a-f]+)\) ]]
        ! command -v addr2line >/dev/null || [[ $(addr2line -f -e asan.v1 "${BASH_REMATCH[1]}" | head -n 1) == main ]]
    done
}
