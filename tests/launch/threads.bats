# SPDX-License-Identifier: MIT
load ../lib/common

setup_file() {
    # several frames: a program with 4 MiB of data that does not compress to nothing
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

threads_of() {
    strace -f -qq -e trace=clone,clone3 -e signal=none "$@" 2>&1 >/dev/null | grep -c CLONE_THREAD || true
}

@test "a variant of several frames is decoded by more than one thread, one of a single frame is not" {
    need strace
    [ "$(nproc)" -gt 1 ] || skip "needs two processors"
    local stub
    for stub in "$BUILD/fatelf-amd64-stub" "$BUILD/stub-system/fatelf-amd64-stub"; do
        "$TOOL" create -q --force --stub "$stub" -o large v1="$BATS_FILE_TMPDIR/large"
        [ "$(threads_of ./large)" -ge 1 ]
        [ "$(threads_of taskset -c 0 ./large)" = 0 ]
        "$TOOL" create -q --force --stub "$stub" -o small "$FIXTURES/level.v1"
        [ "$(threads_of ./small)" = 0 ]
    done
}

@test "what several threads decode is the program" {
    "$TOOL" create -q -o large v1="$BATS_FILE_TMPDIR/large"
    FATELF_AMD64_DEBUG=extract ./large | cmp - "$BATS_FILE_TMPDIR/large"
    local i
    for i in 1 2 3 4 5 6 7 8; do
        [ "$(./large)" = "$("$BATS_FILE_TMPDIR/large")" ]
    done
}
