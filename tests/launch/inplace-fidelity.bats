# SPDX-License-Identifier: MIT
# What a program started in place sees of itself is what it would see if the kernel had started it: the fixture `self`
# prints what exec makes, `probe` what it hands on. All differences there may be stand in two lists, with the reason.
load ../lib/common
load ../lib/inplace

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    local kind
    for kind in pie exec static-pie static; do
        "${COMPILE[@]}" -o $kind "$SOURCES/self.c" "$(case $kind in exec) echo -no-pie ;; *) echo -$kind ;; esac)" \
            "$(case $kind in *pie) echo -fPIE ;; *) echo -fno-pie ;; esac)"
        bundles $kind
    done
    bundles "$FIXTURES/probe"
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset FATELF_AMD64 FATELF_AMD64_LAUNCH FATELF_AMD64_DEBUG GOAMD64 MGODEBUG
    umask 022
    KINDS=$BATS_FILE_TMPDIR
}

teardown() {
    [ -z "${PUBLIC-}" ] || rm -rf "$PUBLIC"
}

PROGRAMS=(pie exec static-pie static)

# The lines that may differ: the reason, and a pattern.
STORED_MAY_DIFFER=(
    # a page of the file that two segments share: the second one has a copy, which has no file
    'program [0-9]+( at:|: r[w-]-p)'
    # the space above the loader, where a large bundle has been, is free for libraries
    'files, from below:'
)
ZSTD_MAY_DIFFER=(
    'files, from below:'
    # what was decoded has no file; the kernel joins such mappings, accounts for them, and may use huge pages
    'program [0-9]+( at| flags)?:'
)

# may_differ KIND: takes these lines out of what diff said
may_differ() {
    local pattern patterns=()
    local -n list=${1^^}_MAY_DIFFER
    for pattern in "${list[@]}"; do patterns+=(-e "^[<>] $pattern"); done
    grep '^[<>]' | grep -Ev "${patterns[@]}" || [ $? = 1 ]
}

# alike NAME [ARGUMENT]..: both bundles of the program print what the program prints in the same environment, but for
# those lines. The order of the lines says nothing: the kernel puts some mappings where chance wants them.
alike() {
    local kind LAUNCH
    for kind in stored zstd; do
        LAUNCH=$([ "$kind" = stored ] || echo inplace)
        run_kind native "$@"
        run_kind "$kind" "$@"
        in_place "$kind"
        diff <(sort native.out) <(sort "$kind.out") | may_differ "$kind" >differ
        [ ! -s differ ] || { echo "$1, $kind:"; cat differ; return 1; }
        diff native.err "$kind.err"
        diff native.status "$kind.status"
    done
}

@test "mappings, heap, auxiliary vector, /proc and thread state are as after the kernel's exec" {
    local program
    for program in "${PROGRAMS[@]}"; do
        alike "$program" one 'two words'
        grep -Fxq '/proc/self/exe: is the file that was started: 1' stored.out
        grep -Fxq "/proc/self/comm:  $program~" stored.out
        grep -q '^auxv: [0-9]* bytes, in /proc the same: 1$' stored.out
    done
}

@test "this comparison tells a start in place from one out of a memfd" {
    local LAUNCH=
    run_kind native pie
    LAUNCH=memfd
    run_kind stored pie
    ! in_place stored
    diff <(sort native.out) <(sort stored.out) | may_differ stored >differ
    grep -Fxq '> /proc/self/exe: is the file that was started: 0' differ
    grep -q '^> auxv [0-9]*, type 31: /dev/fd/' differ
}

@test "the same holds without address randomisation, and then the addresses too are those of the kernel's exec" {
    need setarch
    local program kind LAUNCH
    PREFIX=(setarch -R)
    for program in "${PROGRAMS[@]}"; do
        alike "$program" one 'two words'
        for kind in stored zstd; do
            LAUNCH=$([ "$kind" = stored ] || echo inplace)
            run_kind native "$program" bases
            run_kind "$kind" "$program" bases
            # program, break, loader, stack, end of the program; where files are mapped the launcher was before
            if [ "$program" = static-pie ]; then
                diff <(cut -d' ' -f2,4 native.out) <(cut -d' ' -f2,4 "$kind.out")
            else
                diff <(cut -d' ' -f1,2,4,5 native.out) <(cut -d' ' -f1,2,4,5 "$kind.out")
            fi
        done
    done
    run_kind stored pie bases
    [[ $(cat stored.out) = '555555554000 '* ]]
}

@test "the same holds under a stack without a limit, where memory is laid out from below" {
    ulimit -s unlimited || skip "the hard limit of the stack is too low"
    local program
    for program in "${PROGRAMS[@]}"; do
        alike "$program"
    done
}

@test "the same holds in the older layout of memory" {
    need setarch
    PREFIX=(setarch -L)
    alike pie
    alike static-pie
}

@test "the same holds with as little stack, data and address space as the program needs" {
    local program
    for program in pie exec static; do
        PREFIX=(bash -c 'ulimit -s 128 && ulimit -d 4096 && ulimit -v 32768 && exec "$@"' limited)
        alike "$program"
        # the bundle's own pages are not many
        PREFIX=(bash -c 'ulimit -v 8192 && exec "$@"' limited)
        alike "$program"
    done
}

# Two builds of the program that do not fit into one frame, of which one is coded against the other.
@test "what was decoded by several threads, out of two encodings, leaves nothing of that behind" {
    local level kind LAUNCH=inplace
    cat >padding.S <<'END'
        .section .rodata
        .globl  padding
padding: .incbin "padding"
        .section .note.GNU-stack, "", @progbits
END
    cat "$TOOL" "$TOOL" "$TOOL" "$(command -v bash)" "$(command -v gcc)" | head -c 5000000 >padding
    mkdir native zstd
    KINDS=.
    for level in 1 2; do
        "${COMPILE[@]}" "-DLEVEL=$level" -o "big.v$level" "$SOURCES/self.c" padding.S -Wl,-u,padding
    done
    strip -o big.v2 big.v1 # not the same bytes
    "$TOOL" create -q -o zstd/big big.v1 big.v2
    "$TOOL" list zstd/big | grep -q '^v1 *zstd-delta *v2 '
    for level in 1 2; do
        cp -f "big.v$level" native/big
        for PREFIX in "env FATELF_AMD64=v$level!" "env FATELF_AMD64=v$level! taskset -c 0"; do
            # shellcheck disable=SC2206
            PREFIX=($PREFIX)
            run_kind native big
            run_kind zstd big
            in_place zstd
            diff <(sort native.out) <(sort zstd.out) | may_differ zstd >differ
            [ ! -s differ ] || { cat differ; return 1; }
        done
    done
    grep -q '^status Threads:.1$' zstd.out
}

@test "the dynamic loader takes what the environment tells it: libraries, bindings, its own reports" {
    local kind
    echo 'int getpid(void) { return 4711; }' | gcc -shared -fPIC -o preloaded.so -x c -
    PREFIX=(env LD_PRELOAD="$PWD/preloaded.so" LD_BIND_NOW=1)
    same probe pid
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

# The other launcher allocates memory, and registers more with the kernel.
@test "the launcher that is linked with the system's C library leaves its heap behind, and no more" {
    local stub=$BUILD/stub-system/fatelf-amd64-stub
    STORED_MAY_DIFFER+=('bytes without a file or a name:') ZSTD_MAY_DIFFER+=('bytes without a file or a name:')
    CREATE=(--stub "$stub")
    KINDS=.
    for program in pie static-pie; do
        bundles "$BATS_FILE_TMPDIR/native/$program"
        alike "$program" one 'two words'
    done
}

# spread LEAST COLUMN: of 20 lines `self bases`, at least 19 different values, at least LEAST apart in all
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

@test "program, heap, loader and stack are as random as after the kernel's exec" {
    need python3
    [ "$(cat /proc/sys/kernel/randomize_va_space)" = 2 ] || skip "this system does not randomise all addresses"
    local kind
    run_many() {
        local i
        ln -f "$KINDS/$1/$2" .
        for i in {1..20}; do
            FATELF_AMD64_LAUNCH=$([ "$1" != zstd ] || echo inplace) "./$2" bases
        done >"$1-$2"
    }
    # 2^28 pages of 2^12; the heap, by its distance from the program, in 2^30 bytes; the stack in 2^34
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

@test "the stack grows to its limit, and not beyond" {
    local program
    for program in pie static-pie; do
        PREFIX=(bash -c 'ulimit -S -c 0 && ulimit -S -s 8192 && exec "$@"' limited)
        same "$program" depth $((7 << 20))
        same "$program" depth 8000000
        grep -Fxq 'depth 1' stored.out
        same "$program" depth 8500000
        [ "$(cat stored.status)" = 139 ]
        PREFIX=(bash -c 'ulimit -S -c 0 && ulimit -S -s 200 && exec "$@"' limited)
        same "$program" depth 150000
        grep -Fxq 'depth 1' stored.out
        same "$program" depth 300000
        [ "$(cat stored.status)" = 139 ]
        PREFIX=(bash -c 'ulimit -S -s unlimited && exec "$@"' limited)
        same "$program" depth 100000000
        grep -Fxq 'depth 1' stored.out
    done
}

@test "all that a process hands on arrives: signals, descriptors, limits, timers, priorities, locks" {
    need nice chrt taskset
    seq 1000 >in
    exec 5<in 77>>in 99</dev/null
    read -r _ <&5
    umask 027
    PREFIX=(bash -c 'ulimit -n 200 && ulimit -S -t 1000 && ulimit -S -f 100000 && ulimit -S -l 64 && exec "$@"' limited
        nice -n 7 chrt --batch 0 taskset -c 0 "$FIXTURES/exec-with" block=1,2,15,17,32,33,34,64
        ignore=3,13,17,20,25,63 pending=10 slack=70000 subreaper=1 death=10 alarm=1000 "lock=$PWD/locked" --)
    local kind LAUNCH
    for kind in stored zstd; do
        LAUNCH=$([ "$kind" = stored ] || echo inplace)
        # pipes, because a file's place and size are part of what is compared
        run_kind native probe probe one two
        run_kind "$kind" probe probe one two
        in_place "$kind"
        sed -i '/^descriptor [12]:/d' native.out "$kind.out"
        as_native "$kind"
    done
    grep -q '^blocked: 8000000380014203$' stored.out
    grep -q '^pending: 0000000000000200$' stored.out
    # glibc's posix_spawn, which make uses, ignores its own two signals for what it starts
    [ "$(grep '^signal [0-9]*: ignored' stored.out | grep -cv '^signal 3[23]:')" = 6 ]
    grep -q '^descriptor 77: ' stored.out
    grep -q '^umask: 027$' stored.out
    grep -q '^nice: 7, policy: 3,' stored.out
    grep -q '^timer 0: armed$' stored.out
    grep -q '^lock: *POSIX *ADVISORY *WRITE$' stored.out
    exec 5<&- 77>&- 99<&-
}

@test "descriptors that close at exec are closed, the others are not, and none is added" {
    need python3
    PREFIX=(python3 -c '
import os, sys
for number, stays in (50, True), (51, False), (800, True), (801, False):
    os.dup2(os.open("/dev/null", os.O_RDONLY), number, inheritable=stays)
os.execv(sys.argv[1], sys.argv[1:])')
    local kind
    for kind in native stored zstd; do
        run_kind "$kind" probe one
        sed -i '/^descriptor [012]:/d; /FATELF_AMD64_LAUNCH/d' "$kind.out" # files of our own
        [ "$kind" = native ] || { in_place "$kind" && as_native "$kind"; }
    done
    [ "$(grep -oE '^descriptor (50|51|800|801)' stored.out | paste -sd ' ')" = 'descriptor 50 descriptor 800' ]
}

# What others see of the process while it runs.
seen_from_outside() {
    local pid line
    ln -f "$KINDS/$1/pie" .
    mkfifo gate
    "${2:-env}" ./pie hold <gate >ready 3>&- &
    pid=$!
    exec 9>gate
    until [ -s ready ]; do kill -0 "$pid"; done
    ps -o comm=,args= -p "$pid"
    pgrep -x pie | grep -Fxq "$pid" && echo found
    readlink "/proc/$pid/exe"
    tr '\0' '~' <"/proc/$pid/cmdline"
    ls "/proc/$pid/fd" | grep -vx '[3-9]'
    ls "/proc/$pid/task" | wc -l
    sed -E 's/.* //' "/proc/$pid/maps" | sort -u
    exec 9>&-
    wait "$pid"
    rm gate ready
}

@test "others see the process under the same name, file and arguments" {
    need ps pgrep
    seen_from_outside native >native.seen
    seen_from_outside stored >stored.seen
    diff native.seen stored.seen
    grep -Fxq "$PWD/pie" stored.seen
    grep -Fxq found stored.seen
}

# A folder that other users can reach, with the program and the bundle.
public() {
    PUBLIC=$(mktemp -d)
    chmod 755 "$PUBLIC"
    mkdir "$PUBLIC"/{native,stored}
    cp "$KINDS/native/$1" "$PUBLIC/native"
    cp "$KINDS/stored/$1" "$PUBLIC/stored"
}

need_privilege() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    [[ ,$(findmnt -no OPTIONS -T "${TMPDIR:-/tmp}"), != *,nosuid,* ]] ||
        skip "temporary files are on a file system with nosuid"
}

# by_nobody NAME [ARGUMENT]..: both as another user, who also asks the dynamic loader for what it must not do for a
# privileged program
by_nobody() {
    local kind name=$1 as=()
    shift
    [ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    for kind in native stored; do
        (cd "$PUBLIC/$kind" && "${as[@]}" env -i LD_LIBRARY_PATH=/ PATH="$PATH" "./$name" "$@" 2>&1) |
            sed "s|$PUBLIC/$kind|FOLDER|" >"$kind.out"
    done
    diff <(sort native.out) <(sort stored.out) | may_differ stored >differ
    [ ! -s differ ] || { cat differ; return 1; }
}

@test "a set-uid or set-gid bundle runs with those rights, in secure mode, in place" {
    need_privilege
    public pie
    chmod 4755 "$PUBLIC"/*/pie
    by_nobody pie
    grep -Eq '^status Uid:.65534.0.0.0$' stored.out
    grep -Eq '^auxv [0-9]*, type 23: 1,' stored.out
    grep -Fxq '/proc/self/exe: is the file that was started: 1' stored.out
    chmod 2755 "$PUBLIC"/*/pie
    by_nobody pie
    grep -Eq '^status Gid:.65534.0.0.0$' stored.out
    grep -Eq '^auxv [0-9]*, type 23: 1,' stored.out
    grep -Fxq '/proc/self/exe: is the file that was started: 1' stored.out
}

@test "capabilities of the bundle's file reach the program" {
    need setcap
    need_privilege
    public pie
    setcap cap_net_raw,cap_net_bind_service+ep "$PUBLIC/native/pie" 2>err || skip "no file capabilities to be had here"
    setcap cap_net_raw,cap_net_bind_service+ep "$PUBLIC/stored/pie"
    by_nobody pie
    grep -Eq '^status CapEff:.0000000000002400$' stored.out
    grep -Eq '^auxv [0-9]*, type 23: 1,' stored.out
    grep -Fxq '/proc/self/exe: is the file that was started: 1' stored.out
}

@test "a bundle that may be executed but not read is started in place, and may not be dumped" {
    public pie
    chmod 0111 "$PUBLIC"/*/pie
    by_nobody pie
    grep -Fxq 'may be dumped: 0' stored.out
    grep -Fxq '/proc/self/exe: is the file that was started: 1' stored.out
}
