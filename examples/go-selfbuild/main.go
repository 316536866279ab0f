// SPDX-License-Identifier: MIT

// selfbuild makes a bundle of itself: `selfbuild OUT` builds the module in the working directory for each level with
// `fatelf-amd64 build`, and writes the bundle to OUT. Without an argument it prints the level that it was built for.
// FATELF is the tool.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
)

func level() string {
	info, _ := debug.ReadBuildInfo()
	for _, setting := range info.Settings {
		if setting.Key == "GOAMD64" {
			return setting.Value
		}
	}
	return "unknown"
}

func main() {
	if len(os.Args) < 2 {
		fmt.Println(level())
		return
	}
	tool := os.Getenv("FATELF")
	if tool == "" {
		tool = "fatelf-amd64"
	}
	// The state of the working tree is left out of the programs: writing OUT changes it.
	build := exec.Command(tool, "build", "-q", "--force", "--go-env", "-o", os.Args[1], "--",
		"go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", ".")
	build.Stdout, build.Stderr = os.Stdout, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "selfbuild:", err)
		os.Exit(1)
	}
}
