//go:build !linux

package grid

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// processAttributes are the system's own: only Linux can tie a child's life to ours.
func processAttributes() *syscall.SysProcAttr { return nil }

// terminate ends a process; one that is gone cannot be ended.
func terminate(p *os.Process) { _ = p.Kill() }

// killGroup ends a process that terminate did not.
func killGroup(p *os.Process) { _ = p.Kill() }

// lockFolder makes the lock of a folder. A second time it fails, also when its holder is dead: leftovers stay.
func lockFolder(folder string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errors.Join(errors.New("folder in use"), err)
	}
	return f, nil
}

// killRemains does nothing here: only Linux tells what another process was given.
func killRemains(string) {}
