package host

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
)

const (
	// temporalPatience is how long a worker waits at its start for a Temporal server that is not there yet.
	temporalPatience = 2 * time.Minute
	// temporalPause lies between two tries.
	temporalPause = 2 * time.Second
)

// dialPatiently is Dial for a process that may be started before its server: it waits, and says so.
func dialPatiently(ctx context.Context, c config.Config, t *telemetry.Telemetry, sdk *sdkLogger) (client.Client, error) {
	patience, cancel := context.WithTimeout(ctx, temporalPatience)
	defer cancel()
	for said := false; ; said = true {
		connected, err := dial(ctx, c, t, sdk)
		if err == nil || fault.KindOf(err) != fault.Unavailable || ctx.Err() != nil {
			return connected, err
		}
		if !said {
			sdk.log.Warn("waiting for Temporal", "address", c.Temporal.Address, "at_most", temporalPatience, "error", err)
		}
		select {
		case <-patience.Done():
			return nil, err
		case <-time.After(temporalPause):
		}
	}
}

// register makes this process known as a worker, from now until it is closed, and ends what others left behind.
func (h *Host) register(ctx context.Context) error {
	h.registry = newRegistry(h.Ledger, h.log, build(h.config.Worker))
	if err := h.registry.register(ctx); err != nil {
		return err
	}
	living, stop := context.WithCancel(context.WithoutCancel(ctx))
	var loops sync.WaitGroup
	loops.Go(func() { h.registry.run(living) })
	loops.Go(func() { every(living, func() { h.reap(living) }) }) // by itself: a hub may take its time
	h.closers = append(h.closers, func(ctx context.Context) error {
		stop()
		loops.Wait()
		return h.Ledger.Unregister(context.WithoutCancel(ctx), h.registry.current())
	})
	return nil
}

// reap ends the browser sessions of workers that are gone.
func (h *Host) reap(ctx context.Context) {
	pool := h.pool.Load()
	if pool == nil {
		return
	}
	ended, err := pool.Reap(ctx)
	for _, l := range ended {
		h.log.Warn("ended the browser session of a worker that is gone", "session", l.Session, "worker", l.Owner)
	}
	if err != nil && ctx.Err() == nil {
		h.log.Warn("a browser session of a worker that is gone could not be ended yet", "error", err)
	}
}

// drain stops the queues, all at once, and waits for what is in progress for as long as there is.
func (h *Host) drain(ctx context.Context, started []worker.Worker) {
	h.stopBy = time.Now().Add(DrainTimeout)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), workTimeout+time.Second)
	defer cancel()
	h.log.Info("draining", "timeout", DrainTimeout)
	if err := h.Ledger.Stopping(ctx, h.registry.current()); err != nil {
		h.log.Warn("the ledger was not told that this worker stops", "error", err)
	}
	var stops sync.WaitGroup
	for _, w := range started {
		stops.Go(w.Stop)
	}
	done := make(chan struct{})
	go func() { stops.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		h.log.Warn("not everything came to an end: it is done again elsewhere", "error", context.Cause(ctx))
	}
}
