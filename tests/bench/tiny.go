// SPDX-License-Identifier: MIT

// A Go program that does nothing: its start is Go's runtime.
package main

func main() {}
