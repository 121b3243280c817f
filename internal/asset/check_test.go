package asset_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

// probed runs checks over rows as the engine does, from a declared asset.
func probed(checks []asset.Check[pill], s asset.Staged, rows ...pill) []asset.Verdict {
	declared := spec("a/x", shelf("category"))
	declared.Checks = checks
	p := asset.NewProbe(asset.New(declared).Checks)
	for _, row := range rows {
		p.Row(row)
	}
	return p.Finish(s)
}

func TestProbe(t *testing.T) {
	t.Parallel()
	dosed := asset.Check[pill]{Name: "dosed", Blocking: true, Row: func(p pill) error {
		if p.Dose <= 0 {
			return fmt.Errorf("%s has a dose of %d", p.Name, p.Dose)
		}
		return nil
	}}
	grown := asset.Check[pill]{Name: "grown", Partition: func(s asset.Staged) error {
		if s.Rows < s.Before {
			return errors.New("it shrank")
		}
		return nil
	}}
	checks := []asset.Check[pill]{dosed, grown}
	good, bad, worse := pill{Name: "good", Dose: 1}, pill{Name: "bad"}, pill{Name: "worse", Dose: -1}

	require.Equal(t, []asset.Verdict{{Name: "dosed", Blocking: true, Passed: true}, {Name: "grown", Passed: true}},
		probed(checks, asset.Staged{Rows: 1, Before: -1}, good))
	require.Equal(t, []asset.Verdict{{Name: "dosed", Blocking: true, Passed: true}, {Name: "grown", Detail: "it shrank"}},
		probed(checks, asset.Staged{Rows: 1, Before: 2}))
	require.Equal(t, "bad has a dose of 0", probed(checks, asset.Staged{}, good, bad, good)[0].Detail)
	require.Equal(t, asset.Verdict{Name: "dosed", Blocking: true, Detail: "2 violations, the first: bad has a dose of 0"},
		probed(checks, asset.Staged{}, bad, good, worse)[0])
	require.Empty(t, probed(nil, asset.Staged{}, bad))
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	passed := asset.Verdict{Name: "passed", Blocking: true, Passed: true}
	warned := asset.Verdict{Name: "warned", Detail: "odd"}
	require.NoError(t, asset.Blocked(nil))
	require.NoError(t, asset.Blocked([]asset.Verdict{passed, warned}))

	err := asset.Blocked([]asset.Verdict{
		passed, {Name: "first", Blocking: true, Detail: "3 are gone"}, warned, {Name: "second", Blocking: true, Detail: "all are blue"},
	})
	require.EqualError(t, err, "check first: 3 are gone\ncheck second: all are blue")
}

func TestConserved(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		staged asset.Staged
		want   string
	}{
		{"nothing", asset.Staged{}, ""},
		{"every item is somewhere", asset.Staged{Discovered: 10, Rows: 7, Absent: 2, Quarantined: 1, NewRows: 3, Before: 5}, ""},
		{"one is lost", asset.Staged{Discovered: 10, Rows: 6, Absent: 2, Quarantined: 1}, "10 discovered, but 6 rows + 2 absent + 1 quarantined = 9"},
		{"one is there twice", asset.Staged{Discovered: 10, Rows: 11}, "10 discovered, but 11 rows"},
		{"some are not done", asset.Staged{Discovered: 10, Rows: 6, Pending: 4}, "4 of 10 items are still pending"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			verdict := asset.NewProbe([]asset.ErasedCheck{asset.Conserved()}).Finish(tt.staged)[0]
			require.Equal(t, "conserved", verdict.Name)
			require.True(t, verdict.Blocking)
			require.Equal(t, tt.want == "", verdict.Passed)
			require.Contains(t, verdict.Detail, tt.want)
		})
	}
}
