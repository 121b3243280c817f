package workflows

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// TaskQueue is the Temporal task queue of a kind of worker slot: "drugslm-browser".
func TaskQueue(q asset.Queue) string { return "drugslm-" + string(q) }

// heartbeat is how long a silent activity is believed alive: several times the interval at which it beats.
const heartbeat = 30 * time.Second

// withStep sets the options of a step's activities. Attempts are unlimited here: the activities count failures
// themselves and end with a final error, so that waits which the source asked for cost none.
func withStep(ctx workflow.Context, s asset.Step, queue asset.Queue, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           TaskQueue(queue),
		StartToCloseTimeout: s.Timeout,
		HeartbeatTimeout:    heartbeat,
		WaitForCancellation: true,
		Summary:             fault.Shorten(summary, activities.MaxSummary),
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: s.Retry.Interval, BackoffCoefficient: 2, MaximumInterval: s.Retry.MaxInterval,
		},
	})
}

// withRun sets the options of the activities that belong to no step.
func withRun(ctx workflow.Context, queue asset.Queue, summary string) workflow.Context {
	return withStep(ctx, asset.Step{
		Timeout: 10 * time.Minute,
		Retry:   asset.Retry{Interval: 2 * time.Second, MaxInterval: time.Minute},
	}, queue, summary)
}

// The priorities, 1 first. What a person waits for overtakes what runs by the clock, and both overtake backfills.
const (
	priorityByHand     = 1
	priorityBySchedule = 2
	// DefaultBackfillPriority is what a backfill has unless it is told otherwise.
	DefaultBackfillPriority = activities.DefaultBackfillPriority
)

// DefaultMaxInFlight is how many steps of a backfill are in progress at a time unless it is told otherwise.
const DefaultMaxInFlight = activities.DefaultMaxInFlight

// ByHand is the priority of a run that somebody started: its children and their activities have it too.
func ByHand() temporal.Priority { return temporal.Priority{PriorityKey: priorityByHand} }

// BySchedule is the priority of a run that a schedule started.
func BySchedule() temporal.Priority { return temporal.Priority{PriorityKey: priorityBySchedule} }

// ForBackfill is the priority of a backfill's work. Backfills of one priority share the slots by their ids.
func ForBackfill(id string, priority int) temporal.Priority {
	return temporal.Priority{PriorityKey: priority, FairnessKey: strings.ToValidUTF8(id[:min(len(id), maxFairnessKey)], "")}
}

// maxFairnessKey is how long the server allows a fairness key to be.
const maxFairnessKey = 64

// withPartition sets the options of a small step's one activity: a batch, and what comes before and after it.
func withPartition(ctx workflow.Context, s asset.Step, p temporal.Priority) workflow.Context {
	whole := s
	whole.Timeout = 2 * s.Timeout
	return workflow.WithPriority(withStep(ctx, whole, s.Queue, s.Name()), p)
}

// withControl sets the options of the activities that steer a backfill: quick, and never behind its own work.
func withControl(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithPriority(withRun(ctx, asset.QueueOrchestrate, summary), ByHand())
}

// withBackfillChild sets the options of the child workflow of a backfill's step. Its id names the backfill, since that
// holds the partition's claim already: under the partition's own id a run may be waiting for it.
func withBackfillChild(ctx workflow.Context, run string, s asset.Step, p temporal.Priority) workflow.Context {
	options := workflow.GetChildWorkflowOptions(withChild(ctx, run, s))
	options.WorkflowID += "@" + run
	options.Priority = p
	return workflow.WithChildOptions(ctx, options)
}

// BackfillID is the workflow id of a backfill: "backfill/june".
func BackfillID(id string) string { return ledger.BackfillWorkflow(id) }

// withChild sets the options of the child workflow of a step. Its id names the partition and not the run, so that people
// find all that was ever done to it. What lets no two runs work on one partition at a time is its claim in the ledger.
func withChild(ctx workflow.Context, run string, s asset.Step) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:          PartitionID(s),
		TaskQueue:           TaskQueue(asset.QueueOrchestrate),
		WaitForCancellation: true,
		StaticSummary:       fault.Shorten(fmt.Sprintf("%s · %s", s.Asset, s.Partition.Label), activities.MaxSummary),
		StaticDetails:       fmt.Sprintf("Partition `%s` of `%s` for run `%s`: %s.", s.Partition.Key, s.Asset, run, s.Reason),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			attrAsset.ValueSet(string(s.Asset)), attrPartition.ValueSet(s.Partition.Key),
			attrRun.ValueSet(run), attrCodeVersion.ValueSet(s.CodeVersion),
		),
	})
}

// withWaitingChild sets the options of the child workflow of a step whose partition another run is at: its id is its own
// execution's, so that it can begin, and the partition's claim in the ledger lets it wait.
func withWaitingChild(ctx workflow.Context, run string, s asset.Step) workflow.Context {
	options := workflow.GetChildWorkflowOptions(withChild(ctx, run, s))
	options.WorkflowID += "@" + workflow.GetInfo(ctx).WorkflowExecution.RunID
	return workflow.WithChildOptions(ctx, options)
}

// PartitionID is the workflow id under which a partition of an asset is worked on: "partition/anvisa/catalog[5]". The SDK sends
// workflow ids as HTTP headers, so a letter beyond ASCII is written as Go escapes it: "partition/a[ma\u00e7\u00e3]". Keys hold no backslash.
func PartitionID(s asset.Step) string {
	quoted := strconv.QuoteToASCII("partition/" + s.Name())
	return quoted[1 : len(quoted)-1] // keys hold neither quotes nor control characters
}

// maxInput is how large the input of a workflow may be, as JSON. The server takes twice as much, and what is asked for goes
// from one input into others.
const maxInput = 1 << 20

// Fits refuses an input that is too large for a server, before it is sent.
func Fits(in any) error {
	if n := fault.JSONSize(in); n > maxInput {
		return fault.New(fault.Invalid, "", "the request takes %d bytes, and %d are allowed: name partitions by a glob or a range A..B instead of one by one", n, maxInput)
	}
	return nil
}
