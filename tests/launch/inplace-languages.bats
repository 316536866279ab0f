# SPDX-License-Identifier: MIT
# Programs in C++, Go, Rust and C that use much of their run-time libraries, started in place.
load ../lib/common
load ../lib/inplace

@test "C++ programs throw through many frames, use streams, and run destructors after main" {
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
        make_kinds program
        compare_kinds program
        grep -Fxq 'caught from the bottom' stored.out
        grep -Fxq gone stored.out
        [ "$(cat stored.status)" = 5 ]
    done
}

# go_program NAME < SOURCE: program.go, which calls word(), and word_NAME.go with SOURCE. Go's cache is the user's,
# because Go takes long to compile its runtime.
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

@test "Go programs without cgo run goroutines and children, and panic at a nil pointer, as they do natively" {
    need go
    go_program plain <<<'package main
func word() string { return "plain" }'
    seq 3 >in
    local mode modes=exe
    [ -z "${SLOW-}" ] || modes+=' pie' # for this, Go compiles its whole library once more
    for mode in $modes; do
        CGO_ENABLED=0 go build -buildmode=$mode -o program . || skip "this Go cannot build a program here"
        make_kinds program
        compare_kinds program a b
        grep -q "^50005049 $PWD/program <nil> 3 plain$" stored.out
        grep -q '^recovered runtime error: invalid memory address' stored.out
        [ "$(cat stored.status)" = 6 ]
    done
}

@test "Go programs with cgo do the same as natively" {
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
    readelf -lW program | finds INTERP
    make_kinds program
    compare_kinds program a b
    grep -q "^50005049 $PWD/program <nil> 3 cgo42$" stored.out
    [ "$(cat stored.status)" = 6 ]
}

@test "Rust programs run threads, catch a panic and know the path of their file" {
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
    make_kinds program
    compare_kinds program a b
    grep -Fxq "5050 [0, 10, 20, 30] true \"$PWD/program\"" stored.out
    [ "$(cat stored.status)" = 3 ]
}

@test "processes, threads, signals, stack overflows, libraries loaded later and another exec work as natively" {
    local option
    for option in -pie -no-pie; do
        "${COMPILE[@]}" -pthread -rdynamic "$option" -o acts "$SOURCES/acts.c" -ldl
        make_kinds acts
        compare_kinds acts
        grep -Fxq 'stack overflow: 1, signal 11, on the other stack 1' stored.out
        grep -Fxq 'exec: word other' stored.out
        [ "$(cat stored.status)" = 21 ]
    done
}
