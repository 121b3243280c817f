//go:build linux

package chaos

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Process is an entry of the process table.
type Process struct {
	PID, Parent int
	State       byte // as /proc has it: R, S, T, Z, …
	Args        []string
}

// String is the process for people, in one line.
func (p Process) String() string {
	line := strings.Join(p.Args, " ")
	return fmt.Sprintf("%d %.160s", p.PID, line)
}

// IsDriver is true of a chromedriver.
func (p Process) IsDriver() bool { return p.program() == "chromedriver" }

// IsBrowser is true of a browser's main process alone, not of its renderers.
func (p Process) IsBrowser() bool {
	name := p.program()
	return (name == "chromium" || name == "chrome") && !slices.ContainsFunc(p.Args, func(a string) bool { return strings.HasPrefix(a, "--type=") })
}

// IsPDFChild is true of the processes in which a worker reads PDFs.
func (p Process) IsPDFChild() bool { return len(p.Args) == 2 && p.Args[1] == "pdf-serve" }

func (p Process) program() string {
	if len(p.Args) == 0 {
		return ""
	}
	return filepath.Base(p.Args[0])
}

// processes reads the process table. What ends meanwhile is left out.
func processes() (map[int]Process, error) {
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	found := make(map[int]Process, len(names))
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		p, ok := parseStat(text)
		if !ok {
			continue
		}
		if args, err := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline")); err == nil {
			for _, arg := range bytes.Split(bytes.TrimRight(args, "\x00"), []byte{0}) {
				p.Args = append(p.Args, string(arg))
			}
		}
		found[p.PID] = p
	}
	return found, nil
}

// parseStat reads "123 (name) S 45 …"; the name may hold anything, parentheses too.
func parseStat(text []byte) (Process, bool) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 1 || end < open {
		return Process{}, false
	}
	rest := strings.Fields(string(text[end+1:]))
	if len(rest) < 2 {
		return Process{}, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:open])))
	if err != nil {
		return Process{}, false
	}
	parent, err := strconv.Atoi(rest[1])
	return Process{PID: pid, Parent: parent, State: rest[0][0]}, err == nil
}

// descendants are the processes below one, by PID, those that only wait to be reaped left out.
func descendants(table map[int]Process, of int) []Process {
	children := map[int][]int{}
	for pid, p := range table {
		children[p.Parent] = append(children[p.Parent], pid)
	}
	var found []Process
	for queue := children[of]; len(queue) > 0; queue = queue[1:] {
		if p := table[queue[0]]; p.State != 'Z' {
			found = append(found, p)
		}
		queue = append(queue, children[queue[0]]...)
	}
	slices.SortFunc(found, func(a, b Process) int { return a.PID - b.PID })
	return found
}

// Family is every process that this one started, however indirectly: as a subreaper it inherits those whose parent was
// killed, so that a browser whose worker is gone is still found, by descent and not by name.
type Family struct {
	mu      sync.RWMutex
	started map[int]bool // our own children, which are waited for where they were started
}

// NewFamily makes this process inherit orphans.
func NewFamily() (*Family, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("become a subreaper: %w", err)
	}
	return &Family{started: map[int]bool{}}, nil
}

// Start runs a function that starts a child, and remembers the child.
func (f *Family) Start(start func() (*os.Process, error)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	child, err := start()
	if err == nil {
		f.started[child.Pid] = true
	}
	return err
}

// Waited forgets a child that was waited for.
func (f *Family) Waited(pid int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.started, pid)
}

// Run runs a command to its end. Whatever this process runs it runs by Start or Run: Reap would take another child's end away.
func (f *Family) Run(cmd *exec.Cmd) error {
	err := f.Start(func() (*os.Process, error) {
		err := cmd.Start()
		return cmd.Process, err
	})
	if err != nil {
		return err
	}
	defer f.Waited(cmd.Process.Pid)
	return cmd.Wait()
}

// Reap waits for orphans that have ended.
func (f *Family) Reap() {
	table, err := processes()
	if err != nil {
		return // the next call may
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	for pid, p := range table {
		if p.Parent == os.Getpid() && p.State == 'Z' && !f.started[pid] {
			_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil) // it may have been reaped
		}
	}
}

// Orphans are the processes that were inherited, with what is below them.
func (f *Family) Orphans() ([]Process, error) {
	f.Reap()
	table, err := processes()
	if err != nil {
		return nil, err
	}
	f.mu.RLock()
	ours := maps.Clone(f.started)
	f.mu.RUnlock()
	var found []Process
	for pid, p := range table {
		if p.Parent == os.Getpid() && !ours[pid] && p.State != 'Z' {
			found = append(append(found, p), descendants(table, pid)...)
		}
	}
	return found, nil
}
