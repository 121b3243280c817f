package asset_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

// between is a graph of b/made, partitioned by to, from a/source, partitioned by from, seen on 11 August 2026.
func between(t *testing.T, to, from *asset.Partitions, m asset.Mapping) (*asset.View, *asset.Asset) {
	t.Helper()
	made := making("b/made", to)
	made.Deps = []asset.Dep{{Key: "a/source", Mapping: m}}
	g, err := asset.NewGraph(asset.New(spec("a/source", from)), asset.New(made))
	require.NoError(t, err)
	a, err := g.Get("b/made")
	require.NoError(t, err)
	return g.View(asset.GraphState{Now: at(t, "2026-08-11T00:00:00Z"), Partitions: map[string][]asset.Partition{"category": stored("category")}}), a
}

func TestMapping(t *testing.T) {
	t.Parallel()
	t.Run("maps partitions downstream and upstream", mappingMapsPartitionsDownstreamAndUpstream)
	t.Run("has a correct inverse", mappingHasCorrectInverse)
	t.Run("refuses sets that do not fit", mappingRefusesSetsThatDoNotFit)
	t.Run("reports the error of a custom function", mappingReportsErrorOfCustomFunction)
	t.Run("is followed by plans", mappingIsFollowedByPlans)
}

func mappingMapsPartitionsDownstreamAndUpstream(t *testing.T) {
	t.Parallel()
	category := shelf("category")
	days, weeks, hours := asset.Daily("day", "", "2026-08-01"), asset.Weekly("week", "", "2026-08-01"), asset.Hourly("hour", "", "2026-08-01")
	audience, small := asset.Static("audience", "vp", "vps"), asset.Static("size", "s", "m", "l")
	pairs := asset.Product("both", category, audience)
	halves := asset.Mapped("first letter", func(partition string, b asset.Between) ([]string, error) {
		var found []string
		for _, p := range b.From.All() {
			if strings.HasPrefix(partition, p.Key[:1]) {
				found = append(found, p.Key)
			}
		}
		return found, nil
	})
	tests := []struct {
		name      string
		to, from  *asset.Partitions
		mapping   asset.Mapping
		partition string
		up        []string
		of        string // an upstream partition
		down      []string
		spelt     string
	}{
		{"the same set", category, category, nil, "5", []string{"5"}, "8", []string{"8"}, "same partition"},
		{"all", small, category, asset.All(), "m", []string{"5", "8"}, "5", []string{"s", "m", "l"}, "all partitions"},
		{"an asset in one piece", category, asset.Single(), nil, "5", []string{"all"}, "all", []string{"5", "8"}, "all partitions"},
		{"into one piece", asset.Single(), category, nil, "all", []string{"5", "8"}, "8", []string{"all"}, "all partitions"},
		{"last", small, days, asset.Last(), "s", []string{"2026-08-10"}, "2026-08-10", []string{"s", "m", "l"}, "last partition"},
		{"last, of another", small, days, asset.Last(), "s", []string{"2026-08-10"}, "2026-08-09", nil, "last partition"},
		{"days of a week", weeks, days, nil, "2026-08-03", strings.Fields("2026-08-03 2026-08-04 2026-08-05 2026-08-06 2026-08-07 2026-08-08 2026-08-09"),
			"2026-08-09", []string{"2026-08-03"}, "overlapping windows"},
		{"the week of a day", days, weeks, nil, "2026-08-05", []string{"2026-08-03"}, "2026-08-03",
			strings.Fields("2026-08-03 2026-08-04 2026-08-05 2026-08-06 2026-08-07 2026-08-08 2026-08-09"), "overlapping windows"},
		{"a week that has not ended is no input", days, weeks, nil, "2026-08-10", []string{}, "2026-08-03",
			strings.Fields("2026-08-03 2026-08-04 2026-08-05 2026-08-06 2026-08-07 2026-08-08 2026-08-09"), "overlapping windows"},
		{"three days up to this", days, days, asset.Overlapping(-2, 0), "2026-08-05", strings.Fields("2026-08-03 2026-08-04 2026-08-05"),
			"2026-08-05", strings.Fields("2026-08-05 2026-08-06 2026-08-07"), "windows from -2 to +0"},
		{"the day before", days, days, asset.Overlapping(-1, -1), "2026-08-05", []string{"2026-08-04"}, "2026-08-05", []string{"2026-08-06"}, "windows from -1 to -1"},
		{"the day after", days, days, asset.Overlapping(1, 1), "2026-08-05", []string{"2026-08-06"}, "2026-08-05", []string{"2026-08-04"}, "windows from +1 to +1"},
		{"before the first window there is nothing", days, days, asset.Overlapping(-2, 0), "2026-08-01", []string{"2026-08-01"},
			"2026-08-10", []string{"2026-08-10"}, "windows from -2 to +0"},
		{"hours of a day", days, hours, nil, "2026-08-01", hoursOf(24), "2026-08-02T00Z", []string{"2026-08-02"}, "overlapping windows"},
		{"a table", small, audience, asset.Fixed(map[string][]string{"s": {"vp"}, "l": {"vp", "vps"}}), "l", []string{"vp", "vps"},
			"vp", []string{"l", "s"}, "a table of 2 partitions"},
		{"a table that is silent about one", small, audience, asset.Fixed(map[string][]string{"s": {"vp"}}), "m", nil, "vps", nil, "a table of 1 partitions"},
		{"a function", small, asset.Static("letter", "small", "medium", "middle"), halves, "m", []string{"medium", "middle"}, "small", []string{"s"}, "first letter"},
		{"a dimension of a product", pairs, category, nil, "5|vps", []string{"5"}, "8", []string{"8|vp", "8|vps"}, "one dimension"},
		{"a product's pairs", audience, pairs, nil, "vp", []string{"5|vp", "8|vp"}, "8|vps", []string{"vps"}, "one dimension"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, a := between(t, tt.to, tt.from, tt.mapping)
			up, err := v.Upstream(a, tt.partition, "a/source")
			require.NoError(t, err)
			require.Equal(t, tt.up, up)
			down, err := v.Downstream(a, "a/source", tt.of)
			require.NoError(t, err)
			require.Equal(t, tt.down, down)
		})
	}
}

func hoursOf(n int) []string {
	var keys []string
	for h := range n {
		keys = append(keys, time.Date(2026, 8, 1, h, 0, 0, 0, time.UTC).Format(asset.HourLayout))
	}
	return keys
}

// mappingHasCorrectInverse holds every mapping against itself: a partition is downstream of what is upstream of it.
func mappingHasCorrectInverse(t *testing.T) {
	t.Parallel()
	days, weeks := asset.Daily("day", "America/Sao_Paulo", "2026-02-01"), asset.Weekly("week", "Europe/Lisbon", "2026-02-01")
	category := shelf("category")
	pairs := asset.Product("both", category, asset.Static("audience", "vp", "vps"))
	for name, c := range map[string]struct {
		to, from *asset.Partitions
		mapping  asset.Mapping
	}{
		"days of weeks": {weeks, days, nil}, "weeks of days": {days, weeks, nil}, "shifted": {days, days, asset.Overlapping(-6, 2)},
		"weeks of days, shifted": {days, weeks, asset.Overlapping(-3, 0)}, "last": {days, weeks, asset.Last()}, "all": {category, weeks, asset.All()},
		"pairs": {pairs, category, nil}, "parts": {category, pairs, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, a := between(t, c.to, c.from, c.mapping)
			g := map[[2]string]bool{}
			for _, p := range v.Keys(a).All() {
				ups, err := v.Upstream(a, p.Key, "a/source")
				require.NoError(t, err)
				for _, up := range ups {
					g[[2]string{p.Key, up}] = true
				}
			}
			require.NotEmpty(t, g)
			found := 0
			for _, p := range c.from.Keys(stored, at(t, "2026-08-11T00:00:00Z")).All() {
				downs, err := v.Downstream(a, "a/source", p.Key)
				require.NoError(t, err)
				found += len(downs)
				for _, down := range downs {
					require.Truef(t, g[[2]string{down, p.Key}], "%s is made from %s, says only Downstream", down, p.Key)
				}
			}
			require.Len(t, g, found)
		})
	}
}

func mappingRefusesSetsThatDoNotFit(t *testing.T) {
	t.Parallel()
	category, days := shelf("category"), asset.Daily("day", "", "2026-08-01")
	sizes := asset.Static("size", "s", "m")
	tests := []struct {
		name     string
		to, from *asset.Partitions
		mapping  asset.Mapping
		want     string
	}{
		{"nothing in common", category, days, nil, "which is partitioned otherwise: give the dependency a Mapping"},
		{"windows of what is none", category, days, asset.Overlapping(0, 0), "only windows of time overlap"},
		{"other keys", asset.Static("x", "1", "2"), sizes, asset.Same(), "Same wants the same keys"},
		{"a table that names no partition", sizes, category, asset.Fixed(map[string][]string{"xl": {"5"}}), `names partition "xl", which "size" does not have`},
		{"a table that names no upstream partition", category, sizes, asset.Fixed(map[string][]string{"5": {"s", "xxl"}}), `names partition "xxl", which "size" does not have`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			made := making("b/made", tt.to)
			made.Deps = []asset.Dep{{Key: "a/source", Mapping: tt.mapping}}
			_, err := asset.NewGraph(asset.New(spec("a/source", tt.from)), asset.New(made))
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.ErrorContains(t, err, `asset "b/made" depends on "a/source", `)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func mappingReportsErrorOfCustomFunction(t *testing.T) {
	t.Parallel()
	odd := asset.Mapped("odd", func(partition string, _ asset.Between) ([]string, error) {
		if partition == "s" {
			return nil, errors.New("no idea")
		}
		return []string{"nowhere"}, nil
	})
	v, a := between(t, asset.Static("size", "s", "m"), asset.Static("letter", "a", "b"), odd)
	_, err := v.Upstream(a, "s", "a/source")
	require.EqualError(t, err, "b/made[s]: upstream a/source: no idea")
	_, err = v.Upstream(a, "m", "a/source")
	require.ErrorContains(t, err, `mapping odd of "m" names partition "nowhere", which "letter" does not have`)
}

// mappingIsFollowedByPlans has steps wait for all that they are made from, and staleness follow the newest of it.
func mappingIsFollowedByPlans(t *testing.T) {
	t.Parallel()
	days, weeks := asset.Daily("day", "", "2026-08-03"), asset.Weekly("week", "", "2026-08-03")
	g, err := asset.NewGraph(asset.New(spec("a/daily", days)), asset.New(making("a/weekly", weeks, "a/daily")), asset.New(making("a/total", asset.Single(), "a/weekly")))
	require.NoError(t, err)
	made := func(version int64, upstream ...any) asset.PartitionRecord {
		f := asset.PartitionRecord{Version: version, CodeVersion: "1"}
		if len(upstream) == 2 {
			f.Upstream = asset.Versions{{Key: asset.Key(upstream[0].(string)), Version: int64(upstream[1].(int))}}
		}
		return f
	}
	w := asset.GraphState{Now: at(t, "2026-08-19T00:00:00Z"), Records: map[asset.Key]map[string]asset.PartitionRecord{
		"a/daily":  {"2026-08-03": made(4), "2026-08-09": made(9), "2026-08-10": made(3)},
		"a/weekly": {"2026-08-03": made(1, "a/daily", 8), "2026-08-10": made(2, "a/daily", 3)},
		"a/total":  {"all": made(0, "a/weekly", 2)},
	}}
	v := g.View(w)
	weekly, err := g.Get("a/weekly")
	require.NoError(t, err)
	require.Equal(t, asset.PartitionStatus{State: asset.Stale, Axis: asset.SourceAxis, Reason: "a/daily is at version 9, made from 8"}, v.Status(weekly, "2026-08-03"))
	require.Equal(t, asset.Fresh, v.Status(weekly, "2026-08-10").State)

	plan, err := v.Plan(g.All(), asset.Request{Partitions: []string{"2026-08-03..2026-08-09", "all"}, Filter: asset.Without})
	require.NoError(t, err)
	require.Len(t, plan.Steps, 16+2+1, "all means every partition of every set")
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6}, plan.Steps[16].Needs)
	require.Equal(t, []asset.Key{"a/weekly"}, plan.Steps[18].NeedsAll)
	require.Empty(t, plan.Steps[18].Needs)

	plan, err = v.Plan(g.All(), asset.Request{Filter: asset.Staled})
	require.NoError(t, err)
	names := []string{}
	for _, s := range plan.Steps {
		names = append(names, s.Name())
	}
	require.Equal(t, []string{"a/weekly[2026-08-03]", "a/total[all]"}, names, "what is made from a planned step follows it")
	require.Equal(t, 17, plan.Left)
}

func TestFilters(t *testing.T) {
	t.Parallel()
	days := asset.Daily("day", "", "2026-08-01")
	g, err := asset.NewGraph(asset.New(spec("a/daily", days)))
	require.NoError(t, err)
	w := asset.GraphState{Now: at(t, "2026-08-06T00:00:00Z"), Records: map[asset.Key]map[string]asset.PartitionRecord{"a/daily": {
		"2026-08-02": {Version: 1, CodeVersion: "1"}, "2026-08-03": {Version: 1, CodeVersion: "0"},
		"2026-08-04": {Version: 1, CodeVersion: "1", Pending: 3, Attempt: asset.AttemptFailed}, "2026-08-05": {Version: 1, CodeVersion: "1", Quarantined: 2},
	}}}
	for filter, want := range map[asset.Filter]string{
		asset.Needed: "03 04", asset.Missed: "01", asset.Staled: "03 04", asset.Faulty: "04 05", asset.Without: "01 02 03 04 05",
	} {
		plan, err := g.View(w).Plan(g.All(), asset.Request{Filter: filter})
		require.NoError(t, err)
		days := []string{}
		for _, s := range plan.Steps {
			days = append(days, strings.TrimPrefix(s.Partition.Key, "2026-08-"))
		}
		require.Equal(t, want, strings.Join(days, " "), "filter %q", filter)
		require.Equal(t, 5, plan.Left+len(plan.Steps))
	}
	_, err = g.View(w).Plan(g.All(), asset.Request{Filter: "all"})
	require.ErrorContains(t, err, `filter "all" is unknown`)
}
