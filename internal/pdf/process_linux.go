package pdf

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup keeps the terminal's signals from the child, and lets it die with its parent, even when that is killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup ends the process and all it started.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) } // fails only if it is gone

// spareMemory is address space beyond the sandbox's: Go's own, 21 MB of compiled engine, the bytes and the text.
const spareMemory = 4 << 30

// limitMemory bounds the address space of a process, in case something grows outside the sandbox, and forbids core dumps:
// a document does not belong in one.
func limitMemory(pid int, pages uint32) error {
	bytes := uint64(pages)*pageSize + spareMemory
	if err := unix.Prlimit(pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: bytes, Max: bytes}, nil); err != nil {
		return err
	}
	return unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
}
