# SPDX-License-Identifier: MIT
# Variants that are coded against a base start like any other.
load ../lib/common
load ../lib/surroundings
load ../lib/similar
load ../lib/tracing
load ../lib/users

# A program of many frames and one of a single frame. In `prog` the variants are coded against v3, in the others against
# v1.
setup_file() {
    check_similar
    [ -z "$MISSING" ] || return 0
    local level
    cd "$BATS_FILE_TMPDIR" || return 1
    for level in 1 2 3 4; do
        make_similar "$FIXTURES/level.v$level" 9000000 "$level" "prog.v$level"
    done
    "$TOOL" create -q -o prog prog.v[1-4]
    "$TOOL" create -q --base v1 -o low prog.v[1-4]
    "$TOOL" create -q --base v1 -o small "$FIXTURES"/level.v[1-4]
}

setup() {
    start_test
    ln -s "$BATS_FILE_TMPDIR"/* .
}

@test "every level starts, whatever the base, with one processor and with all" {
    need taskset
    local bundle level
    for bundle in prog low small; do
        for level in v1 v2 v3 v4; do
            [ "$(FATELF_AMD64=$level! "./$bundle")" = "$level" ]
            [ "$(FATELF_AMD64=$level! taskset -c "$(some_processor)" "./$bundle")" = "$level" ]
        done
    done
}

@test "FATELF_AMD64_DEBUG=extract writes the build, to the byte" {
    local level
    for level in v1 v2 v3 v4; do
        FATELF_AMD64=$level! FATELF_AMD64_DEBUG=extract ./prog | cmp - "prog.$level"
        FATELF_AMD64=$level! FATELF_AMD64_DEBUG=extract ./low | cmp - "prog.$level"
    done
}

# The program reads the memfd that it was started from.
@test "a hundred starts in a row and twenty at once decode the same bytes" {
    cat >self.c <<'EOF'
#include <stdio.h>
int main(void)
{
    unsigned long sum = 0;
    FILE *self = fopen("/proc/self/exe", "rb");
    for (int c; (c = getc_unlocked(self)) != EOF;)
        sum = sum * 31 + (unsigned)c;
    printf("%lu\n", sum);
    return 0;
}
EOF
    gcc -O2 -o self self.c
    local level
    for level in 1 2; do
        make_similar self 5000000 "$level" "self.v$level"
    done
    "$TOOL" create -q -o selves self.v1 self.v2
    local wanted _
    wanted=$(./self.v1)
    for _ in {1..100}; do
        same "$wanted" "$(FATELF_AMD64=v1 ./selves)"
    done
    for _ in {1..20}; do FATELF_AMD64=v1 ./selves & done >sums
    wait
    same "$wanted" "$(sort -u sums)"
    [ "$(wc -l <sums)" = 20 ]
}

@test "several threads decode a variant and its base, in any order" {
    need_strace
    need_two_processors
    # strace delays the threads, so that they overtake each other
    [ "$(FATELF_AMD64=v1! strace -f -o trace ./prog)" = v1 ]
    grep -q CLONE_THREAD trace
}

@test "frames start with the right bytes of the base, even if their content has changed places" {
    need taskset
    # pieces of a megabyte and a half change places with their neighbours
    python3 - prog.v3 "$FIXTURES/level.v4" prog.v4 <<'PYTHON'
import sys
v3, level, v4 = (open(name, "rb").read() for name in sys.argv[1:])
pieces = [v4[at:at + 1500000] for at in range(len(level), len(v4), 1500000)]
last = len(pieces) - 1
open("swapped.v4", "wb").write(level + b"".join(pieces[min(i ^ 1, last)] for i in range(last)))
PYTHON
    chmod 0755 swapped.v4
    "$TOOL" create -q --ignore-appended -o swapped prog.v3 swapped.v4
    "$TOOL" create -q --ignore-appended --no-delta -o plain prog.v3 swapped.v4
    # a frame that is coded against the wrong place does not become smaller
    local size plain
    size=$(stat -c %s swapped)
    plain=$(stat -c %s plain)
    [ "$size" -lt $((plain * 2 / 3)) ]
    local _
    for _ in {1..20}; do
        FATELF_AMD64=v4! FATELF_AMD64_DEBUG=extract ./swapped | cmp - swapped.v4
        [ "$(FATELF_AMD64=v4! ./swapped)" = v4 ]
    done
    [ "$(FATELF_AMD64=v4! taskset -c "$(some_processor)" ./swapped)" = v4 ]
}

@test "FATELF_AMD64_DEBUG=list names the base" {
    FATELF_AMD64_DEBUG=list ./prog >list
    grep -qE '^[* ] v1 zstd-delta of v3 [0-9]+ bytes in [0-9]+$' list
    grep -qE '^[* ] v3 zstd [0-9]+ bytes in [0-9]+$' list
}

@test "a start needs memory for the bundle and a few megabytes, whatever the size of the base" {
    local bundle limit
    bundle=$(stat -L -c %s prog)
    # the launcher maps the bundle, a window of the base and the threads' buffers; the memfd is not mapped
    limit=$((bundle + (9 << 20)))
    [ "$(stat -L -c %s prog.v3)" -gt 9000000 ]
    [ "$(FATELF_AMD64=v1! prlimit --as="$limit" ./prog)" = v1 ]
    # and where there is less, one thread takes a smaller window
    limit=$((bundle + (5 << 20)))
    [ "$(FATELF_AMD64=v1! prlimit --as="$limit" ./prog)" = v1 ]
    FATELF_AMD64=v1! FATELF_AMD64_DEBUG=extract prlimit --as="$limit" ./prog | cmp - prog.v1
}

@test "without memory for the window there is a message, and nothing starts" {
    local bundle limit
    bundle=$(stat -L -c %s prog)
    limit=$((bundle + (2 << 20)))
    FATELF_AMD64=v1! capture prlimit --as="$limit" ./prog
    [ "$status" = 126 ]
    [ ! -s out ]
    grep -q 'memfd: mmap: ' err
    # the base alone needs less
    [ "$(FATELF_AMD64=v3! prlimit --as="$limit" ./prog)" = v3 ]
}

@test "a delta variant starts through a private file too" {
    [ "$(FATELF_AMD64=v1! sandboxed "$no_new_code,memfd_create=ENOSYS" ./prog 2>&1)" = v1 ]
}

@test "a method that is refused releases its memory before the next one allocates some" {
    need_strace
    # the first execve is env's
    capture sandboxed "$no_new_code" "$(type -P strace)" -f -o trace -e trace=mmap,munmap,execve,execveat \
        -e inject=execveat:error=EACCES -e inject=execve:error=EACCES:when=2+ env FATELF_AMD64=v1! ./prog
    [ "$status" = 126 ]
    # the memory for decoding is anonymous, and larger than everything else
    grep -oE 'mmap\(NULL, [0-9]{7,}, .*MAP_ANONYMOUS' trace | grep -oE '[0-9]{7,}' >mapped
    grep -oE 'munmap\(0x[0-9a-f]+, [0-9]{7,}' trace | grep -oE '[0-9]{7,}$' >unmapped
    [ "$(wc -l <mapped)" -ge 2 ]
    same "$(head -n -1 mapped)" "$(cat unmapped)"
}
