package ocr

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ownGroup keeps the terminal's signals from the program, and lets it die with us, even when we are killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup ends the process and all it started.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) } // fails only if it is gone

// limit bounds a process that has not got its input yet: its memory, its processor time, and that it writes no file
// and leaves no core dump.
func limit(pid int, memory uint64, timeout time.Duration) error {
	seconds := uint64(timeout.Seconds()) + 1
	limits := map[int]uint64{unix.RLIMIT_AS: memory, unix.RLIMIT_CPU: seconds, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_CORE: 0}
	for what, most := range limits {
		err := unix.Prlimit(pid, what, &unix.Rlimit{Cur: most, Max: most}, nil)
		if err == unix.ESRCH {
			return nil // it has ended already, and its exit says how
		}
		if err != nil {
			return err
		}
	}
	return nil
}
