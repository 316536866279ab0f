# SPDX-License-Identifier: MIT
# Real programs out of a bundle: they do and say what they do when started themselves.
load ../lib/common
load ../lib/surroundings
load ../lib/users

setup_file() {
    mkdir "$BATS_FILE_TMPDIR"/{native,bundle}
    local name program
    for name in bash perl python3 cat; do
        # what a version manager puts into PATH under these names is a script
        program=$(PATH=/usr/bin:/bin:$PATH command -v "$name") && bundle "$name" "$(readlink -f "$program")"
    done
    true
}

# bundle NAME PROGRAM [PROGRAM..]: $BATS_FILE_TMPDIR/native/NAME and bundle/NAME, where each test finds them
bundle() {
    local name=$1 operands=() level
    shift
    cp "$1" "$BATS_FILE_TMPDIR/native/$name"
    for level in 1 2 3 4; do
        operands+=("v$level=$1")
        [ $# = 1 ] || shift
    done
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/bundle/$name" "${operands[@]}"
}

teardown() {
    [ -z "${PUBLIC-}" ] || rm -rf "$PUBLIC"
}

# same NAME [ARGUMENT..]: runs NAME natively and out of its bundle with argv[0] NAME and the file `in` on a pipe as its
# input, and compares what it wrote, how it ended, and, if it wrote there, the file `written`.
same() {
    local name=$1 kind
    shift
    [ -x "$BATS_FILE_TMPDIR/bundle/$name" ] || skip "$name is not installed"
    [ -e in ] || : >in
    for kind in native bundle; do
        mkdir -p "$kind"
        rm -f written
        cat in | "$FIXTURES/exec-with" report="$kind/end" -- "$BATS_FILE_TMPDIR/$kind/$name" "$name" "$@" \
            >"$kind/out" 2>"$kind/err" || true
        [ ! -e written ] || mv written "$kind/"
    done
    diff -r native bundle
}

@test "bash: output on both descriptors and exit status" {
    local status
    for status in 0 1 42 126 127 255; do
        same bash -c 'echo to output; echo to errors >&2; exit $1' bash "$status"
        grep -Fxq "exit $status" bundle/end
    done
    grep -Fxq 'to output' bundle/out
    grep -Fxq 'to errors' bundle/err
}

@test "bash: death by a signal is death by that signal" {
    local signal
    for signal in HUP INT KILL SEGV PIPE TERM RTMIN+3; do
        same bash -c "ulimit -c 0; kill -$signal \$\$; sleep 100"
        grep -Fxq "signal $(kill -l "$signal")" bundle/end
    done
}

@test "bash: input through a pipe, jobs, pipelines, traps" {
    seq 20000 >in
    same bash -c '
        trap "echo trapped" USR1
        read -r first; echo "first $first"
        sort -rn | head -n 3
        (exit 3) & wait $!; echo "job $?"
        kill -USR1 $$
        cat <(echo substituted) <<<ignored
        exec 5>written; echo file >&5'
    grep -Fxq 'first 1' bundle/out
    grep -Fxq 20000 bundle/out
    grep -Fxq trapped bundle/out
    grep -Fxq file bundle/written
}

@test "bash: environment and working folder" {
    mkdir 'a folder'
    cd 'a folder'
    WORD='some words' same bash -c 'echo "$WORD"; pwd; env | sort | grep -v ^_='
    grep -Fxq 'some words' bundle/out
    grep -Fxq "$PWD" bundle/out
}

@test "bash: a megabyte of output arrives whole, and a reader that leaves ends it" {
    same bash -c 'for i in {1..150000}; do echo $i; done'
    [ "$(wc -l <bundle/out)" = 150000 ]
    "$BATS_FILE_TMPDIR/bundle/bash" -c 'while echo line; do :; done' | head -n 1 >out
    [ "${PIPESTATUS[0]}" = 141 ]
    [ "$(cat out)" = line ]
}

@test "perl: modules, input, warnings, exit by die" {
    seq 100 >in
    same perl -MPOSIX -MData::Dumper -we '
        my $sum = 0; $sum += $_ while <STDIN>; print "$sum\n", strftime("%Y", gmtime 0), Dumper([@ARGV]);
        print -t STDIN ? "terminal" : "pipe", "\n"; warn "warned"; $! = 9; die "died"' one 'two words'
    grep -Fxq 5050 bundle/out
    grep -Fxq 'exit 9' bundle/end
}

@test "perl: fork, exec, signals and a start by #!" {
    same perl -e '
        $| = 1; $SIG{TERM} = sub { print "got TERM\n" };
        if (!(my $child = fork)) { exec "/bin/sh", "-c", "exit 7" } else { waitpid $child, 0; print $? >> 8, "\n" }
        kill TERM => $$; system "echo from a shell"; kill KILL => $$'
    grep -Fxq 'signal 9' bundle/end
    printf '#!%s -l\nprint "script $ARGV[0]";\n' "$BATS_FILE_TMPDIR/bundle/perl" >script
    chmod +x script
    [ "$(./script argument)" = 'script argument' ]
}

@test "python3: modules, input, threads, subprocesses, exceptions" {
    seq 1000 >in
    same python3 -c '
import hashlib, json, subprocess, sys, threading
print(json.dumps({"args": sys.argv, "sum": sum(map(int, sys.stdin))}))
words = []
threads = [threading.Thread(target=words.append, args=(i,)) for i in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sorted(words), hashlib.sha256(b"x").hexdigest(), sys.prefix)
print(subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout, flush=True)
raise SystemExit(subprocess.run(["sh", "-c", "kill -9 $$"]).returncode + 20)'
    grep -Fq '"sum": 500500' bundle/out
    grep -Fxq 42 bundle/out
    grep -Fxq 'exit 11' bundle/end
    same python3 -c 'raise ValueError("no")'
    grep -Fxq 'ValueError: no' bundle/err
    grep -Fxq 'exit 1' bundle/end
}

@test "a Go program: gofmt formats, lists, complains and dies as it does natively" {
    need go
    local gofmt
    gofmt=$(go env GOROOT)/bin/gofmt
    [ -x "$gofmt" ] || skip "this Go has no gofmt"
    cp "$gofmt" "$BATS_FILE_TMPDIR/native/gofmt"
    # one build: Go programs say themselves for which level they are
    "$TOOL" create -q --force -o "$BATS_FILE_TMPDIR/bundle/gofmt" "$gofmt"
    printf 'package main\nimport "fmt"\nfunc  main ( ) { fmt.Println( 1+2 ) }\n' >in
    same gofmt
    grep -Fxq 'func main() { fmt.Println(1 + 2) }' bundle/out
    cp in bad.go
    same gofmt -l -d bad.go
    grep -Fxq bad.go bundle/out
    same gofmt -l "$(go env GOROOT)/src/fmt" "$(go env GOROOT)/src/runtime"
    echo 'package (' >in
    same gofmt
    grep -Fxq 'exit 2' bundle/end
    local pid status=0
    mkfifo never
    "$BATS_FILE_TMPDIR/bundle/gofmt" <>never >out 2>&1 3>&- &
    pid=$!
    until [[ $(readlink "/proc/$pid/exe") = /memfd:gofmt* ]]; do kill -0 "$pid"; done
    kill -TERM "$pid"
    wait "$pid" || status=$?
    [ "$status" = 143 ]
}

@test "a Rust program, built for each level: arguments, input, panic and abort as natively" {
    need rustc
    rustc --version >rustc.out 2>&1 || skip "rustc is there, but without a tool chain"
    cat >program.rs <<'END'
use std::io::{BufRead, Write};
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let sum: u64 = std::io::stdin().lock().lines().map(|l| l.unwrap().parse::<u64>().unwrap()).sum();
    let threads: Vec<_> = (0..4).map(|i| std::thread::spawn(move || i * 10)).collect();
    let joined: Vec<i32> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    println!("{:?} {} {:?} {}", arguments, sum, joined, option_env!("LEVEL").unwrap());
    std::io::stdout().flush().unwrap();
    match arguments.get(1).map(|s| s.as_str()) {
        Some("panic") => panic!("on purpose"),
        Some("abort") => std::process::abort(),
        Some(status) => std::process::exit(status.parse().unwrap()),
        None => (),
    }
}
END
    local level
    for level in 1 2 3 4; do
        local cpu=x86-64-v$level
        LEVEL=v$level rustc -O -C "target-cpu=${cpu%-v1}" -o "program.v$level" program.rs
    done
    bundle rust program.v[1-4]
    cp "program.v$(machine_level)" "$BATS_FILE_TMPDIR/native/rust"
    seq 100 >in
    ulimit -c 0
    same rust 17
    grep -Fxq "[\"rust\", \"17\"] 5050 [0, 10, 20, 30] v$(machine_level)" bundle/out
    grep -Fxq 'exit 17' bundle/end
    same rust abort
    grep -Fxq 'signal 6' bundle/end
    # newer ones print the thread's number
    "$BATS_FILE_TMPDIR/bundle/rust" panic <in >out 2>err || [ $? = 101 ]
    grep -q 'on purpose' err
    for level in $(seq "$(machine_level)"); do
        FATELF_AMD64=v$level "$BATS_FILE_TMPDIR/bundle/rust" <in | grep -q "v$level\$"
    done
}

@test "a pipeline of bundles moves megabytes unharmed" {
    local cat=$BATS_FILE_TMPDIR/bundle/cat
    cat "$TOOL" "$TOOL" "$TOOL" >data
    "$cat" data | "$cat" | "$cat" - | "$cat" >copy
    cmp data copy
}

@test "200 concurrent starts all succeed, each with its own output" {
    local i status pids=()
    for i in {1..200}; do
        "$BATS_FILE_TMPDIR/bundle/bash" -c 'echo "start $1"; exit $(($1 % 100))' bash "$i" >"out.$i" 2>&1 &
        pids+=($!)
    done
    for i in {1..200}; do
        status=0
        wait "${pids[i - 1]}" || status=$?
        [ "$status" = $((i % 100)) ] || { echo "start $i: status $status"; return 1; }
        [ "$(cat "out.$i")" = "start $i" ] || { cat "out.$i"; return 1; }
    done
}

@test "a bundle that nobody may read, only execute, runs for another user" {
    local as=()
    PUBLIC=$(mktemp -d)
    chmod 755 "$PUBLIC"
    cp "$BATS_FILE_TMPDIR/bundle/bash" "$PUBLIC/program"
    chmod 0111 "$PUBLIC/program"
    # an ordinary user cannot read it even as its owner
    [ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    cd "$PUBLIC"
    run "${as[@]}" cat program
    [ "$status" != 0 ]
    run "${as[@]}" ./program -c 'echo "user $UID"; exit 5'
    [ "$output" = "user $([ "$(id -u)" = 0 ] && echo 65534 || id -u)" ]
    [ "$status" = 5 ]
}

need_root() {
    as_root true 2>/dev/null || skip "needs root, or user namespaces"
}

static() {
    "${CC:-cc}" -static -O2 -D_GNU_SOURCE -pthread -o "$2" "$TOP/tests/fixtures/$1.c" 2>cc.err ||
        skip "no static C library to build the program with"
}

@test "a static program runs in a chroot that holds nothing but the bundle" {
    need_root
    mkdir root
    static probe probe
    "$TOOL" create -q -o root/program v1=probe
    as_root chroot root /program one 'two words' >out
    grep -q "^argument\[2\]: 'two words'$" out
    grep -q '^directory: /$' out
}

@test "without memfds and new code, a chroot needs a folder for a private file, and no /proc" {
    need_root
    mkdir root
    static probe probe
    static seccomp-run root/seccomp-run
    "$TOOL" create -q -o root/program v1=probe
    run as_root chroot root /seccomp-run "$no_new_code,memfd_create=ENOSYS" -- /program
    [ "$status" = 126 ]
    [[ $output = 'fatelf-amd64: /program: the program could not be started: memfd: memfd_create: '* ]]
    mkdir root/tmp
    as_root chroot root /seccomp-run "$no_new_code,memfd_create=ENOSYS" -- /program one >out
    grep -q "^argument\[1\]: 'one'$" out
    [ -z "$(ls -A root/tmp)" ]
}

@test "a dynamic program runs in a chroot without /proc" {
    need_root
    need ldd
    local library
    mkdir root
    for library in $(ldd "$FIXTURES/level.v1" | grep -o '/[^ ]*'); do
        mkdir -p "root/${library%/*}"
        cp -L "$library" "root/$library"
    done
    make_level_bundle
    cp "$BATS_FILE_TMPDIR/level" root/program
    [ "$(as_root chroot root /program one)" = "v$(machine_level) one" ]
}

@test "a program whose dynamic loader is missing is refused with a hint at that" {
    local loader broken status=0
    # the path of the loader, overwritten in place by one of the same length
    loader=$(LC_ALL=C grep -ao '/lib64/ld-linux-x86-64.so.2' "$FIXTURES/level.v1" | head -n 1)
    [ -n "$loader" ] || skip "programs here have another dynamic loader"
    broken=${loader/lib64/lib-9}
    LC_ALL=C sed "s|$loader|$broken|" "$FIXTURES/level.v1" >broken
    chmod +x broken
    ./broken 2>native || status=$?
    [ "$status" = 127 ]
    "$TOOL" create -q -o program v1=broken
    run ./program
    [ "$status" = 126 ]
    [[ $output = 'fatelf-amd64: ./program: the program could not be started: memfd: execveat: '* ]]
    [[ $output = *': No such file or directory; is the dynamic loader that the program names installed?' ]]
    [ "${#lines[@]}" = 1 ]
}

@test "Ctrl-C in a terminal ends the program by SIGINT, and the shell says 130" {
    need python3
    cat >terminal.py <<'END'
import os, pty, sys

# an interactive shell on a terminal of its own
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(PS1="$ ", TERM="dumb")
    os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])

seen = b""
def wait_for(text):
    global seen
    while text not in seen:
        seen += os.read(terminal, 4096)
    seen = seen.split(text, 1)[1]

def type(text):
    os.write(terminal, text)

type(b"stty -echo\n")
wait_for(b"$ ")
type(sys.argv[1].encode() + b" -c 'echo rea''dy; read -r word; echo not reached'\n")
wait_for(b"ready\r\n")
type(b"\x03")
wait_for(b"$ ")
type(b"echo stat''us $?\n")
wait_for(b"status ")
wait_for(b"130\r\n")
type(b"exit 0\n")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
    timeout 60 python3 terminal.py "$BATS_FILE_TMPDIR/bundle/bash"
}
