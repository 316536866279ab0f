// SPDX-License-Identifier: MIT

// Nearest finds, for each of some queries, the nearest of many embeddings: vectors of small integers, as models make
// them from texts and images. The nearest is the one with the largest dot product. These are integers, so the answer
// is the same at every level.
package main

import (
	"fmt"
	"runtime/debug"
	"time"
)

const (
	size       = 384 // numbers in an embedding, a multiple of 64, and in dot_v3_amd64.s and dot_v4_amd64.s
	embeddings = 20000
	queries    = 20
)

type embedding [size]int8

// random makes the same embeddings on every machine (xorshift64*).
type random uint64

func (r *random) embedding() (e embedding) {
	for i := range e {
		*r ^= *r >> 12
		*r ^= *r << 25
		*r ^= *r >> 27
		e[i] = int8(*r * 0x2545f4914f6cdd1d >> 56)
	}
	return
}

func nearest(all []embedding, query *embedding) (index int, product int32) {
	for i := range all {
		if p := dot(&all[i], query); i == 0 || p > product {
			index, product = i, p
		}
	}
	return
}

// level is the GOAMD64 that Go records in the program.
func level() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "GOAMD64" {
				return "x86-64-" + setting.Value
			}
		}
	}
	return "unknown"
}

func main() {
	r := random(1)
	all := make([]embedding, embeddings)
	for i := range all {
		all[i] = r.embedding()
	}
	wanted := make([]embedding, queries)
	for i := range wanted {
		wanted[i] = r.embedding()
	}
	start := time.Now()
	best, checksum := 0, uint32(0)
	for i := range wanted {
		index, product := nearest(all, &wanted[i])
		best = index
		checksum = checksum*31 + uint32(index) ^ uint32(product)
	}
	elapsed := time.Since(start)
	fmt.Printf("level     %s\n", level())
	fmt.Printf("nearest   embedding %d\n", best)
	fmt.Printf("checksum  %08x\n", checksum)
	fmt.Printf("time      %.1f ms\n", float64(elapsed.Microseconds())/1e3)
}
