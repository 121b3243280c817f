package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/internal/asset"
)

// TaskQueue is the Temporal task queue of a kind of worker slot: "drugslm-browser".
func TaskQueue(q asset.Queue) string { return "drugslm-" + string(q) }

// The search attributes that make runs findable in the Web UI. The server must have them registered, as Keyword.
var (
	attrAsset       = temporal.NewSearchAttributeKeyKeyword("Asset")
	attrPartition   = temporal.NewSearchAttributeKeyKeyword("Partition")
	attrRun         = temporal.NewSearchAttributeKeyKeyword("Run")
	attrCodeVersion = temporal.NewSearchAttributeKeyKeyword("CodeVersion")
)

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
		Summary:             summary,
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

// withChild sets the options of the child workflow of a step. Its id names the partition and not the run, so that
// the server itself lets no two runs work on one partition at a time.
func withChild(ctx workflow.Context, run string, s asset.Step) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:          PartitionID(s),
		TaskQueue:           TaskQueue(asset.QueueOrchestrate),
		WaitForCancellation: true,
		StaticSummary:       fmt.Sprintf("%s · %s", s.Asset, s.Partition.Label),
		StaticDetails:       fmt.Sprintf("Partition `%s` of `%s` for run `%s`: %s.", s.Partition.Key, s.Asset, run, s.Reason),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			attrAsset.ValueSet(string(s.Asset)), attrPartition.ValueSet(s.Partition.Key),
			attrRun.ValueSet(run), attrCodeVersion.ValueSet(s.CodeVersion),
		),
	})
}

// PartitionID is the workflow id under which a partition of an asset is worked on: "partition/anvisa/catalog[5]".
func PartitionID(s asset.Step) string { return "partition/" + s.Name() }
