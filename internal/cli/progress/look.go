// Package progress tells people how a run or a backfill goes on. It reads that in the ledger, and shows it in a live region of
// a terminal, or as lines where there is none.
package progress

import (
	"context"
	"time"

	"drugslm/internal/api"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// Look is how a run or a backfill stands at one moment.
type Look struct {
	Begun   bool // it is in the ledger
	Started time.Time
	Now     time.Time

	State  string // of a backfill
	Steps  api.StepCount
	Total  int
	Open   []Step           // that run or wait, in the order of the plan
	Ended  []ledger.RunStep // of a run, in that order
	Sets   []api.Wait       // a run asks the source for partitions, and waits: Partition names the set
	Pauses []Pause          // that sources have asked for

	PerMinute float64    // steps of a backfill that end; 0: not known
	Ends      *time.Time // when the rest has ended at that pace
}

// Step is a step under way.
type Step struct {
	Ref        ledger.PartitionRef
	Started    time.Time
	Retries    int    // attempts of its activities that failed, and were followed by another
	FirstError string // of those
	Wait       *api.Wait
	Items      ledger.Counts
	PerSecond  float64       // items that get an outcome; 0: not known
	Left       time.Duration // for the pending ones, at that pace
}

// Pause is a time in which a source is asked nothing.
type Pause struct {
	Host   string
	Until  time.Time
	Left   time.Duration
	Reason string
}

// Done is how many of the items of a step have an outcome.
func (s Step) Done() int { return s.Items.Discovered - s.Items.Pending }

// State says whether it runs or waits.
func (s Step) State() ledger.AttemptState {
	if s.Wait != nil {
		return ledger.AttemptWaiting
	}
	return ledger.AttemptRunning
}

// counted is when the items of a step were counted first, and how many of them were done.
type counted struct {
	at   time.Time
	done int
}

// reader reads looks. It remembers what it needs to know the pace of steps.
type reader struct {
	data  *host.Data
	first map[ledger.PartitionRef]counted
}

// settled is how long items are counted before their pace is told.
const settled = 2 * time.Second

// step reads the items of a step under way, and their pace.
func (r *reader) step(ctx context.Context, s Step, now time.Time) (Step, error) {
	counts, err := r.data.Ledger.Counts(ctx, s.Ref.Asset, s.Ref.Partition)
	if err != nil {
		return s, err
	}
	s.Items = counts
	first, known := r.first[s.Ref]
	if !known || s.Done() < first.done {
		first = counted{now, s.Done()}
		r.first[s.Ref] = first
	}
	if elapsed := now.Sub(first.at); elapsed >= settled && s.Done() > first.done && counts.Pending > 0 {
		s.PerSecond = float64(s.Done()-first.done) / elapsed.Seconds()
		s.Left = time.Duration(float64(counts.Pending) / s.PerSecond * float64(time.Second))
	}
	return s, nil
}

// pauses reads which sources want a pause.
func (r *reader) pauses(ctx context.Context) (found []Pause, err error) {
	budgets, err := r.data.Ledger.Budgets(ctx)
	for _, b := range budgets {
		if left := b.BlockedUntil.Sub(r.data.Ledger.Now()); left > 0 {
			found = append(found, Pause{Host: b.Host, Until: b.BlockedUntil, Left: left, Reason: b.Reason})
		}
	}
	return found, err
}

// run reads how a run stands.
func (r *reader) run(ctx context.Context, id string) (Look, error) {
	l := Look{Now: r.data.Now(), Steps: make(api.StepCount)}
	begun, found, err := r.data.Ledger.Run(ctx, id)
	if err != nil {
		return l, err
	}
	l.Begun, l.Started = found, begun.Started
	steps, err := r.data.Ledger.RunSteps(ctx, id)
	if err != nil {
		return l, err
	}
	waits, err := r.waits(ctx, func(w ledger.Wait) bool { return w.Run == id })
	if err != nil {
		return l, err
	}
	l.Total = len(steps)
	for _, s := range steps {
		ref := ledger.PartitionRef{Asset: s.Asset, Partition: s.Partition}
		wait := waits[ref]
		delete(waits, ref)
		if s.State != ledger.AttemptRunning {
			if l.Steps[s.State]++; !s.State.Open() {
				l.Ended = append(l.Ended, s)
			}
			continue
		}
		one, err := r.step(ctx, Step{Ref: ref, Started: s.Started, Retries: s.Retries, FirstError: s.FirstError, Wait: wait}, l.Now)
		if err != nil {
			return l, err
		}
		l.Steps[one.State()]++
		l.Open = append(l.Open, one)
	}
	for _, w := range waits { // of no step: the run asks for partitions
		l.Sets = append(l.Sets, *w)
	}
	l.Pauses, err = r.pauses(ctx)
	return l, err
}

// waits reads the waits that are meant, by what waits.
func (r *reader) waits(ctx context.Context, meant func(ledger.Wait) bool) (map[ledger.PartitionRef]*api.Wait, error) {
	found, err := r.data.Ledger.Waits(ctx)
	waits := make(map[ledger.PartitionRef]*api.Wait)
	for _, w := range found {
		if meant(w) {
			shown := api.WaitOf(w, r.data.Ledger.WallTime)
			waits[ledger.PartitionRef{Asset: w.Asset, Partition: w.Partition}] = &shown
		}
	}
	return waits, err
}
