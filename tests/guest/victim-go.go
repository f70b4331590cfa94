// SPDX-License-Identifier: GPL-2.0-or-later
// A Go program: threads of the operating system that are locked to goroutines, each in a system call.
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

const nrThreads = 4

var goNumber = 4711

//go:noinline
func goWait(depth int, started chan int) int {
	if depth > 0 {
		return goWait(depth-1, started) + 1
	}
	started <- syscall.Gettid()
	syscall.Syscall(syscall.SYS_PAUSE, 0, 0, 0)
	return 0
}

func run(started chan int) {
	runtime.LockOSThread()
	goWait(5, started)
}

func main() {
	started := make(chan int)
	text := fmt.Sprintf("pid=%d\n", os.Getpid())
	for i := 0; i < nrThreads; i++ {
		go run(started)
	}
	for i := 0; i < nrThreads; i++ {
		text += fmt.Sprintf("locked.%d=%d\n", i, <-started)
	}
	goNumber++
	time.Sleep(200 * time.Millisecond)
	os.WriteFile("/run/ready/.victim-go", []byte(text), 0644)
	os.Rename("/run/ready/.victim-go", "/run/ready/victim-go")
	syscall.Syscall(syscall.SYS_PAUSE, 0, 0, 0)
}
