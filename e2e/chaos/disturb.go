//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// errNothing says that what was to be disturbed is not there just now.
var errNothing = errors.New("nothing to disturb")

// disturber is how a kind of disturbance is done.
type disturber struct {
	missing func(*Cluster) string // what it lacks on this machine; nil or "": nothing
	do      func(context.Context, *Cluster, *rand.Rand) (detail string, err error)
}

func disturbers() map[Kind]disturber {
	return map[Kind]disturber{
		KillWorker:     {do: killWorker},
		KillServer:     {do: func(_ context.Context, w *Cluster, _ *rand.Rand) (string, error) { return killService(w.server) }},
		KillPortal:     {do: func(_ context.Context, w *Cluster, _ *rand.Rand) (string, error) { return killService(w.portal) }},
		KillDriver:     {do: killBelow(Process.IsDriver)},
		KillBrowser:    {do: killBelow(Process.IsBrowser)},
		KillPDFChild:   {do: killBelow(Process.IsPDFChild)},
		KillNode:       {missing: noGrid, do: func(_ context.Context, w *Cluster, _ *rand.Rand) (string, error) { return killService(w.grid.node) }},
		KillHub:        {missing: noGrid, do: func(_ context.Context, w *Cluster, _ *rand.Rand) (string, error) { return killService(w.grid.hub) }},
		StopWorker:     {do: stopWorker},
		StopServer:     {do: stopServer},
		TerminateRun:   {do: terminate("Materialize")},
		TerminateStep:  {do: terminate("Partition")},
		FillDisk:       {missing: noDisk, do: fillDisk},
		CutServer:      {do: cut(func(w *Cluster) *Proxy { return w.serverProxy })},
		CutPortal:      {do: cut(func(w *Cluster) *Proxy { return w.portalProxy })},
		CutHub:         {missing: noGrid, do: cut(func(w *Cluster) *Proxy { return w.grid.proxy })},
		OlderWorker:    {missing: noBuilds, do: olderWorker},
		NewerWorker:    {missing: noBuilds, do: newerWorker},
		CompactForeign: {missing: noPython, do: compactForeign},
		ShiftClock:     {do: shiftClock},
	}
}

func noGrid(w *Cluster) string {
	if w.grid == nil {
		return gridMissing(w.o.Source)
	}
	return ""
}

func noDisk(w *Cluster) string {
	if !w.small {
		return "no file system of its own could be mounted for the data folder (that takes root)"
	}
	return ""
}

func noBuilds(w *Cluster) string {
	if !w.built {
		return "no Go to build other workers with"
	}
	return ""
}

func noPython(w *Cluster) string {
	if w.o.Python == "" {
		return "no Python with deltalake (DRUGSLM_PYTHON)"
	}
	return ""
}

// patience is how long a disturbance waits for progress, and for something to disturb, before it continues without.
const patience = 20 * time.Second

// disturb does the disturbances of the schedule until n are done.
func (w *Cluster) disturb(ctx context.Context, o *Observer, s *Schedule, report *Report) error {
	known := disturbers()
	done := 0
	for done < w.o.N {
		d := s.Next()
		if !w.o.wants(d.Kind) {
			continue
		}
		how := known[d.Kind]
		if how.missing != nil {
			if why := how.missing(w); why != "" {
				if report.Skipped[d.Kind] == "" {
					w.timeline.Add("left out: %s: %s", d.Kind, why)
				}
				report.Skipped[d.Kind] = why
				continue
			}
		}
		if err := w.progress(ctx, o, d.After); err != nil {
			return err
		}
		detail, err := w.try(ctx, how, d)
		switch {
		case errors.Is(err, errNothing):
			w.timeline.Add("#%d %s: %v, so another", d.Number, d.Kind, err)
			continue
		case err != nil:
			return fmt.Errorf("disturbance %d, %s: %w", d.Number, d.Kind, err)
		}
		done++
		report.Done[d.Kind]++
		w.timeline.Add("#%d %s: %s", d.Number, d.Kind, detail)
	}
	return nil
}

// progress waits until so much has happened, or until nothing has for a while: then everything waits, which is a moment too.
func (w *Cluster) progress(ctx context.Context, o *Observer, after int) error {
	target, last, since := o.Progress()+after, -1, time.Now()
	return w.await(ctx, "progress", func() bool {
		now := o.Progress()
		if now != last {
			last, since = now, time.Now()
		}
		return now >= target || time.Since(since) > patience
	})
}

// try does a disturbance, and waits a little for what it is to disturb.
func (w *Cluster) try(ctx context.Context, how disturber, d Disturbance) (detail string, err error) {
	began := time.Now()
	waited := w.await(ctx, "something to disturb", func() bool {
		detail, err = how.do(ctx, w, d.Rand())
		return !errors.Is(err, errNothing) || time.Since(began) > patience
	})
	if waited != nil {
		return "", waited
	}
	return detail, err
}

// later ends a disturbance that lasts: after a while, or as soon as the disturbances are over.
func (w *Cluster) later(after time.Duration, what string, heal func()) {
	w.afterFaults.Add(1)
	go func() {
		defer w.afterFaults.Done()
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-w.withoutFaults:
		}
		heal()
		w.timeline.Add("    over: %s", what)
	}()
}

// between draws a duration.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)+1))
}

// pick draws one of several.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
