# SPDX-License-Identifier: MIT
# `make fuzz` for a few seconds: the readers of bundles with damaged input.
load ../lib/common
load ../lib/make

@test "the fuzzers find nothing in some seconds, and start from bundles of every encoding" {
    printf 'int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { return !data && size; }\n' >none.c
    skip_unless "clang with libFuzzer is not installed" clang -fsanitize=fuzzer,address none.c -o none
    FUZZ_SECONDS=8 plain_make run-fuzz >said 2>&1
    same 2 "$(grep -c '^# ' said)"
    for name in bundle delta; do
        [ "$(find "$BUILD/fuzz/corpus/$name" -type f | wc -l)" -gt 20 ]
    done
    for encoding in stored zstd zstd-delta; do
        finds " $encoding " <<<"$(for file in "$BUILD"/fuzz/seeds/bundle/*; do "$TOOL" list "$file"; done)"
    done
}
