# SPDX-License-Identifier: MIT
# Programs of every kind, started in place, print to the byte what they print when the kernel starts them.
load ../lib/common
load ../lib/inplace

teardown() {
    [ -z "${PUBLIC-}" ] || rm -rf "$PUBLIC"
}

# The program has what the test is about: a line of `readelf OPTION` matches.
has() {
    readelf -W "$1" native/kind.built | grep -Eq -e "$2"
}

# entry OPTION..: the fixture `entry`, which runs without a library
entry() {
    "${COMPILE_BARE[@]}" -o entry "$SOURCES/entry.c" "$@"
}

# own_maps NAME FILE: the mappings, in the order of the alphabet, as the kernel puts some where chance wants them, and
# the program's own without a name: a page that two segments share, and all that was decoded, is a copy without a file.
own_maps() {
    sed -n "s|^\(map: ....\) $PWD/$1\$|\1 |; /^map: /p" "$2" | sort -u
}

# same_entry NAME [ARGUMENT]..: as `same`, for what `entry` prints
same_entry() {
    local kind
    for kind in stored zstd; do
        PREFIX=(env -i "FATELF_AMD64_DEBUG=log" A=1)
        [ "$kind" = stored ] || PREFIX+=(FATELF_AMD64_LAUNCH=inplace)
        run_kind native "$@"
        run_kind "$kind" "$@"
        in_place "$kind"
        diff <(own_maps "$1" native.out) <(own_maps "$1" "$kind.out")
        # rcx and r11 are what a system call leaves in them: no ABI says what they are at the entry
        sed -i '/^map: /d; /^rcx: /d; /^r11: /d' "native.out" "$kind.out"
        as_native "$kind"
    done
}

@test "a dynamic PIE prints in place what it prints natively" {
    same_build -pie -fPIE
    has -h 'Type: *DYN'
}

@test "so does a dynamic program at fixed addresses" {
    same_build -no-pie -fno-pie
    has -h 'Type: *EXEC'
}

@test "so does a static program at fixed addresses" {
    same_build -static -no-pie -fno-pie
    has -h 'Type: *EXEC'
    ! has -l INTERP
}

@test "so does a static PIE" {
    same_build -static-pie -fPIE
    has -h 'Type: *DYN'
    ! has -l INTERP
}

@test "these tests tell a start in place from one out of a memfd" {
    local kind
    "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c"
    bundles kind.built
    run_kind native kind.built
    for kind in stored zstd; do
        LAUNCH=memfd run_kind "$kind" kind.built
        ! in_place "$kind"
        diff native.out "$kind.out" >differences && return 1
        diff <(printf '%s\n' '< runs from the file that was started: 1' '> runs from the file that was started: 0') \
            <(grep '^[<>]' differences)
    done
}

@test "programs of musl's run in place, with its loader and without one" {
    need musl-gcc
    local option
    COMPILE=(musl-gcc -std=gnu11 -D_GNU_SOURCE -O2)
    for option in -pie -no-pie -static; do
        same_build "$option"
    done
    same_build -pie
    has -l 'interpreter: .*/ld-musl-x86_64'
}

@test "a static PIE of musl's runs in place" {
    need musl-gcc
    local start folder
    echo 'int main;' >empty.c
    start=$(musl-gcc -### empty.c 2>&1 | grep -o '/[^ "]*/Scrt1\.o')
    folder=${start%/*}
    [ -e "$folder/rcrt1.o" ] || skip "this musl has no rcrt1.o"
    musl-gcc -std=gnu11 -D_GNU_SOURCE -O2 -fPIE -c -o kind.o "$SOURCES/kind.c"
    # musl-gcc -static-pie links a dynamic PIE
    gcc -static-pie -nostdlib -o kind.built "$folder"/{rcrt1,crti}.o kind.o "$folder/libc.a" -lgcc "$folder/libc.a" \
        "$folder/crtn.o"
    bundles kind.built
    same kind.built word 7
    has -h 'Type: *DYN'
    ! has -l INTERP
}

@test "what is bound at the start, lazily or without RELRO is as protected as natively" {
    same_build -Wl,-z,relro,-z,now
    has -d 'BIND_NOW|NOW'
    same_build -Wl,-z,relro,-z,lazy
    ! has -d 'BIND_NOW|NOW'
    same_build -Wl,-z,norelro
    ! has -l GNU_RELRO
    grep -Fxq 'write to what was relocated: exit 0' stored.out
}

@test "code on the stack runs where the program asks for that, and only there" {
    same_build -Wl,-z,execstack -DCODE_ON_STACK
    grep -Fxq 'stack: rwxp' stored.out
    grep -Fxq 'code on the stack: exit 0' stored.out
    same_build -Wl,-z,execstack -DCODE_ON_STACK -static
    grep -Fxq 'stack: rwxp' stored.out
    same_build -Wl,-z,noexecstack
    grep -Fxq 'stack: rw-p' stored.out
}

@test "a program that does not say what its stack is for gets the kernel's choice" {
    need python3
    "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c"
    # PT_GNU_STACK becomes PT_NULL
    python3 - kind.built <<'PYTHON'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
at, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
for header in range(at, at + size * count, size):
    if struct.unpack_from("<I", data, header)[0] == 0x6474e551:
        struct.pack_into("<I", data, header, 0)
open(sys.argv[1], "wb").write(data)
PYTHON
    ! has -l GNU_STACK
    bundles kind.built
    same kind.built
}

@test "1 GiB of .bss is there and zero" {
    same_build -DSPACE='(1UL << 30)'
    grep -Fxq 'space: 1073741824 bytes, zero 1, kept 1 2 3' stored.out
    same_build -DSPACE='(1UL << 30)' -static
}

@test ".bss is zero to the end of its last page, wherever it ends" {
    local size
    for size in 1 2049 8191; do
        same_build "-DSPACE=${size}UL"
    done
    grep -Fxq 'rest of the page: zero 1' stored.out
}

@test "a .bss in a segment of its own is there, even where that does not say it is writable" {
    need python3
    same_build -Wl,-Tbss=0x9000000
    has -l 'LOAD +0x[0-9a-f]+ 0x0*9000000 .* 0x0+ '
    # PF_R alone, as the kernel asks for no permission to clear memory
    cp --remove-destination native/kind.built .
    python3 - kind.built <<'PYTHON'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
at, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
for header in range(at, at + size * count, size):
    if struct.unpack_from("<I", data, header)[0] == 1 and struct.unpack_from("<Q", data, header + 32)[0] == 0:
        struct.pack_into("<I", data, header + 4, 4)
open(sys.argv[1], "wb").write(data)
PYTHON
    bundles kind.built
    same kind.built
    has -l 'LOAD +0x[0-9a-f]+ 0x0*9000000 .* 0x0+ 0x[0-9a-f]+ R  '
}

@test "segments may share a page of the file" {
    local option offset size last
    for option in -pie -no-pie -static; do
        same_build -Wl,-z,noseparate-code "$option"
        # the linker's own script, but for the distance it keeps between code and data
        echo 'int main(void) { return 0; }' |
            gcc "$option" -Wl,-z,noseparate-code,--verbose -o empty -x c - | sed -n '/^=====/,/^=====/p' |
            sed '/^=====/d; /DATA_SEGMENT_[RE]/d
                s/\. = DATA_SEGMENT_ALIGN.*/. = . + CONSTANT (MAXPAGESIZE);/' >script.ld
        same_build -Wl,-z,noseparate-code,-z,norelro,-T,script.ld "$option"
        # where one ends the next begins
        readelf -lW native/kind.built | grep LOAD >segments
        [ "$(wc -l <segments)" = 2 ]
        read -r _ offset _ _ size _ <segments
        last=$(((offset + size - 1) / 4096))
        read -r _ offset _ < <(tail -n 1 segments)
        [ $((offset / 4096)) = "$last" ]
    done
}

@test "code and data may be a single segment" {
    cat >single.ld <<'LD'
ENTRY(_start)
PHDRS { all PT_LOAD FILEHDR PHDRS FLAGS(7); stack PT_GNU_STACK FLAGS(6); }
SECTIONS
{
    . = 0x400000 + SIZEOF_HEADERS;
    .text : { *(.text*) *(.rodata*) *(.data*) } :all
    .bss : { *(.bss*) *(COMMON) } :all
    end = .;
    /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) }
}
LD
    entry -static -no-pie -Wl,-T,single.ld
    bundles entry
    same_entry entry one
    ./entry | grep -q '^map: rwxp'
}

@test "holes between segments stay empty" {
    same_build -Wl,-Tdata=0x4000000
    grep -Eq '^pages: 3ff[0-9a-f]*|^pages: 4000000 ' stored.out
    same_build -no-pie -fno-pie -Wl,-Tdata=0x8000000
    same_build -static -Wl,-Tdata=0x8000000
}

@test "a PIE's lowest address need not be 0" {
    same_build -pie -fPIE -Wl,-Ttext-segment=0x10000000
    has -l 'LOAD +0x0+ 0x0*10000000 '
}

@test "fixed addresses may be far down or far up" {
    local address
    for address in 0x10000 0x300000000000; do
        entry -static -no-pie "-Wl,-Ttext-segment=$address"
        bundles entry
        same_entry entry
    done
}

@test "a PIE keeps a large alignment" {
    local align
    for align in 0x10000 0x200000; do
        same_build -pie -fPIE "-Wl,-z,max-page-size=$align"
        grep -Fxq "alignment: $align, kept: 1" stored.out
        same_build -static-pie -fPIE "-Wl,-z,max-page-size=$align"
        grep -Fxq "alignment: $align, kept: 1" stored.out
    done
    same_build -no-pie -fno-pie -Wl,-z,max-page-size=0x200000
    CREATE=(--align 2M)
    same_build -pie -fPIE -Wl,-z,max-page-size=0x200000
    grep -Fxq 'alignment: 0x200000, kept: 1' stored.out
}

@test "notes on control-flow protection do no harm" {
    same_build -fcf-protection=full -Wl,-z,ibt,-z,shstk
    has -l GNU_PROPERTY
    has -n 'IBT, SHSTK'
    grep -Fxq 'stack: rw-p' stored.out
}

@test "a program needs no section headers" {
    need llvm-strip
    "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c"
    llvm-strip --strip-sections kind.built
    bundles kind.built
    same kind.built word 7
}

@test "program headers may be where patchelf has moved them" {
    need patchelf
    local loader option
    for option in -pie -no-pie; do
        "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c" "$option"
        loader=$(patchelf --print-interpreter kind.built)
        patchelf --set-interpreter "/$(printf './%.0s' {1..200})$loader" kind.built
        patchelf --add-needed libm.so.6 kind.built
        bundles kind.built
        same kind.built word 7
        has -l 'interpreter: /\./\./\./'
    done
}

@test "program headers may be at the end of the file, where no segment holds them" {
    need python3
    local option
    for option in -static -static-pie; do
        entry "$option" -fPIE
        python3 - entry <<'PYTHON'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
at, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
headers = data[at:at + size * count]
data += bytes(-len(data) % 4096)
struct.pack_into("<Q", data, 32, len(data))
open(sys.argv[1], "wb").write(data + headers)
PYTHON
        bundles entry
        same_entry entry
    done
}

@test "a dynamic loader that is not there is named, with status 126" {
    local kind
    "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c" -Wl,--dynamic-linker="$PWD/no-such-loader"
    bundles kind.built
    for kind in stored zstd; do
        run_kind "$kind" kind.built
        [ "$(cat "$kind.status")" = 126 ]
        [ ! -s "$kind.out" ]
        diff - "$kind.err" <<END
fatelf-amd64: ./kind.built: the program could not be started: inplace: $PWD/no-such-loader: No such file or directory; is the dynamic loader that the program names installed?
END
    done
}

@test "a dynamic loader that is no program is named, with status 126" {
    local kind loader
    printf 'no program at all, but long enough to be taken for an ELF header by its size: %0100d\n' 0 >text
    : >empty
    head -c 100 "$TOOL" >torn
    mkdir folder
    chmod 755 text empty torn
    for loader in text empty torn folder; do
        "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c" "-Wl,--dynamic-linker=$PWD/$loader"
        bundles kind.built
        for kind in stored zstd; do
            run_kind "$kind" kind.built
            [ "$(cat "$kind.status")" = 126 ] || { echo "$loader:"; cat "$kind.both"; return 1; }
            [ ! -s "$kind.out" ]
            [ "$(wc -l <"$kind.err")" = 1 ]
            grep -q "^fatelf-amd64: .*: the program could not be started: inplace: $PWD/$loader: " "$kind.err"
        done
    done
}

@test "a dynamic loader that ends too early kills the program, as natively" {
    local kind
    head -c 3000 "$TOOL" >torn
    chmod 755 torn
    "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c" "-Wl,--dynamic-linker=$PWD/torn"
    bundles kind.built
    ulimit -c 0
    for kind in native stored zstd; do
        run_kind "$kind" kind.built
        [ "$(cat "$kind.status")" -gt 128 ]
        [ ! -s "$kind.out" ]
    done
}

@test "very many arguments and a very large environment arrive whole" {
    local i word
    "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c"
    bundles kind.built
    ulimit -s unlimited || skip "the hard limit of the stack is too low"
    seq 250000 >words
    PREFIX=(bash -c 'exec "$@" $(cat words)' many)
    same kind.built
    grep -Fxq "arguments: 250001, last '250000'" stored.out
    PREFIX=()
    word=$(printf 'x%.0s' {1..100000})
    for i in {1..40}; do export "BIG_$i=$word"; done
    same kind.built 3
    PREFIX=("$FIXTURES/exec-with" fill=1500000 --)
    same kind.built
    grep -q '^arguments: 12, ' stored.out
}

@test "a program without any argument gets what the kernel makes of that" {
    local kind
    "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c"
    bundles kind.built
    for kind in native stored zstd; do
        ln -f "$kind/kind.built" .
        FATELF_AMD64_LAUNCH=$([ "$kind" != zstd ] || echo inplace) \
            "$FIXTURES/exec-with" close=3 -- ./kind.built >"$kind.out"
    done
    diff native.out stored.out
    diff native.out zstd.out
    # since Linux 5.18 one empty argument
    grep -Eq "^arguments: [01], last ''" stored.out
}

@test "at a static program's entry all is as the kernel leaves it" {
    local option
    for option in '-static -no-pie -fno-pie' '-static-pie -fPIE'; do
        # shellcheck disable=SC2086
        entry $option
        bundles entry
        same_entry entry one two
        grep -Fxq 'rdx: 0x0' stored.out
        grep -Fxq 'mxcsr: 0x1f80' stored.out
        grep -Fxq '/proc/self/auxv is that on the stack: 0x1' stored.out
    done
}

@test "at a loader's entry all is as the kernel leaves it" {
    local option
    entry -static-pie -fPIE
    mv entry loader
    for option in -pie -no-pie; do
        "${COMPILE[@]}" -pthread -o program "$SOURCES/kind.c" "$option" "-Wl,--dynamic-linker=$PWD/loader"
        bundles program
        same_entry program one two
        grep -Fxq 'AT_0x7: in this file at 0x0' stored.out
        grep -Fxq 'rdx: 0x0' stored.out
    done
}

@test "a loader may lie at fixed addresses or want a large alignment" {
    local option
    "${COMPILE[@]}" -pthread -o program "$SOURCES/kind.c" "-Wl,--dynamic-linker=$PWD/loader"
    bundles program
    for option in '-static -no-pie -fno-pie' '-static-pie -fPIE -Wl,-z,max-page-size=0x200000'; do
        # shellcheck disable=SC2086
        entry $option
        mv entry loader
        same_entry program one two
    done
}

@test "without a vDSO to leave through, emulated by qemu, a program runs in place too" {
    need qemu-x86_64
    local option kind
    PREFIX=(qemu-x86_64)
    for option in -pie -static; do
        "${COMPILE[@]}" -pthread -o kind.built "$SOURCES/kind.c" "$option"
        bundles kind.built
        for kind in native stored zstd; do
            run_kind "$kind" kind.built word 7
            sed -i '/^pages: /d' "$kind.out" # heap and program are one there
        done
        for kind in stored zstd; do
            in_place "$kind"
            diff native.out "$kind.out"
            diff native.status "$kind.status"
        done
    done
    [ "$(cat stored.status)" = 7 ]
}

@test "of a program that cannot be started in place create says so, and it is started by memfd" {
    local i
    {
        echo 'ENTRY(_start) PHDRS { text PT_LOAD FILEHDR PHDRS FLAGS(5);'
        for i in {1..40}; do echo "data$i PT_LOAD FLAGS(6);"; done
        echo '} SECTIONS { . = 0x400000 + SIZEOF_HEADERS; .text : { *(.text*) *(.rodata*) } :text . = ALIGN(4096);'
        echo '.data : { *(.data*) } :data1 .bss : { *(.bss*) *(COMMON) } :data1'
        for i in {2..40}; do echo ". = ALIGN(4096); .more$i : { LONG($i) } :data$i"; done
        echo 'end = .; /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) } }'
    } >many.ld
    entry -static -no-pie -Wl,--build-id=none -Wl,-T,many.ld
    ./entry | grep -q '^map: '
    "$TOOL" create --launch inplace -o bundle v1=entry 2>said
    grep -q 'warning: .*entry: cannot be started in place: .*; it will be started by memfd$' said
    FATELF_AMD64_DEBUG=log ./bundle >out 2>err
    grep -q 'starting v1 by memfd' err
    grep -q '^map: ' out
}

@test "C++ programs throw through many frames, stream and destroy what outlives main" {
    need g++
    cat >program.cpp <<'CPP'
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>
struct Base { virtual ~Base() = default; virtual std::string name() const { return "base"; } };
struct Derived : Base { std::string name() const override { return "derived"; } };
struct Static { Static() { std::cout << "made\n"; } ~Static() { std::cout << "gone\n"; } } object;
thread_local std::vector<int> own{1, 2, 3};
static int depth(int n)
{
    std::unique_ptr<int> owned(new int(n));
    if (n == 0)
        throw std::runtime_error("from the bottom");
    return depth(n - 1) + *owned;
}
int main()
{
    std::map<std::string, int> words{{"one", 1}, {"two", 2}};
    try { depth(500); } catch (const std::exception &e) { std::cout << "caught " << e.what() << "\n"; }
    std::thread([&] {
        try { own.at(7) = 1; } catch (const std::out_of_range &) { words["thread"] = int(own.size()); }
    }).join();
    for (const auto &word : words)
        std::cout << word.first << "=" << word.second << "\n";
    std::unique_ptr<Base> base(new Derived);
    std::cout << base->name() << (dynamic_cast<Derived *>(base.get()) ? " is one" : " is none") << "\n";
    try { (void)dynamic_cast<Derived &>(*std::unique_ptr<Base>(new Base)); }
    catch (const std::bad_cast &) { std::cout << "bad cast\n"; }
    std::string line;
    while (std::getline(std::cin, line))
        std::cout << "line " << line << "\n";
    std::cerr << 1.5 << std::endl;
    return 5;
}
CPP
    seq 3 >in
    local option
    g++ -O1 -pthread -fPIE -c program.cpp
    for option in -pie -static; do
        g++ -pthread "$option" -o program program.o
        bundles program
        same program
        grep -Fxq 'caught from the bottom' stored.out
        grep -Fxq gone stored.out
        [ "$(cat stored.status)" = 5 ]
    done
}

# Go's cache is the user's own: a build of the runtime takes long.
go_program() {
    cat >program.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
)

func depth(n int) int {
	var frame [100]int
	if n == 0 {
		return 0
	}
	frame[n%100] = n
	return depth(n-1) + frame[n%100]
}

func main() {
	var group sync.WaitGroup
	sums := make([]int, 50)
	for i := range sums {
		group.Add(1)
		go func() { defer group.Done(); sums[i] = depth(10000) + i }()
	}
	group.Wait()
	runtime.GC()
	defer func() { fmt.Println("recovered", recover()); os.Exit(6) }()
	self, err := os.Executable()
	fmt.Println(sums[49], self, err, len(os.Args), word())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Println("line", lines.Text())
	}
	out, err := exec.Command("sh", "-c", "echo from a shell; exit 3").Output()
	fmt.Printf("%s%v\n", out, err)
	var nowhere *int
	*nowhere = 1
}
GO
    cat >"word_$1.go"
    cat >go.mod <<<'module program'
}

@test "Go programs without cgo run goroutines, children and into a nil pointer as natively" {
    need go
    go_program plain <<<'package main
func word() string { return "plain" }'
    seq 3 >in
    local mode modes=exe
    [ -z "${SLOW-}" ] || modes+=' pie' # Go builds its whole library once more for that
    for mode in $modes; do
        CGO_ENABLED=0 go build -buildmode=$mode -o program . || skip "this Go cannot build a program here"
        bundles program
        same program a b
        grep -q "^50005049 $PWD/program <nil> 3 plain$" stored.out
        grep -q '^recovered runtime error: invalid memory address' stored.out
        [ "$(cat stored.status)" = 6 ]
    done
}

@test "Go programs with cgo do so too" {
    need go
    go_program cgo <<'GO'
package main

/*
#include <pthread.h>
#include <stdlib.h>
static void *work(void *p) { *(int *)p = 42; return p; }
static int in_thread(void) { pthread_t t; int n = 0; pthread_create(&t, 0, work, &n); pthread_join(t, 0); return n; }
*/
import "C"
import "fmt"

func word() string { return fmt.Sprint("cgo", C.in_thread()) }
GO
    seq 3 >in
    CGO_ENABLED=1 go build -o program . || skip "this Go cannot build a program here"
    readelf -lW program | grep -q INTERP
    bundles program
    same program a b
    grep -q "^50005049 $PWD/program <nil> 3 cgo42$" stored.out
    [ "$(cat stored.status)" = 6 ]
}

@test "Rust programs run threads, catch a panic and know their path" {
    need rustc
    rustc --version >rustc.out 2>&1 || skip "rustc is there, but without a tool chain"
    cat >program.rs <<'RUST'
use std::io::BufRead;
fn main() {
    let sum: u64 = std::io::stdin().lock().lines().map(|l| l.unwrap().parse::<u64>().unwrap()).sum();
    let threads: Vec<_> = (0..4).map(|i| std::thread::spawn(move || i * 10)).collect();
    let joined: Vec<i32> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    std::panic::set_hook(Box::new(|_| println!("panic")));
    let caught = std::panic::catch_unwind(|| { let v: Vec<i32> = vec![]; v[sum_index()] }).is_err();
    println!("{} {:?} {} {:?}", sum, joined, caught, std::env::current_exe().unwrap());
    std::process::exit(std::env::args().count() as i32);
}
#[inline(never)]
fn sum_index() -> usize { std::env::args().count() }
RUST
    rustc -O -o program program.rs
    seq 100 >in
    bundles program
    same program a b
    grep -Fxq "5050 [0, 10, 20, 30] true \"$PWD/program\"" stored.out
    [ "$(cat stored.status)" = 3 ]
}

@test "processes, threads, signals, a stack that overflows, libraries loaded later and another exec go as natively" {
    local option
    for option in -pie -no-pie; do
        "${COMPILE[@]}" -pthread -rdynamic "$option" -o acts "$SOURCES/acts.c" -ldl
        bundles acts
        same acts
        grep -Fxq 'stack overflow: 1, signal 11, on the other stack 1' stored.out
        grep -Fxq 'exec: word other' stored.out
        [ "$(cat stored.status)" = 21 ]
    done
}

@test "whichever call is refused on the way, the program runs, in place or out of a memfd" {
    need strace
    local kind call number count
    "${COMPILE[@]}" -z execstack -o program -x c - <<<'int puts(const char *); int main(void) { return !puts("runs"); }'
    bundles program
    for kind in stored zstd; do
        run_kind "$kind" program
        in_place "$kind"
        FATELF_AMD64_LAUNCH=inplace strace -o trace ./program
        # up to the last that the launcher does
        sed -i '/^arch_prctl(ARCH_SET_FS, \(0\|NULL\))/q' trace
        for call in open openat pread64 mmap mprotect mremap getrandom prctl; do
            count=$(grep -c "^$call(" trace) || continue
            for number in $(seq "$count"); do
                [ "$(FATELF_AMD64_LAUNCH=inplace FATELF_AMD64_DEBUG=log strace -qq -o refused -e "trace=$call" \
                    -e "inject=$call:error=EPERM:when=$number" ./program 2>log)" = runs ]
                grep -q 'INJECTED' refused
                grep -Eq 'starting v1 by (inplace|memfd), ' log
                [ "$(wc -l <log)" = 1 ]
            done
        done
    done
}
