package operations_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/budget"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
)

const portalHost = "consultas.anvisa.gov.br"

// budgetOf runs a verb of budget that has to succeed, and gives what it says of one host.
func budgetOf(t *testing.T, data, host string, args ...string) api.Budget {
	t.Helper()
	code, stdout, stderr := clitest.Run(t, data, append(append([]string{"budget"}, args...), "-o", "json")...)
	require.Zero(t, code, stderr)
	var v struct{ Budgets []api.Budget }
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	for _, b := range v.Budgets {
		if b.Host == host {
			return b
		}
	}
	require.Fail(t, "no such host", "%s in %s", host, stdout)
	return api.Budget{}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	t.Run("is shown and changed", budgetIsShownAndChanged)
	t.Run("is bounded after a wrong clock and says so", budgetIsBoundedAfterWrongClockAndSaysSo)
	t.Run("refuses invalid values", budgetRefusesInvalidValues)
}

func budgetIsShownAndChanged(t *testing.T) {
	t.Parallel()
	data := clitest.Empty(t)
	b := budgetOf(t, data, portalHost, "show")
	require.Equal(t, []any{1.0, 1.0, "closed", 1.0}, []any{b.RPS, b.Pace, b.Circuit, *b.Configured})
	require.Nil(t, b.Override)

	b = budgetOf(t, data, portalHost, "set", "--rps", "0.25")
	require.Equal(t, []float64{0.25, 0.25, 1}, []float64{b.RPS, *b.Override, *b.Configured})
	clitest.WithLedger(t, data, func(l *ledger.Ledger) { // as a worker does with the rate of its configuration
		for _, want := range []time.Duration{0, 4 * time.Second} {
			var turn budget.Turn
			require.NoError(t, l.ChangeBudget(t.Context(), portalHost, func(now time.Time, b *ledger.Budget) (changed bool) {
				turn, changed = b.Take(now, budget.Ask{Interval: time.Second, Patience: time.Minute})
				return changed
			}))
			require.InDelta(t, want.Seconds(), turn.Wait.Seconds(), 3.5, "the rate that was set counts")
			require.Equal(t, want == 0, turn.Granted)
		}
	})
	b = budgetOf(t, data, portalHost, "set", portalHost, "--default")
	require.Nil(t, b.Override)
	require.NotNil(t, b.Sent)

	b = budgetOf(t, data, portalHost, "open", "--for", "2h", "--note", "maintenance")
	require.Equal(t, "open", b.Circuit)
	require.Equal(t, "opened by hand: maintenance", b.Reason)
	require.WithinDuration(t, time.Now().Add(2*time.Hour), *b.Until, time.Minute)
	code, stdout, stderr := clitest.Run(t, data, "budget", "show")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "opened by hand: maintenance")

	b = budgetOf(t, data, portalHost, "close", "--note", "it is over")
	require.Equal(t, "closed", b.Circuit)
	require.Nil(t, b.Until)
	require.Equal(t, "it is over", b.Note)
}

func budgetIsBoundedAfterWrongClockAndSaysSo(t *testing.T) {
	t.Parallel()
	data := clitest.Empty(t)
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		require.NoError(t, l.ChangeBudget(t.Context(), portalHost, func(now time.Time, b *ledger.Budget) bool {
			b.NextAt, b.BlockedUntil, b.Reason = now.Add(8760*time.Hour), now.Add(8760*time.Hour), "429"
			return true
		}))
	})
	b := budgetOf(t, data, portalHost, "show")
	require.Regexp(t, `^the end of the block was (8760h0m0s|8759h59m\d+s) away`, b.Bounded)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), *b.Until, time.Minute)
	require.Less(t, time.Until(*b.Next), time.Minute)
}

func budgetRefusesInvalidValues(t *testing.T) {
	t.Parallel()
	data := clitest.Empty(t)
	for want, args := range map[string][]string{
		"give --rps or --default":                    {"set"},
		"--rps is 0: it must be above 0":             {"set", "--rps", "0"},
		"want 0 or more":                             {"set", "--rps=-1"},
		"want a number":                              {"set", "--rps", "NaN"},
		`"Inf" for "--rps"`:                          {"set", "--rps", "Inf"},
		"give --for or --until":                      {"open"},
		`"-1h" for "--for" flag: want 0 or more`:     {"open", "--for=-1h"},
		"not for 721h0m0s":                           {"open", "--for=721h"},
		`--until is "tomorrow": write it as 2026-12`: {"open", "--until", "tomorrow"},
		"--note is missing":                          {"close"},
		`host "consultas.anvisa.gov" is unknown; nearest: consultas.anvisa.gov.br`: {"show", "consultas.anvisa.gov"},
	} {
		code, _, stderr := clitest.Run(t, data, append([]string{"budget"}, args...)...)
		require.Equal(t, 2, code, "%v: %s", args, stderr)
		require.Contains(t, stderr, want, "%v", args)
	}
}
