// Package forecast estimates the cost of a plan before anything is done: items, requests, bytes, minutes.
//
// It runs the code of the assets over what is published, compares the result with the ledger as a sync does, and adds
// up the requests that the source will be sent. It writes nothing.
package forecast

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"drugslm/internal/asset"
	"drugslm/internal/budget"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// Pace is how fast the source may be asked.
type Pace struct {
	RPS   float64       // of the configuration; 0: no limit
	Share float64       // of it that is in force
	Wait  time.Duration // until the next request may be sent

	Others map[string]Pace // of the other hosts that are asked, by the names that costs give them
}

// of is the pace of a host; "" is the first.
func (p Pace) of(host string) Pace {
	if other, ok := p.Others[host]; ok {
		return other
	}
	return p
}

// Forecast is what a plan will do, as far as it is known now.
type Forecast struct {
	Steps    []asset.Estimate // in the order of the plan
	Discover []Discovery      // before it, unless the plan was saved
	Total    asset.Estimate   // with the discovery
}

// Discovery is a set of partitions that a run asks the source for before it plans.
type Discovery struct {
	Set      string `json:"set"`
	Host     string `json:"host,omitempty"` // that is asked, where it is not the one that most requests go to
	Requests int64  `json:"requests"`
}

// forecaster works an estimate out.
type forecaster struct {
	eng   *materialize.Engine
	run   materialize.StepInput
	view  *asset.View
	known map[ledger.PartitionRef]int
	pace  Pace
}

// Estimate says what a plan made from a view will do: the items of each step that are to be fetched, made without the
// source, left alone or taken away, and what that asks of the source. It runs the assets' own code over what is published and
// compares with the ledger as Engine.SyncItems does, and writes nothing. Of the steps that have something to do it counts the
// items of at most [planning.MaxSteps].
func Estimate(ctx context.Context, eng *materialize.Engine, view *asset.View, plan asset.Plan, selected []*asset.Asset, run materialize.StepInput, pace Pace) (Forecast, error) {
	f := forecaster{eng: eng, run: run, view: view, pace: pace}
	out := Forecast{Steps: make([]asset.Estimate, len(plan.Steps)), Total: asset.Estimate{Counted: true}}
	names := make([]string, len(selected))
	for i, s := range selected {
		names[i] = string(s.Key)
	}
	var err error
	if f.known, err = eng.Ledger.Known(ctx, names...); err != nil {
		return out, err
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	counted := 0
	for i, step := range plan.Steps {
		made, err := eng.Graph.Get(step.Asset)
		if err != nil {
			return out, err
		}
		easy := f.easy(made, step, &out.Steps[i])
		if !easy && counted == planning.MaxSteps {
			out.Steps[i].AtLeast, out.Steps[i].Note = true, fmt.Sprintf("not counted: the items of %d steps are at a time, narrow it with --partition", planning.MaxSteps)
			continue
		}
		if !easy {
			counted++
			// Here and not beside the others: a view is for one goroutine.
			if out.Steps[i].Note, err = f.waits(made, step); err != nil {
				return out, err
			}
		}
		group.Go(func() error { return f.step(within, made, step, easy, &out.Steps[i]) })
	}
	if err := group.Wait(); err != nil {
		return out, err
	}
	for _, e := range out.Steps {
		out.Total.Add(e)
	}
	if err := f.discovery(ctx, selected, &out); err != nil {
		return out, err
	}
	out.Total.Minutes = f.longest(out)
	return out, nil
}

// easy answers for the steps of which there is nothing to count, and reports whether it did.
func (f *forecaster) easy(made *asset.Asset, s asset.Step, e *asset.Estimate) bool {
	e.Items, e.AtLeast = f.known[ledger.PartitionRef{Asset: string(s.Asset), Partition: s.Partition.Key}], len(s.Needs)+len(s.NeedsAll) > 0
	fact := f.view.Record(s.Asset, s.Partition.Key)
	switch {
	case made.External():
		e.Note = "it is looked at, nothing is made"
	case made.Lists():
		e.Note = "the source says what is new when it is asked"
	case s.State == asset.Fresh && (f.run.Mode == ledger.Missing && fact.Retryable == 0 || f.run.Mode == ledger.Failed && fact.Quarantined == 0):
		e.Counted, e.Skip = true, e.Items
	case made.Derives():
		e.Note = "all its rows are made together from its inputs, and what is new is known then"
	default:
		return false
	}
	return true
}

func (f *forecaster) step(ctx context.Context, made *asset.Asset, s asset.Step, easy bool, e *asset.Estimate) error {
	switch {
	case easy && !made.AsksSource() || e.Counted:
		return nil
	case !easy && e.Note != "":
		e.AtLeast = true
		return nil
	}
	in := f.run
	in.Step = s
	run, err := f.eng.Run(ctx, in)
	if err != nil {
		return err
	}
	work := asset.Work{Known: e.Items}
	if !made.External() && f.view.Record(s.Asset, s.Partition.Key).Version >= 0 {
		work.Published = f.eng.Published(ctx, made.Key, s.Partition.Key)
	}
	if !easy {
		if work.Batches, err = f.count(ctx, made, in, e); fault.KindOf(err) == fault.Invalid {
			e.Counted, e.AtLeast, e.Note = false, true, err.Error()
			return nil
		}
		if err != nil {
			return err
		}
	}
	cost, err := made.Cost(ctx, run, work)
	if err != nil {
		return fmt.Errorf("cost of %s: %w", s.Name(), err)
	}
	e.Requests, e.Bytes, e.AtLeast = cost.Requests, cost.Bytes, e.AtLeast || cost.AtLeast
	e.Host, e.Minutes = cost.Host, f.minutes(cost.Host, e.Requests)
	return nil
}

// waits says what a step waits for before anything can be said of its items; "" if it is all there.
func (f *forecaster) waits(made *asset.Asset, s asset.Step) (string, error) {
	for _, dep := range made.Deps {
		partitions, err := f.view.Upstream(made, s.Partition.Key, dep.Key)
		if err != nil {
			return "", err
		}
		for _, partition := range partitions {
			if f.view.Record(dep.Key, partition).Version < 0 {
				return fmt.Sprintf("%s[%s] was never published: nothing can be counted before", dep.Key, partition), nil
			}
		}
	}
	return "", nil
}

// count fills in the numbers of items and gives those that ask the source, batch by batch.
func (f *forecaster) count(ctx context.Context, made *asset.Asset, in materialize.StepInput, e *asset.Estimate) ([][]asset.Item, error) {
	p, err := f.eng.Preview(ctx, in)
	if err != nil {
		return nil, err
	}
	e.Counted, e.Items, e.Skip, e.Tombstone = true, p.Discovered, p.Unchanged, p.Vanished+p.Absent
	e.Ready = p.Resumed // less those of them that are to be made, below
	batches := make([][]asset.Item, p.Batches)
	for _, t := range p.Todo {
		if t.Made {
			continue
		}
		if t.Cause == "resumed" {
			e.Ready--
		}
		if !made.AsksSource() || t.CodeOnly && made.Recomputes() {
			e.Recompute++
			continue
		}
		e.Fetch++
		batches[t.Batch-1] = append(batches[t.Batch-1], asset.Item{ID: t.ID, Label: t.Label, From: t.Origin, Fingerprint: t.Fingerprint, Input: t.Input})
	}
	asked := batches[:0]
	for _, batch := range batches {
		if len(batch) > 0 {
			asked = append(asked, batch)
		}
	}
	return asked, nil
}

// minutes is how long requests to a host take.
func (f *forecaster) minutes(host string, requests int64) float64 {
	if requests == 0 {
		return 0
	}
	pace := f.pace.of(host)
	return (pace.Wait + budget.Forecast(pace.RPS, pace.Share, requests)).Minutes()
}

// longest is how long all requests take: hosts are asked side by side.
func (f *forecaster) longest(out Forecast) (minutes float64) {
	requests := make(map[string]int64)
	for _, e := range out.Steps {
		requests[e.Host] += e.Requests
	}
	for _, d := range out.Discover {
		requests[d.Host] += d.Requests
	}
	for host, n := range requests {
		minutes = max(minutes, f.minutes(host, n))
	}
	return minutes
}

// discovery adds what the sets of partitions take that a run asks for before it plans.
func (f *forecaster) discovery(ctx context.Context, selected []*asset.Asset, out *Forecast) error {
	sets, err := planning.Undiscovered(ctx, f.eng.Ledger, selected)
	if err != nil {
		return err
	}
	for _, s := range sets {
		set, err := planning.Set(f.eng.Graph, s.Name)
		if err != nil {
			return err
		}
		out.Discover = append(out.Discover, Discovery{Set: s.Name, Host: set.Cost.Host, Requests: set.Cost.Requests})
		out.Total.Requests += set.Cost.Requests
		out.Total.Bytes += set.Cost.Bytes
	}
	return nil
}

// PaceOf is the pace at which a host may be asked now.
func PaceOf(ctx context.Context, l *ledger.Ledger, host string, rps float64) (Pace, error) {
	b, now, err := l.ReadBudget(ctx, host)
	if err != nil {
		return Pace{}, err
	}
	until := b.NextAt
	if b.BlockedUntil.After(until) {
		until = b.BlockedUntil
	}
	switch {
	case b.Rate > 0:
		rps = b.Rate
	case b.Interval > 0: // of the worker that asked last, whose configuration may be another
		rps = float64(time.Second) / float64(b.Interval)
	}
	return Pace{RPS: rps, Share: b.Pace, Wait: max(0, until.Sub(now))}, nil
}
