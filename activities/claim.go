package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// Executions says how executions of workflows stand.
type Executions interface {
	// Open says whether an execution is under way, or one that continues it.
	Open(ctx context.Context, workflow, execution string) (bool, error)
	// Current says whether this very execution is under way, and which workflow started it; "": none did.
	Current(ctx context.Context, workflow, execution string) (open bool, parent string, err error)
}

// maxBusy bounds how long a step waits before it asks again whether another run has left its partition. It has then
// waited at least half as long already.
const maxBusy = 10 * time.Minute

// claim makes sure that nobody but this execution works on the step's partition. A claim whose owner has ended without
// releasing it is taken over, and so is that of the workflow that started this one; one whose owner is at work is fault.Busy.
// An execution that has ended itself takes nothing from anybody, which is fault.Superseded: its activity is a late one, and
// who holds the partition may be what followed it.
func (a *Activities) claim(ctx context.Context, in StepInput) error {
	mine := claimOf(ctx, in)
	held, err := a.Ledger.Claim(ctx, mine)
	if err != nil || held.Same(mine) {
		return err
	}
	free, err := a.leaves(ctx, held, mine)
	if err != nil {
		return err
	}
	if free {
		activity.GetLogger(ctx).Info("taking over a partition", "step", in.Step.Name(), "owner", held.Run, "execution", held.Execution, "since", held.Since)
		if held, err = a.Ledger.TakeOver(ctx, held, mine); err != nil || held.Same(mine) {
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

// leaves reports whether the owner of a claim leaves it to mine: it has ended, or it started mine to go on with it. Of one
// workflow id at most one execution is open at a time, so that a claim made under our own id is that of a predecessor.
func (a *Activities) leaves(ctx context.Context, held, mine ledger.Claim) (bool, error) {
	known := a.executions(ctx)
	current, parent, err := known.Current(ctx, mine.Workflow, mine.Execution)
	if err != nil {
		return false, err
	}
	if !current {
		return false, fault.New(fault.Superseded, "work on "+mine.Asset+"["+mine.Partition+"]",
			"execution %s of %s has ended, and run %s holds the partition: nothing was done", mine.Execution, mine.Workflow, held.Run)
	}
	if held.Workflow == mine.Workflow || held.Run == mine.Run && held.Workflow == parent {
		return true, nil
	}
	open, err := known.Open(ctx, held.Workflow, held.Execution)
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
	info, err := s.describe(ctx, workflow, execution)
	if err == nil && info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW {
		info, err = s.describe(ctx, workflow, "")
	}
	return underWay(info.GetStatus()), err
}

// Current asks whether this very execution is under way.
func (s server) Current(ctx context.Context, workflow, execution string) (open bool, parent string, err error) {
	info, err := s.describe(ctx, workflow, execution)
	return underWay(info.GetStatus()), info.GetParentExecution().GetWorkflowId(), err
}

func underWay(status enums.WorkflowExecutionStatus) bool {
	return status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING || status == enums.WORKFLOW_EXECUTION_STATUS_PAUSED
}

// describe is how an execution stands; of one that the server does not know, or not any more, nothing is said.
func (s server) describe(ctx context.Context, id, execution string) (*workflow.WorkflowExecutionInfo, error) {
	described, err := s.client.DescribeWorkflowExecution(ctx, id, execution)
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "ask whether "+id+" is under way", err)
	}
	return described.GetWorkflowExecutionInfo(), nil
}
