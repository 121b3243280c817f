package budget

import (
	"context"
	"time"
)

// Store records the pace of a host, so that every worker and every run on one ledger shares it and it survives a restart.
// [drugslm/internal/ledger.Ledger] is a Book. Only its clock counts: time is read inside the transaction that grants a
// turn, never before.
type Store interface {
	// ChangeBudget calls change with the state of host and the time, in one transaction, and stores the state if change
	// returns true. change may be called again, with the state of that moment.
	ChangeBudget(ctx context.Context, host string, change func(now time.Time, b *State) bool) error
	// ReadBudget returns the state of host, and the time. It does not wait for a writer.
	ReadBudget(ctx context.Context, host string) (State, time.Time, error)
}
