# SPDX-License-Identifier: MIT
# How many threads decode a variant.
load ../lib/common
load ../lib/tracing

# A program of several frames: 4 MiB of its data hardly compress.
setup_file() {
    missing "python3 is not installed" command -v python3
    [ -z "$MISSING" ] || return 0
    cat >"$BATS_FILE_TMPDIR/large.c" <<'EOF'
#include <stdio.h>
static const unsigned char data[] = {
#include "data.inc"
};
int main(void)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < sizeof data; i++)
        sum = sum * 31 + data[i];
    printf("%u\n", sum);
    return 0;
}
EOF
    python3 -c '
import random
random.seed(1)
words = [random.randrange(256) for _ in range(4096)]
print(",".join(str(words[(i * i >> 5) % 4096]) for i in range(1 << 20)))' >"$BATS_FILE_TMPDIR/quarter"
    for _ in 1 2 3 4; do cat "$BATS_FILE_TMPDIR/quarter"; echo ,; done >"$BATS_FILE_TMPDIR/data.inc"
    gcc -O1 -o "$BATS_FILE_TMPDIR/large" "$BATS_FILE_TMPDIR/large.c"
}

# threads_of COMMAND..: how many threads it starts
threads_of() {
    strace -f -qq -e trace=clone,clone3 -e signal=none -o trace "$@" >/dev/null
    grep -c CLONE_THREAD trace || [ $? = 1 ]
}

@test "several threads decode a variant of several frames, and one thread a variant of one frame" {
    need_strace
    need_two_processors
    need taskset
    local stub
    for stub in "$BUILD/fatelf-amd64-stub" "$BUILD/stub-system/fatelf-amd64-stub"; do
        "$TOOL" create -q --force --stub "$stub" -o large v1="$BATS_FILE_TMPDIR/large"
        [ "$(threads_of ./large)" -ge 1 ]
        [ "$(threads_of taskset -c "$(some_processor)" ./large)" = 0 ]
        "$TOOL" create -q --force --stub "$stub" -o small "$FIXTURES/level.v1"
        [ "$(threads_of ./small)" = 0 ]
    done
}

@test "several threads decode the program correctly" {
    "$TOOL" create -q -o large v1="$BATS_FILE_TMPDIR/large"
    FATELF_AMD64_DEBUG=extract ./large | cmp - "$BATS_FILE_TMPDIR/large"
    local wanted _
    wanted=$("$BATS_FILE_TMPDIR/large")
    for _ in {1..8}; do
        same "$wanted" "$(./large)"
    done
}
