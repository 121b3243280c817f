package host

import (
	"os"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// clockOffset names the variable with which tests give one process a wall clock that is off: a duration, "-1h" or "8760h".
const clockOffset = "DRUGSLM_TEST_CLOCK_OFFSET"

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
