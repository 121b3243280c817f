package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/asset"
)

// DeliverID is the id of the one workflow that delivers events.
const DeliverID = "deliver-hooks"

// EventsSignal tells workflow Deliver that there are events. It carries nothing: they are in the ledger.
const EventsSignal = "events"

// maxDeliverEvents continues a delivery as a new run. A receiver that is down for three days takes some 80 tries.
const maxDeliverEvents = 2000

// Deliver tells the hooks of what happened until nothing is left to tell, waiting on durable timers between the tries.
//
// The recorder of an event signals this workflow with signal-with-start, after the event is in the ledger. The server takes a
// signal-with-start as one: either this run gets the signal, and the server refuses to let it end without having seen
// it, or a new run begins. So no event is recorded just too late to be seen.
func Deliver(ctx workflow.Context, in activities.DeliverInput) error {
	var a *activities.Activities
	events := workflow.GetSignalChannel(ctx, EventsSignal)
	for {
		for events.ReceiveAsync(nil) { // what they tell of is read below
		}
		var out activities.Delivered
		activity := withRun(ctx, asset.QueueOrchestrate, "deliver events")
		if err := workflow.ExecuteActivity(activity, a.Deliver, in).Get(ctx, &out); err != nil {
			return err
		}
		if !out.Left && events.Len() == 0 {
			return nil
		}
		if info := workflow.GetInfo(ctx); info.GetContinueAsNewSuggested() || info.GetCurrentHistoryLength() > maxDeliverEvents {
			return workflow.NewContinueAsNewError(ctx, Deliver, in)
		}
		if out.Left && out.Wait > 0 {
			workflow.SetCurrentDetails(ctx, "next try at "+workflow.Now(ctx).Add(out.Wait).UTC().Format(time.RFC3339))
			if _, err := workflow.AwaitWithTimeout(ctx, out.Wait, func() bool { return events.Len() > 0 }); err != nil {
				return err
			}
		}
	}
}
