// SPDX-License-Identifier: MIT

//go:build amd64.v3

package main

// dot is in dot_v3_amd64.s or dot_v4_amd64.s.
//
//go:noescape
func dot(a, b *embedding) int32
