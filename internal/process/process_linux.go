package process

import (
	"errors"
	"fmt"
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

// Apply bounds a process that runs already, before it is given anything. A limit that it has already and that is lower
// stays. One that has ended meanwhile is no error: its exit says how. Where memory runs out for all, as in a container, it
// is the first that the system ends: rather it than us.
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
		if err := lower(pid, what, most); errors.Is(err, unix.ESRCH) {
			return nil
		} else if err != nil {
			return err
		}
	}
	// What cannot be said to the system, as in some sandboxes, is not said.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("1000"), 0)
	return nil
}

// lower sets both limits of a process to most, where they are not lower.
func lower(pid, what int, most uint64) error {
	var has unix.Rlimit
	if err := unix.Prlimit(pid, what, nil, &has); err != nil {
		return err
	}
	return unix.Prlimit(pid, what, &unix.Rlimit{Cur: min(has.Cur, most), Max: min(has.Max, most)}, nil)
}

// MemoryLimit is the address space that this process, and so each that it starts, may have in bytes; 0: any amount.
func MemoryLimit() uint64 {
	var has unix.Rlimit
	if err := unix.Prlimit(0, unix.RLIMIT_AS, nil, &has); err != nil || has.Cur == unix.RLIM_INFINITY {
		return 0
	}
	return has.Cur
}
