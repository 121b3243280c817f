package asset_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

func name(p pill) string       { return p.Name }
func dose(p pill) int64        { return p.Dose }
func fetched(p pill) time.Time { return p.FetchedAt }
func dated(when time.Time) pill {
	return pill{Name: "p", Provenance: asset.Provenance{FetchedAt: when}}
}
func of(doses ...int64) []pill {
	rows := make([]pill, len(doses))
	for i, d := range doses {
		rows[i] = pill{Name: fmt.Sprint("p", i), Dose: d}
	}
	return rows
}

func TestBuiltInChecks(t *testing.T) {
	t.Parallel()
	t.Run("find violations", builtInChecksFindViolations)
	t.Run("say what they expect", builtInChecksSayWhatTheyExpect)
	t.Run("read the referenced asset", builtInChecksReadReferencedAsset)
	t.Run("do not become dependencies of the asset", builtInChecksDoNotBecomeDependenciesOfAsset)
	t.Run("read only declared inputs", builtInChecksReadOnlyDeclaredInputs)
	t.Run("read observations", builtInChecksReadObservations)
	t.Run("remember every key for uniqueness", builtInChecksRememberEveryKeyForUniqueness)
	t.Run("warn of quarantined items unless the asset declares a rate", builtInChecksWarnOfQuarantinedItemsUnlessAssetDeclaresRate)
}

func builtInChecksFindViolations(t *testing.T) {
	t.Parallel()
	type seen struct {
		staged asset.Staged
		rows   []pill
	}
	held := func(rows int) seen { return seen{staged: asset.Staged{Rows: rows, Before: -1}} }
	drop := asset.MaxDrop[pill](asset.Drop{Rows: 45, Share: 0.1, Few: 2})
	lost := func(before, lost int) seen {
		return seen{staged: asset.Staged{Before: before, Lost: lost, Rows: before - lost}}
	}
	quarantined := func(of, n int) seen { return seen{staged: asset.Staged{Discovered: of, Quarantined: n, Rows: of - n}} }
	unique := asset.Unique("dose", dose)
	nan := asset.InRange("ratio", func(p pill) float64 { return float64(p.Dose) / 0 }, 0, 1)
	recent := asset.Recent("fetched_at", fetched, 24*time.Hour)
	period := asset.InPeriod("fetched_at", fetched, noon.AddDate(-1, 0, 0), time.Hour)
	form := asset.OneOf("name", name, "p0", "p1")
	lower := asset.Matches("name", name, regexp.MustCompile("^[a-z]+$"))
	tests := []struct {
		name     string
		check    asset.Check[pill]
		seen     seen
		observed string
		says     string // of a violation; "" for none
	}{
		{"enough rows", asset.RowCount[pill](1, 0), held(1), "1", ""},
		{"an empty partition", asset.RowCount[pill](1, 0), held(0), "0", "it would hold 0 rows, not at least 1"},
		{"too many rows", asset.RowCount[pill](0, 2), held(3), "3", "it would hold 3 rows, not 0 to 2"},

		{"never published", drop, lost(-1, 0), "0", ""},
		{"empty before", drop, lost(0, 0), "0", ""},
		{"a large burst", drop, lost(8_792, 45), "45", ""},
		{"a full page", drop, lost(3_384, 50), "50", "50 of the 3384 rows published would go at once, at most 45 may"},
		{"a tenth of a small one", drop, lost(234, 23), "23", ""},
		{"more than a tenth", drop, lost(234, 24), "24", "at most 23 may"},
		{"few of very few", drop, lost(6, 2), "2", ""},
		{"half of very few", drop, lost(6, 3), "3", "at most 2 may"},
		{"everything, though few", drop, lost(2, 2), "2", "2 of the 2 rows"},
		{"the only one", drop, lost(1, 1), "1", "1 of the 1 rows"},
		{"only so many", asset.MaxDrop[pill](asset.Drop{Rows: 7}), lost(100, 8), "8", "at most 7 may"},
		{"only such a share", asset.MaxDrop[pill](asset.Drop{Share: 0.5}), lost(100, 50), "50", ""},

		{"nothing was discovered", asset.QuarantineRate[pill](0), quarantined(0, 0), "0 %", ""},
		{"as many as may be", asset.QuarantineRate[pill](0.01), quarantined(300, 3), "1 %", ""},
		{"one too many", asset.QuarantineRate[pill](0.01), quarantined(300, 4), "1.333 %", "4 of 300 items are in quarantine, at most 1 % may be"},
		{"none may be", asset.QuarantineRate[pill](0), quarantined(10_000, 1), "0.01 %", "1 of 10000 items are in quarantine, at most 0 % may be"},
		{"everything", asset.QuarantineRate[pill](0.5), quarantined(2, 2), "100 %", "2 of 2 items"},

		{"all have it", asset.NotNull("dose", func(p pill) bool { return p.Dose != 0 }), seen{rows: of(1, 2)}, "0", ""},
		{"one has it not", asset.NotNull("dose", func(p pill) bool { return p.Dose != 0 }), seen{rows: of(1, 0)}, "1", "item p1 has no dose"},

		{"all differ", unique, seen{rows: of(1, 2, 3)}, "0", ""},
		{"none is no value", unique, seen{rows: of(0, 0, 1)}, "0", ""},
		{"two are the same", unique, seen{rows: of(1, 2, 1, 1)}, "2", `2 violations, the first: item p2 has the dose "1" of another`},

		{"within", asset.InRange("dose", dose, 1, 5), seen{rows: of(1, 5)}, "0", ""},
		{"below", asset.InRange("dose", dose, 1, 5), seen{rows: of(0)}, "1", "item p0 has dose 0, not 1 to 5"},
		{"above", asset.InRange("dose", dose, 1, 5), seen{rows: of(math.MaxInt64)}, "1", "not 1 to 5"},
		{"not a number", nan, seen{rows: of(0)}, "1", "item p0 has ratio NaN, not 0 to 1"},

		{"in time", period, seen{rows: []pill{dated(noon.Add(time.Hour)), dated(noon.AddDate(-1, 0, 0))}}, "0", ""},
		{"too early", period, seen{rows: []pill{dated(time.Time{})}}, "1", "item p has fetched_at 0001-01-01T00:00:00Z, not 2025-07-02T12:00:00Z to 2026-07-02T13:00:00Z"},
		{"in the future", period, seen{rows: []pill{dated(noon.Add(2 * time.Hour))}}, "1", "2026-07-02T14:00:00Z"},

		{"known", form, seen{rows: of(1, 2)}, "0", ""},
		{"unknown", form, seen{rows: of(1, 2, 3)}, "1", `item p2 has name "p2", not one of "p0" "p1"`},
		{"it matches", lower, seen{rows: []pill{{Name: "abc"}}}, "0", ""},
		{"it does not", lower, seen{rows: []pill{{Name: "a\nb"}}}, "1", `has name "a\nb", which does not match ^[a-z]+$`},

		{"the newest counts", recent, seen{rows: []pill{dated(noon.AddDate(-1, 0, 0)), dated(noon.Add(-time.Hour))}}, "2026-07-02T11:00:00Z", ""},
		{"all are old", recent, seen{rows: []pill{dated(noon.AddDate(0, 0, -2))}}, "2026-06-30T12:00:00Z", "the latest fetched_at is 2026-06-30T12:00:00Z, more than 24h0m0s ago"},
		{"nothing to be recent", recent, seen{rows: []pill{dated(time.Time{})}}, "none", ""},
	}
	for _, tt := range tests {
		t.Run(tt.check.Name+", "+tt.name, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, tt.check.Description)
			v := probed([]asset.Check[pill]{tt.check}, tt.seen.staged, tt.seen.rows...)[0]
			require.Equal(t, tt.observed, v.Observed, v.Detail)
			require.NotEmpty(t, v.Expected)
			require.Equal(t, tt.says == "", v.Passed, v.Detail)
			require.Contains(t, v.Detail, tt.says)
		})
	}
}

func builtInChecksSayWhatTheyExpect(t *testing.T) {
	t.Parallel()
	drop := asset.MaxDrop[pill](asset.Drop{Rows: 45, Share: 0.1, Few: 2})
	require.Equal(t, "at most 45 and 10 % (but 2) of the published rows go at once, and never all", drop.Description)
	require.Equal(t, "at most 28", probed([]asset.Check[pill]{drop}, asset.Staged{Before: 288})[0].Expected)
	require.Equal(t, "at least 1", probed([]asset.Check[pill]{asset.RowCount[pill](1, 0)}, asset.Staged{Rows: 1})[0].Expected)
	require.Equal(t, "since 2026-07-01T12:00:00Z", probed([]asset.Check[pill]{asset.Recent("fetched_at", fetched, 24*time.Hour)}, asset.Staged{})[0].Expected)
	require.False(t, drop.Blocking)
	require.True(t, drop.Block().Blocking)
	require.Equal(t, "other", drop.Named("other", "another").Name)
}

// stores reads rows by asset and partition.
type stores map[string][]pill

func (s stores) Read(_ context.Context, key asset.Key, partition string) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		rows, ok := s[string(key)+"/"+partition]
		if !ok {
			yield(nil, fault.New(fault.Invalid, "read input", "%s was never published", key))
			return
		}
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Observation makes it Observations too: the partition is the data's version.
func (s stores) Observation(_ context.Context, key asset.Key, partition string) (asset.Observation, time.Time, error) {
	return asset.Observation{DataVersion: string(key) + "/" + partition}, noon, nil
}

// shop is two assets in the categories, one whose checks are given and one they read, and one external in one piece.
func shop(t *testing.T, checks ...asset.Check[pill]) (graph *asset.Graph, made *asset.Asset) {
	t.Helper()
	set := shelf("category")
	declared := spec("a/sold", set)
	declared.Checks = checks
	graph, err := asset.NewGraph(asset.New(declared), asset.New(spec("a/bought", set)), asset.New(spec("a/secret", set)), asset.External(asset.ExternalSpec{
		Key: "a/law", Partitions: asset.Single(), Queue: asset.QueueBrowser,
		Observe: func(context.Context, asset.Run) (asset.Observation, error) { return asset.Observation{}, nil },
	}))
	require.NoError(t, err)
	made, err = graph.Get("a/sold")
	require.NoError(t, err)
	return graph, made
}

func (s stores) ask(t *testing.T, check asset.Check[pill], rows ...pill) asset.CheckResult {
	t.Helper()
	graph, made := shop(t, check)
	view := graph.View(asset.GraphState{Partitions: map[string][]asset.Partition{"category": {{Key: "5"}}}})
	run := asset.Run{
		Partition: asset.Partition{Key: "5"}, Now: func() time.Time { return noon }, Inputs: s,
		Upstream: func(dep asset.Key) ([]string, error) { return view.Upstream(made, "5", dep) },
	}
	p := asset.NewCheckRunner(t.Context(), made.Checks, asset.CheckInput{Run: run.For(made), Observations: s})
	for _, row := range rows {
		p.Row(row)
	}
	return p.Finish(asset.Staged{Rows: len(rows)})[0]
}

func builtInChecksReadReferencedAsset(t *testing.T) {
	t.Parallel()
	check := asset.References("name", name, "a/bought", name).Block()
	there := stores{"a/bought/5": {{Name: "p0"}, {Name: "p1"}}}
	require.True(t, there.ask(t, check, of(1, 1)...).Passed)
	v := there.ask(t, check, of(1, 1, 1, 1)...)
	require.Equal(t, "2", v.Observed)
	require.Equal(t, `2 violations, the first: item p2 has name "p2", which a/bought does not`, v.Detail)
	require.Equal(t, asset.CheckErrored, stores{}.ask(t, check, of(1)...).Outcome(), "what was never published cannot be asked")
	require.True(t, stores{"a/bought/5": nil}.ask(t, check).Passed, "nothing refers to nothing")
}

func builtInChecksDoNotBecomeDependenciesOfAsset(t *testing.T) {
	t.Parallel()
	graph, made := shop(t, asset.References("name", name, "a/bought", name))
	require.Empty(t, made.Deps)
	selected, err := graph.Select("+a/sold")
	require.NoError(t, err)
	require.Len(t, selected, 1)
	judged := graph.View(asset.GraphState{
		Partitions: map[string][]asset.Partition{"category": {{Key: "5"}}},
		Records: map[asset.Key]map[string]asset.PartitionRecord{
			"a/sold": {"5": {Version: 0, CodeVersion: "1"}}, "a/bought": {"5": {Version: 9, CodeVersion: "1"}},
		},
	}).Status(made, "5")
	require.Equal(t, asset.Fresh, judged.State)
}

func builtInChecksReadOnlyDeclaredInputs(t *testing.T) {
	t.Parallel()
	check := asset.Check[pill]{Name: "curious", Deps: asset.On("a/bought"), Begin: func(ctx context.Context, in asset.CheckInput) (asset.CheckRun[pill], error) {
		for _, err := range asset.Input[pill](ctx, in.Run, "a/secret") {
			return asset.CheckRun[pill]{}, err
		}
		return asset.CheckRun[pill]{}, nil
	}}
	v := stores{"a/secret/5": of(1)}.ask(t, check)
	require.Equal(t, asset.CheckErrored, v.Outcome())
	require.Equal(t, fault.Invalid, v.Fault)
	require.Contains(t, v.Detail, "a/sold does not declare a/secret in Deps")
}

func builtInChecksReadObservations(t *testing.T) {
	t.Parallel()
	check := func(key asset.Key) asset.Check[pill] {
		return asset.Check[pill]{Name: "lawful", Deps: asset.On("a/law"), Begin: func(ctx context.Context, in asset.CheckInput) (asset.CheckRun[pill], error) {
			seen, at, err := in.Observation(ctx, key)
			return asset.CheckRun[pill]{Finish: func(asset.Staged) (asset.Finding, error) {
				return asset.Finding{Observed: seen.DataVersion, Expected: at.Format(time.DateOnly)}, nil
			}}, err
		}}
	}
	v := stores{}.ask(t, check("a/law"))
	require.True(t, v.Passed, v.Detail)
	require.Equal(t, "a/law/all", v.Observed)
	require.Equal(t, "2026-07-02", v.Expected)
	require.Contains(t, stores{}.ask(t, check("a/secret")).Detail, "does not declare a/secret")
}

func builtInChecksWarnOfQuarantinedItemsUnlessAssetDeclaresRate(t *testing.T) {
	t.Parallel()
	rate := func(s asset.Spec[pill]) (found []asset.ErasedCheck) {
		for _, c := range asset.New(s).Checks {
			if c.Name == "quarantine_rate" {
				found = append(found, c)
			}
		}
		return found
	}
	made := making("a/made", shelf("category"))
	found := rate(made)
	require.Len(t, found, 1)
	require.False(t, found[0].Blocking, "a warning")
	require.Equal(t, "at most 1 %", found[0].Expected)

	made.Checks = []asset.Check[pill]{asset.QuarantineRate[pill](0.25).Block()}
	found = rate(made)
	require.Len(t, found, 1)
	require.True(t, found[0].Blocking)
	require.Equal(t, "at most 25 %", found[0].Expected)

	require.Empty(t, rate(spec("a/listed", shelf("category"))), "a listing quarantines nothing")
}

func TestGraphRefusesChecks(t *testing.T) {
	t.Parallel()
	begin := func(context.Context, asset.CheckInput) (asset.CheckRun[pill], error) {
		return asset.CheckRun[pill]{}, nil
	}
	row := func(pill) error { return nil }
	tests := map[string]asset.Check[pill]{
		`check "Odd" wants a name of lower-case letters`:          {Name: "Odd", Row: row},
		`check "both" wants one of Row, Partition and Begin`:      {Name: "both", Row: row, Begin: begin},
		`check "wide" is shown no rows`:                           {Name: "wide", AllRows: true, Partition: func(asset.Staged) error { return nil }},
		`check "idle" has Deps, which only Begin can read`:        {Name: "idle", Row: row, Deps: asset.On("a/y")},
		`check "lost" reads "a/nobody", which nobody declares`:    {Name: "lost", Begin: begin, Deps: asset.On("a/nobody")},
		`check "twice" names "a/y" in Deps twice`:                 {Name: "twice", Begin: begin, Deps: asset.On("a/y", "a/y")},
		`check "far" reads "a/z", which is partitioned otherwise`: {Name: "far", Begin: begin, Deps: asset.On("a/z")},
		`check "two" reads "a/up" by all partitions, another reads it by same partition`: {
			Name: "two", Begin: begin, Deps: []asset.Dep{{Key: "a/up", Mapping: asset.All()}},
		},
		`check "row_count" wants 0 ≤ least ≤ most, not 2 and 1`:      asset.RowCount[pill](2, 1),
		`check "not_dropped" wants Rows, or a Share between 0 and 1`: asset.MaxDrop[pill](asset.Drop{Share: 2}),
		`check "quarantine_rate" wants a share from 0 to below 1`:    asset.QuarantineRate[pill](1),
		`check "dose_in_range" wants a range that is not empty`:      asset.InRange("dose", dose, 2, 1),
		`check "name_known" wants at least one value`:                asset.OneOf("name", name),
		`check "name_matches" wants a pattern`:                       asset.Matches("name", name, nil),
		`check "recent_fetched_at" wants an age above zero`:          asset.Recent("fetched_at", fetched, 0),
		`check "fetched_at_in_period" wants ahead not to be`:         asset.InPeriod("fetched_at", fetched, noon, -1),
	}
	set := shelf("category")
	declared := spec("a/x", set, "a/up")
	for check := range maps.Values(tests) {
		declared.Checks = append(declared.Checks, check)
	}
	_, err := asset.NewGraph(asset.New(declared), asset.New(spec("a/y", set)), asset.New(spec("a/up", set)), asset.New(spec("a/z", shelf("day"))))
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	for want := range tests {
		require.ErrorContains(t, err, want, "all mistakes are told together")
	}
}

// A set of keys has a bound: what is beyond it is told, and never passes.
func builtInChecksRememberEveryKeyForUniqueness(t *testing.T) {
	if testing.Short() {
		t.Skip("it fills a set of 2 million keys")
	}
	t.Parallel()
	made := spec("a/x", shelf("category"))
	made.Checks = []asset.Check[pill]{asset.Unique("dose", dose)}
	p := asset.NewCheckRunner(t.Context(), asset.New(made).Checks, asset.CheckInput{})
	for i := range int64(asset.MaxKeys) + 1 {
		p.Row(pill{Dose: i + 1})
	}
	v := p.Finish(asset.Staged{})[0]
	require.Equal(t, asset.CheckErrored, v.Outcome())
	require.Contains(t, v.Detail, "more than 2097152 keys")
}

func BenchmarkUniqueAtItsBound(b *testing.B) {
	made := spec("a/x", shelf("category"))
	made.Checks = []asset.Check[pill]{asset.Unique("dose", dose)}
	erased := asset.New(made).Checks
	b.ReportAllocs()
	for b.Loop() {
		p := asset.NewCheckRunner(b.Context(), erased, asset.CheckInput{})
		for i := range int64(asset.MaxKeys) {
			p.Row(pill{Dose: i + 1})
		}
		require.True(b, p.Finish(asset.Staged{})[0].Passed)
	}
}
