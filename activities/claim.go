package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// Executions says whether an execution of a workflow is under way, or one that continues it.
type Executions interface {
	Open(ctx context.Context, workflow, execution string) (bool, error)
}

// maxBusy bounds how long a step waits before it asks again whether another run has left its partition. It has then
// waited at least half as long already.
const maxBusy = 10 * time.Minute

// claim makes sure that nobody but this run works on the step's partition. A claim whose owner has ended without
// releasing it is taken over; one whose owner is at work is fault.Busy.
func (a *Activities) claim(ctx context.Context, in StepInput) error {
	mine := claimOf(ctx, in)
	held, err := a.Ledger.Claim(ctx, mine)
	if err != nil || held.Run == mine.Run {
		return err
	}
	gone, err := a.gone(ctx, held, mine)
	if err != nil {
		return err
	}
	if gone {
		activity.GetLogger(ctx).Warn("taking over a partition whose owner has ended", "step", in.Step.Name(), "owner", held.Run, "since", held.Since)
		if held, err = a.Ledger.TakeOver(ctx, held, mine); err != nil || held.Run == mine.Run {
			return err
		}
	}
	return &fault.Error{
		Kind: fault.Busy, Op: "work on " + in.Step.Name(), After: busyFor(activity.GetInfo(ctx).Attempt),
		Err: errors.New("run " + held.Run + " is at it since " + held.Since.Format(time.RFC3339)),
	}
}

// claimOf is the claim of this execution on a step's partition.
func claimOf(ctx context.Context, in StepInput) ledger.Claim {
	info := activity.GetInfo(ctx)
	return ledger.Claim{
		Asset: string(in.Step.Asset), Partition: in.Step.Partition.Key, Run: in.Run,
		Workflow: info.WorkflowExecution.ID, Execution: info.WorkflowExecution.RunID,
	}
}

// busyFor doubles from a second up to maxBusy.
func busyFor(attempt int32) time.Duration {
	return min(time.Second<<min(max(attempt-1, 0), 20), maxBusy)
}

// gone reports whether the owner of a claim has ended. Of one workflow id at most one execution is open at a time: a
// claim made under our own id by another run is that of a predecessor.
func (a *Activities) gone(ctx context.Context, held, mine ledger.Claim) (bool, error) {
	if held.Workflow == mine.Workflow {
		return true, nil
	}
	open, err := a.executions(ctx).Open(ctx, held.Workflow, held.Execution)
	return !open, err
}

// executions is who knows which workflows are under way.
func (a *Activities) executions(ctx context.Context) Executions {
	if a.Executions != nil {
		return a.Executions
	}
	return server{activity.GetClient(ctx)}
}

// Release ends a step's claim on its partition, when the step itself could not. A claim that somebody else, or another
// execution of the run, has taken meanwhile is left alone.
func (a *Activities) Release(ctx context.Context, in StepInput) error {
	return beating(ctx, planAttempts, func(ctx context.Context) error {
		return a.Ledger.Unclaim(ctx, claimOf(ctx, in))
	})
}

// server asks a Temporal server about executions.
type server struct{ client client.Client }

// Open asks whether an execution is under way; of one that was continued as new, whether its workflow is.
func (s server) Open(ctx context.Context, workflow, execution string) (bool, error) {
	status, err := s.status(ctx, workflow, execution)
	if err == nil && status == enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW {
		status, err = s.status(ctx, workflow, "")
	}
	return status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING || status == enums.WORKFLOW_EXECUTION_STATUS_PAUSED, err
}

// status is how an execution stands; one that the server does not know, or not any more, has ended.
func (s server) status(ctx context.Context, workflow, execution string) (enums.WorkflowExecutionStatus, error) {
	described, err := s.client.DescribeWorkflowExecution(ctx, workflow, execution)
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
		return enums.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED, nil
	}
	if err != nil {
		return 0, fault.Wrap(fault.Unavailable, "ask whether "+workflow+" is under way", err)
	}
	return described.GetWorkflowExecutionInfo().GetStatus(), nil
}
