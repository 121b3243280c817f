package grid

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
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
	f, err := os.OpenFile(folder, os.O_RDONLY|syscall.O_DIRECTORY, 0) // a pipe of that name would be waited for
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

// leftoverRounds bounds how often it is looked for processes that were just being started.
const leftoverRounds = 10

// killLeftovers kills the processes that have the folder for their temporary files: a driver's browsers, wherever they
// have gone in the tree of processes. Nobody else knows a folder's name, so that no stranger is hit.
func killLeftovers(folder string) {
	for range leftoverRounds {
		found := 0
		environs, err := filepath.Glob("/proc/[0-9]*/environ")
		if err != nil {
			return
		}
		for _, file := range environs {
			if usesFolder(file, folder) && killUser(file, folder) {
				found++
			}
		}
		if found == 0 {
			return
		}
	}
}

// killUser kills the process of an environ file, if it is still the one that has the folder. It reports whether it did.
func killUser(file, folder string) bool {
	pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
	if err != nil || pid == os.Getpid() {
		return false
	}
	p, err := os.FindProcess(pid) // holds on to this process: its number may pass to another from here on
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	return usesFolder(file, folder) && p.Kill() == nil
}

// usesFolder reports whether an environ file names the folder as the place of temporary files.
func usesFolder(file, folder string) bool {
	environ, err := os.ReadFile(file)
	if err != nil {
		return false // gone, or another user's
	}
	setting := []byte("TMPDIR=" + folder)
	for variable := range bytes.SplitSeq(environ, []byte{0}) {
		if bytes.Equal(variable, setting) {
			return true
		}
	}
	return false
}
