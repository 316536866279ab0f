// SPDX-License-Identifier: MIT

// A C library, written in Go: it counts the words of texts, each in a goroutine.
package main

// typedef void word_count_result(int text, int words);
// static inline void give(word_count_result *result, int text, int words) { result(text, words); }
import "C"

import (
	"strings"
	"sync"
	"unsafe"
)

// word_count calls result for each text, from the thread that a goroutine happens to run in.
//
//export word_count
func word_count(texts **C.char, count C.int, result *C.word_count_result) C.int {
	var wait sync.WaitGroup
	words := make([]int, count)
	for i, text := range unsafe.Slice(texts, count) {
		wait.Add(1)
		go func(i int, text string) {
			defer wait.Done()
			words[i] = len(strings.Fields(text))
			C.give(result, C.int(i), C.int(words[i]))
		}(i, C.GoString(text))
	}
	wait.Wait()
	sum := 0
	for _, n := range words {
		sum += n
	}
	return C.int(sum)
}

// word_count_survived makes a nil pointer dereference, which is a signal, and says whether Go has caught it.
//
//export word_count_survived
func word_count_survived() (survived C.int) {
	defer func() {
		if recover() != nil {
			survived = 1
		}
	}()
	var nothing *int
	return C.int(*nothing)
}

func main() {}
