# SPDX-License-Identifier: MIT
# Real programs, started in place, do and print what they do natively.
load ../lib/common
load ../lib/inplace

setup_file() {
    local name program
    mkdir "$BATS_FILE_TMPDIR/programs"
    cd "$BATS_FILE_TMPDIR" || return 1
    for name in bash perl python3 rg git gdb sort; do
        program=$(find_program "$name")
        [ -n "$program" ] || continue
        cp "$program" "programs/$name"
        make_kinds "programs/$name"
    done
}

setup() {
    start_test
    KINDS=$BATS_FILE_TMPDIR
}

# need_kinds NAME: of the programs that setup_file looks for
need_kinds() {
    [ -e "$KINDS/stored/$1" ] || skip "$1 is not installed"
}

# make_stored PROGRAM and compare_stored NAME [ARGUMENT]..: as make_kinds and compare_kinds, for programs of 100 MB,
# which take long to decode
make_stored() {
    local name=${1##*/}
    KINDS=.
    mkdir -p native stored
    cp -L "$1" "native/$name"
    "$TOOL" create -q --force --launch inplace -o "stored/$name" "v1=$1"
}

compare_stored() {
    local kind
    for kind in native stored; do
        run_kind "$kind" "$@"
    done
    started_in_place stored
    as_native stored
}

@test "bash runs jobs, pipelines, traps, signals and here documents, and ends with the same status" {
    need_kinds bash
    seq 20000 >in
    compare_kinds bash -c '
        trap "echo trapped" USR1
        trap "echo leaving" EXIT
        read -r first; echo "first $first"
        sort -rn | head -n 3 # lint: bash itself is tested
        (exit 3) & wait $!; echo "job $?"
        kill -USR1 $$
        cat <(echo substituted) <<<ignored # lint: bash itself is tested
        for i in {1..2000}; do ((sum += i)); done; echo $sum
        coproc { cat; }; echo through >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"
        f() { local n=$1; ((n == 0)) || f $((n - 1)); }; f 500
        env | grep -v -e ^_= -e ^BATS -e ^FATELF | sort
        exit 42'
    grep -Fxq trapped stored.out
    grep -Fxq leaving stored.out
    [ "$(cat stored.status)" = 42 ]
    compare_kinds bash -c 'ulimit -c 0; kill -SEGV $$'
    [ "$(cat stored.status)" = 139 ]
}

@test "perl loads modules, among them compiled ones, forks, and uses signals and sockets" {
    need_kinds perl
    skip_unless "this perl lacks a module" perl -MPOSIX -MData::Dumper -MSocket -e 1
    seq 100 >in
    compare_kinds perl -MPOSIX -MData::Dumper -MSocket -we '
        my $sum = 0; $sum += $_ while <STDIN>; print "$sum\n", strftime("%Y", gmtime 0), Dumper([@ARGV]);
        $| = 1; $SIG{TERM} = sub { print "got TERM\n" };
        if (!(my $child = fork)) { exec "/bin/sh", "-c", "exit 7" } else { waitpid $child, 0; print $? >> 8, "\n" }
        kill TERM => $$;
        socketpair my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die; syswrite $a, "over"; sysread $b, my $x, 9;
        print "$x\n"; my %h = map { $_ => $_ ** 2 } 1..5000; print scalar(%h), " $h{4999}\n";
        $! = 9; die "died"' one two
    grep -Fxq 5050 stored.out
    grep -Fxq 'got TERM' stored.out
    [ "$(cat stored.status)" = 9 ]
}

@test "python3 runs threads, starts itself, and uses extension modules and callbacks from C" {
    need_kinds python3
    compare_kinds python3 -c '
import ctypes, hashlib, json, os, subprocess, sys, threading, zlib
words = []
threads = [threading.Thread(target=words.append, args=(i,)) for i in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sorted(words), hashlib.sha256(b"x").hexdigest(), zlib.crc32(b"x"), sys.executable)
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
numbers = (ctypes.c_int * 5)(3, 1, 2, 5, 4)
ctypes.CDLL(None).qsort(numbers, 5, 4, compare(lambda a, b: a[0] - b[0]))
print(list(numbers), flush=True)
print(subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True).stdout, flush=True)
pid = os.fork()
if pid == 0:
    os._exit(5)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) + 20)'
    grep -Fxq '[1, 2, 3, 4, 5]' stored.out
    grep -Fxq 42 stored.out
    [ "$(cat stored.status)" = 25 ]
}

@test "a bundle that starts in place can be the interpreter of a script" {
    need_kinds perl
    local kind
    for kind in native stored zstd; do
        ln -f "$KINDS/$kind/perl" perl
        printf '#!%s -l\nprint "script @ARGV $^X";\n' "$PWD/perl" >script
        chmod +x script
        FATELF_AMD64_LAUNCH=$([ "$kind" != zstd ] || echo inplace) ./script one two >"$kind.out"
        diff native.out "$kind.out"
    done
    grep -Fxq "script one two $PWD/perl" stored.out
}

@test "git creates a repository, commits, compares, and starts its helpers" {
    need_kinds git
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
    export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
    export GIT_AUTHOR_DATE='@1 +0000' GIT_COMMITTER_DATE='@1 +0000'
    seq 1000 >in
    local kind git
    for kind in native stored zstd; do
        ln -f "$KINDS/$kind/git" git
        rm -rf repository
        export FATELF_AMD64_LAUNCH=
        [ "$kind" != zstd ] || FATELF_AMD64_LAUNCH=inplace
        git=$PWD/git
        mkdir repository
        (
            cd repository || exit
            "$git" init -q -b main .
            cp ../in file
            "$git" add file
            "$git" commit -qm one
            sed -i s/5/6/ file
            "$git" diff --stat
            "$git" commit -qam two
            "$git" log --format='%H %s'
            "$git" fsck --full
            "$git" gc -q
            "$git" grep -n 666 HEAD
        ) >"$kind.out" 2>&1
        diff native.out "$kind.out"
    done
    grep -q ' two$' stored.out
}

@test "sort sorts a file larger than its memory in several threads" {
    need_kinds sort
    seq 60000 | sed 's/.*/& line/' >in
    compare_kinds sort -R --random-source=in --parallel=2 -S 300K -T .
    [ "$(wc -l <stored.out)" = 60000 ]
}

@test "gdb starts and inspects another program" {
    need_kinds gdb
    PREFIX=(bash -c '"$@" | sed "s/(process [0-9]*)/(process)/"' numberless)
    compare_kinds gdb -q -nx -batch -ex 'break main' -ex run -ex 'print 6 * 7' -ex bt -ex continue \
        --args "$FIXTURES/level.v1" word
    grep -q '^\$1 = 42' stored.out
    grep -Fxq 'v1 word' stored.out
}

@test "ripgrep counts lines in several files" {
    need_kinds rg
    mkdir tree
    seq 10000 >tree/one
    cp tree/one tree/two
    compare_kinds rg --sort path -c '7.*7' tree
    grep -q '^tree/two:' stored.out
}

@test "the C compiler writes the same assembler code" {
    local cc1
    cc1=$(gcc -print-prog-name=cc1)
    [ -x "$cc1" ] || skip "this compiler has no cc1"
    "${COMPILE[@]}" -E -o acts.i "$SOURCES/acts.c"
    make_stored "$cc1"
    compare_stored cc1 -quiet -fpreprocessed -O2 -o - acts.i
    grep -q 'posix_spawn' stored.out
    [ "$(cat stored.status)" = 0 ]
}

@test "node compiles JavaScript, and uses workers and zlib" {
    local node
    node=$(find_program node)
    [ -n "$node" ] || skip "node is not installed, or is a script here"
    make_stored "$node"
    seq 1000 >in
    compare_stored "${node##*/}" -e '
        const { Worker } = require("worker_threads"), zlib = require("zlib"), crypto = require("crypto")
        let sum = 0
        for (let i = 0; i < 3e6; i++) sum = (sum * 31 + i) | 0
        console.log(sum, crypto.createHash("sha256").update(zlib.gzipSync("x".repeat(1e5)).subarray(10)).digest("hex"))
        const worker = new Worker("require(`worker_threads`).parentPort.postMessage(6 * 7)", { eval: true })
        worker.on("message", m => console.log("worker", m))
        worker.on("exit", () => {
            process.stdin.on("data", d => { sum = d.length }).on("end", () => { console.log(sum); process.exit(17) })
        })'
    grep -Fxq 'worker 42' stored.out
    [ "$(cat stored.status)" = 17 ]
}

@test "java compiles, runs threads, and handles stack overflows and null pointers" {
    local java home
    java=$(find_program java)
    [ -n "$java" ] || skip "java is not installed"
    home=${java%/bin/java}
    [ -e "$home/lib/jvm.cfg" ] || skip "java is not part of a JDK's tree here"
    [[ $("$java" --list-modules 2>/dev/null) == *jdk.compiler* ]] || skip "this java has no compiler"
    mkdir -p jdk/bin
    ln -s "$home"/* jdk 2>/dev/null || true
    cat >Program.java <<'JAVA'
import java.util.stream.*;
public class Program {
    static int depth(int n) { return depth(n + 1) + 1; }
    static long work(long n) { long s = 0; for (long i = 0; i < n; i++) s = s * 31 + i; return s; }
    public static void main(String[] a) throws Exception {
        try { depth(0); } catch (StackOverflowError e) { System.out.println("overflow"); }
        try { ((String) null).length(); } catch (NullPointerException e) { System.out.println("null"); }
        Thread t = new Thread(() -> System.out.println("thread " + work(5_000_000)));
        t.start(); t.join();
        System.out.println(IntStream.range(0, 10000).parallel().sum() + " " + a[0]);
        for (int i = 0; i < 200; i++) { byte[] b = new byte[1 << 20]; b[5] = 1; }
        System.exit(19);
    }
}
JAVA
    KINDS=.
    make_kinds "$java"
    AT=jdk/bin
    compare_kinds java -Xmx64m -XX:TieredStopAtLevel=1 Program.java word
    grep -Fxq overflow stored.out
    grep -Fxq '49995000 word' stored.out
    [ "$(cat stored.status)" = 19 ]
}

@test "gofmt, a Go program, formats, lists and reports errors as it does natively" {
    need go
    local gofmt
    gofmt=$(go env GOROOT)/bin/gofmt
    [ -x "$gofmt" ] || skip "this Go has no gofmt"
    KINDS=.
    make_kinds "$gofmt"
    printf 'package main\nimport "fmt"\nfunc  main ( ) { fmt.Println( 1+2 ) }\n' >in
    compare_kinds gofmt
    grep -Fxq 'func main() { fmt.Println(1 + 2) }' stored.out
    compare_kinds gofmt -l "$(go env GOROOT)/src/fmt" "$(go env GOROOT)/src/runtime"
    echo 'package (' >in
    compare_kinds gofmt
    [ "$(cat stored.status)" = 2 ]
}

@test "100 concurrent starts in place all succeed, each with its own output" {
    need_kinds bash
    local i exit_status pids=()
    for i in {1..100}; do
        "$KINDS/stored/bash" -c 'echo "start $1"; exit $(($1 % 100))' bash "$i" >"out.$i" 2>&1 &
        pids+=($!)
    done
    for i in {1..100}; do
        exit_status=0
        wait "${pids[i - 1]}" || exit_status=$?
        [ "$exit_status" = $((i % 100)) ] || { echo "start $i: status $exit_status"; return 1; }
        [ "$(cat "out.$i")" = "start $i" ] || { cat "out.$i"; return 1; }
    done
}

@test "a pipeline of programs that start in place copies megabytes correctly" {
    need_kinds bash
    local bash=$KINDS/stored/bash
    cat "$TOOL" "$TOOL" "$TOOL" >data
    "$bash" -c 'exec cat data' | "$bash" -c 'cat | cat' | FATELF_AMD64_LAUNCH=inplace "$KINDS/zstd/bash" -c cat >copy
    cmp data copy
}
