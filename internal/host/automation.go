package host

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/engine/automation"
	"drugslm/internal/fault"
	"drugslm/workflows"
)

// automationCatchup is how long after its time a tick still makes sense: the next one sees all that this one would.
const automationCatchup = 10 * time.Second

// ReconcileAutomation makes the schedule what the configuration says: there is none, or one that looks in its interval.
// A schedule that was paused stays paused, and one that a person switched on with [SwitchOnAutomation] stays as it is.
func ReconcileAutomation(ctx context.Context, c config.Automation, cli client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	handle := cli.ScheduleClient().GetHandle(ctx, workflows.AutomationID)
	if now, err := DescribeAutomation(ctx, cli); err != nil || now.ByHand {
		return err
	}
	if c.Mode == "none" {
		err := handle.Delete(ctx)
		if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
			return nil
		}
		return fault.Wrap(fault.Unavailable, "delete the schedule of automation", err)
	}
	return putAutomation(ctx, cli, c, automationAction(c), func(was *client.ScheduleState) *client.ScheduleState { return was })
}

// putAutomation creates the schedule, or makes one that is there look as asked for.
func putAutomation(
	ctx context.Context, cli client.Client, c config.Automation, action *client.ScheduleWorkflowAction, state func(was *client.ScheduleState) *client.ScheduleState,
) error {
	handle := cli.ScheduleClient().GetHandle(ctx, workflows.AutomationID)
	options := client.ScheduleOptions{
		ID: workflows.AutomationID, Spec: automationSpec(c), Action: action,
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: automationCatchup,
	}
	_, err := cli.ScheduleClient().Create(ctx, options)
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = handle.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			return &client.ScheduleUpdate{Schedule: &client.Schedule{
				Action: options.Action, Spec: &options.Spec, State: state(in.Description.Schedule.State),
				Policy: &client.SchedulePolicies{Overlap: options.Overlap, CatchupWindow: options.CatchupWindow},
			}}, nil
		}})
	}
	return fault.Wrap(fault.Unavailable, "schedule automation", err)
}

func automationSpec(c config.Automation) client.ScheduleSpec {
	return client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: c.Interval}}}
}

func automationAction(c config.Automation) *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{
		ID: workflows.AutomationID, Workflow: workflows.Automation, Args: []any{activities.EvaluateInput{Requests: c.Mode == "request"}},
		TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate), StaticSummary: "automation: " + c.Mode,
	}
}

// SetAutomation pauses or resumes the schedule.
func SetAutomation(ctx context.Context, cli client.Client, paused bool, note string) error {
	handle := cli.ScheduleClient().GetHandle(ctx, workflows.AutomationID)
	var err error
	if paused {
		err = handle.Pause(ctx, client.SchedulePauseOptions{Note: note})
	} else {
		err = handle.Unpause(ctx, client.ScheduleUnpauseOptions{Note: note})
	}
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
		return fault.New(fault.Invalid, "", "automation is off: `starter automation on` switches it on, or start a worker with DRUGSLM_AUTOMATION_MODE=watch or request")
	}
	return fault.Wrap(fault.Unavailable, "change the schedule of automation", err)
}

// TickAutomation evaluates now, whether the schedule is there, paused or neither, and waits for the outcome.
func TickAutomation(ctx context.Context, cli client.Client, request bool) (out automation.Evaluation, err error) {
	run, err := cli.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflows.AutomationID + "-by-hand", TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate), StaticSummary: "automation: by hand",
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, workflows.Automation, activities.EvaluateInput{Requests: request})
	if err == nil {
		err = run.Get(ctx, &out)
	}
	return out, fault.Wrap(fault.Unavailable, "evaluate", err)
}
