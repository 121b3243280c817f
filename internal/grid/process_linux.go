package grid

import (
	"os"
	"syscall"
)

// processAttributes put a child into its own group, and let it die with us however we die.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// terminate asks a process to end; one that is gone cannot be asked.
func terminate(p *os.Process) { _ = p.Signal(syscall.SIGTERM) }

// killGroup kills what is left of a child's group.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// lockFolder takes the lock of a folder, which the kernel frees when its holder dies. An error: somebody has it, or had
// it and has removed the folder.
func lockFolder(folder string) (*os.File, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	if err := lockOpen(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// lockOpen locks an open folder, and then checks that it is still there: between the two a sweeper may have removed it.
func lockOpen(f *os.File) error {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return err
	}
	locked, err := f.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(f.Name())
	if err == nil && !os.SameFile(locked, there) {
		err = os.ErrNotExist
	}
	return err
}
