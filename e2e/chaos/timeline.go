package chaos

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Timeline is what happened, in order, each with its offset from the start. It is safe for several goroutines.
type Timeline struct {
	start time.Time
	also  io.Writer // each line is written here at once too

	mu    sync.Mutex
	lines []string
}

// NewTimeline begins a timeline now.
func NewTimeline(also io.Writer) *Timeline { return &Timeline{start: time.Now(), also: also} }

// Add adds a line.
func (t *Timeline) Add(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	line := fmt.Sprintf("%8.2fs  %s", time.Since(t.start).Seconds(), fmt.Sprintf(format, args...))
	t.lines = append(t.lines, line)
	fmt.Fprintln(t.also, line)
}

// String is the whole timeline.
func (t *Timeline) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}
