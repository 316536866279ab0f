# SPDX-License-Identifier: MIT
# Surroundings in which the system refuses some of what a start needs, and how bundles start in them. Needs lib/users.

# Three programs that print "v1" and their arguments: a dynamic PIE, a static program and a static PIE. Three bundles of
# each: NAME.stored and NAME.decoded ask for a start in place, NAME.memfd, which is compressed too, for one from a
# memfd.
make_programs() {
    local name
    cp "$FIXTURES/level.v1" dynamic
    compile_level 1 static -static -no-pie
    compile_level 1 pie -static-pie -fPIE
    for name in dynamic static pie; do
        make_bundles "$name"
    done
}

# make_bundles PROGRAM: PROGRAM.stored, PROGRAM.decoded and PROGRAM.memfd
make_bundles() {
    "$TOOL" create -q --launch inplace -o "$1.stored" v1="$1"
    "$TOOL" create -q --launch inplace --compress zstd -o "$1.decoded" v1="$1"
    "$TOOL" create -q --launch memfd -o "$1.memfd" v1="$1"
}

# --- surroundings -----------------------------------------------------------------------------------------------------

# sandboxed CALL=ERRNO,.. COMMAND..: system calls fail with these errors
sandboxed() {
    local refused=$1
    shift
    "$FIXTURES/seccomp-run" "$refused" -- "$@"
}

# For `sandboxed`: no memory may become executable, so that no compressed variant can be decoded to where it runs.
no_new_code=mprotect+exec=EACCES,mmap+write-exec=EACCES

# For `sandboxed`: a start in place and one from a memfd are refused, and only private files are left.
# shellcheck disable=SC2034 # for the tests
only_files=$no_new_code,memfd_create=EPERM

# without_new_code COMMAND..: the same by the kernel itself, with PR_SET_MDWE
without_new_code() {
    "$FIXTURES/exec-with" mdwe=1 -- "$(type -P "$1")" "$@"
}

need_mdwe() {
    skip_unless "this kernel has no PR_SET_MDWE" without_new_code true
}

# prepared COMMAND WORD..: runs COMMAND in a shell in a mount namespace, then the program WORD..; status 77 if COMMAND
# fails
prepared() {
    local command=$1
    shift
    in_mount_namespace bash -c "{ $command; } >&2 || exit 77; exec env \"\$@\"" prepared "$@"
}

# skip_if_unprepared: skips the test if the last command, by `capture`, ended with status 77
skip_if_unprepared() {
    [ "$status" != 77 ] || skip "these surroundings cannot be made here: $(tail -n 1 err)"
}

# --- how bundles start ------------------------------------------------------------------------------------------------

# starts BUNDLE METHOD PREFIX..: under the command PREFIX the program starts and gets its arguments; the launcher's log,
# which is the only message, says that METHOD, a pattern, started it
starts() {
    local bundle=$1 method=$2
    shift 2
    FATELF_AMD64_DEBUG=log capture "$@" "./$bundle" one 'two words'
    skip_if_unprepared
    if [ "$status" = 0 ] && [ "$(<out)" = 'v1 one two words' ] && ! grep -qv '^fatelf-amd64: ' err &&
        tail -n 1 err | finds -Ex "fatelf-amd64: (\.|/.*)/$bundle: starting v1 by ($method), ready in [0-9.]+ ms"; then
        return
    fi
    fail "$bundle under '$*': status $status, not by $method"
}

# all_start_by STORED DECODED MEMFD PREFIX..: the methods that start the three bundles of every program under PREFIX.
# PROGRAMS, if set, has the names of fewer programs.
all_start_by() {
    local methods=("$1" "$2" "$3") program
    shift 3
    for program in ${PROGRAMS-dynamic static pie}; do
        starts "$program.stored" "${methods[0]}" "$@"
        starts "$program.decoded" "${methods[1]}" "$@"
        starts "$program.memfd" "${methods[2]}" "$@"
    done
}

# all_start_as_made PREFIX..: under PREFIX every bundle starts by the method that it was made for
all_start_as_made() {
    all_start_by inplace inplace memfd "$@"
}

# cannot_start BUNDLE REFUSALS PREFIX..: under PREFIX the launcher ends with status 126 and one line that lists these
# refusals, a pattern
cannot_start() {
    local bundle=$1 refusals=$2
    shift 2
    capture "$@" "./$bundle"
    skip_if_unprepared
    [ "$status" = 126 ] || fail "$bundle: status $status"
    [ ! -s out ] || fail "$bundle: output"
    [ "$(wc -l <err)" = 1 ] || fail "$bundle: not one line"
    grep -Exq "fatelf-amd64: (\.|/.*)/$bundle: the program could not be started: $refusals" err ||
        fail "$bundle: other refusals"
}
