//go:build !linux

package pdf

import (
	"os"
	"syscall"
)

// ownGroup is nothing here: process groups and death signals are Linux's.
func ownGroup() *syscall.SysProcAttr { return nil }

// killGroup ends the process.
func killGroup(p *os.Process) { _ = p.Kill() } // fails only if it is gone

// limitMemory leaves it to the sandbox, whose own limit holds everywhere.
func limitMemory(int, uint32) error { return nil }
