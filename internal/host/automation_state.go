package host

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"drugslm/activities"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/workflows"
)

// AutomationState is what automation does now, whatever anybody's configuration says: the schedule in Temporal, which the
// workers keep.
type AutomationState struct {
	Mode     string        // none, watch or request
	Interval time.Duration // between ticks; 0 with mode none
	Paused   bool
	Note     string // of who paused or resumed it
	ByHand   bool   // a person switched it on: the configuration of workers does not change it
}

// setByHand is the field of a memo that says who made the schedule.
const setByHand = "set_by_hand"

// DescribeAutomation asks Temporal what automation does now.
func DescribeAutomation(ctx context.Context, cli client.Client) (AutomationState, error) {
	found, err := cli.ScheduleClient().GetHandle(ctx, workflows.AutomationID).Describe(ctx)
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
		return AutomationState{Mode: "none"}, nil
	}
	if err != nil {
		return AutomationState{}, fault.Wrap(fault.Unavailable, "look at the schedule of automation", err)
	}
	v := AutomationState{Mode: "watch"}
	if s := found.Schedule.State; s != nil {
		v.Paused, v.Note = s.Paused, s.Note
	}
	if spec := found.Schedule.Spec; spec != nil && len(spec.Intervals) > 0 {
		v.Interval = spec.Intervals[0].Every
	}
	action, ok := found.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok {
		return v, nil
	}
	var in activities.EvaluateInput
	if len(action.Args) > 0 && decoded(action.Args[0], &in) && in.Requests {
		v.Mode = "request"
	}
	decoded(action.Memo[setByHand], &v.ByHand)
	return v, nil
}

// decoded reads a value that the server has kept; false if there is none.
func decoded(kept, into any) bool {
	payload, ok := kept.(*common.Payload)
	return ok && converter.GetDefaultDataConverter().FromPayload(payload, into) == nil
}

// SwitchOnAutomation lets automation look in a mode and an interval from now on, also if it was off or paused, and over
// restarts of workers, until [SwitchOffAutomation].
func SwitchOnAutomation(ctx context.Context, cli client.Client, c config.Automation) error {
	action := automationAction(c)
	action.Memo = map[string]any{setByHand: true}
	return putAutomation(ctx, cli, c, action, func(*client.ScheduleState) *client.ScheduleState { return &client.ScheduleState{} })
}

// SwitchOffAutomation pauses automation until it is resumed or switched on. One that is off stays so.
func SwitchOffAutomation(ctx context.Context, cli client.Client, note string) error {
	now, err := DescribeAutomation(ctx, cli)
	if err != nil || now.Mode == "none" {
		return err
	}
	return SetAutomation(ctx, cli, true, note)
}
