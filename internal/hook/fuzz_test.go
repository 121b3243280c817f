package hook

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A receiver is foreign: whatever its Retry-After says, the pause is within bounds.
func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 11, 25, 13, 0, 0, 0, time.UTC)
	for _, s := range []string{"", "5", "-5", "99999999999", "1e3", "Wed, 25 Nov 2026 13:01:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		wait := retryAfter(value, now)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, maxAfter)
	})
}
