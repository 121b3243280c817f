// Package process runs programs over files that nobody vouches for. Each heads a group of its own, dies with us however we
// die, can be killed whole at any time, may be limited before it gets its input, and may answer with only so many bytes.
//
// On Linux all of that holds; elsewhere a process is killed alone, and limits are left to deadlines and to the program.
package process

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Limits bound a process. What is zero is not bounded, but for core dumps: a document does not belong in one. They only lower
// what it may: a limit that it has from its parent and that is lower stays.
type Limits struct {
	Memory  uint64        // bytes of address space
	CPU     time.Duration // of all its threads, rounded up to seconds
	NoFiles bool          // it may not write to any file
}

// Process is a started process. Anybody may kill it until it has ended: then its id may be somebody else's.
type Process struct {
	started *os.Process
	mu      sync.Mutex
	ended   bool
}

// Of is a process that was started with the attributes that [Group] gives.
func Of(started *os.Process) *Process { return &Process{started: started} }

// Kill ends the process and all it started, at once. A second call, or one after [Process.Ended], does nothing.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		killGroup(p.started)
	}
}

// Ended says that the process was killed or waited for: [Process.Kill] does nothing any more.
func (p *Process) Ended() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// Output keeps what a process writes, up to a limit. The buffer is not embedded: its ReadFrom would be found by io.Copy,
// and know no limit. It is for one writer; read it when the process has been waited for.
type Output struct {
	limit int64
	full  func()
	kept  bytes.Buffer
	over  bool
}

// NewOutput keeps limit bytes. When there is more it calls full, unless that is nil, and drops the rest.
func NewOutput(limit int64, full func()) *Output { return &Output{limit: limit, full: full} }

// Write never fails: the process need not know that nobody listens.
func (o *Output) Write(p []byte) (int, error) {
	room := o.limit - int64(o.kept.Len())
	o.kept.Write(p[:min(int64(len(p)), room)])
	if int64(len(p)) > room && !o.over {
		o.over = true
		if o.full != nil {
			o.full()
		}
	}
	return len(p), nil
}

// Bytes are what was kept.
func (o *Output) Bytes() []byte { return o.kept.Bytes() }

// Over reports whether there was more.
func (o *Output) Over() bool { return o.over }

// maxLine bounds what is quoted in an error, in bytes.
const maxLine = 200

// FirstLine is the first line that says something, as an addition to an error text: ": no room". It is "" where there is none.
func (o *Output) FirstLine() string {
	line, _, _ := strings.Cut(strings.TrimSpace(o.kept.String()), "\n")
	line = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, line)
	if line == "" {
		return ""
	}
	return ": " + strings.ToValidUTF8(line[:min(len(line), maxLine)], "")
}
