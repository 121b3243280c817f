package asset_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

var noon = time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC)

// probed runs checks over rows as the engine does, from a declared asset.
func probed(checks []asset.Check[pill], s asset.Staged, rows ...pill) []asset.CheckResult {
	declared := spec("a/x", shelf("category"))
	declared.Checks = checks
	made := asset.New(declared)
	p := asset.NewCheckRunner(context.Background(), made.Checks, asset.CheckInput{Run: asset.Run{Now: func() time.Time { return noon }}.For(made)})
	for _, row := range rows {
		p.Row(row)
	}
	return p.Finish(s)
}

func TestCheckRunner(t *testing.T) {
	t.Parallel()
	t.Run("asks every check", checkRunnerAsksEveryCheck)
	t.Run("reports checks that could not run", checkRunnerReportsChecksThatCouldNotRun)
	t.Run("shows kept rows to checks of all rows only", checkRunnerShowsKeptRowsToChecksOfAllRowsOnly)
	t.Run("bounds what a row can store", checkRunnerBoundsWhatRowCanStore)
}

func checkRunnerAsksEveryCheck(t *testing.T) {
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

	require.Equal(t, []asset.CheckResult{
		{Name: "dosed", Blocking: true, Passed: true, Observed: "0", Expected: "0"}, {Name: "grown", Passed: true},
	}, probed(checks, asset.Staged{Rows: 1, Before: -1}, good))
	require.Equal(t, []asset.CheckResult{
		{Name: "dosed", Blocking: true, Passed: true, Observed: "0", Expected: "0"}, {Name: "grown", Detail: "it shrank"},
	}, probed(checks, asset.Staged{Rows: 1, Before: 2}))
	require.Equal(t, "bad has a dose of 0", probed(checks, asset.Staged{}, good, bad, good)[0].Detail)
	require.Equal(t, asset.CheckResult{Name: "dosed", Blocking: true, Detail: "2 violations, the first: bad has a dose of 0", Observed: "2", Expected: "0"},
		probed(checks, asset.Staged{}, bad, good, worse)[0])
	require.Empty(t, probed(nil, asset.Staged{}, bad))
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	passed := asset.CheckResult{Name: "passed", Blocking: true, Passed: true}
	warned := asset.CheckResult{Name: "warned", Detail: "odd"}
	require.NoError(t, asset.Blocked(nil))
	require.NoError(t, asset.Blocked([]asset.CheckResult{passed, warned}))

	err := asset.Blocked([]asset.CheckResult{
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
			verdict := asset.NewCheckRunner(t.Context(), []asset.ErasedCheck{asset.Conserved()}, asset.CheckInput{}).Finish(tt.staged)[0]
			require.Equal(t, "conserved", verdict.Name)
			require.True(t, verdict.Blocking)
			require.Equal(t, tt.want == "", verdict.Passed)
			require.Contains(t, verdict.Detail, tt.want)
		})
	}
}

func checkRunnerReportsChecksThatCouldNotRun(t *testing.T) {
	t.Parallel()
	down := fault.New(fault.Unavailable, "read", "the disk is gone")
	begin := func(run asset.CheckRun[pill], err error) asset.Check[pill] {
		return asset.Check[pill]{Name: "asked", Blocking: true, Begin: func(context.Context, asset.CheckInput) (asset.CheckRun[pill], error) {
			return run, err
		}}
	}
	for name, tt := range map[string]struct {
		check asset.Check[pill]
		kind  fault.Kind
		says  string
	}{
		"it cannot begin": {begin(asset.CheckRun[pill]{}, down), fault.Unavailable, "could not be asked: read: the disk is gone"},
		"a row says so": {
			begin(asset.CheckRun[pill]{Row: func(pill) error { return fmt.Errorf("%w: too many", asset.ErrNotRun) }}, nil),
			fault.Internal, "could not be asked: too many",
		},
		"it panics at a row": {begin(asset.CheckRun[pill]{Row: func(pill) error { panic("what row?") }}, nil), fault.Layout, "it panicked: what row?"},
		"it panics in the end": {
			begin(asset.CheckRun[pill]{Finish: func(asset.Staged) (asset.Finding, error) { panic("no") }}, nil), fault.Layout, "it panicked: no",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := probed([]asset.Check[pill]{tt.check}, asset.Staged{}, pill{Name: "a"}, pill{Name: "b"})[0]
			require.Equal(t, asset.CheckErrored, v.Outcome())
			require.False(t, v.Passed)
			require.Equal(t, tt.kind, v.Fault)
			require.Contains(t, v.Detail, tt.says)
			err := asset.Blocked([]asset.CheckResult{v})
			require.Equal(t, tt.kind, fault.KindOf(err), "asking again may help, unless it panics")
			violated := asset.CheckResult{Name: "other", Blocking: true, Detail: "odd"}
			require.Equal(t, fault.Layout, fault.KindOf(asset.Blocked([]asset.CheckResult{v, violated})), "somebody must look all the same")
			v.Blocking = false
			require.NoError(t, asset.Blocked([]asset.CheckResult{v}))
		})
	}
}

func checkRunnerShowsKeptRowsToChecksOfAllRowsOnly(t *testing.T) {
	t.Parallel()
	var staged, whole []string
	note := func(seen *[]string) func(pill) error {
		return func(p pill) error { *seen = append(*seen, p.Name); return nil }
	}
	declared := spec("a/x", shelf("category"))
	declared.Checks = []asset.Check[pill]{{Name: "some", Row: note(&staged)}, {Name: "whole", AllRows: true, Row: note(&whole)}}
	p := asset.NewCheckRunner(t.Context(), asset.New(declared).Checks, asset.CheckInput{})
	require.True(t, p.WantsKept())
	p.Kept(pill{Name: "old"})
	p.Row(pill{Name: "new"})
	require.Equal(t, []string{"new"}, staged)
	require.Equal(t, []string{"old", "new"}, whole)
	require.False(t, asset.NewCheckRunner(t.Context(), asset.New(declared).Checks[:1], asset.CheckInput{}).WantsKept())
}

func checkRunnerBoundsWhatRowCanStore(t *testing.T) {
	t.Parallel()
	v := probed([]asset.Check[pill]{{Name: "long", Row: func(p pill) error { return errors.New(p.Name) }}}, asset.Staged{}, pill{Name: strings.Repeat("x", 1<<20) + "\xff"})[0]
	require.Less(t, len(v.Detail), 3000)
	require.True(t, utf8.ValidString(v.Detail))
	require.True(t, utf8.ValidString(probed([]asset.Check[pill]{{Name: "odd", Row: func(pill) error { return errors.New("\xff") }}}, asset.Staged{}, pill{})[0].Detail))
}

func TestAccept(t *testing.T) {
	t.Parallel()
	verdicts := []asset.CheckResult{
		{Name: "not_dropped", Blocking: true, Detail: "50 go"}, {Name: "fine", Blocking: true, Passed: true}, {Name: "odd", Detail: "odd"},
		{Name: "conserved", Blocking: true, Detail: "one is lost"},
	}
	outcomes := func(names ...string) (all []asset.Outcome) {
		for _, v := range asset.Accept(verdicts, names) {
			all = append(all, v.Outcome())
		}
		return all
	}
	require.Equal(t, []asset.Outcome{"failed", "passed", "warned", "failed"}, outcomes())
	require.Equal(t, []asset.Outcome{"accepted", "passed", "warned", "failed"}, outcomes("not_dropped", "fine", "odd", "conserved"))
	require.ErrorContains(t, asset.Blocked(asset.Accept(verdicts, []string{"not_dropped"})), "check conserved: one is lost")
}

func TestAcceptable(t *testing.T) {
	t.Parallel()
	declared := spec("a/x", shelf("category"))
	declared.Checks = []asset.Check[pill]{
		asset.MaxDrop[pill](asset.Drop{Rows: 45}).Block(), asset.MaxDrop[pill](asset.Drop{Rows: 7}).Named("no_burst", "few go"),
	}
	made := []*asset.Asset{asset.New(declared)}
	require.NoError(t, asset.Acceptable(made, nil))
	require.NoError(t, asset.Acceptable(made, []string{"not_dropped"}))
	err := asset.Acceptable(made, []string{"not_droped", "no_burst", "complete", "conserved", "not_dropped"})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	for _, says := range []string{
		`"not_droped" is no blocking check of what is selected; nearest: not_dropped`, `"no_burst" is a warning`,
		`"complete" cannot be accepted`, `"conserved" cannot be accepted`,
	} {
		require.ErrorContains(t, err, says)
	}
	require.ErrorContains(t, asset.Acceptable(nil, []string{"x"}), "nothing that is selected has one that blocks")
}
