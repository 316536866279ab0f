// SPDX-License-Identifier: MIT

//go:build !amd64.v3

package main

func dot(a, b *embedding) int32 {
	sum := int32(0)
	for i := range a {
		sum += int32(a[i]) * int32(b[i])
	}
	return sum
}
