// SPDX-License-Identifier: MIT

// Reexec starts itself through /proc/self/exe, in a new user namespace and traced, as containerd does to get a user
// namespace: the child stops at the end of execve, before its first instruction. Then it lets the child go.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

// level is the GOAMD64 that Go records in the program.
func level() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "GOAMD64" {
				return setting.Value
			}
		}
	}
	return "unknown"
}

func executable(process string) string {
	path, err := os.Readlink("/proc/" + process + "/exe")
	if err != nil {
		return err.Error()
	}
	return path
}

// start starts the child. Only the thread that has started it may trace it.
func start(flags uintptr) (*os.Process, error) {
	attributes := &syscall.SysProcAttr{
		Ptrace:     true,
		Pdeathsig:  syscall.SIGKILL,
		Cloneflags: flags,
	}
	if flags&syscall.CLONE_NEWUSER != 0 {
		attributes.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return os.StartProcess("/proc/self/exe", []string{"reexec-child"}, &os.ProcAttr{
		Files: []*os.File{nil, os.Stdout, os.Stderr},
		Sys:   attributes,
	})
}

func parent() error {
	runtime.LockOSThread()
	fmt.Printf("parent    %s, %s\n", level(), executable("self"))
	namespace := "a new user namespace"
	child, err := start(syscall.CLONE_NEWUSER)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		namespace = "no new user namespace (" + err.Error() + ")"
		child, err = start(0)
	}
	if err != nil {
		return err
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(child.Pid, &status, 0, nil); err != nil {
		return err
	}
	if !status.Stopped() || status.StopSignal() != syscall.SIGTRAP {
		return fmt.Errorf("the child has not stopped at execve: status %#x", status)
	}
	fmt.Printf("stopped   %s, %s\n", namespace, executable(fmt.Sprint(child.Pid)))
	if err := syscall.PtraceDetach(child.Pid); err != nil {
		return err
	}
	end, err := child.Wait()
	if err == nil && !end.Success() {
		err = fmt.Errorf("the child: %s", end)
	}
	return err
}

func main() {
	if os.Args[0] == "reexec-child" {
		fmt.Printf("child     %s, %s\n", level(), executable("self"))
		return
	}
	if err := parent(); err != nil {
		fmt.Fprintln(os.Stderr, "reexec:", err)
		os.Exit(1)
	}
}
