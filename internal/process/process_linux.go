package process

import (
	"errors"
	"math"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Group are attributes that keep the terminal's signals from a process, and let it die with its parent, even when that is killed.
func Group() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) } // fails only if it is gone

// Apply bounds a process that runs already, before it is given anything. One that has ended meanwhile is no error: its exit
// says how.
func (l Limits) Apply(pid int) error {
	limits := map[int]uint64{unix.RLIMIT_CORE: 0}
	if l.Memory > 0 {
		limits[unix.RLIMIT_AS] = l.Memory
	}
	if l.CPU > 0 {
		limits[unix.RLIMIT_CPU] = uint64(math.Ceil(l.CPU.Seconds()))
	}
	if l.NoFiles {
		limits[unix.RLIMIT_FSIZE] = 0
	}
	for what, most := range limits {
		if err := unix.Prlimit(pid, what, &unix.Rlimit{Cur: most, Max: most}, nil); errors.Is(err, unix.ESRCH) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}
