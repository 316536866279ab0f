# SPDX-License-Identifier: MIT
# What the environment may ask of the launcher, what it may not, and what the launcher says to each.
load ../lib/common
load ../lib/surroundings
load ../lib/users

# Messages are compared whole, with the bundle's name as it was started: ./level
setup_file() {
    make_level_bundle
    "$TOOL" create -q --go-env -o "$BATS_FILE_TMPDIR/go" "$FIXTURES"/level.v[1-4]
    "$TOOL" create -q --go-env -o "$BATS_FILE_TMPDIR/go-low" "$FIXTURES"/level.v[1-2]
    "$TOOL" create -q --go-env -o "$BATS_FILE_TMPDIR/go-high" "$FIXTURES"/level.v[34]
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/high" "$FIXTURES"/level.v[34]
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/stored" --compress none "$FIXTURES"/level.v[12]
    "$TOOL" create -q --go-env -o "$BATS_FILE_TMPDIR/probe" v1="$FIXTURES/probe" v2="$FIXTURES/probe"
}

setup() {
    cd "$BATS_TEST_TMPDIR" || exit 1
    unset FATELF_AMD64 FATELF_AMD64_LAUNCH FATELF_AMD64_DEBUG GOAMD64 MGODEBUG
    umask 022
    ln -s "$BATS_FILE_TMPDIR"/{level,go,go-low,go-high,high,stored,probe} .
    PUBLIC=
}

teardown() {
    [ -z "$PUBLIC" ] || rm -rf "$PUBLIC"
}

# refused MESSAGE COMMAND..: status 126, just this line on stderr, nothing on stdout
refused() {
    local message=$1 status=0
    shift
    "$@" >out 2>err || status=$?
    # what qemu says of features it cannot emulate is not ours
    diff <(echo "fatelf-amd64: $message") <(grep -v '^qemu-x86_64: warning: ' err)
    [ "$status" = 126 ]
    [ ! -s out ]
}

# on MODEL COMMAND..: the command on another processor. The launcher runs emulated; the variant does not, because
# qemu-user hands it to the kernel.
on() {
    need qemu-x86_64
    local model=$1
    shift
    qemu-x86_64 -cpu "$model" "$@"
}

UNKNOWN='unknown value; FATELF_AMD64 takes v1..v4 or v1!..v4!, FATELF_AMD64_LAUNCH takes memfd or inplace, '
UNKNOWN+='FATELF_AMD64_DEBUG takes log, extract or list'

# What qemu's models lack, in the words of the launcher.
BELOW_V2='this machine is at x86-64-v1 and lacks CMPXCHG16B, LAHF-SAHF, POPCNT, SSE3, SSSE3, SSE4_1, SSE4_2'
BELOW_V3='this machine is at x86-64-v2 and lacks AVX, AVX2, BMI1, BMI2, F16C, FMA, LZCNT, MOVBE, OSXSAVE'
BELOW_V4='this machine is at x86-64-v3 and lacks AVX512F, AVX512BW, AVX512CD, AVX512DQ, AVX512VL'

@test "without a wish the best variant that the machine can run is started" {
    [ "$(./level a b)" = "v$(machine_level) a b" ]
}

@test "FATELF_AMD64 is a ceiling, for each level that the machine has" {
    local level
    for level in $(seq "$(machine_level)"); do
        [ "$(FATELF_AMD64=v$level ./level)" = "v$level" ]
        [ "$(FATELF_AMD64=v$level! ./level)" = "v$level" ]
    done
}

@test "below FATELF_AMD64 the next lower variant is started" {
    [ "$(machine_level)" -ge 3 ] || skip "this machine has no x86-64-v3"
    [ "$(FATELF_AMD64=v3 ./stored)" = v2 ]
    [ "$(FATELF_AMD64=v3 ./high)" = v3 ]
}

@test "a level above the machine's is refused, and the features missing are named" {
    need qemu-x86_64
    local features=-cx16,-lahf-lm,-popcnt,-pni,-ssse3,-sse4.1,-sse4.2
    refused "./level: FATELF_AMD64 asks for x86-64-v2, but $BELOW_V2; unset it, or write v2! to try all the same" \
        env FATELF_AMD64=v2 qemu-x86_64 -cpu "qemu64,$features" ./level
    refused "./level: FATELF_AMD64 asks for x86-64-v3, but $BELOW_V3; unset it, or write v3! to try all the same" \
        env FATELF_AMD64=v3 qemu-x86_64 -cpu Nehalem ./level
    refused "./level: FATELF_AMD64 asks for x86-64-v4, but $BELOW_V4; unset it, or write v4! to try all the same" \
        env FATELF_AMD64=v4 qemu-x86_64 -cpu Haswell ./level
}

@test "a level above the machine's that ends in ! is started all the same" {
    FATELF_AMD64=v4! FATELF_AMD64_DEBUG=list on Nehalem ./level >out
    grep -q '^\* v4 ' out
    [ "$(head -n 1 out)" = './level: launch memfd; this machine is at x86-64-v2' ]
    if [ "$(machine_level)" = 4 ]; then
        [ "$(FATELF_AMD64=v4! on Nehalem ./level)" = v4 ]
    fi
}

@test "a bundle without a variant for the machine says what is needed and what is missing" {
    refused "./high: needs x86-64-v3; $BELOW_V3" on Nehalem ./high
    refused './high: FATELF_AMD64 asks for at most x86-64-v2, but the lowest variant here is x86-64-v3' env FATELF_AMD64=v2 ./high
    # the list is for just this case, and no failure
    FATELF_AMD64_DEBUG=list on Nehalem ./high >out
    diff <(echo './high: launch memfd; this machine is at x86-64-v2') <(head -n 1 out)
    [ "$(grep -c '^  v[34] ' out)" = 2 ]
    [ "$(wc -l <out)" = 3 ]
}

@test "each value of FATELF_AMD64 that nobody knows is an error, not a guess" {
    local value
    for value in v0 v5 v9 V3 3 v v33 'v3 ' ' v3' 'v3!!' '!v3' '!' 'v!' x86-64-v3 v1..v4 native v3,v4; do
        refused "./level: FATELF_AMD64=$value: $UNKNOWN" env "FATELF_AMD64=$value" ./level
    done
}

@test "the launch methods and debug modes nobody knows are errors" {
    local value
    for value in in-place MEMFD memfd, file 1; do
        refused "./level: FATELF_AMD64_LAUNCH=$value: $UNKNOWN" env "FATELF_AMD64_LAUNCH=$value" ./level
    done
    for value in 1 LOG log,list lis listing extract=v1; do
        refused "./level: FATELF_AMD64_DEBUG=$value: $UNKNOWN" env "FATELF_AMD64_DEBUG=$value" ./level
    done
}

@test "an empty value is as unset" {
    [ "$(FATELF_AMD64='' FATELF_AMD64_LAUNCH='' FATELF_AMD64_DEBUG='' ./level)" = "v$(machine_level)" ]
    [ "$(GOAMD64='' MGODEBUG='' ./go)" = "v$(machine_level)" ]
}

@test "names that only begin like the launcher's variables mean nothing" {
    local names=(FATELF_AMD64X=v1 FATELF_AMD6=v1 FATELF=v1 FATELF_AMD64_LEVEL=v1 fatelf_amd64=v1)
    [ "$(env "${names[@]}" ./level)" = "v$(machine_level)" ]
}

@test "FATELF_AMD64_LAUNCH=memfd starts the program" {
    [ "$(FATELF_AMD64_LAUNCH=memfd ./level word)" = "v$(machine_level) word" ]
}

@test "FATELF_AMD64_DEBUG=log says on one line of stderr which variant started, how, and after how long" {
    FATELF_AMD64=v1 FATELF_AMD64_DEBUG=log ./level word >out 2>err
    [ "$(cat out)" = 'v1 word' ]
    [ "$(wc -l <err)" = 1 ]
    grep -Eq '^fatelf-amd64: \./level: starting v1 by memfd, ready in [0-9]+\.[0-9][0-9] ms$' err
}

@test "FATELF_AMD64_DEBUG=extract writes the chosen variant, whole, and starts nothing" {
    local level
    for level in $(seq "$(machine_level)"); do
        FATELF_AMD64=v$level FATELF_AMD64_DEBUG=extract ./level --not-an-argument >variant 2>err
        cmp variant "$FIXTURES/level.v$level"
        [ ! -s err ]
    done
    FATELF_AMD64_DEBUG=extract FATELF_AMD64=v1 ./stored | cmp - "$FIXTURES/level.v1"
    refused './level: the variant could not be written: write: No space left on device' \
        bash -c 'FATELF_AMD64_DEBUG=extract ./level >/dev/full'
    refused './level: the variant could not be written: write: Bad file descriptor' \
        bash -c 'FATELF_AMD64_DEBUG=extract ./level >&-'
}

@test "FATELF_AMD64_DEBUG=list shows what the bundle holds and marks what would start" {
    local level=2 row='^[ *] v[1-4] zstd [0-9]* bytes in [0-9]*$'
    FATELF_AMD64=v$level FATELF_AMD64_DEBUG=list ./level >out 2>err
    [ ! -s err ]
    [ "$(head -n 1 out)" = "./level: launch memfd; this machine is at x86-64-v$(machine_level)" ]
    [ "$(tail -n +2 out | grep -c "$row")" = 4 ]
    [ "$(wc -l <out)" = 5 ]
    [ "$(grep -c '^\*' out)" = 1 ]
    grep -q "^\* v$level zstd $(stat -c %s "$FIXTURES/level.v$level") bytes" out
    FATELF_AMD64_DEBUG=list ./stored | grep -q '^  v1 stored '
}

@test "GOAMD64 and MGODEBUG mean nothing to a bundle made without --go-env" {
    [ "$(GOAMD64=v1 MGODEBUG=log ./level 2>&1)" = "v$(machine_level)" ]
}

@test "GOAMD64 is a ceiling for a bundle made with --go-env" {
    [ "$(GOAMD64=v1 ./go)" = v1 ]
    [ "$(GOAMD64=v4 ./go)" = "v$(machine_level)" ]
    GOAMD64=v4 FATELF_AMD64_DEBUG=list on Haswell ./go | grep -q '^\* v3 '
    GOAMD64=v1 FATELF_AMD64_DEBUG=list on Haswell ./go | grep -q '^\* v1 '
    [ "$(GOAMD64=v3 ./go-low)" = v2 ]
}

@test "GOAMD64 never keeps a bundle from starting: a level that it or the machine does not have is no wish" {
    GOAMD64=v2 FATELF_AMD64_DEBUG=list ./go-high >out
    diff <(FATELF_AMD64_DEBUG=list ./go-high) out
    [ "$(machine_level)" -ge 3 ] || skip "this machine has no x86-64-v3"
    [ "$(GOAMD64=v1 ./go-high)" = "v$(machine_level)" ]
}

@test "values of GOAMD64 and MGODEBUG that are not for the launcher are ignored" {
    local value
    for value in v0 v5 3 v3! native '!'; do
        [ "$(GOAMD64=$value ./go 2>&1)" = "v$(machine_level)" ]
    done
    [ "$(MGODEBUG=http2client=0 ./go 2>&1)" = "v$(machine_level)" ]
}

@test "MGODEBUG=log and extract do what they do in mgo" {
    GOAMD64=v1 MGODEBUG=log ./go >out 2>err
    [ "$(cat out)" = v1 ]
    [ "$(wc -l <err)" = 1 ]
    grep -q '\bv1\b' err
    GOAMD64=v1 MGODEBUG=extract ./go | cmp - "$FIXTURES/level.v1"
}

@test "FATELF_AMD64 and FATELF_AMD64_DEBUG win over GOAMD64 and MGODEBUG, in whichever order they stand" {
    need qemu-x86_64
    [ "$(env -i GOAMD64=v1 FATELF_AMD64=v2 ./go)" = v2 ]
    [ "$(env -i FATELF_AMD64=v2 GOAMD64=v1 ./go)" = v2 ]
    env -i MGODEBUG=extract FATELF_AMD64_DEBUG=list ./go | grep -q '^\* '
    env -i FATELF_AMD64_DEBUG=list MGODEBUG=extract ./go | grep -q '^\* '
    refused "./go: FATELF_AMD64 asks for x86-64-v4, but $BELOW_V4; unset it, or write v4! to try all the same" \
        env FATELF_AMD64=v4 GOAMD64=v1 qemu-x86_64 -cpu Haswell ./go
}

# privileged MODE FILE..: copies with a set-uid or set-gid bit in a folder that user 65534 can reach, or skips.
privileged() {
    local mode=$1
    shift
    [ "$(id -u)" = 0 ] || skip "needs root"
    [ -n "$PUBLIC" ] || PUBLIC=$(mktemp -d)
    chmod 755 "$PUBLIC"
    [[ ,$(findmnt -no OPTIONS -T "$PUBLIC"), != *,nosuid,* ]] || skip "temporary files are on a file system with nosuid"
    cp -L "$@" "$PUBLIC"
    (cd "$PUBLIC" && chmod "$mode" "${@##*/}")
}

AS_NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups env -i)

@test "a set-uid or set-gid bundle ignores all variables" {
    local mode variable
    for mode in 4755 2755; do
        privileged "$mode" level go
        for variable in FATELF_AMD64=v1 FATELF_AMD64=nonsense FATELF_AMD64_LAUNCH=nonsense FATELF_AMD64_DEBUG=list \
            FATELF_AMD64_DEBUG=log FATELF_AMD64_DEBUG=extract FATELF_AMD64_DEBUG=nonsense; do
            [ "$("${AS_NOBODY[@]}" "$variable" "$PUBLIC/level" 2>&1)" = "v$(machine_level)" ]
        done
        for variable in GOAMD64=v1 MGODEBUG=log MGODEBUG=extract; do
            [ "$("${AS_NOBODY[@]}" "$variable" "$PUBLIC/go" 2>&1)" = "v$(machine_level)" ]
        done
    done
}

@test "the program of a set-uid or set-gid bundle sees AT_SECURE and its ids as natively, and the variables" {
    local mode facts='^(AT_SECURE|AT_E?[UG]ID|user|group|variable|no new)'
    for mode in 4755 2755 6755; do
        privileged "$mode" probe
        "${AS_NOBODY[@]}" FATELF_AMD64=v1 "$PUBLIC/probe" | grep -E "$facts" >bundle
        privileged "$mode" "$FIXTURES/probe"
        "${AS_NOBODY[@]}" FATELF_AMD64=v1 "$PUBLIC/probe" | grep -E "$facts" >native
        diff native bundle
        grep -q '^AT_SECURE: 1$' bundle
        grep -Fxq "variable[0]: 'FATELF_AMD64=v1'" bundle
    done
}

@test "a set-uid bundle puts its private file where it was built to, not where the environment says" {
    privileged 4755 probe
    mkdir -m 1777 "$PUBLIC/tmp"
    # as root, so that the sandbox leaves set-uid bits their meaning
    "$FIXTURES/seccomp-run" "$no_new_code,memfd_create=EPERM" -- "$(command -v "${AS_NOBODY[0]}")" "${AS_NOBODY[@]:1}" \
        TMPDIR="$PUBLIC/tmp" XDG_RUNTIME_DIR="$PUBLIC/tmp" "$PUBLIC/probe" exe >out
    grep -Eq '^exe: /(dev/shm|tmp|var/tmp)/\.fatelf-amd64-[0-9a-f]{16} \(deleted\)$' out
}
