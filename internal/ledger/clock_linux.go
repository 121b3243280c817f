package ledger

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// boot reads the clock that runs since the kernel started, also while the machine sleeps.
func boot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(err) // start has read it
	}
	return time.Duration(ts.Nano())
}

// start names the kernel's start, and the time namespace of this process, which may have a clock of its own.
func start() string {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return ""
	}
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/time")
	if err != nil {
		space = "" // an old kernel: there is one for all
	}
	return strings.TrimSpace(string(id)) + " " + space
}
