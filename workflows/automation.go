package workflows

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/automation"
	"drugslm/internal/fault"
)

// AutomationID is the id of the schedule that runs [Automation], and begins the id of each of its workflows.
const AutomationID = "automation"

// maxHandfuls bounds how many times a tick asks for runs to start. What is left is started by the next.
const maxHandfuls = 50

// Automation is one tick of automation: it evaluates the assets' conditions and policies, then starts the runs that
// were asked for, now or by a tick that was killed before it could. The runs continue by themselves.
func Automation(ctx workflow.Context, in activities.EvaluateInput) (automation.Evaluation, error) {
	var a *activities.Activities
	var out automation.Evaluation
	orchestrate := withRun(ctx, asset.QueueOrchestrate, "evaluate")
	if err := workflow.ExecuteActivity(orchestrate, a.Evaluate, in).Get(ctx, &out); err != nil {
		return out, err
	}
	var started, problems []string
	for range maxHandfuls {
		var next activities.StartsOutput
		if err := workflow.ExecuteActivity(orchestrate, a.NextStarts).Get(ctx, &next); err != nil {
			return out, err
		}
		problems = append(problems, next.Problems...)
		if len(next.Starts) == 0 {
			break
		}
		runs, err := startAll(ctx, next.Starts)
		if err != nil {
			return out, err
		}
		if err := workflow.ExecuteActivity(orchestrate, a.Started, activities.StartedInput{Runs: runs}).Get(ctx, nil); err != nil {
			return out, err
		}
		started = append(started, runs...)
	}
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("%d partitions looked at, %d requests, %d became overdue\n\n%s",
		out.Looked, out.Requests, out.Overdue, strings.Join(slices.Concat(started, out.Problems, problems), "\n")))
	return out, nil
}

// startAll starts runs and does not wait for their ends. One that was started before counts as started. The request of a
// backfill is in the ledger; one that a worker of an older build prepared comes with it.
func startAll(ctx workflow.Context, starts []automation.Start) ([]string, error) {
	children := make([]workflow.ChildWorkflowFuture, len(starts))
	runs := make([]string, len(starts))
	for i, s := range starts {
		runs[i] = s.Run
		if s.Backfill {
			children[i] = workflow.ExecuteChildWorkflow(withAutomated(ctx, BackfillID(s.Run), s), Backfill, BackfillInput{
				BackfillRequest: activities.BackfillRequest{ID: s.Run, Select: s.Select, Partitions: s.Partitions, Filter: s.Filter},
				Settings:        activities.BackfillSettings{MaxInFlight: DefaultMaxInFlight, Priority: DefaultBackfillPriority},
			})
			continue
		}
		children[i] = workflow.ExecuteChildWorkflow(withAutomated(ctx, s.Run, s), Materialize,
			MaterializeInput{Select: s.Select, Partitions: s.Partitions, Filter: s.Filter})
	}
	for _, child := range children {
		err := child.GetChildWorkflowExecution().Get(ctx, nil)
		if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return nil, err
		}
	}
	return runs, nil
}

// withAutomated sets the options of a run that automation starts. Its id is used once: a second start finds the first.
func withAutomated(ctx workflow.Context, id string, s automation.Start) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            id,
		TaskQueue:             TaskQueue(asset.QueueOrchestrate),
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		Priority:              BySchedule(),
		StaticSummary:         fault.Shorten("automation: materialize "+cmp.Or(s.Summary, strings.Join(s.Select, " ")), activities.MaxSummary),
	})
}
