# SPDX-License-Identifier: MIT
# Shared by the tests of surroundings in which not every way of starting is allowed.

# Three programs that say "v1" and their arguments: a dynamic PIE, a static program and a static PIE. Three bundles of
# each: NAME.stored and NAME.decoded ask for a start in place, NAME.memfd, which is compressed too, for one from memory.
make_programs() {
    local source=$BATS_TEST_DIRNAME/../fixtures/level.c name
    cp "$FIXTURES/level.v1" dynamic
    "${CC:-cc}" -O2 -DLEVEL=1 -static -no-pie -o static "$source"
    "${CC:-cc}" -O2 -DLEVEL=1 -static-pie -fPIE -o pie "$source"
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

# sandboxed CALL=ERRNO,.. COMMAND..
sandboxed() {
    local refused=$1
    shift
    "$FIXTURES/seccomp-run" "$refused" -- "$@"
}

# What keeps a compressed variant from being decoded to where it runs.
no_new_code=mprotect+exec=EACCES,mmap+write-exec=EACCES

# No memory of COMMAND gains the right to be executed.
without_new_code() {
    "$FIXTURES/exec-with" mdwe=1 -- "$(type -P "$1")" "$@"
}

need_mdwe() {
    without_new_code true 2>/dev/null || skip "this kernel has no PR_SET_MDWE"
}

# root, or a namespace in which we are
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        unshare -r "$@"
    fi
}

need_namespaces() {
    as_root unshare "$@" true 2>/dev/null || skip "needs root, or user namespaces"
}

# prepared COMMAND WORD..: COMMAND for a shell in a mount namespace, then the program WORD..; 77 when it fails
prepared() {
    local command=$1
    shift
    as_root unshare --mount bash -c "{ $command; } >&2 || exit 77; exec env \"\$@\"" prepared "$@"
}

# starts BUNDLE METHOD PREFIX..: under the command PREFIX the program starts and has its arguments, and METHOD, a
# pattern, is what started it, by the launcher's log, which is all that it says
starts() {
    local bundle=$1 method=$2 status=0
    shift 2
    FATELF_AMD64_DEBUG=log "$@" "./$bundle" one 'two words' >out 2>err || status=$?
    [ "$status" != 77 ] || skip "these surroundings cannot be had here: $(tail -n 1 err)"
    if [ "$status" = 0 ] && [ "$(cat out)" = 'v1 one two words' ] && ! grep -qv '^fatelf-amd64: ' err &&
        tail -n 1 err | grep -Exq "fatelf-amd64: (\.|/.*)/$bundle: starting v1 by ($method), ready in [0-9.]+ ms"; then
        return
    fi
    echo "$bundle under '$*': status $status, not by $method"
    cat out err
    return 1
}

# each STORED DECODED MEMFD PREFIX..: how the bundles of all programs start under PREFIX; PROGRAMS for fewer
each() {
    local methods=("$1" "$2" "$3") program
    shift 3
    for program in ${PROGRAMS-dynamic static pie}; do
        starts "$program.stored" "${methods[0]}" "$@"
        starts "$program.decoded" "${methods[1]}" "$@"
        starts "$program.memfd" "${methods[2]}" "$@"
    done
}

# as_asked PREFIX..: PREFIX is no hindrance, each bundle starts as it would anyway
as_asked() {
    each inplace inplace memfd "$@"
}

# refused BUNDLE REFUSALS PREFIX..: it does not start: status 126 and one line with these refusals, a pattern
refused() {
    local bundle=$1 refusals=$2 status=0
    shift 2
    "$@" "./$bundle" >out 2>err || status=$?
    [ "$status" = 126 ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] &&
        grep -Exq "fatelf-amd64: (\.|/.*)/$bundle: the program could not be started: $refusals" err ||
        { echo "$bundle: status $status"; cat out err; return 1; }
}

# least LIMIT COMMAND..: the least that COMMAND runs with of what prlimit calls LIMIT, to 16 KiB, in KiB
least() {
    local limit=$1 low=0 high=$((4 << 20)) middle
    shift
    while ((high - low > 16)); do
        middle=$(((low + high) / 2))
        if prlimit "--$limit=$((middle << 10))" "$@" >least.out 2>&1 && [ "$(cat least.out)" = "$LEAST" ]; then
            high=$middle
        else
            low=$middle
        fi
    done
    echo "$high"
}
