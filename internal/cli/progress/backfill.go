package progress

import (
	"context"
	"time"

	"drugslm/internal/api"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// paceOver is the time over which the pace of a backfill is measured.
const paceOver = 5 * time.Minute

// Pace says how many steps of a backfill end per minute, and when the rest has ended at that pace: nil if that is not known.
func Pace(ctx context.Context, d *host.Data, b ledger.Backfill, steps map[ledger.StepState]int) (perMinute float64, ends *time.Time) {
	end, since := d.Now(), b.Created
	if b.State.Ended() {
		end = b.Finished
	} else if recent := end.Add(-paceOver); recent.After(since) {
		since = recent
	}
	pace, err := d.Ledger.BackfillPace(ctx, b.ID, since)
	if minutes := end.Sub(since).Minutes(); err == nil && minutes > 0 {
		perMinute = float64(pace.Steps) / minutes
	}
	if left := steps[ledger.StepWaiting] + steps[ledger.StepRunning]; b.State == ledger.BackfillRunning && left > 0 && perMinute > 0 {
		ends = api.Instant(end.Add(time.Duration(float64(left) / perMinute * float64(time.Minute))).UTC().Truncate(time.Second))
	}
	return perMinute, ends
}

// backfill reads how a backfill stands.
func (r *reader) backfill(ctx context.Context, id string) (Look, error) {
	l := Look{Now: r.data.Now(), Steps: make(api.StepCount)}
	b, found, err := r.data.Ledger.Backfill(ctx, id)
	if err != nil || !found {
		return l, err
	}
	l.Begun, l.Started, l.State = true, b.Created, string(b.State)
	sums, err := r.data.Ledger.BackfillSums(ctx, id)
	if err != nil {
		return l, err
	}
	steps := make(map[ledger.StepState]int)
	for _, s := range sums {
		steps[s.State] += s.Steps
		l.Steps[s.State.Attempt()] += s.Steps
		l.Total += s.Steps
	}
	l.PerMinute, l.Ends = Pace(ctx, r.data, b, steps)
	if err := r.underway(ctx, id, &l); err != nil {
		return l, err
	}
	l.Pauses, err = r.pauses(ctx)
	return l, err
}

// underway reads the steps of a backfill that run or wait.
func (r *reader) underway(ctx context.Context, id string, l *Look) error {
	steps, err := r.data.Ledger.BackfillSteps(ctx, ledger.StepFilter{Backfill: id, State: ledger.StepRunning, Limit: workflows.MaxInFlight})
	if err != nil {
		return err
	}
	waits, err := r.waits(ctx, func(w ledger.Wait) bool {
		of, is := ledger.BackfillOf(w.Run)
		return is && of == id
	})
	if err != nil {
		return err
	}
	for _, s := range steps {
		ref := ledger.PartitionRef{Asset: s.Asset, Partition: s.Partition}
		one, err := r.step(ctx, Step{Ref: ref, Started: s.Started, Wait: waits[ref]}, l.Now)
		if err != nil {
			return err
		}
		delete(waits, ref)
		if one.Wait != nil {
			l.Steps[ledger.AttemptRunning]--
			l.Steps[ledger.AttemptWaiting]++
		}
		l.Open = append(l.Open, one)
	}
	for _, w := range waits {
		l.Sets = append(l.Sets, *w)
	}
	return nil
}
