# SPDX-License-Identifier: MIT
# Loaded by every bats file: where things are, how a test starts, and the checks that all of them use.
bats_require_minimum_version 1.5.0
# A pipeline fails if any of its commands fails, and $(..) ends at the first command that fails.
set -o pipefail
shopt -s inherit_errexit

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
TOOL=$BUILD/fatelf-amd64
FIXTURES=$BUILD/fixtures # level.v1 .. level.v4 and the programs in tests/fixtures, built by make
LEVEL_SOURCE=$TOP/tests/fixtures/level.c

# Compilers, debuggers and package tools keep files in the home folder, and some fail without one.
if [ ! -d "${HOME-}" ] || [ ! -w "$HOME" ]; then
    export HOME=$BUILD/home
    mkdir -p "$HOME"
fi

# What every test starts with. A file with a setup function of its own calls this first.
start_test() {
    [ ! -e "$BATS_FILE_TMPDIR/missing" ] || skip "$(<"$BATS_FILE_TMPDIR/missing")"
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset FATELF_AMD64 FATELF_AMD64_LAUNCH FATELF_AMD64_DEBUG GOAMD64 MGODEBUG XDG_RUNTIME_DIR
    umask 022
}

setup() {
    start_test
}

# --- what a test needs ------------------------------------------------------------------------------------------------

# need PROGRAM..: skips the test if one of them is not installed
need() {
    local program
    for program; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

# skip_unless REASON COMMAND..: skips the test if the command fails
skip_unless() {
    local reason=$1
    shift
    "$@" >/dev/null 2>&1 || skip "$reason"
}

# need_level NUMBER: skips the test if this machine is at a lower level
need_level() {
    local level
    level=$(machine_level)
    [ "$level" -ge "$1" ] || skip "this machine is at x86-64-v$level, below x86-64-v$1"
}

need_two_processors() {
    [ "$(nproc)" -gt 1 ] || skip "needs two processors"
}

# AddressSanitizer reserves more memory than qemu-user can give.
not_sanitized() {
    [ -z "${SANITIZED-}" ] || skip "a sanitized tool does not run under qemu"
}

need_slow() {
    [ "${SLOW-}" = 1 ] || skip "slow: run by make check-all"
}

# For setup_file, which cannot skip tests itself. missing REASON COMMAND..: if the command fails, all tests of the file
# are skipped for this reason, and MISSING, which setup_file has to look at, is no longer empty.
MISSING=''
missing() {
    [ -z "$MISSING" ] || return 0
    local reason=$1
    shift
    if ! "$@" >/dev/null 2>&1; then
        MISSING=$reason
        echo "$reason" >"$BATS_FILE_TMPDIR/missing"
    fi
}

# --- this machine -----------------------------------------------------------------------------------------------------

# The level of this machine as a number.
machine_level() {
    "$TOOL" cpu --json | sed -n 's/.*"level": *"v\([0-4]\)".*/\1/p'
}

# The numbers of the levels that this machine can run.
runnable_levels() {
    seq "$(machine_level)"
}

# A processor that this process may run on.
some_processor() {
    taskset -cp $$ | sed 's/.*[ ,-]//'
}

# find_program NAME: the ELF file of the program NAME; nothing if there is none. Under some names a version manager puts
# scripts into PATH.
find_program() {
    local program
    program=$(PATH=/usr/bin:/bin:$PATH command -v "$1") || return 0
    program=$(readlink -f "$program")
    if [ "$(LC_ALL=C head -c 4 "$program" | tail -c 3)" = ELF ]; then
        echo "$program"
    fi
}

# --- programs to bundle -----------------------------------------------------------------------------------------------

# compile_level LEVEL OUT [OPTION]..: the fixture `level`, which prints "vLEVEL" and its arguments
compile_level() {
    local level=$1 out=$2
    shift 2
    "${CC:-cc}" -O2 "-DLEVEL=$level" -o "$out" "$LEVEL_SOURCE" "$@"
}

# enlarge PROGRAM OUT: PROGRAM with the bytes of standard input in a section for debuggers, so that it is a large program
enlarge() {
    cat >"$2.bytes"
    objcopy --add-section ".debug_bytes=$2.bytes" "$1" "$2"
    rm "$2.bytes"
    chmod 0755 "$2"
}

# $BATS_FILE_TMPDIR/level: a bundle of all four fixtures, for all tests of a file.
make_level_bundle() {
    "$TOOL" create -q --force -o "$BATS_FILE_TMPDIR/level" "$FIXTURES"/level.v[1-4]
}

# --- checks -----------------------------------------------------------------------------------------------------------

# same WANTED GOT: fails with both texts if they differ. Two commands that both failed print the same nothing, so WANTED
# must not be empty; see `nothing`.
same() {
    [ "$1" = "$2" ] && [ -n "$1" ] && return
    printf 'wanted: %s\ngot:    %s\n' "$1" "$2" >&2
    return 1
}

# nothing TEXT: fails with the text if there is any
nothing() {
    [ -z "$1" ] && return
    printf 'wanted nothing\ngot:    %s\n' "$1" >&2
    return 1
}

# empty FOLDER: fails with the names in it if there are any
empty() {
    local names
    names=$(ls -A "$1") || return 1
    nothing "$names"
}

# finds [GREP-OPTION].. PATTERN: fails unless a line of its input matches. grep -q stops reading at the first match,
# which may end the command that writes to it by SIGPIPE, and then pipefail reports a failure.
finds() {
    grep -c "$@" | cat >/dev/null
}

# capture COMMAND..: leaves its output in the file `out`, its messages in `err`, and its exit status in $status. In a
# function that it runs no command ends the function by failing.
capture() {
    status=0
    "$@" >out 2>err || status=$?
}

# fail TEXT..: ends the test with this text and the contents of `out` and `err`
fail() {
    echo "$*"
    cat out err 2>/dev/null || true
    return 1
}
