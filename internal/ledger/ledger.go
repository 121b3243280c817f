// Package ledger keeps the truth about items.
package ledger

import (
	"context"
	"errors"
	"time"

	"drugslm/internal/budget"
)

// Ledger is the SQL truth about items.
type Ledger struct{}

// Turn is the answer to a request for a turn.
type Turn = budget.Turn

var errSoon = errors.New("not written yet")

func Open(ctx context.Context, path string) (*Ledger, error) { return nil, errSoon }
func (l *Ledger) Close() error                               { return nil }

func (l *Ledger) Enrol(ctx context.Context, e Enrolment) (Enrolled, error) {
	return Enrolled{}, errSoon
}
func (l *Ledger) Batch(ctx context.Context, asset, partition, run string, batch int) ([]Entry, error) {
	return nil, errSoon
}
func (l *Ledger) Todo(ctx context.Context, asset, partition, run string) ([]string, error) {
	return nil, errSoon
}
func (l *Ledger) Make(ctx context.Context, asset, partition, id string, row []byte) error {
	return errSoon
}
func (l *Ledger) Settle(ctx context.Context, asset, partition string, outcomes []Outcome) error {
	return errSoon
}
func (l *Ledger) Counts(ctx context.Context, asset, partition string) (Counts, error) {
	return Counts{}, errSoon
}
func (l *Ledger) AllCounts(ctx context.Context) (map[Slice]Counts, error) { return nil, errSoon }
func (l *Ledger) Items(ctx context.Context, f Filter) ([]Entry, error)    { return nil, errSoon }
func (l *Ledger) Superseded(ctx context.Context, asset, partition string) (map[string][]string, error) {
	return nil, errSoon
}
func (l *Ledger) StagedParts(ctx context.Context, asset, partition string) (paths []string, rows int, err error) {
	return nil, 0, errSoon
}
func (l *Ledger) BeginPublish(ctx context.Context, m Materialization) (int64, error) {
	return 0, errSoon
}
func (l *Ledger) FinishPublish(ctx context.Context, id, version, rows, bytes int64) error {
	return errSoon
}
func (l *Ledger) AbandonPublish(ctx context.Context, id int64, reason string) error { return errSoon }
func (l *Ledger) Unfinished(ctx context.Context, asset, partition string) ([]Materialization, error) {
	return nil, errSoon
}
func (l *Ledger) RecordUnchanged(ctx context.Context, m Materialization) error { return errSoon }
func (l *Ledger) Latest(ctx context.Context, asset, partition string) (Materialization, bool, error) {
	return Materialization{}, false, errSoon
}
func (l *Ledger) Materializations(ctx context.Context) (map[Slice]Materialization, error) {
	return nil, errSoon
}
func (l *Ledger) SavePartitions(ctx context.Context, set string, ps []Partition) error {
	return errSoon
}
func (l *Ledger) Partitions(ctx context.Context, set string) ([]Partition, error) {
	return nil, errSoon
}
func (l *Ledger) RecordChecks(ctx context.Context, checks []Check) error { return errSoon }
func (l *Ledger) Checks(ctx context.Context, asset, partition string, limit int) ([]Check, error) {
	return nil, errSoon
}
func (l *Ledger) StartRun(ctx context.Context, r Run) error { return errSoon }
func (l *Ledger) FinishRun(ctx context.Context, id string, state RunState, errText string) error {
	return errSoon
}
func (l *Ledger) Runs(ctx context.Context, limit int) ([]Run, error)      { return nil, errSoon }
func (l *Ledger) Run(ctx context.Context, id string) (Run, bool, error)   { return Run{}, false, errSoon }
func (l *Ledger) Hold(ctx context.Context, lease Lease) error             { return errSoon }
func (l *Ledger) Release(ctx context.Context, session string) error       { return errSoon }
func (l *Ledger) Expired(ctx context.Context) ([]Lease, error)            { return nil, errSoon }
func (l *Ledger) Leases(ctx context.Context) ([]Lease, error)             { return nil, errSoon }
func (l *Ledger) Budget(ctx context.Context, host string) (Budget, error) { return Budget{}, errSoon }
func (l *Ledger) Budgets(ctx context.Context) ([]Budget, error)           { return nil, errSoon }
func (l *Ledger) Unblock(ctx context.Context, host string) error          { return errSoon }
func (l *Ledger) Turn(ctx context.Context, host string, now time.Time, interval time.Duration) (Turn, error) {
	return Turn{}, errSoon
}
func (l *Ledger) Block(ctx context.Context, host string, now, until time.Time, reason string, refused bool) error {
	return errSoon
}
func (l *Ledger) Slow(ctx context.Context, host string, times, plus float64) error { return errSoon }
