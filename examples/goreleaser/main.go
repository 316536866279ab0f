// SPDX-License-Identifier: MIT

// Greet says which release it is, and for which level it was built.
package main

import (
	"fmt"
	"runtime/debug"
)

var version = "unknown" // set by the linker

func main() {
	level := "another processor"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "GOAMD64" {
				level = "x86-64-" + setting.Value
			}
		}
	}
	fmt.Printf("version   %s\n", version)
	fmt.Printf("level     %s\n", level)
}
