# SPDX-License-Identifier: MIT
# A program in a bundle sees what it sees natively: the fixture `probe` prints everything that a process hands on (its
# first comment says what it leaves out, and why), and the output has to be the same.
load ../lib/common
load ../lib/users

# The probe is followed by more data, so that it has several frames and several threads decode it.
setup_file() {
    local native=$BATS_FILE_TMPDIR/native
    cat "$FIXTURES/probe" "$BASH" "$BASH" "$TOOL" >"$native"
    chmod +x "$native"
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/bundle" v1="$native" v2="$native" v3="$native" v4="$native"
}

teardown() {
    remove_public_folder
}

# probe_both PREFIX.. [-- SETTING..] [-- ARGUMENT..]: runs the probe natively and from the bundle under the command
# PREFIX, with exec-with's settings and these arguments (argv[0] first), and compares. The output goes through a pipe,
# because the probe prints the position and the size of its output files.
probe_both() {
    local prefix=() settings=() arguments=(probe) program
    while [ $# -gt 0 ] && [ "$1" != -- ]; do prefix+=("$1"); shift; done
    shift || true
    while [ $# -gt 0 ] && [ "$1" != -- ]; do settings+=("$1"); shift; done
    [ $# = 0 ] || { shift; arguments=("$@"); }
    for program in native bundle; do
        ln -sf "${FOLDER:-$BATS_FILE_TMPDIR}/$program" program
        "${prefix[@]}" "${HELPERS:-$FIXTURES}/exec-with" "${settings[@]}" -- ./program "${arguments[@]}" 2>&1 |
            cat >"$program.out" || { echo "$program failed"; cat "$program.out"; return 1; }
    done
    diff native.out bundle.out
    grep -q '^Threads:.1$' bundle.out
}

# set_limits COMMAND: LIMITED is a prefix for probe_both that runs a shell COMMAND, for ulimit, in the program's process
set_limits() {
    LIMITED=(bash -c "$1 && exec \"\$@\"" limited)
}

@test "a program sees the same arguments, environment and process as natively" {
    VARIABLE='some value' EMPTY='' probe_both -- -- probe one 'two words' $'new\nline' ''
    grep -q "^argument\[2\]: 'two words'$" bundle.out
    grep -q "^variable\[.*\]: 'VARIABLE=some value'$" bundle.out
}

@test "a program that is started without argv[0] gets what the kernel puts there" {
    probe_both -- close=3 --
    # an empty string since Linux 5.18
    grep -q '^arguments: [01]$' bundle.out
}

@test "empty arguments stay empty, argv[0] too" {
    probe_both -- -- '' '' last
    grep -q "^argument\[0\]: ''$" bundle.out
    grep -q "^argument\[2\]: 'last'$" bundle.out
}

@test "argv[0] may differ from the file's name" {
    probe_both -- -- -login
    grep -q "^argument\[0\]: '-login'$" bundle.out
}

@test "arguments of 128 KiB each and nearly 2 MB in total arrive unchanged" {
    set_limits 'ulimit -S -s 8192'
    probe_both "${LIMITED[@]}" -- fill=1900000
    grep -q '^argument\[1\]: 131071 bytes' bundle.out
    grep -q '^argument\[14\]: ' bundle.out
}

@test "an environment of more than 1 MB arrives unchanged" {
    local i word
    word=$(printf 'x%.0s' {1..100000})
    for i in {1..11}; do export "BIG_$i=$word"; done
    probe_both
    [ "$(grep -c "'*BIG_.*" bundle.out)" = 11 ]
}

@test "inherited descriptors keep their numbers, flags and offsets, and there are no others" {
    seq 1000 >file
    exec 5<file 77>>file 999<>file 123</dev/null
    read -r _ <&5
    probe_both
    grep -q '^descriptor 5: flags 0, .* at [1-9]' bundle.out
    grep -q '^descriptor 999: ' bundle.out
    exec 5<&- 77>&- 999>&- 123<&-
}

@test "descriptors 0, 1 and 2 may be closed and stay closed" {
    local closed program count
    for closed in '<&-' '>&-' '2>&-' '<&- >&-' '>&- 2>&-' '<&- 2>&-' '<&- >&- 2>&-'; do
        for program in native bundle; do
            ln -sf "$BATS_FILE_TMPDIR/$program" program
            eval "'$FIXTURES/exec-with' close=3 -- ./program probe to report $closed"
            mv report "$program.out"
        done
        diff native.out bundle.out
        count=$(grep -o '&-' <<<"$closed" | wc -l)
        [ "$(grep -c '^descriptor' bundle.out)" = $((3 - count)) ]
    done
}

@test "blocked signals stay blocked, including those that C libraries use" {
    probe_both -- block=1,2,15,17,32,33,34,64
    grep -q '^blocked: 8000000380014003$' bundle.out
}

@test "ignored signals stay ignored, including those that C libraries use" {
    probe_both -- ignore=1,3,13,17,20,25,32,33,63
    [ "$(grep -c '^signal [0-9]*: ignored' bundle.out)" = 9 ]
}

@test "a signal that is pending at the start is pending in the program" {
    probe_both -- pending=10
    grep -q '^pending: 0000000000000200$' bundle.out
}

@test "the program has the same umask, whatever it is" {
    local mask
    for mask in 000 027 077 777; do
        umask "$mask"
        # the test's own files have to be readable
        (umask 022 && rm -f native.out bundle.out && touch native.out bundle.out)
        probe_both
        grep -q "^umask: $mask$" bundle.out
    done
}

@test "the program has the same soft and hard limits" {
    set_limits 'ulimit -n 200 && ulimit -S -n 100 && ulimit -c 0 && ulimit -S -t 1000 && ulimit -S -s 1024 &&
        ulimit -l 64'
    probe_both "${LIMITED[@]}" -- close=3
    grep -q '^limit 7: 100 200$' bundle.out
}

@test "four descriptors are enough, as they are natively" {
    set_limits 'exec 3>&- && ulimit -n 4'
    probe_both "${LIMITED[@]}" -- close=3
    grep -q '^limit 7: 4 4$' bundle.out
}

@test "little stack, data and address space are enough" {
    set_limits 'ulimit -s 128 && ulimit -d 4096 && ulimit -v 32768'
    probe_both "${LIMITED[@]}"
    grep -q '^limit 2: 4194304 4194304$' bundle.out
}

@test "a small soft limit on the size of files does not prevent the start, and the program has it too" {
    set_limits 'ulimit -S -f 4'
    probe_both "${LIMITED[@]}"
    grep -q '^limit 1: 4096 -1$' bundle.out
}

@test "with a hard limit on the size of files below the program's there is a message, or the program runs" {
    local status=0
    (ulimit -f 4 && exec "$BATS_FILE_TMPDIR/bundle" 2>err) | cat >out || status=${PIPESTATUS[0]}
    if [ "$status" = 0 ]; then
        grep -q '^limit 1: 4096 4096$' out
    else
        [ "$status" = 126 ]
        grep -q '^fatelf-amd64: .*/bundle: the program could not be started: memfd: RLIMIT_FSIZE: File too large;' err
        [ "$(wc -l <err)" = 1 ]
        [ ! -s out ]
    fi
}

@test "a user who may have only one process runs a bundle, and one thread decodes it" {
    local unused=(setpriv --reuid=61234 --regid=61234 --clear-groups)
    set_limits 'ulimit -u 1'
    # the limit counts all processes of a user: take a user who has none, if possible
    if "${unused[@]}" true 2>/dev/null; then
        LIMITED=("${unused[@]}" "${LIMITED[@]}")
    fi
    public_folder
    cp "$BATS_FILE_TMPDIR"/{native,bundle} "$FIXTURES/exec-with" "$PUBLIC"
    FOLDER=$PUBLIC HELPERS=$PUBLIC
    probe_both "${LIMITED[@]}"
    grep -q '^limit 6: 1 1$' bundle.out
}

@test "the program has the same nice value, policy, processors, timer slack, subreaper, timers and locks" {
    need nice chrt taskset
    # relative to this process's own
    local nice
    nice=$(nice -n 7 nice)
    probe_both nice -n 7 chrt --batch 0 taskset -c "$(some_processor)" -- \
        slack=70000 subreaper=1 death=10 alarm=1000 lock="$PWD/locked"
    grep -q "^nice: $nice, policy: 3," bundle.out
    grep -q '^processors: 1$' bundle.out
    grep -q '^timer slack: 70000,' bundle.out
    grep -q '^child subreaper: 1$' bundle.out
    grep -q "^signal at the parent's death: 10$" bundle.out
    grep -q '^timer 0: armed$' bundle.out
    grep -q '^lock: *POSIX *ADVISORY *WRITE$' bundle.out
}

@test "a session leader stays one" {
    need setsid
    setsid --wait "$BATS_FILE_TMPDIR/bundle" >out
    grep -q '^leads its process group: 1, its session: 1$' out
}

@test "the program runs in the process that was started" {
    bash -c 'echo $$ && exec "$0" pid' "$BATS_FILE_TMPDIR/bundle" >out
    [ "$(sed -n 1p out)" = "$(sed -n 2p out)" ]
    [ "$(wc -l <out)" = 2 ]
}

@test "the program runs from a sealed memfd, named after bundle and variant" {
    cp "$BATS_FILE_TMPDIR/bundle" tool
    FATELF_AMD64=v1 ./tool exe >out
    grep -Fxq 'exe: /memfd:tool.v1 (deleted)' out
    grep -Fxq 'seals: future-write shrink grow seal' out
}

@test "a name that is too long for a memfd is cut, and the program runs" {
    local name
    name=$(printf 'n%.0s' {1..255})
    cp "$BATS_FILE_TMPDIR/bundle" "$name"
    FATELF_AMD64=v1 "./$name" exe >out
    grep -Fxq "exe: /memfd:${name:0:246}.v1 (deleted)" out
}

@test "the launcher's variables stay in the environment, for the program's children" {
    FATELF_AMD64=v1 FATELF_AMD64_LAUNCH=memfd FATELF_AMD64_DEBUG=log "$BATS_FILE_TMPDIR/bundle" >out
    grep -q "^variable\[.*: 'FATELF_AMD64=v1'$" out
    grep -q "^variable\[.*: 'FATELF_AMD64_LAUNCH=memfd'$" out
    grep -q "^variable\[.*: 'FATELF_AMD64_DEBUG=log'$" out
}
