package budget

import (
	"context"
	"time"
)

// Book is where the pace of a host is written down, so that every worker and every run on one ledger shares it and a
// restart forgets nothing. [drugslm/internal/ledger.Ledger] is one. It has the one clock that counts: time is read
// inside the transaction that grants a turn, never before.
type Book interface {
	// ChangeBudget runs change on what is noted of host, in one transaction, with the time in it, and keeps what it
	// changed when it says so. change may run again, on what is noted then.
	ChangeBudget(ctx context.Context, host string, change func(now time.Time, b *State) bool) error
	// ReadBudget gives what is noted of host, and the time. It waits for no writer.
	ReadBudget(ctx context.Context, host string) (State, time.Time, error)
}
