package host

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"drugslm/internal/ledger"
	"drugslm/internal/process"
)

const (
	// heartbeatInterval is how often a worker says in the ledger that it lives.
	heartbeatInterval = 5 * time.Second
	// heartbeatTimeout is how long a worker on another machine may say nothing before it is given up: three beats.
	heartbeatTimeout = 3 * heartbeatInterval
	// nearTimeout is the same for one whose process is still there: it may be slow on a busy machine, or stopped.
	nearTimeout = 2 * heartbeatTimeout
)

// registry makes this worker known to others, and tells which of them are gone. Nothing in it compares two clocks: what
// counts is for how long, by our own, another's beats have not grown.
type registry struct {
	ledger *ledger.Ledger
	log    *slog.Logger
	build  string

	mu         sync.Mutex
	life       int    // how often this process was given up by others
	id         string // of the present life; "" before register
	heartbeats map[string]observed
}

// observed is when a worker's beats were first seen to be so many.
type observed struct {
	heartbeats int64
	first      int64     // how many there were when it was seen first
	since      time.Time // with a monotonic reading
}

func newRegistry(l *ledger.Ledger, log *slog.Logger, build string) *registry {
	return &registry{ledger: l, log: log, build: build, heartbeats: make(map[string]observed)}
}

// current is the id of the worker in its present life.
func (r *registry) current() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.id
}

// register begins a life.
func (r *registry) register(ctx context.Context) error {
	self := process.Self()
	r.mu.Lock()
	life := r.life
	r.mu.Unlock()
	id := fmt.Sprintf("%s/%d", owner(), self.Birth)
	if life > 0 {
		id += fmt.Sprintf("+%d", life)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	err = r.ledger.Register(ctx, ledger.Worker{ID: id, Host: host, Space: self.Space, PID: self.PID, Birth: self.Birth, Build: r.build})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.id = id
	return nil
}

// heartbeat says that this worker lives. One that was given up meanwhile begins another life, without what it had.
func (r *registry) heartbeat(ctx context.Context) error {
	id := r.current()
	known, err := r.ledger.Heartbeat(ctx, id)
	if err != nil || known {
		return err
	}
	r.log.Warn("others took this worker for dead: its browser sessions are lost, and it goes on as a new one", "was", id)
	r.mu.Lock()
	r.life++
	r.mu.Unlock()
	return r.register(ctx)
}

// declareDead finds out which other workers are gone.
func (r *registry) declareDead(ctx context.Context) error {
	workers, err := r.ledger.Workers(ctx)
	if err != nil {
		return err
	}
	for _, w := range workers {
		if !w.Ended.IsZero() || w.ID == r.current() || !r.isSilent(w) {
			continue
		}
		gone, err := r.ledger.DeclareGone(ctx, w.ID, w.Heartbeats)
		if err != nil {
			return err
		}
		if gone {
			r.log.Warn("a worker is gone", "worker", w.ID, "seen", w.Seen, "stopping", !w.Stopping.IsZero())
		}
	}
	return nil
}

// isSilent reports whether a worker is gone: its process has ended, or it has said nothing for too long.
func (r *registry) isSilent(w ledger.Worker) bool {
	identity := process.Identity{Space: w.Space, PID: w.PID, Birth: w.Birth}
	if identity.Gone() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	last, seen := r.heartbeats[w.ID]
	if !seen {
		last.first = w.Heartbeats
	}
	if !seen || last.heartbeats != w.Heartbeats {
		r.heartbeats[w.ID] = observed{heartbeats: w.Heartbeats, first: last.first, since: time.Now()}
		return false
	}
	if identity.Near() {
		return time.Since(last.since) >= nearTimeout
	}
	return time.Since(last.since) >= heartbeatTimeout
}

// isAlive reports whether a worker has beaten since it was first looked at.
func (r *registry) isAlive(w ledger.Worker) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, seen := r.heartbeats[w.ID]
	return seen && w.Heartbeats > last.first
}

// Died reports whether a worker is gone without having been told to stop. It is known within seconds on one machine.
func (r *registry) Died(ctx context.Context, worker string) (bool, error) {
	if err := r.declareDead(ctx); err != nil {
		return false, err
	}
	w, known, err := r.ledger.Worker(ctx, worker)
	return known && w.Died(), err
}

// gone reports whether a worker of this data folder is gone for good.
func (r *registry) gone(ctx context.Context, worker string) (bool, error) {
	w, known, err := r.ledger.Worker(ctx, worker)
	return known && !w.Ended.IsZero(), err
}

// run beats until ctx ends.
func (r *registry) run(ctx context.Context) {
	every(ctx, func() {
		for _, do := range []func(context.Context) error{r.heartbeat, r.declareDead} {
			if err := do(ctx); err != nil && ctx.Err() == nil {
				r.log.Warn("the ledger did not take or tell which workers live", "error", err)
			}
		}
	})
}

// every does something at once and at each beat, until ctx ends.
func every(ctx context.Context, do func()) {
	ticker := time.NewTicker(heartbeatInterval)
	defer ticker.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
