# SPDX-License-Identifier: MIT
# Shared by all bats files: where things are, and a folder of its own for each test.
TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
TOOL=$BUILD/fatelf-amd64
FIXTURES=$BUILD/fixtures # level.v1 .. level.v4 and the helpers of tests/fixtures, built by make

# One bundle of all four fixtures a file, made once: $BATS_FILE_TMPDIR/level
make_level_bundle() {
    "$TOOL" create -q --force -o "$BATS_FILE_TMPDIR/level" "$FIXTURES"/level.v[1-4]
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset FATELF_AMD64 FATELF_AMD64_LAUNCH FATELF_AMD64_DEBUG GOAMD64 MGODEBUG
    umask 022
}

# Skips a test whose real program is not on this machine.
need() {
    local program
    for program; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

# AddressSanitizer reserves more memory than qemu-user can give.
not_sanitized() {
    [ -z "${SANITIZED-}" ] || skip "a sanitized tool does not run under qemu"
}

# The level of this machine as a number.
machine_level() {
    "$TOOL" cpu --json | sed -n 's/.*"level": *"v\([0-4]\)".*/\1/p'
}
