package activities

import (
	"context"
	"errors"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
)

// executions is who knows which workflows are running.
func (a *Activities) executions(ctx context.Context) materialize.Executions {
	if a.Executions != nil {
		return a.Executions
	}
	return server{activity.GetClient(ctx)}
}

// server asks a Temporal server about executions.
type server struct{ client client.Client }

// Open asks whether an execution is running; of one that was continued as new, whether its workflow is.
func (s server) Open(ctx context.Context, workflow, execution string) (bool, error) {
	info, err := s.describe(ctx, workflow, execution)
	if err == nil && info.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW {
		info, err = s.describe(ctx, workflow, "")
	}
	return isRunning(info.GetStatus()), err
}

// Current asks whether this very execution is running.
func (s server) Current(ctx context.Context, workflow, execution string) (open bool, parent string, err error) {
	info, err := s.describe(ctx, workflow, execution)
	return isRunning(info.GetStatus()), info.GetParentExecution().GetWorkflowId(), err
}

func isRunning(status enums.WorkflowExecutionStatus) bool {
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
