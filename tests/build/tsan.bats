# SPDX-License-Identifier: MIT
# The tool's threads and the launcher's, under ThreadSanitizer. `make tsan` runs this alone.
load ../lib/common
load ../lib/tool
load ../lib/make
load ../lib/similar

# The tool and a unit test are built once, with ThreadSanitizer.
setup_file() {
    check_similar
    printf 'int main(void) { return 0; }\n' >"$BATS_FILE_TMPDIR/none.c"
    missing "this compiler has no ThreadSanitizer" "${CC:-cc}" -fsanitize=thread "$BATS_FILE_TMPDIR/none.c" \
        -o "$BATS_FILE_TMPDIR/none"
    missing "ThreadSanitizer does not run here" "$BATS_FILE_TMPDIR/none"
    [ -z "$MISSING" ] || return 0
    plain_make -j2 BUILD="$BUILD/tsan" HARDENING=no CFLAGS="-O1 -g -fsanitize=thread" all "$BUILD/tsan/unit/frames_run"
    for level in 1 3; do
        make_similar "$FIXTURES/level.v$level" 800000 "$level" "$BATS_FILE_TMPDIR/prog.v$level"
    done
}

setup() {
    start_test
    TOOL=$BUILD/tsan/fatelf-amd64
    BUILDS=$BATS_FILE_TMPDIR
}

@test "threads that encode, read back, decode and look at instructions have no data race" {
    succeeds create -j4 -q -o delta "$BUILDS"/prog.v[13]
    succeeds create -j4 -q --no-delta -o whole "$BUILDS"/prog.v[13]
    for bundle in delta whole; do
        prints "$bundle: ok, v1, v3" verify -j4 "$bundle"
        succeeds extract -j4 -q --force -o out "$bundle" all
        cmp out.v1 "$BUILDS/prog.v1"
        cmp out.v3 "$BUILDS/prog.v3"
    done
    run -0 "$TOOL" check -j4 "$(type -P bash)"
}

@test "threads of the launcher have no data race" {
    run -0 "$BUILD/tsan/unit/frames_run" # its status says whether something was found
}
