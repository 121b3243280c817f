//go:build !linux

package process

import (
	"os"
	"syscall"
)

// Group is nothing here: process groups and death signals are Linux's.
func Group() *syscall.SysProcAttr { return nil }

func killGroup(p *os.Process) { _ = p.Kill() } // fails only if it is gone

// Apply does nothing here.
func (Limits) Apply(int) error { return nil }

// MemoryLimit is not known here.
func MemoryLimit() uint64 { return 0 }
