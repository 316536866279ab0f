# SPDX-License-Identifier: MIT
# Variants that are coded against a base are started like any other.
load ../lib/common
load ../lib/surroundings
load ../lib/users

# A program of nine frames and one of a single one, and their bundles in which v1 to v3 are coded against v4 and so on.
setup_file() {
    need gdb
    local level
    for level in 1 2 3 4; do
        "$TOP/tests/similar" "$FIXTURES/level.v$level" "$(command -v gdb)" 9000000 "$level" \
            "$BATS_FILE_TMPDIR/prog.v$level"
    done
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/prog" "$BATS_FILE_TMPDIR"/prog.v[1-4]
    "$TOOL" create -q --base v1 -o "$BATS_FILE_TMPDIR/low" "$BATS_FILE_TMPDIR"/prog.v[1-4]
    "$TOOL" create -q --base v1 -o "$BATS_FILE_TMPDIR/small" "$FIXTURES"/level.v[1-4]
}

@test "every level starts, whatever the base, with any number of processors" {
    local bundle level prefix
    cd "$BATS_FILE_TMPDIR"
    for bundle in prog low small; do
        for level in v1 v2 v3 v4; do
            for prefix in "" "taskset -c 0"; do
                [ "$(FATELF_AMD64=$level! $prefix "./$bundle")" = "$level" ]
            done
        done
    done
}

@test "the variant that is written is the build, to the byte" {
    local level
    cd "$BATS_FILE_TMPDIR"
    for level in v1 v2 v3 v4; do
        FATELF_AMD64=$level! FATELF_AMD64_DEBUG=extract ./prog | cmp - "prog.$level"
        FATELF_AMD64=$level! FATELF_AMD64_DEBUG=extract ./low | cmp - "prog.$level"
    done
}

# What runs looks at itself: /proc/PID/exe is the memfd.
@test "a hundred starts in a row and twenty at once decode the same bytes" {
    cd "$BATS_FILE_TMPDIR"
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
        "$TOP/tests/similar" self "$(command -v gdb)" 5000000 "$level" "self.v$level"
    done
    "$TOOL" create -q --force -o selves self.v1 self.v2
    local wanted i
    wanted=$(./self.v1)
    for i in {1..100}; do
        [ "$(FATELF_AMD64=v1 ./selves)" = "$wanted" ]
    done
    for i in {1..20}; do FATELF_AMD64=v1 ./selves & done >sums
    wait
    [ "$(sort -u sums)" = "$wanted" ]
    [ "$(wc -l <sums)" = 20 ]
}

@test "more threads wait for the base than there are frames" {
    need strace
    [ "$(nproc)" -gt 1 ] || skip "needs two processors"
    cd "$BATS_FILE_TMPDIR"
    # strace makes them slow and lets them overtake each other
    [ "$(FATELF_AMD64=v1! strace -f -o trace ./prog)" = v1 ]
    grep -q CLONE_THREAD trace
}

@test "the launcher's list names the base" {
    cd "$BATS_FILE_TMPDIR"
    FATELF_AMD64_DEBUG=list ./prog >list
    grep -qE '^[* ] v1 zstd-delta of v3 [0-9]+ bytes in [0-9]+$' list
    grep -qE '^[* ] v3 zstd [0-9]+ bytes in [0-9]+$' list
}

@test "a start takes no more memory than base, variant and a few megabytes" {
    cd "$BATS_FILE_TMPDIR"
    local base limit
    base=$(stat -c %s prog.v3)
    # address space of the launcher: the bundle's pages, the base and the threads' buffers; the memfd is not in it
    limit=$(($(stat -c %s prog) + base + (12 << 20)))
    [ "$(FATELF_AMD64=v1! prlimit --as="$limit" ./prog)" = v1 ]
}

@test "without room for the base the refusal is told and nothing is started" {
    cd "$BATS_FILE_TMPDIR"
    local limit status=0
    limit=$(($(stat -c %s prog) + (4 << 20)))
    FATELF_AMD64=v1! prlimit --as="$limit" ./prog >out 2>err || status=$?
    [ "$status" = 126 ]
    [ ! -s out ]
    grep -q 'memfd: mmap: ' err
    # the base itself needs less
    [ "$(FATELF_AMD64=v3! prlimit --as="$limit" ./prog)" = v3 ]
}

@test "a delta variant starts through a private file too" {
    local fixture=$BUILD/fixtures/seccomp-run
    cd "$BATS_FILE_TMPDIR"
    [ "$(FATELF_AMD64=v1! "$fixture" "$no_new_code,memfd_create=ENOSYS" -- ./prog 2>&1)" = v1 ]
}

@test "a method that is refused gives its memory back before the next one takes some" {
    need strace
    cd "$BATS_FILE_TMPDIR"
    local status=0
    # the first execve is env's
    sandboxed "$no_new_code" "$(type -P strace)" -f -o trace -e trace=mmap,munmap,execve,execveat \
        -e inject=execveat:error=EACCES -e inject=execve:error=EACCES:when=2+ env FATELF_AMD64=v1! ./prog 2>err || status=$?
    [ "$status" = 126 ]
    # what was mapped for decoding: anonymous, larger than the base
    grep -oE 'mmap\(NULL, [0-9]{7,}, .*MAP_ANONYMOUS' trace | grep -oE '[0-9]{7,}' >mapped
    grep -oE 'munmap\(0x[0-9a-f]+, [0-9]{7,}' trace | grep -oE '[0-9]{7,}$' >unmapped
    [ "$(wc -l <mapped)" -ge 2 ]
    [ "$(head -n -1 mapped)" = "$(cat unmapped)" ]
}
