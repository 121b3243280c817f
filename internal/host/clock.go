package host

import (
	"context"
	"log/slog"
	"os"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// clockOffset names the variable with which tests give one process a wall clock that is off: a duration, "-1h" or "8760h".
const clockOffset = "DRUGSLM_TEST_CLOCK_OFFSET"

// clockSlack is a difference of clocks that is not worth a word.
const clockSlack = time.Minute

// compareClocks warns of a time of day that is not the ledger's, whichever of the two is wrong.
func compareClocks(ctx context.Context, l *ledger.Ledger, log *slog.Logger) {
	now := l.Now()
	if ahead := l.WallTime(now).Sub(now); ahead.Abs() > clockSlack {
		log.WarnContext(ctx, "this process's time of day differs from the ledger's clock, which counts; it is set by the first process after the machine starts",
			"ahead", ahead, "ledger", now)
	}
}

// systemClock is the machine's clock, as far off as the environment says.
func systemClock() (ledger.Clock, error) {
	clock := ledger.SystemClock()
	text := os.Getenv(clockOffset)
	if text == "" {
		return clock, nil
	}
	off, err := time.ParseDuration(text)
	if err != nil {
		return clock, fault.New(fault.Invalid, "read "+clockOffset, "%q is no duration", text)
	}
	clock.Wall = func() time.Time { return time.Now().Add(off) }
	return clock, nil
}
