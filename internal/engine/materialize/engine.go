// Package materialize executes the steps of a plan, each of which brings one partition of one asset up to date.
//
// A step has four parts, and an [Engine] has a method for each: [Engine.SyncItems] or [Engine.List] compares what there is with
// the ledger, [Engine.Batch] makes items, [Engine.Check] runs the checks over what is staged, and [Engine.Publish] shows
// readers the new state in one commit. [Engine.Partition] does all four for a small partition, and [Engine.Observe] looks at an
// external asset.
//
// The package knows no scheduler. The scheduler of the parts says in an [Attempt] which execution asks, and is told of
// progress. Any part may be killed at any moment and attempted again. What makes that safe:
//
//   - items are synced, made and recorded in the ledger, one transaction each, so that the next attempt sees what is left;
//   - every write carries a fencing token ([ledger.Token]), so that a late attempt changes nothing;
//   - rows are staged in files that no reader sees; the one commit of [Engine.Publish] shows them all;
//   - a publish is announced in the ledger before the commit and confirmed after it. The next attempt finishes what was cut
//     short after the commit, and shuts out for good, in the table's log, what was interrupted before it.
//
// Errors have a kind of package fault: fault.Busy when another run works on the partition, fault.CodeVersion when the step
// is left to a worker of another version, fault.Superseded when another execution has taken over.
package materialize

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/asset"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// Engine executes steps over a ledger and a lake. Its fields are set before it is used and not changed after. It is safe for
// use by several goroutines.
type Engine struct {
	Graph  *asset.Graph
	Ledger *ledger.Ledger
	Lake   *lake.Lake
	Tracer trace.Tracer
	Now    func() time.Time

	Metrics *telemetry.Metrics              // nil: nothing is counted
	Wake    func(ctx context.Context) error // wakes the delivery of events; nil: nobody delivers
	Limits  Limits                          // of what is stored

	// Patience is how long a worker with newer code than a step that is synced leaves it to workers of the step's
	// version, before it takes the step over; 0: 10 minutes.
	Patience time.Duration

	Workers Workers       // tells how other workers ended; nil: nobody knows, and no death is counted
	Worker  func() string // this worker, as others know it; nil: they do not

	itemSlots itemSlots // of the one item at a time that may be what kills workers
}

// Attempt is one attempt at a part of a step, as its scheduler knows it. The zero value is an attempt of nobody, which can
// look but not write.
type Attempt struct {
	Workflow   string     // that the step belongs to
	Execution  string     // of the workflow
	Executions Executions // tells whether the owner of a claim is in progress

	Number    int32     // from 1
	Last      bool      // a failure now ends the step
	Suspect   bool      // the attempt before came to no end, or to a bad one: items are made one by one
	Scheduled time.Time // when the first attempt was asked for
	Began     time.Time
	Grace     time.Duration // what the attempt keeps for writing down what it made; 0: its time has no end

	Progress func(done, total int) // never blocks; nil: nobody is told
	Recorded func()                // called when outcomes were recorded or failures counted: the attempt made progress; nil: nobody is
	Log      *slog.Logger          // with the context of the attempt it knows what it is about; nil: nothing is logged

	since time.Time // when the execution claimed the partition
}

// claim is the claim of the attempt's execution on a step's partition.
func (at Attempt) claim(in StepInput) ledger.Claim {
	return ledger.Claim{
		Asset: string(in.Step.Asset), Partition: in.Step.Partition.Key, Run: in.Run, Workflow: at.Workflow, Execution: at.Execution,
	}
}

func (at Attempt) progress(done, total int) {
	if at.Progress != nil {
		at.Progress(done, total)
	}
}

func (at Attempt) recorded() {
	if at.Recorded != nil {
		at.Recorded()
	}
}

func (at Attempt) log() *slog.Logger {
	if at.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return at.Log
}

// hasTime reports whether at least half of the attempt's time is left: an item that uses that up has had its share.
func (at Attempt) hasTime(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return bounded && !at.Began.IsZero() && time.Until(deadline) >= deadline.Sub(at.Began)/2
}

// stopTime is how long to wait for code that was told to stop.
func (at Attempt) stopTime() time.Duration {
	if at.Grace > 0 {
		return min(maxStopTime, at.Grace/2)
	}
	return maxStopTime
}
