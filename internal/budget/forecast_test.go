package budget_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/budget"
)

func TestPaceForecast(t *testing.T) {
	t.Parallel()
	t.Run("agrees with the budget", paceForecastAgreesWithBudget)
}

func paceForecastAgreesWithBudget(t *testing.T) {
	t.Parallel()
	require.Zero(t, budget.Forecast(0, 1, 1000), "no limit")
	require.Zero(t, budget.Forecast(1, 1, 0))
	require.Equal(t, 500*time.Second, budget.Forecast(2, 1, 1000))
	require.Equal(t, 10*time.Second, budget.Forecast(1, 5, 10), "no pace is above the full one")
	require.InDelta(t, 2+1/0.55, budget.Forecast(1, 0.5, 2).Seconds(), 1e-6, "the pace recovers with each answer")
	require.InDelta(t, 64, budget.Forecast(1, 0, 1).Seconds(), 1e-6, "nor below the least")
	long := budget.Forecast(1, budget.MinPace, 1_000_000)
	require.Greater(t, long, 1_000_000*time.Second)
	require.Less(t, long, 1_000_300*time.Second, "it is at its full pace soon")
	require.Positive(t, budget.Forecast(1e-9, 1, 1<<60), "and never overflows")
}
