// SPDX-License-Identifier: MIT
// Goroutines, a garbage collection, a caught panic, a signal to itself, and another program.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
	fmt.Println(<-signals, os.Args[1:])

	var wait sync.WaitGroup
	parts := make([]int, 50)
	for i := range parts {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			defer func() { recover() }()
			block := make([]int, 1000)
			for j := range block {
				block[j] = i
				parts[i] += block[j]
			}
			block[len(block)+i]++
		}(i)
	}
	wait.Wait()
	runtime.GC()
	sum := 0
	for _, part := range parts {
		sum += part
	}
	fmt.Println(sum, exec.Command("/bin/false").Run())
	os.Exit(8)
}
