# SPDX-License-Identifier: MIT
# Real programs in bundles do and print what they do natively.
load ../lib/common

setup_file() {
    mkdir "$BATS_FILE_TMPDIR"/{native,bundle}
    local name program
    for name in bash perl python3 cat; do
        program=$(find_program "$name")
        [ -z "$program" ] || make_bundle "$name" "$program"
    done
}

# make_bundle NAME PROGRAM..: $BATS_FILE_TMPDIR/native/NAME, and bundle/NAME of one program for each level
make_bundle() {
    local name=$1 operands=() level
    shift
    cp "$1" "$BATS_FILE_TMPDIR/native/$name"
    for level in 1 2 3 4; do
        operands+=("v$level=$1")
        [ $# = 1 ] || shift
    done
    "$TOOL" create -q -o "$BATS_FILE_TMPDIR/bundle/$name" "${operands[@]}"
}

# compare NAME [ARGUMENT]..: runs NAME natively and from its bundle with argv[0] NAME and the file `in` through a pipe
# as its input, and compares the output, how it ended, and the file `written` if there is one
compare() {
    local name=$1 kind
    shift
    [ -x "$BATS_FILE_TMPDIR/bundle/$name" ] || skip "$name is not installed"
    [ -e in ] || : >in
    for kind in native bundle; do
        mkdir -p "$kind"
        rm -f written
        # shellcheck disable=SC2002 # the input has to be a pipe
        cat in | "$FIXTURES/exec-with" report="$kind/end" -- "$BATS_FILE_TMPDIR/$kind/$name" "$name" "$@" \
            >"$kind/out" 2>"$kind/err" || true
        [ ! -e written ] || mv written "$kind/"
    done
    diff -r native bundle
}

@test "bash writes to both descriptors and ends with the same exit status" {
    local status
    for status in 0 1 42 126 127 255; do
        compare bash -c 'echo to output; echo to errors >&2; exit $1' bash "$status"
        grep -Fxq "exit $status" bundle/end
    done
    grep -Fxq 'to output' bundle/out
    grep -Fxq 'to errors' bundle/err
}

@test "bash dies of the same signal" {
    local signal number
    for signal in HUP INT KILL SEGV PIPE TERM RTMIN+3; do
        number=$(kill -l "$signal")
        compare bash -c "ulimit -c 0; kill -$signal \$\$; sleep 100"
        grep -Fxq "signal $number" bundle/end
    done
}

@test "bash runs jobs, pipelines and traps, with input through a pipe" {
    seq 20000 >in
    compare bash -c '
        trap "echo trapped" USR1
        read -r first; echo "first $first"
        sort -rn | head -n 3 # lint: bash itself is tested
        (exit 3) & wait $!; echo "job $?"
        kill -USR1 $$
        cat <(echo substituted) <<<ignored # lint: bash itself is tested
        exec 5>written; echo file >&5'
    grep -Fxq 'first 1' bundle/out
    grep -Fxq 20000 bundle/out
    grep -Fxq trapped bundle/out
    grep -Fxq file bundle/written
}

@test "bash has the same environment and working folder" {
    mkdir 'a folder'
    cd 'a folder'
    WORD='some words' compare bash -c 'echo "$WORD"; pwd; env | sort | grep -v ^_='
    grep -Fxq 'some words' bundle/out
    grep -Fxq "$PWD" bundle/out
}

@test "bash writes a megabyte of output, and dies of SIGPIPE when its reader ends" {
    local writer=0
    compare bash -c 'for i in {1..150000}; do echo $i; done'
    [ "$(wc -l <bundle/out)" = 150000 ]
    # lint: this pipeline is meant to end by SIGPIPE
    "$BATS_FILE_TMPDIR/bundle/bash" -c 'while echo line; do :; done' | head -n 1 >out || writer=${PIPESTATUS[0]}
    [ "$writer" = 141 ]
    [ "$(cat out)" = line ]
}

@test "perl loads modules, reads input, warns, and exits by die" {
    seq 100 >in
    compare perl -MPOSIX -MData::Dumper -we '
        my $sum = 0; $sum += $_ while <STDIN>; print "$sum\n", strftime("%Y", gmtime 0), Dumper([@ARGV]);
        print -t STDIN ? "terminal" : "pipe", "\n"; warn "warned"; $! = 9; die "died"' one 'two words'
    grep -Fxq 5050 bundle/out
    grep -Fxq 'exit 9' bundle/end
}

@test "perl forks, execs, handles signals, and starts as the interpreter of a script" {
    compare perl -e '
        $| = 1; $SIG{TERM} = sub { print "got TERM\n" };
        if (!(my $child = fork)) { exec "/bin/sh", "-c", "exit 7" } else { waitpid $child, 0; print $? >> 8, "\n" }
        kill TERM => $$; system "echo from a shell"; kill KILL => $$'
    grep -Fxq 'signal 9' bundle/end
    printf '#!%s -l\nprint "script $ARGV[0]";\n' "$BATS_FILE_TMPDIR/bundle/perl" >script
    chmod +x script
    [ "$(./script argument)" = 'script argument' ]
}

@test "python3 loads modules and runs threads, subprocesses and exceptions" {
    seq 1000 >in
    compare python3 -c '
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
    compare python3 -c 'raise ValueError("no")'
    grep -Fxq 'ValueError: no' bundle/err
    grep -Fxq 'exit 1' bundle/end
}

@test "gofmt, a Go program, formats, lists, reports errors and dies as it does natively" {
    need go
    skip_unless "this perl lacks a module" perl -MPOSIX -MData::Dumper -e 1
    local gofmt
    gofmt=$(go env GOROOT)/bin/gofmt
    [ -x "$gofmt" ] || skip "this Go has no gofmt"
    cp "$gofmt" "$BATS_FILE_TMPDIR/native/gofmt"
    # Go programs contain their level
    "$TOOL" create -q --force -o "$BATS_FILE_TMPDIR/bundle/gofmt" "$gofmt"
    printf 'package main\nimport "fmt"\nfunc  main ( ) { fmt.Println( 1+2 ) }\n' >in
    compare gofmt
    grep -Fxq 'func main() { fmt.Println(1 + 2) }' bundle/out
    cp in bad.go
    compare gofmt -l -d bad.go
    grep -Fxq bad.go bundle/out
    compare gofmt -l "$(go env GOROOT)/src/fmt" "$(go env GOROOT)/src/runtime"
    echo 'package (' >in
    compare gofmt
    grep -Fxq 'exit 2' bundle/end
    local pid exit_status=0
    mkfifo never
    "$BATS_FILE_TMPDIR/bundle/gofmt" <>never >out 2>&1 3>&- &
    pid=$!
    until [[ $(readlink "/proc/$pid/exe") == /memfd:gofmt* ]]; do kill -0 "$pid"; done
    kill -TERM "$pid"
    wait "$pid" || exit_status=$?
    [ "$exit_status" = 143 ]
}

@test "a Rust program, built for each level, reads arguments and input, panics and aborts as it does natively" {
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
    local level levels cpu
    for level in 1 2 3 4; do
        cpu=x86-64-v$level
        LEVEL=v$level rustc -O -C "target-cpu=${cpu%-v1}" -o "program.v$level" program.rs
    done
    make_bundle rust program.v[1-4]
    cp "program.v$(machine_level)" "$BATS_FILE_TMPDIR/native/rust"
    seq 100 >in
    ulimit -c 0
    compare rust 17
    grep -Fxq "[\"rust\", \"17\"] 5050 [0, 10, 20, 30] v$(machine_level)" bundle/out
    grep -Fxq 'exit 17' bundle/end
    compare rust abort
    grep -Fxq 'signal 6' bundle/end
    # newer versions print the thread's number, so the output is not compared
    capture "$BATS_FILE_TMPDIR/bundle/rust" panic <in
    [ "$status" = 101 ]
    grep -q 'on purpose' err
    levels=$(runnable_levels)
    for level in $levels; do
        FATELF_AMD64=v$level "$BATS_FILE_TMPDIR/bundle/rust" <in | finds "v$level\$"
    done
}

@test "a pipeline of bundles copies megabytes correctly" {
    local cat=$BATS_FILE_TMPDIR/bundle/cat
    cat "$TOOL" "$TOOL" "$TOOL" >data
    "$cat" data | "$cat" | "$cat" - | "$cat" >copy
    cmp data copy
}

@test "200 concurrent starts all succeed, each with its own output" {
    local i exit_status pids=()
    for i in {1..200}; do
        "$BATS_FILE_TMPDIR/bundle/bash" -c 'echo "start $1"; exit $(($1 % 100))' bash "$i" >"out.$i" 2>&1 &
        pids+=($!)
    done
    for i in {1..200}; do
        exit_status=0
        wait "${pids[i - 1]}" || exit_status=$?
        [ "$exit_status" = $((i % 100)) ] || { echo "start $i: status $exit_status"; return 1; }
        [ "$(cat "out.$i")" = "start $i" ] || { cat "out.$i"; return 1; }
    done
}

@test "Ctrl-C in a terminal ends the program by SIGINT, and the shell reports status 130" {
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
