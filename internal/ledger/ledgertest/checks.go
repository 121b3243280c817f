package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
)

func lastChecks(t *testing.T, l *ledger.Ledger) {
	record := func(minute int, asset, partition, name string, outcome ledger.CheckOutcome) {
		require.NoError(t, l.RecordChecks(t.Context(), ledger.Token{}, []ledger.Check{{
			Asset: asset, Partition: partition, Run: fmt.Sprint("r", minute), Name: name, Blocking: name != "odd", Passed: outcome == ledger.CheckPassed,
			Outcome: outcome, Observed: fmt.Sprint(minute), Expected: "at least 1", At: at.Add(time.Duration(minute) * time.Minute),
		}}))
	}
	record(1, "a/x", "5", "whole", ledger.CheckFailed)
	record(2, "a/x", "5", "whole", ledger.CheckAccepted)
	record(3, "a/x", "5", "whole", ledger.CheckPassed)
	record(4, "a/x", "5", "odd", ledger.CheckWarned)
	record(5, "a/x", "6", "whole", ledger.CheckErrored)
	record(6, "a/y", "5", "whole", ledger.CheckPassed)

	for _, tt := range []struct {
		filter ledger.CheckFilter
		want   []string
	}{
		{ledger.CheckFilter{}, []string{"a/x 5 odd 4 warned", "a/x 5 whole 3 passed", "a/x 6 whole 5 error", "a/y 5 whole 6 passed"}},
		{ledger.CheckFilter{Asset: "a/x", Partition: "6"}, []string{"a/x 6 whole 5 error"}},
		{ledger.CheckFilter{Partition: "5", Failed: true}, []string{"a/x 5 odd 4 warned"}},
		{ledger.CheckFilter{Failed: true}, []string{"a/x 5 odd 4 warned", "a/x 6 whole 5 error"}},
		{ledger.CheckFilter{Asset: "a/x", Partition: "5", History: 2}, []string{"a/x 5 odd 4 warned", "a/x 5 whole 3 passed", "a/x 5 whole 2 accepted"}},
		{ledger.CheckFilter{Asset: "a/x", Partition: "5", History: 9}, []string{
			"a/x 5 odd 4 warned", "a/x 5 whole 3 passed", "a/x 5 whole 2 accepted", "a/x 5 whole 1 failed",
		}},
		{ledger.CheckFilter{Asset: "a/z"}, nil},
	} {
		found, err := l.LastChecks(t.Context(), tt.filter)
		require.NoError(t, err)
		var got []string
		for _, c := range found {
			require.Equal(t, "at least 1", c.Expected)
			got = append(got, fmt.Sprint(c.Asset, " ", c.Partition, " ", c.Name, " ", c.Observed, " ", c.Outcome))
		}
		require.Equal(t, tt.want, got, "%+v", tt.filter)
	}
}
