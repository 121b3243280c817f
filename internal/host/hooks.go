package host

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/client"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/hook"
	"drugslm/workflows"
)

// Hooks are the targets of events that a configuration names.
func Hooks(c config.Config, log *slog.Logger) (*hook.Hooks, error) {
	key, err := c.Hooks.Key()
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "read DRUGSLM_HOOKS_SECRET", err)
	}
	return hook.New(hook.Options{
		URL: string(c.Hooks.URL), Key: key, Command: c.Hooks.Command, Kinds: c.Hooks.Events, Timeout: c.Hooks.Timeout,
		Agent: "drugslm/" + Version(), Log: log,
	}), nil
}

// WakeDelivery tells the workflow that delivers events that there are some, and starts it if it does not run. Call it
// after they are in the ledger: see [workflows.Deliver].
func WakeDelivery(ctx context.Context, cli client.Client) error {
	_, err := cli.SignalWithStartWorkflow(ctx, workflows.DeliverID, workflows.EventsSignal, nil, client.StartWorkflowOptions{
		TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate), StaticSummary: "tell the hooks what happened",
	}, workflows.Deliver, activities.DeliverInput{})
	return fault.Wrap(fault.Unavailable, "wake the delivery of events", err)
}

// setHooks gives the activities what they need to count and to tell of events.
func (h *Host) setHooks(acts *activities.Activities) (err error) {
	if acts.Hooks, err = Hooks(h.config, h.log); err != nil {
		return err
	}
	acts.Engine.Wake = func(ctx context.Context) error { return WakeDelivery(ctx, h.Temporal) }
	acts.Engine.Metrics, err = h.tracer.Metrics()
	return err
}

// resume wakes the delivery of events that were recorded while nobody could be woken.
func (h *Host) resume(ctx context.Context) error {
	if !h.serves(asset.QueueOrchestrate) {
		return nil
	}
	_, waiting, err := h.Ledger.NextDelivery(ctx)
	if err != nil || !waiting {
		return err
	}
	return WakeDelivery(ctx, h.Temporal)
}
