// Package automation decides which partitions are materialized without anybody asking for it. It also finds those that are
// overdue.
//
// A tick ([Evaluator.Evaluate]) looks at nothing but what happened since the last one: partitions that were published, keys
// that were discovered, windows that ended, code that changed. It asks the conditions of the assets about those, and records
// in one transaction what is requested, the runs that makes, and how far it looked. [Evaluator.Explain] says what the next
// tick would do, and why. Nothing here starts a run.
package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// Evaluator evaluates the conditions and freshness policies of a graph over a ledger.
type Evaluator struct {
	Graph  *asset.Graph
	Ledger *ledger.Ledger
	Now    func() time.Time

	// Alive says whether a run that the ledger has as running is: one that was terminated could not say so; nil: the
	// ledger is believed.
	Alive func(ctx context.Context, run string) (bool, error)
}

// Evaluation is what a tick found.
type Evaluation struct {
	Tick     time.Time `json:"tick"`
	Looked   int       `json:"looked"`             // partitions that were looked at
	Requests int       `json:"requests"`           // of assets
	Starts   int       `json:"starts"`             // runs they make
	Overdue  int       `json:"overdue"`            // partitions that became overdue
	Problems []string  `json:"problems,omitempty"` // assets that could not be looked at, and why; the next tick tries again
}

// Start is a run that automation starts. Its id is deterministic: started twice, it runs once.
type Start struct {
	Run        string       `json:"run"`
	Select     []string     `json:"select"`
	Partitions []string     `json:"partitions,omitempty"`
	Filter     asset.Filter `json:"filter"`
	Steps      int          `json:"steps"`
	Backfill   bool         `json:"backfill,omitempty"` // it is more than a run takes: Run is the id of a backfill
	Summary    string       `json:"summary,omitempty"`  // for people; of a backfill, whose request is in the ledger and not here
}

// Evaluate makes a tick. Without requests only freshness is looked at.
func (v Evaluator) Evaluate(ctx context.Context, requests bool) (Evaluation, error) {
	e, err := v.begin(ctx)
	if err != nil {
		return Evaluation{}, err
	}
	if requests {
		if err := e.conditions(ctx); err != nil {
			return Evaluation{}, err
		}
	} else {
		e.record.Waiting = e.waited
	}
	overdue, err := e.freshness(ctx)
	if err != nil {
		return Evaluation{}, err
	}
	for _, b := range overdue {
		if err := v.recordBroken(ctx, b); err != nil {
			return Evaluation{}, err
		}
	}
	if err := e.plan(); err != nil {
		return Evaluation{}, err
	}
	out := Evaluation{
		Tick: e.now, Looked: e.looked, Requests: len(e.record.Requests), Starts: len(e.record.Starts),
		Overdue: len(overdue), Problems: firstProblems(e.problems),
	}
	return out, v.Ledger.RecordTick(ctx, e.record)
}

// maxProblems is how many assets that could not be looked at a tick names.
const maxProblems = 50

// firstProblems is what the result of a tick says of them.
func firstProblems(all []string) []string {
	var found []string
	for _, p := range all[:min(len(all), maxProblems)] {
		found = append(found, fault.Shorten(telemetry.Redact(p), fault.MaxText/4))
	}
	if more := len(all) - maxProblems; more > 0 {
		found = append(found, fmt.Sprintf("and %d more", more))
	}
	return found
}

// recordBroken records that a partition became overdue. It comes before the tick is recorded: a worker that is killed in
// between records the same event again.
func (v Evaluator) recordBroken(ctx context.Context, b broken) error {
	last, known, err := v.Ledger.LastAttempt(ctx, string(b.Asset), b.Partition)
	if err != nil {
		return err
	}
	if known {
		b.Attempt = &tried{State: last.State, Run: last.Run, Kind: last.Kind, Reason: fault.Shorten(last.Reason, fault.MaxText/4)}
		if !last.Finished.IsZero() {
			b.Attempt.Finished = &last.Finished
		}
	}
	payload, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return v.Ledger.RecordEvent(ctx, ledger.Event{
		ID:   fmt.Sprintf("%s/%s[%s]/%d", ledger.EventFreshnessBroken, b.Asset, b.Partition, b.Due.Unix()),
		Kind: ledger.EventFreshnessBroken, Payload: payload, Created: v.Now(),
	})
}
