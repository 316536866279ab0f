# SPDX-License-Identifier: MIT
# `make fuzz` for a few seconds: the faults that it has found before, and damaged input for all readers.
load ../lib/common
load ../lib/make

@test "the fuzzers find nothing in half a minute, and start from bundles of every encoding" {
    echo 'int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size) { return !data && size; }' >none.c
    skip_unless "clang with libFuzzer is not installed" clang -fsanitize=fuzzer,address none.c -o none
    FUZZ_SECONDS=5 plain_make -j2 run-fuzz >said 2>&1
    same 'build bundle code coder delta launcher tool ' "$(sed -n 's/^# //p' said | sort | tr '\n' ' ')"
    for name in build bundle code coder delta launcher; do
        [ "$(find "$BUILD/fuzz/corpus/$name" -type f | wc -l)" -gt 20 ]
    done
    finds ' 0 faults' <said
    for encoding in stored zstd zstd-delta; do
        finds " $encoding " <<<"$(for file in "$BUILD"/fuzz/seeds/bundle/*; do "$TOOL" list "$file"; done)"
    done
}
