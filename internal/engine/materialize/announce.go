package materialize

import (
	"context"

	"drugslm/internal/fault"
)

// Announce wakes the delivery of events, if there are any. Call it after what may have recorded one. After an error it must
// be called again: an event that nobody was woken for would wait for the next one.
func (eng *Engine) Announce(ctx context.Context) error {
	if eng.Wake == nil {
		return nil
	}
	_, waiting, err := eng.Ledger.NextDelivery(ctx)
	if err != nil || !waiting {
		return err
	}
	return fault.Wrap(fault.Unavailable, "wake the delivery of events", eng.Wake(ctx))
}
