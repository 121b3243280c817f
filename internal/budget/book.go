package budget

import (
	"context"
	"time"
)

// Book is where the pace of a host is written down, so that every worker and every run on one ledger shares it and
// a restart forgets nothing. [drugslm/internal/ledger.Ledger] is one.
type Book interface {
	// Turn takes the next turn of host in one atomic step: at = max(now, the next free one), and the one after it
	// is free interval ÷ pace later. A blocked host gives Blocked and takes nothing; a turn later than now + patience
	// is told, not taken; interval 0 takes nothing, it only looks.
	Turn(ctx context.Context, host string, now time.Time, interval, patience time.Duration) (Turn, error)
	// Block keeps every worker from host until the later of until and what is already noted. Unless the host was
	// blocked at now already, the pace halves and, if refused, one more refusal is counted.
	Block(ctx context.Context, host string, now, until time.Time, reason string, refused bool) error
	// Slow sets pace = pace × times + plus, kept within [MinPace, 1]. A plus above zero is a success: it forgets refusals.
	Slow(ctx context.Context, host string, times, plus float64) error
}

// MinPace is the slowest a host can get: one sixty-fourth of its configured rate, a request a minute where it is one a second.
const MinPace = 1.0 / 64

// Turn is the answer to a request for a turn.
type Turn struct {
	At       time.Time // when the request may be sent; zero when blocked
	Blocked  time.Time // when the block ends; zero when the host is not blocked
	Refused  bool      // the block is an open circuit: the source refuses us
	Reason   string    // of the block
	Pace     float64   // the share of the configured rate in force, MinPace to 1
	Refusals int       // in a row, without a success between
}
