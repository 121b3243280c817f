package grid

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"drugslm/internal/fault"
)

const (
	// statusTimeout is how long a driver may take to say that it is there. It answers within milliseconds, also while
	// its browsers are busy; two tries keep a process that was stopped itself from blaming its driver.
	statusTimeout = 10 * time.Second
	statusTries   = 2
	// watchEvery is how often a driver is asked while it runs, so that one that hangs is found during a command, too.
	watchEvery = 5 * time.Second
	// healthyAfter is how long a driver must have lived for its end not to count as a failed start.
	healthyAfter = 10 * time.Second
	freeRestarts = 2 // in a row, before there are pauses
	maxBackoff   = time.Minute
	// maxWait is how long a caller waits for such a pause to be over; a longer one is told.
	maxWait = 2 * time.Second
)

// supervisor keeps one chromedriver of this process running. A driver that has died or hangs is
// replaced when it is next needed, with growing pauses between starts that fail.
type supervisor struct {
	base     http.RoundTripper
	turn     chan struct{} // holds one token: who has it may change what follows
	now      *driver       // nil: none could be started
	failures int           // in a row: starts that failed, and drivers that died young
	again    time.Time     // not before this is another started
	cause    error         // why the last start failed
	closed   bool
	restarts atomic.Int64
}

// supervise starts the first driver. Its errors are fault.Unavailable.
func supervise(ctx context.Context, base http.RoundTripper) (*supervisor, error) {
	s := &supervisor{base: base, turn: make(chan struct{}, 1)}
	d, err := s.start(ctx)
	if err != nil {
		return nil, err
	}
	s.now = d
	return s, nil
}

// start starts a driver that answers, and watches it.
func (s *supervisor) start(ctx context.Context) (*driver, error) {
	d, err := startDriver(ctx)
	if err != nil {
		return nil, err
	}
	if d.hub, err = parseHub(d.address, s.base); err == nil && !d.answers(ctx) {
		err = fault.New(fault.Unavailable, "start chromedriver", "it does not answer at %s", d.address)
	}
	if err != nil {
		d.stop(ctx)
		return nil, err
	}
	go d.watch() //nolint:gosec // it watches for as long as the driver lives, not as long as this call
	return d, nil
}

// current gives a driver that answers: the one there is, or else a new one. One that cannot be started now is
// fault.Offline, with when to ask again.
func (s *supervisor) current(ctx context.Context) (*driver, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if s.closed {
		return nil, fault.Wrap(fault.Unavailable, "use chromedriver", ErrClosed)
	}
	if s.now != nil {
		if s.now.check(ctx) {
			return s.now, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		s.remove(ctx)
	}
	if err := s.pause(ctx); err != nil {
		return nil, err
	}
	d, err := s.start(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.fail(err)
			err = &fault.Error{Kind: fault.Offline, Op: "restart chromedriver", After: time.Until(s.again), Err: err}
		}
		return nil, err
	}
	s.now = d
	s.restarts.Add(1)
	return d, nil
}

// pause waits until the next start may come, or says when if that is long.
func (s *supervisor) pause(ctx context.Context) error {
	wait := time.Until(s.again)
	if wait > maxWait {
		return &fault.Error{Kind: fault.Offline, Op: "use chromedriver", After: wait, Err: s.cause}
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// remove clears away a driver that has ended.
func (s *supervisor) remove(ctx context.Context) {
	if time.Since(s.now.born) < healthyAfter {
		s.fail(errors.New("chromedriver ended soon after its start"))
	} else {
		s.failures, s.again = 0, time.Time{}
	}
	s.now.stop(ctx)
	s.now = nil
}

// fail puts the next start off: the first ones come at once, later ones after 1, 2, 4, … seconds.
func (s *supervisor) fail(cause error) {
	s.cause = cause
	if s.failures++; s.failures > freeRestarts {
		s.again = time.Now().Add(min(time.Second<<min(s.failures-freeRestarts-1, 10), maxBackoff))
	}
}

// stop ends the driver for good. A nil supervisor has none.
func (s *supervisor) stop(ctx context.Context) {
	if s == nil {
		return
	}
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.closed = true
	s.now.stop(ctx)
	s.now = nil
}

// count tells how often a driver had to be replaced. A nil supervisor has none.
func (s *supervisor) count() int {
	if s == nil {
		return 0
	}
	return int(s.restarts.Load())
}

// ended reports whether the driver's process is gone.
func (d *driver) ended() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// check reports whether the driver is of use. One that does not answer is killed, with its browsers, so that nobody
// waits for it any longer.
func (d *driver) check(ctx context.Context) bool {
	if d.ended() {
		return false
	}
	if d.answers(ctx) {
		return true
	}
	if ctx.Err() == nil {
		killGroup(d.process)
		<-d.done
	}
	return false
}

// answers asks for the driver's status.
func (d *driver) answers(ctx context.Context) bool {
	for range statusTries {
		if d.ended() || ctx.Err() != nil {
			return false
		}
		if d.hub.answers(ctx) == nil {
			return true
		}
	}
	return false
}

// answers asks a hub or driver for its status. A hub that has no node is of no more use than one that is gone.
func (h *hub) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	w := board().connect(h)
	defer board().disconnect(w)
	var status struct {
		Nodes []struct{ Availability string } // a driver has none, and does not say so
	}
	if err := w.command(ctx, http.MethodGet, "/status", nil, &status); err != nil {
		return err
	}
	up := func(n struct{ Availability string }) bool { return n.Availability != "DOWN" }
	if status.Nodes != nil && !slices.ContainsFunc(status.Nodes, up) {
		return fault.New(fault.Offline, "ask the hub", "it has no node that is up")
	}
	return nil
}

// watch ends with the driver. It kills one that hangs: the commands that wait for it then fail, instead of waiting for
// as long as they may.
func (d *driver) watch() {
	ctx, cancel := context.WithCancel(context.Background()) // of the driver's life, which no caller's context bounds
	defer cancel()
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-d.done:
			return
		case <-ticker.C:
			d.check(ctx)
		}
	}
}
