//go:build linux

package chaos

import (
	"context"
	"strings"
	"sync"
	"time"
)

// Runner materializes everything, again and again, as a person would with the CLI. After each run that went well a day passes
// at the portal, so that there is always something to do.
type Runner struct {
	w      *Cluster
	cancel context.CancelFunc
	done   chan struct{}

	mu            sync.Mutex
	runs, ended   int // started; gone well
	lastComplaint string
}

// newLeaflets is how many products get a new leaflet each night.
const newLeaflets = "12"

// everything is the command of a run. The portal drops one or two of few products a night: more than the catalog's check lets through.
func everything(extra ...string) []string {
	return append([]string{"materialize", "*", "--wait", "--accept", "not_dropped"}, extra...)
}

func startRunner(ctx context.Context, w *Cluster) *Runner {
	ctx, cancel := context.WithCancel(ctx)
	r := &Runner{w: w, cancel: cancel, done: make(chan struct{})}
	go r.loop(ctx)
	return r
}

func (r *Runner) loop(ctx context.Context) {
	defer close(r.done)
	for ctx.Err() == nil {
		r.note(func() { r.runs++ })
		result, err := r.w.starter(ctx, everything()...)
		switch {
		case err != nil: // it was told to stop
		case result.code == 0:
			r.note(func() { r.ended++ })
			r.w.timeline.Add("    a run went well; the portal's next day begins")
			_ = r.w.advanceDay(ctx, "?leaflets="+newLeaflets) // the next run finds the same day, and that is no loss
		default:
			r.w.timeline.Add("    a run ended with %d: %s", result.code, lastLine(result.stderr))
			r.note(func() { r.lastComplaint = result.stderr })
			r.pause(ctx)
		}
	}
}

func (r *Runner) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// pause lets a server that is down come back, before it is asked again.
func (r *Runner) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}

// stop ends the waiting for the run in progress. The run itself continues.
func (r *Runner) stop() (runs, ended int) {
	r.cancel()
	<-r.done
	return r.runs, r.ended
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	last := lines[len(lines)-1]
	return last[:min(len(last), 300)]
}
