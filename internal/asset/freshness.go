package asset

import (
	"errors"
	"fmt"
	"time"

	"drugslm/internal/cron"
)

// Freshness is a promise about an asset: how long ago a partition was last found to be right, at most. [Within] and [By]
// make one. For windows of time it is about the newest window only: that it was published once it had ended. What has
// ended does not change by itself, so older windows promise nothing.
type Freshness struct {
	within  time.Duration
	expr    string // of By
	zone    string
	grace   time.Duration
	ticks   cron.Schedule
	problem error
}

// Within promises that each partition was verified at most d ago; of windows, that the newest was verified within d of
// its end.
func Within(d time.Duration) *Freshness {
	f := &Freshness{within: d}
	if d <= 0 {
		f.problem = fmt.Errorf("Within(%s): want a duration above zero", d)
	}
	return f
}

// By promises that each partition was verified since the last tick of a cron expression ("" is UTC), with so much grace
// after it; of windows, that the newest was verified by the first tick after its end, with the grace.
func By(expr, zone string, grace time.Duration) *Freshness {
	f := &Freshness{expr: expr, zone: zone, grace: grace}
	ticks, err := cron.Parse(expr, zone)
	if f.ticks = ticks; grace < 0 {
		err = errors.Join(err, fmt.Errorf("By(…, %s): want no grace, or some", grace))
	}
	f.problem = err
	return f
}

// String is the policy for people: "within 48h", "by 0 6 * * * (UTC), 1h of grace".
func (f *Freshness) String() string {
	if f.expr == "" {
		return "within " + cron.Short(f.within)
	}
	zone := f.zone
	if zone == "" {
		zone = "UTC"
	}
	return fmt.Sprintf("by %s (%s), %s of grace", f.ticks, zone, cron.Short(f.grace))
}

// mistakes says what is wrong with the policy for a set of partitions.
func (f *Freshness) mistakes(set *Partitions) []error {
	if f == nil {
		return nil
	}
	var errs []error
	switch {
	case f.problem != nil:
		errs = append(errs, fmt.Errorf("freshness: %w", f.problem))
	case f.expr == "" && f.within == 0:
		errs = append(errs, errors.New("freshness: want Within or By"))
	}
	if set != nil && set.kind == productSet && (set.dims[0].windowed() || set.dims[1].windowed()) {
		errs = append(errs, errors.New("freshness: a product with windows of time has none: its windows do not change once they ended"))
	}
	return errs
}

func (p *Partitions) windowed() bool { return p != nil && p.kind == windowSet }

// due is when a partition that was last verified at a time becomes overdue. For a window, from is its end, as if it had
// been verified then.
func (f *Freshness) due(from time.Time, window bool) time.Time {
	if f.expr == "" {
		return from.Add(f.within)
	}
	if window { // a tick at the very end is after it
		from = from.Add(-time.Second)
	}
	next := f.ticks.Next(from)
	if next.IsZero() {
		return next
	}
	return next.Add(f.grace)
}

// Due is when a partition becomes overdue unless it is verified before; zero: never, as things stand. verified is when
// it was last verified; zero: never. A window is due once, so much after its end.
func (a *Asset) Due(partition string, verified time.Time) (time.Time, error) {
	if a.Freshness == nil {
		return time.Time{}, nil
	}
	if !a.Partitions.Windowed() {
		if verified.IsZero() {
			return time.Time{}, nil
		}
		return a.Freshness.due(verified, false), nil
	}
	w, err := a.Partitions.window.span(partition, 0, 0)
	if err != nil || !verified.Before(w.end) {
		return time.Time{}, err
	}
	return a.Freshness.due(w.end, true), nil
}

// FreshnessStatus says how a partition stands against its asset's policy.
type FreshnessStatus string

// The statuses.
const (
	FreshnessNone    FreshnessStatus = ""        // the asset promises nothing
	FreshnessFresh   FreshnessStatus = "fresh"   // as promised
	FreshnessOverdue FreshnessStatus = "overdue" // the promise is broken
	FreshnessUnknown FreshnessStatus = "unknown" // never published, or a window that nobody waits for
)

// Timeliness is how a partition stands against its asset's policy, since or until when, and why.
type Timeliness struct {
	Status FreshnessStatus
	Due    time.Time // when it became, or will become, overdue; zero where that is not known
	Reason string
}

// Freshness says how a partition stands against its asset's policy.
func (v *View) Freshness(a *Asset, partition string) (Timeliness, error) {
	return a.Timeliness(partition, v.Record(a.Key, partition).Verified, v.state.Now)
}

// Timeliness is [View.Freshness] of a partition that was last verified at a time; zero: never published.
func (a *Asset) Timeliness(partition string, verified, now time.Time) (Timeliness, error) {
	if a.Freshness == nil {
		return Timeliness{}, nil
	}
	due, err := a.Due(partition, verified)
	if err != nil {
		return Timeliness{}, err
	}
	t := Timeliness{Status: FreshnessFresh, Due: due, Reason: a.Freshness.String()}
	windowed := a.Partitions.Windowed()
	switch {
	case !windowed && verified.IsZero():
		t.Status, t.Reason = FreshnessUnknown, "never published"
	case due.IsZero() && windowed:
		t.Reason = "verified after its end"
	case due.IsZero() || now.Before(due):
	case windowed && !a.newestDue(partition, now):
		t.Status, t.Due, t.Reason = FreshnessUnknown, time.Time{}, "a newer window is due"
	default:
		t.Status = FreshnessOverdue
	}
	return t, nil
}

// newestDue reports whether no newer window is due: the one after it is not.
func (a *Asset) newestDue(partition string, now time.Time) bool {
	w, err := a.Partitions.window.span(partition, 1, 1)
	if err != nil {
		return true
	}
	next := a.Freshness.due(w.end, true)
	return next.IsZero() || now.Before(next)
}

// DueWindows gives the windows of time that the policy is about at a time: the newest that is due, and those that have
// ended since.
func (a *Asset) DueWindows(now time.Time) []string {
	if a.Freshness == nil || !a.Partitions.Windowed() {
		return nil
	}
	var found []string
	newest, _ := a.Partitions.Newest("", now)
	for key := newest; key != ""; {
		found = append(found, key)
		w, err := a.Partitions.window.span(key, 0, 0)
		due, failed := a.Due(key, time.Time{})
		if err != nil || failed != nil || due.IsZero() || !now.Before(due) {
			break
		}
		key, _ = a.Partitions.Newest("", w.start) // the one before
	}
	return found
}
