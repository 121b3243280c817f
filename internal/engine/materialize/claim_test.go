package materialize

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBusy(t *testing.T) {
	t.Parallel()
	t.Run("waits longer with each attempt", busyWaitsLongerWithEachAttempt)
}

func busyWaitsLongerWithEachAttempt(t *testing.T) {
	t.Parallel()
	var waits []string
	for _, attempt := range []int32{0, 1, 2, 5, 10, 11, 1000} {
		waits = append(waits, busyFor(attempt).String())
	}
	require.Equal(t, []string{"1s", "1s", "2s", "16s", "8m32s", "10m0s", "10m0s"}, waits)
}
