# SPDX-License-Identifier: MIT
# A program started out of a bundle sees what it would have seen when started itself: the fixture `probe` prints all of
# it (its first comment says what is left out, and why), natively and bundled, and the lines have to be equal.
load ../lib/common

# The probe with several frames behind it, so that the launcher decodes in several threads.
setup_file() {
    local frames=("$(command -v bash)" "$(command -v bash)" "$TOOL")
    cat "$FIXTURES/probe" "${frames[@]}" >"$BATS_FILE_TMPDIR/native"
    chmod +x "$BATS_FILE_TMPDIR/native"
    local native=$BATS_FILE_TMPDIR/native
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/bundle" v1="$native" v2="$native" v3="$native" v4="$native"
}

teardown() {
    [ -z "${PUBLIC-}" ] || rm -rf "$PUBLIC"
}

# probe_both PREFIX.. [-- SETTING..] [-- ARGUMENT..]: runs the probe natively and out of the bundle under the command
# PREFIX, with exec-with's settings and these arguments (argv[0] first), and compares. Output goes through a pipe: a
# file's place, size and limits are part of what is compared.
probe_both() {
    local prefix=() settings=() arguments=(probe) program status
    while [ $# -gt 0 ] && [ "$1" != -- ]; do prefix+=("$1"); shift; done
    shift || true
    while [ $# -gt 0 ] && [ "$1" != -- ]; do settings+=("$1"); shift; done
    [ $# = 0 ] || { shift; arguments=("$@"); }
    for program in native bundle; do
        ln -sf "${FOLDER:-$BATS_FILE_TMPDIR}/$program" program
        "${prefix[@]}" "${HELPERS:-$FIXTURES}/exec-with" "${settings[@]}" -- ./program "${arguments[@]}" 2>&1 |
            cat >"$program.out"
        status=${PIPESTATUS[0]}
        [ "$status" = 0 ] || { echo "$program: status $status"; cat "$program.out"; return 1; }
    done
    diff native.out bundle.out && grep -q '^Threads:.1$' bundle.out
}

# limited COMMAND..: a prefix for probe_both that runs the shell COMMAND, for ulimit, in the program's process alone
limited() {
    LIMITED=(bash -c "$* && exec \"\$@\"" limited)
}

# A folder that other users can reach, with copies of the probe and its helper.
public_folder() {
    PUBLIC=$(mktemp -d)
    chmod 755 "$PUBLIC"
    cp "$BATS_FILE_TMPDIR"/{native,bundle} "$FIXTURES/exec-with" "$PUBLIC"
    FOLDER=$PUBLIC HELPERS=$PUBLIC
    cd "$PUBLIC"
}

@test "a program sees its arguments, environment and process as if started itself" {
    VARIABLE='some value' EMPTY='' probe_both -- -- probe one 'two words' $'new\nline' ''
    grep -q "^argument\[2\]: 'two words'$" bundle.out
    grep -q "^variable\[.*\]: 'VARIABLE=some value'$" bundle.out
}

@test "a program without any argument gets what the kernel makes of that" {
    probe_both -- close=3 --
    # since Linux 5.18 one empty argument
    grep -q '^arguments: [01]$' bundle.out
}

@test "empty arguments stay empty, also the first" {
    probe_both -- -- '' '' last
    grep -q "^argument\[0\]: ''$" bundle.out
    grep -q "^argument\[2\]: 'last'$" bundle.out
}

@test "argv[0] may be another name than the file's" {
    probe_both -- -- -login
    grep -q "^argument\[0\]: '-login'$" bundle.out
}

@test "arguments of 128 KiB, near 2 MB in all, arrive whole" {
    limited ulimit -S -s 8192
    probe_both "${LIMITED[@]}" -- fill=1900000
    grep -q '^argument\[1\]: 131071 bytes' bundle.out
    grep -q '^argument\[14\]: ' bundle.out
}

@test "an environment of more than 1 MB arrives whole" {
    local i word
    word=$(printf 'x%.0s' {1..100000})
    for i in {1..11}; do export "BIG_$i=$word"; done
    probe_both
    [ "$(grep -c "'*BIG_.*" bundle.out)" = 11 ]
}

@test "inherited descriptors keep their numbers, flags and offsets, and none is added" {
    seq 1000 >file
    exec 5<file 77>>file 999<>file 123</dev/null
    read -r _ <&5
    probe_both
    grep -q '^descriptor 5: flags 0, .* at [1-9]' bundle.out
    grep -q '^descriptor 999: ' bundle.out
    exec 5<&- 77>&- 999>&- 123<&-
}

@test "descriptors 0, 1 and 2 may be closed and stay closed" {
    local closed program
    for closed in '<&-' '>&-' '2>&-' '<&- >&-' '>&- 2>&-' '<&- 2>&-' '<&- >&- 2>&-'; do
        for program in native bundle; do
            ln -sf "$BATS_FILE_TMPDIR/$program" program
            eval "'$FIXTURES/exec-with' close=3 -- ./program probe to report $closed" || return 1
            mv report "$program.out"
        done
        diff native.out bundle.out
        [ "$(grep -c '^descriptor' bundle.out)" = $((3 - $(grep -o '&-' <<<"$closed" | wc -l))) ]
    done
}

@test "blocked signals stay blocked, those that C libraries use among them" {
    probe_both -- block=1,2,15,17,32,33,34,64
    grep -q '^blocked: 8000000380014003$' bundle.out
}

@test "ignored signals stay ignored, those that C libraries use among them" {
    probe_both -- ignore=1,3,13,17,20,25,32,33,63
    [ "$(grep -c '^signal [0-9]*: ignored' bundle.out)" = 9 ]
}

@test "a signal that is pending when the program starts is still pending in it" {
    probe_both -- pending=10
    grep -q '^pending: 0000000000000200$' bundle.out
}

@test "the umask is handed on, whatever it is" {
    local mask
    for mask in 000 027 077 777; do
        umask "$mask"
        # the helper of the test creates files itself
        (umask 022 && rm -f native.out bundle.out && touch native.out bundle.out)
        probe_both || return 1
        grep -q "^umask: $mask$" bundle.out
    done
}

@test "soft and hard limits are handed on" {
    limited 'ulimit -n 200 && ulimit -S -n 100 && ulimit -c 0 && ulimit -S -t 1000 && ulimit -S -s 1024 && ulimit -l 64'
    probe_both "${LIMITED[@]}" -- close=3
    grep -q '^limit 7: 100 200$' bundle.out
}

@test "a program runs with four descriptors, as many as it needs natively" {
    limited 'exec 3>&- && ulimit -n 4'
    probe_both "${LIMITED[@]}" -- close=3
    grep -q '^limit 7: 4 4$' bundle.out
}

@test "a program runs with little stack, data and address space" {
    limited 'ulimit -s 128 && ulimit -d 4096 && ulimit -v 32768'
    probe_both "${LIMITED[@]}"
    grep -q '^limit 2: 4194304 4194304$' bundle.out
}

@test "a small soft limit on the size of files does not hinder the start and is handed on" {
    limited ulimit -S -f 4
    probe_both "${LIMITED[@]}"
    grep -q '^limit 1: 4096 -1$' bundle.out
}

@test "a hard limit on the size of files below the program's is a clear refusal, or the program runs" {
    local status
    (ulimit -f 4 && exec "$BATS_FILE_TMPDIR/bundle" 2>err) | cat >out
    status=${PIPESTATUS[0]}
    if [ "$status" = 0 ]; then
        grep -q '^limit 1: 4096 4096$' out
    else
        [ "$status" = 126 ]
        grep -q '^fatelf-amd64: .*/bundle: the program could not be started: memfd: RLIMIT_FSIZE: File too large;' err
        [ "$(wc -l <err)" = 1 ]
        [ ! -s out ]
    fi
}

@test "a user who may have only one process runs a bundle, decoded by one thread" {
    public_folder
    limited ulimit -u 1
    if [ "$(id -u)" = 0 ]; then
        # a user number nobody else uses: the limit counts all processes of a user
        LIMITED=(setpriv --reuid=61234 --regid=61234 --clear-groups "${LIMITED[@]}")
    fi
    probe_both "${LIMITED[@]}"
    grep -q '^limit 6: 1 1$' bundle.out
}

@test "nice value, policy, processors, timer slack, subreaper, timers and locks are handed on" {
    need nice chrt taskset setsid
    probe_both nice -n 7 chrt --batch 0 taskset -c "$(taskset -cp $$ | sed 's/.*[ ,-]//')" -- \
        slack=70000 subreaper=1 death=10 alarm=1000 lock="$PWD/locked"
    grep -q '^nice: 7, policy: 3,' bundle.out
    grep -q '^processors: 1$' bundle.out
    grep -q '^timer slack: 70000,' bundle.out
    grep -q '^child subreaper: 1$' bundle.out
    grep -q "^signal at the parent's death: 10$" bundle.out
    grep -q '^timer 0: armed$' bundle.out
    grep -q '^lock: *POSIX *ADVISORY *WRITE$' bundle.out
}

@test "the leader of a session stays its leader" {
    need setsid
    setsid --wait "$BATS_FILE_TMPDIR/bundle" >out
    grep -q '^leads its process group: 1, its session: 1$' out
}

@test "the program runs in the process that was started" {
    bash -c 'echo $$ && exec "$0" pid' "$BATS_FILE_TMPDIR/bundle" >out
    [ "$(sed -n 1p out)" = "$(sed -n 2p out)" ]
    [ "$(wc -l <out)" = 2 ]
}

@test "the file that runs is a memfd, named after bundle and variant, and sealed" {
    cp "$BATS_FILE_TMPDIR/bundle" tool
    FATELF_AMD64=v1 ./tool exe >out
    grep -Fxq 'exe: /memfd:tool.v1 (deleted)' out
    grep -Fxq 'seals: future-write shrink grow seal' out
}

@test "a name too long for a memfd is cut, and the program runs" {
    local name
    name=$(printf 'n%.0s' {1..255})
    cp "$BATS_FILE_TMPDIR/bundle" "$name"
    FATELF_AMD64=v1 "./$name" exe >out
    grep -Fxq "exe: /memfd:${name:0:246}.v1 (deleted)" out
}

@test "the launcher's variables stay in the environment for the program's children" {
    FATELF_AMD64=v1 FATELF_AMD64_LAUNCH=memfd FATELF_AMD64_DEBUG=log "$BATS_FILE_TMPDIR/bundle" >out
    grep -q "^variable\[.*: 'FATELF_AMD64=v1'$" out
    grep -q "^variable\[.*: 'FATELF_AMD64_LAUNCH=memfd'$" out
    grep -q "^variable\[.*: 'FATELF_AMD64_DEBUG=log'$" out
}
