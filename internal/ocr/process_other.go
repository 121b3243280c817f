//go:build !linux

package ocr

import (
	"os"
	"syscall"
	"time"
)

// ownGroup is nothing here: process groups and death signals are Linux's.
func ownGroup() *syscall.SysProcAttr { return nil }

// killGroup ends the process.
func killGroup(p *os.Process) { _ = p.Kill() } // fails only if it is gone

// limit leaves it to the deadline and to the bounds of images and output.
func limit(int, uint64, time.Duration) error { return nil }
