# SPDX-License-Identifier: MIT
# What the launcher's environment variables do, what they must not do, and the messages about them.
load ../lib/common
load ../lib/surroundings
load ../lib/users

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    make_level_bundle
    "$TOOL" create -q --go-env -o go "$FIXTURES"/level.v[1-4]
    "$TOOL" create -q --go-env -o go-low "$FIXTURES"/level.v[1-2]
    "$TOOL" create -q --go-env -o go-high "$FIXTURES"/level.v[34]
    "$TOOL" create -q -o high "$FIXTURES"/level.v[34]
    "$TOOL" create -q -o stored --compress none "$FIXTURES"/level.v[12]
    "$TOOL" create -q --go-env -o probe v1="$FIXTURES/probe" v2="$FIXTURES/probe"
}

setup() {
    start_test
    ln -s "$BATS_FILE_TMPDIR"/* .
}

teardown() {
    remove_public_folder
}

# refused_with MESSAGE COMMAND..: status 126, only this line on stderr, nothing on stdout
refused_with() {
    local message=$1
    shift
    capture "$@"
    # qemu warns about features that it cannot emulate
    sed -i '/^qemu-x86_64: warning: /d' err
    diff - err <<<"fatelf-amd64: $message"
    [ "$status" = 126 ]
    [ ! -s out ]
}

# on MODEL COMMAND..: the command on another processor. The launcher runs emulated; the variant does not, because
# qemu-user lets the kernel exec it.
on() {
    local model=$1
    shift
    qemu-x86_64 -cpu "$model" "$@"
}

UNKNOWN='unknown value; FATELF_AMD64 takes v1..v4 or v1!..v4!, FATELF_AMD64_LAUNCH takes memfd or inplace, '
UNKNOWN+='FATELF_AMD64_DEBUG takes log, extract or list'

# What the launcher says of qemu's models.
BELOW_V2='this machine is at x86-64-v1 and lacks CMPXCHG16B, LAHF-SAHF, POPCNT, SSE3, SSSE3, SSE4_1, SSE4_2'
BELOW_V3='this machine is at x86-64-v2 and lacks AVX, AVX2, BMI1, BMI2, F16C, FMA, LZCNT, MOVBE, OSXSAVE'
BELOW_V4='this machine is at x86-64-v3 and lacks AVX512F, AVX512BW, AVX512CD, AVX512DQ, AVX512VL'

@test "without an override the best variant that the machine can run is started" {
    [ "$(./level a b)" = "v$(machine_level) a b" ]
}

@test "FATELF_AMD64 is a ceiling, for each level that the machine has" {
    local level levels
    levels=$(runnable_levels)
    for level in $levels; do
        [ "$(FATELF_AMD64=v$level ./level)" = "v$level" ]
        [ "$(FATELF_AMD64=v$level! ./level)" = "v$level" ]
    done
}

@test "if there is no variant for FATELF_AMD64, the next lower one is started" {
    need_level 3
    [ "$(FATELF_AMD64=v3 ./stored)" = v2 ]
    [ "$(FATELF_AMD64=v3 ./high)" = v3 ]
}

@test "a level above the machine's is refused, and the missing features are named" {
    need qemu-x86_64
    local features=-cx16,-lahf-lm,-popcnt,-pni,-ssse3,-sse4.1,-sse4.2
    refused_with "./level: FATELF_AMD64 asks for x86-64-v2, but $BELOW_V2; unset it, or write v2! to try it anyway" \
        env FATELF_AMD64=v2 qemu-x86_64 -cpu "qemu64,$features" ./level
    refused_with "./level: FATELF_AMD64 asks for x86-64-v3, but $BELOW_V3; unset it, or write v3! to try it anyway" \
        env FATELF_AMD64=v3 qemu-x86_64 -cpu Nehalem ./level
    refused_with "./level: FATELF_AMD64 asks for x86-64-v4, but $BELOW_V4; unset it, or write v4! to try it anyway" \
        env FATELF_AMD64=v4 qemu-x86_64 -cpu Haswell ./level
}

@test "a level above the machine's that ends in ! is started all the same" {
    need qemu-x86_64
    FATELF_AMD64=v4! FATELF_AMD64_DEBUG=list on Nehalem ./level >out
    grep -q '^\* v4 ' out
    [ "$(head -n 1 out)" = './level: launch memfd; this machine is at x86-64-v2' ]
    local machine
    machine=$(machine_level)
    [ "$machine" -lt 4 ] || [ "$(FATELF_AMD64=v4! on Nehalem ./level)" = v4 ]
}

@test "a bundle without a variant for the machine says which level is needed and what is missing" {
    need qemu-x86_64
    refused_with "./high: needs x86-64-v3; $BELOW_V3" on Nehalem ./high
    refused_with './high: FATELF_AMD64 asks for at most x86-64-v2, but the lowest variant here is x86-64-v3' \
        env FATELF_AMD64=v2 ./high
    # listing the variants is not a failure
    FATELF_AMD64_DEBUG=list on Nehalem ./high >out
    [ "$(head -n 1 out)" = './high: launch memfd; this machine is at x86-64-v2' ]
    [ "$(grep -c '^  v[34] ' out)" = 2 ]
    [ "$(wc -l <out)" = 3 ]
}

@test "every unknown value of FATELF_AMD64 is an error" {
    local value
    for value in v0 v5 v9 V3 3 v v33 'v3 ' ' v3' 'v3!!' '!v3' '!' 'v!' x86-64-v3 v1..v4 native v3,v4; do
        refused_with "./level: FATELF_AMD64=$value: $UNKNOWN" env "FATELF_AMD64=$value" ./level
    done
}

@test "unknown launch methods and debug modes are errors" {
    local value
    for value in in-place MEMFD 'memfd,' file 1; do
        refused_with "./level: FATELF_AMD64_LAUNCH=$value: $UNKNOWN" env "FATELF_AMD64_LAUNCH=$value" ./level
    done
    for value in 1 LOG log,list lis listing extract=v1; do
        refused_with "./level: FATELF_AMD64_DEBUG=$value: $UNKNOWN" env "FATELF_AMD64_DEBUG=$value" ./level
    done
}

@test "an empty variable counts as unset" {
    [ "$(FATELF_AMD64='' FATELF_AMD64_LAUNCH='' FATELF_AMD64_DEBUG='' ./level)" = "v$(machine_level)" ]
    [ "$(GOAMD64='' MGODEBUG='' ./go)" = "v$(machine_level)" ]
}

@test "variables with similar names mean nothing" {
    local names=(FATELF_AMD64X=v1 FATELF_AMD6=v1 FATELF=v1 FATELF_AMD64_LEVEL=v1 fatelf_amd64=v1)
    [ "$(env "${names[@]}" ./level)" = "v$(machine_level)" ]
}

@test "FATELF_AMD64_LAUNCH=memfd starts the program" {
    [ "$(FATELF_AMD64_LAUNCH=memfd ./level word)" = "v$(machine_level) word" ]
}

@test "FATELF_AMD64_DEBUG=log says in one line on stderr which variant started, how, and after what time" {
    FATELF_AMD64=v1 FATELF_AMD64_DEBUG=log ./level word >out 2>err
    [ "$(cat out)" = 'v1 word' ]
    [ "$(wc -l <err)" = 1 ]
    grep -Eq '^fatelf-amd64: \./level: starting v1 by memfd, ready in [0-9]+\.[0-9][0-9] ms$' err
}

@test "FATELF_AMD64_DEBUG=extract writes the chosen variant and starts nothing" {
    local level levels
    levels=$(runnable_levels)
    for level in $levels; do
        FATELF_AMD64=v$level FATELF_AMD64_DEBUG=extract ./level --not-an-argument >variant 2>err
        cmp variant "$FIXTURES/level.v$level"
        [ ! -s err ]
    done
    FATELF_AMD64_DEBUG=extract FATELF_AMD64=v1 ./stored | cmp - "$FIXTURES/level.v1"
    refused_with './level: the variant could not be written: write: No space left on device' \
        bash -c 'FATELF_AMD64_DEBUG=extract ./level >/dev/full'
    refused_with './level: the variant could not be written: write: Bad file descriptor' \
        bash -c 'FATELF_AMD64_DEBUG=extract ./level >&-'
}

@test "FATELF_AMD64_DEBUG=list shows the variants and marks the one that would start" {
    need_level 2
    local level=2 row='^[ *] v[1-4] zstd [0-9]* bytes in [0-9]*$'
    FATELF_AMD64=v$level FATELF_AMD64_DEBUG=list ./level >out 2>err
    [ ! -s err ]
    [ "$(head -n 1 out)" = "./level: launch memfd; this machine is at x86-64-v$(machine_level)" ]
    [ "$(tail -n +2 out | grep -c "$row")" = 4 ]
    [ "$(wc -l <out)" = 5 ]
    [ "$(grep -c '^\*' out)" = 1 ]
    grep -q "^\* v$level zstd $(stat -c %s "$FIXTURES/level.v$level") bytes" out
    FATELF_AMD64_DEBUG=list ./stored | finds '^  v1 stored '
}

@test "GOAMD64 and MGODEBUG mean nothing to a bundle that was made without --go-env" {
    [ "$(GOAMD64=v1 MGODEBUG=log ./level 2>&1)" = "v$(machine_level)" ]
}

@test "GOAMD64 is a ceiling for a bundle that was made with --go-env" {
    need qemu-x86_64
    [ "$(GOAMD64=v1 ./go)" = v1 ]
    [ "$(GOAMD64=v4 ./go)" = "v$(machine_level)" ]
    GOAMD64=v4 FATELF_AMD64_DEBUG=list on Haswell ./go | finds '^\* v3 '
    GOAMD64=v1 FATELF_AMD64_DEBUG=list on Haswell ./go | finds '^\* v1 '
    [ "$(GOAMD64=v3 ./go-low)" = v2 ]
}

@test "GOAMD64 is ignored if the bundle or the machine does not have that level" {
    GOAMD64=v2 FATELF_AMD64_DEBUG=list ./go-high >out
    FATELF_AMD64_DEBUG=list ./go-high | diff - out
    need_level 3
    [ "$(GOAMD64=v1 ./go-high)" = "v$(machine_level)" ]
}

@test "other values of GOAMD64 and MGODEBUG are ignored" {
    local value
    for value in v0 v5 3 v3! native '!'; do
        [ "$(GOAMD64=$value ./go 2>&1)" = "v$(machine_level)" ]
    done
    [ "$(MGODEBUG=http2client=0 ./go 2>&1)" = "v$(machine_level)" ]
}

@test "MGODEBUG=log and MGODEBUG=extract do what they do in mgo" {
    GOAMD64=v1 MGODEBUG=log ./go >out 2>err
    [ "$(cat out)" = v1 ]
    [ "$(wc -l <err)" = 1 ]
    grep -q '\bv1\b' err
    GOAMD64=v1 MGODEBUG=extract ./go | cmp - "$FIXTURES/level.v1"
}

@test "FATELF_AMD64 and FATELF_AMD64_DEBUG override GOAMD64 and MGODEBUG, whatever their order" {
    need qemu-x86_64
    need_level 2
    [ "$(env -i GOAMD64=v1 FATELF_AMD64=v2 ./go)" = v2 ]
    [ "$(env -i FATELF_AMD64=v2 GOAMD64=v1 ./go)" = v2 ]
    env -i MGODEBUG=extract FATELF_AMD64_DEBUG=list ./go | finds '^\* '
    env -i FATELF_AMD64_DEBUG=list MGODEBUG=extract ./go | finds '^\* '
    refused_with "./go: FATELF_AMD64 asks for x86-64-v4, but $BELOW_V4; unset it, or write v4! to try it anyway" \
        env FATELF_AMD64=v4 GOAMD64=v1 qemu-x86_64 -cpu Haswell ./go
}

# privileged MODE FILE..: copies files into the public folder and gives them these permissions
privileged() {
    local mode=$1 file
    shift
    for file; do
        cp -L "$file" "$PUBLIC"
        chmod "$mode" "$PUBLIC/${file##*/}"
    done
}

# by_nobody SETTING.. COMMAND..: as another user, with only these variables
by_nobody() {
    "${AS_NOBODY[@]}" env -i "$@"
}

@test "a set-uid or set-gid bundle ignores all variables" {
    local mode variable
    need_set_uid
    public_folder
    for mode in 4755 2755; do
        privileged "$mode" "$BATS_FILE_TMPDIR"/{level,go}
        for variable in FATELF_AMD64=v1 FATELF_AMD64=nonsense FATELF_AMD64_LAUNCH=nonsense FATELF_AMD64_DEBUG=list \
            FATELF_AMD64_DEBUG=log FATELF_AMD64_DEBUG=extract FATELF_AMD64_DEBUG=nonsense; do
            [ "$(by_nobody "$variable" "$PUBLIC/level" 2>&1)" = "v$(machine_level)" ]
        done
        for variable in GOAMD64=v1 MGODEBUG=log MGODEBUG=extract; do
            [ "$(by_nobody "$variable" "$PUBLIC/go" 2>&1)" = "v$(machine_level)" ]
        done
    done
}

@test "the program of a set-uid or set-gid bundle sees AT_SECURE, its ids and the variables as natively" {
    local mode facts='^(AT_SECURE|AT_E?[UG]ID|user|group|variable|no new)'
    need_set_uid
    public_folder
    for mode in 4755 2755 6755; do
        privileged "$mode" "$BATS_FILE_TMPDIR/probe"
        by_nobody FATELF_AMD64=v1 "$PUBLIC/probe" | grep -E "$facts" >bundle
        privileged "$mode" "$FIXTURES/probe"
        by_nobody FATELF_AMD64=v1 "$PUBLIC/probe" | grep -E "$facts" >native
        diff native bundle
        grep -q '^AT_SECURE: 1$' bundle
        grep -Fxq "variable[0]: 'FATELF_AMD64=v1'" bundle
    done
}

@test "a set-uid bundle ignores the environment when it chooses a folder for its private file" {
    need_set_uid
    public_folder
    privileged 4755 "$BATS_FILE_TMPDIR/probe"
    mkdir -m 1777 "$PUBLIC/tmp"
    # root installs the sandbox, so that set-uid bits keep their meaning
    sandboxed "$no_new_code,memfd_create=EPERM" "$(type -P "${AS_NOBODY[0]}")" "${AS_NOBODY[@]:1}" env -i \
        TMPDIR="$PUBLIC/tmp" XDG_RUNTIME_DIR="$PUBLIC/tmp" "$PUBLIC/probe" exe >out
    grep -Eq '^exe: /(dev/shm|tmp|var/tmp)/#[0-9]+ \(deleted\)$' out
}

@test "a set-uid bundle uses no other folder for its private file even if the default ones are missing" {
    local start
    need_set_uid
    public_folder
    mkdir -p root
    mkdir -m 1777 root/run
    compile_level 1 static -static
    "$TOOL" create -q -o root/static v1=static
    start=(sandboxed "$no_new_code,memfd_create=EPERM" "$(type -P env)" -i TMPDIR=/run XDG_RUNTIME_DIR=/run "$(type -P chroot)"
        "--userspec=65534:65534" root /static)
    same v1 "$("${start[@]}")"
    chmod 4755 root/static
    capture "${start[@]}"
    same 126 "$status"
    grep -Eq '; /dev/shm: [^;]*; /tmp: [^;]*; /var/tmp: [^;]*$' err
}
