package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Self is this process.
func Self() Identity {
	pid := os.Getpid()
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Identity{PID: pid}
	}
	names, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return Identity{PID: pid}
	}
	birth, _, err := status(pid)
	if err != nil {
		return Identity{PID: pid}
	}
	return Identity{Space: strings.TrimSpace(string(boot)) + " " + names, PID: pid, Birth: birth}
}

// Identity tells which process it is.
func (p *Process) Identity() (Identity, error) {
	i := Self()
	var err error
	i.PID = p.started.Pid
	i.Birth, _, err = status(i.PID)
	return i, err
}

// lives reports whether a process is there and has not ended; a zombie has.
func lives(pid int, birth int64) bool {
	born, state, err := status(pid)
	return err == nil && born == birth && state != 'Z' && state != 'X'
}

// The fields of /proc/PID/stat that count, by their distance from the end of the name, which may hold anything.
const (
	fieldState = 0
	fieldBirth = 19
)

func status(pid int) (birth int64, state byte, err error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0, err
	}
	_, rest, _ := bytes.Cut(stat[max(bytes.LastIndexByte(stat, ')'), 0):], []byte(" "))
	fields := bytes.Fields(rest)
	if len(fields) <= fieldBirth {
		return 0, 0, fmt.Errorf("/proc/%d/stat is not as known", pid)
	}
	birth, err = strconv.ParseInt(string(fields[fieldBirth]), 10, 64)
	return birth, fields[fieldState][0], err
}
