package asset_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

// at reads an instant.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return instant
}

// stored gives the keys of the dynamic sets in these tests.
func stored(set string) []asset.Partition {
	return map[string][]asset.Partition{"category": {{Key: "5", Label: "Genérico"}, {Key: "8", Label: "Similar"}}}[set]
}

// keysAt gives the keys of a set that are known at a time.
func keysAt(t *testing.T, set *asset.Partitions, now string) []string {
	t.Helper()
	keys := []string{}
	for _, p := range set.Keys(stored, at(t, now)).All() {
		keys = append(keys, p.Key)
	}
	return keys
}

func TestPartitions(t *testing.T) {
	t.Parallel()
	t.Run("give the keys of each kind of set", partitionsGiveKeysOfEachKindOfSet)
	t.Run("are refused by the graph when invalid", partitionsAreRefusedByGraphWhenInvalid)
	t.Run("are not all named in an error", partitionsAreNotAllNamedInError)
}

func partitionsGiveKeysOfEachKindOfSet(t *testing.T) {
	t.Parallel()
	const zone = "America/Sao_Paulo"
	tests := []struct {
		name string
		set  *asset.Partitions
		kind string
		now  string
		want []string
	}{
		{"dynamic", shelf("category"), "dynamic", "2026-08-01T00:00:00Z", []string{"5", "8"}},
		{"dynamic, nothing known", asset.Dynamic("day"), "dynamic", "2026-08-01T00:00:00Z", []string{}},
		{"static", asset.Static("size", "small", "large"), "static", "2026-08-01T00:00:00Z", []string{"small", "large"}},
		{"in one piece", asset.Single(), "static", "2026-08-01T00:00:00Z", []string{"all"}},
		{"a day is there once it has ended", asset.Daily("day", zone, "2026-08-01"), "time window", "2026-08-04T02:59:59Z", []string{"2026-08-01", "2026-08-02"}},
		{"the same, a second later", asset.Daily("day", zone, "2026-08-01"), "time window", "2026-08-04T03:00:00Z",
			[]string{"2026-08-01", "2026-08-02", "2026-08-03"}},
		{"before the first day", asset.Daily("day", "", "2026-08-01"), "time window", "2026-07-01T00:00:00Z", []string{}},
		{"a day without a midnight is a day", asset.Daily("day", zone, "2018-11-03"), "time window", "2018-11-06T12:00:00Z",
			[]string{"2018-11-03", "2018-11-04", "2018-11-05"}},
		{"an hour that comes twice is two", asset.Hourly("hour", zone, "2018-02-17"), "time window", "2018-02-18T03:30:00Z", append(
			func() (hours []string) {
				for h := range 24 {
					hours = append(hours, time.Date(2018, 2, 17, h, 0, 0, 0, time.FixedZone("", -2*3600)).Format(asset.HourLayout))
				}
				return hours
			}(), "2018-02-17T23-0300")},
		{"weeks begin on Monday", asset.Weekly("week", "", "2026-08-01"), "time window", "2026-08-17T00:00:00Z", []string{"2026-08-03", "2026-08-10"}},
		{"months", asset.Monthly("month", "", "2026-06-15"), "time window", "2026-09-01T00:00:00Z", []string{"2026-07", "2026-08"}},
		{"along any cron, with the present window", asset.Windows("shift", asset.Window{Cron: "0 6,18 * * *", Start: "2026-08-01",
			Layout: "2006-01-02T15Z0700", Ahead: 1}), "time window", "2026-08-01T19:00:00Z", []string{"2026-08-01T06Z", "2026-08-01T18Z"}},
		{"product", asset.Product("both", shelf("category"), asset.Static("audience", "vp", "vps")), "product", "2026-08-01T00:00:00Z",
			[]string{"5|vp", "5|vps", "8|vp", "8|vps"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, keysAt(t, tt.set, tt.now))
			require.Equal(t, tt.kind, tt.set.Kind())
		})
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	days := asset.Daily("day", "America/Sao_Paulo", "2018-11-01")
	start, end, err := days.Window("2018-11-04")
	require.NoError(t, err)
	require.Equal(t, at(t, "2018-11-04T03:00:00Z"), start.UTC(), "01:00, since the clock jumped over midnight")
	require.Equal(t, at(t, "2018-11-05T02:00:00Z"), end.UTC())

	for key, want := range map[string]string{
		"yesterday":  `"yesterday" is no window: want one such as "2018-11-01"`,
		"2018-10-31": `no window begins at "2018-10-31": the next is "2018-11-01"`,
	} {
		_, _, err := days.Window(key)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.ErrorContains(t, err, want)
	}
	_, _, err = shelf("category").Window("5")
	require.ErrorContains(t, err, `the partitions "category" are no windows of time`)
}

func partitionsAreRefusedByGraphWhenInvalid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  *asset.Partitions
		want string
	}{
		{"no such zone", asset.Daily("day", "America/Sao_Paolo", "2026-08-01"), "America/Sao_Paulo"},
		{"never fires", asset.Windows("day", asset.Window{Cron: "0 0 30 2 *", Start: "2026-08-01", Layout: asset.DayLayout}), "never"},
		{"no cron", asset.Windows("day", asset.Window{Cron: "daily", Start: "2026-08-01", Layout: asset.DayLayout}), "daily"},
		{"no first day", asset.Daily("day", "", "August"), `first day "August": want one such as 2013-01-01`},
		{"keys that say too little", asset.Windows("hour", asset.Window{Cron: "0 * * * *", Start: "2026-08-01", Layout: asset.DayLayout}), "tell the windows"},
		{"hours without an offset", asset.Windows("hour", asset.Window{Cron: "0 * * * *", Zone: "America/Sao_Paulo", Start: "2018-01-01", Layout: "2006-01-02T15"}),
			"tell the windows"},
		{"a key twice", asset.Static("size", "small", "small"), `key "small" is named twice`},
		{"no keys", asset.Static("size"), "it has no keys"},
		{"an odd key", asset.Static("size", "a|b"), `"a|b" holds '|'`},
		{"a product of a product", asset.Product("x", asset.Product("y", asset.Single(), asset.Single()), asset.Single()), `a product of the product "y"`},
		{"half a product", asset.Product("x", asset.Single(), nil), "a product wants two sets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := asset.NewGraph(asset.New(spec("a/x", tt.set)))
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.ErrorContains(t, err, `asset "a/x": partitions "`+tt.set.Name+`": `)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestPartitionKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"5", "Genérico", "2026-08-01", "2026-08-01T23-0300", "a b", "x.y_z:1+2@3#4", strings.Repeat("k", 200)} {
		require.NoError(t, asset.CheckPartitionKey(key), key)
	}
	for _, tt := range []struct{ key, want string }{
		{"", "the key is empty"}, {" a", "begins or ends with a blank"}, {"a\n", "blank"}, {"a,b", `holds ','`}, {"a..b", "makes a range"}, {"a|b", `holds '|'`},
		{"../etc", "makes a range"}, {"a/b", `holds '/'`}, {"a\x00b", "holds '\\x00'"}, {"\xff", "is not UTF-8"}, {"a*", `holds '*'`}, {"a[1]", `holds '['`},
		{"a\u202eb", "holds"}, {strings.Repeat("k", 201), "has 201 bytes, at most 200 are allowed"},
	} {
		err := asset.CheckPartitionKey(tt.key)
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%q", tt.key)
		require.ErrorContains(t, err, tt.want)
	}
}

// TestChoosingWindows has ranges and globs over windows, whose ends need not be windows themselves.
func TestChoosingWindows(t *testing.T) {
	t.Parallel()
	days := asset.Daily("day", "", "2026-08-01")
	hours := asset.Hourly("hour", "", "2026-08-01")
	g, err := asset.NewGraph(asset.New(spec("a/days", days)), asset.New(spec("a/hours", hours)), asset.New(spec("a/sizes", asset.Static("size", "s", "m", "l", "xl"))))
	require.NoError(t, err)
	view := g.View(asset.GraphState{Now: at(t, "2026-08-11T00:00:00Z")})
	tests := []struct {
		name, asset string
		words       []string
		want        []string // first, last, and how many
		count       int
		err         string
	}{
		{"a day", "a/days", []string{"2026-08-04"}, []string{"2026-08-04", "2026-08-04"}, 1, ""},
		{"a range, both ends included", "a/days", []string{"2026-08-03..2026-08-05"}, []string{"2026-08-03", "2026-08-05"}, 3, ""},
		{"a range that begins before the first and ends after the last", "a/days", []string{"2020-01-01..2030-01-01"}, []string{"2026-08-01", "2026-08-10"}, 10, ""},
		{"a glob", "a/days", []string{"2026-08-0*"}, []string{"2026-08-01", "2026-08-09"}, 9, ""},
		{"all", "a/days", []string{"all"}, []string{"2026-08-01", "2026-08-10"}, 10, ""},
		{"several", "a/days", []string{"2026-08-09", "2026-08-01..2026-08-02"}, []string{"2026-08-01", "2026-08-09"}, 3, ""},
		{"days of hours, the last one whole", "a/hours", []string{"2026-08-02..2026-08-03"}, []string{"2026-08-02T00Z", "2026-08-03T23Z"}, 48, ""},
		{"hours", "a/hours", []string{"2026-08-02T22Z..2026-08-03T01Z"}, []string{"2026-08-02T22Z", "2026-08-03T01Z"}, 4, ""},
		{"a range of other keys, in the order of the set", "a/sizes", []string{"m..xl"}, []string{"m", "xl"}, 3, ""},
		{"the wrong way round", "a/sizes", []string{"xl..m"}, nil, 0, `the range "xl..m" is reversed, as xl comes after m: write m..xl`},
		{"a day that has not ended", "a/days", []string{"2026-08-11"}, nil, 0, "size"},
		{"nothing in the range", "a/days", []string{"2025-01-01..2025-02-01"}, nil, 0, "day has 10 windows from 2026-08-01 to 2026-08-10: write one, or a range such as 2026-08-01..2026-08-07"},
		{"no day at all", "a/days", []string{"August"}, nil, 0, `partition "August" is unknown; day has 10 windows`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			selected, err := g.Select(tt.asset)
			require.NoError(t, err)
			plan, err := view.Plan(selected, asset.Request{Partitions: tt.words})
			if tt.count == 0 {
				require.Equal(t, fault.Invalid, fault.KindOf(err))
				if tt.err != "size" {
					require.ErrorContains(t, err, tt.err)
				}
				return
			}
			require.NoError(t, err)
			require.Len(t, plan.Steps, tt.count)
			require.Equal(t, tt.want, []string{plan.Steps[0].Partition.Key, plan.Steps[len(plan.Steps)-1].Partition.Key})
		})
	}
}

func partitionsAreNotAllNamedInError(t *testing.T) {
	t.Parallel()
	var keys []string
	for _, a := range "abcdefgh" {
		for _, b := range "abcdefgh" {
			keys = append(keys, string(a)+string(b)+"-drug")
		}
	}
	g, err := asset.NewGraph(asset.New(spec("a/x", asset.Static("drug", keys...))))
	require.NoError(t, err)
	selected, err := g.Select("a/x")
	require.NoError(t, err)
	_, err = g.View(asset.GraphState{}).Plan(selected, asset.Request{Partitions: []string{"cd-drog"}})
	require.ErrorContains(t, err, "the nearest of 64: cd-drug, ")
	require.Less(t, len(err.Error()), 250)
}
