package asset_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

// pill is the row of the assets in these tests.
type pill struct {
	Name string `parquet:"name"`
	Dose int64  `parquet:"dose"`
	asset.Provenance
}

func (p pill) ItemID() string { return p.Name }

// shelf makes a set of partitions that is whole.
func shelf(name string) *asset.Partitions {
	return &asset.Partitions{
		Name: name, Queue: asset.QueueBrowser,
		Discover: func(context.Context) ([]asset.Partition, error) { return nil, nil },
	}
}

// spec is a Spec with nothing wrong in it.
func spec(key asset.Key, set *asset.Partitions, deps ...asset.Key) asset.Spec[pill] {
	return asset.Spec[pill]{
		Key: key, Deps: asset.On(deps...), Partitions: set, Location: "interim/" + string(key), CodeVersion: "1", Queue: asset.QueueBrowser,
		List: func(context.Context, asset.Run, func(asset.Item, pill) error) (asset.Listing, error) {
			return asset.Listing{}, nil
		},
	}
}

// making is spec in the form of Items and Make.
func making(key asset.Key, set *asset.Partitions, deps ...asset.Key) asset.Spec[pill] {
	s := spec(key, set, deps...)
	s.List = nil
	s.Items = func(context.Context, asset.Run, func(asset.Item) error) error { return nil }
	s.Make = func(context.Context, asset.Run, []asset.Item, asset.Report[pill]) error { return nil }
	return s
}

// lineage is a graph with a diamond in it, given in no good order:
//
//	a/index → a/catalog → a/download → a/extract, b/catalog → a/extract, b/alone
func lineage(t *testing.T) *asset.Graph {
	t.Helper()
	set := shelf("category")
	g, err := asset.NewGraph(
		asset.New(making("a/extract", set, "a/download", "b/catalog")),
		asset.New(spec("a/index", set)),
		asset.New(making("a/download", set, "a/catalog")),
		asset.New(spec("a/catalog", set, "a/index")),
		asset.New(spec("b/catalog", set, "a/index")),
		asset.New(spec("b/alone", set)),
	)
	require.NoError(t, err)
	return g
}

func keysOf(assets []*asset.Asset) []asset.Key {
	keys := []asset.Key{}
	for _, a := range assets {
		keys = append(keys, a.Key)
	}
	return keys
}

func TestGraphOrder(t *testing.T) {
	t.Parallel()
	g := lineage(t)
	order := []asset.Key{"a/index", "a/catalog", "a/download", "b/catalog", "a/extract", "b/alone"}
	require.Equal(t, order, keysOf(g.All()))

	g.All()[0] = nil
	require.Equal(t, order, keysOf(g.All()), "what All gives is the caller's own")

	found, err := g.Get("b/alone")
	require.NoError(t, err)
	require.Equal(t, asset.Key("b/alone"), found.Key)
	_, err = g.Get("b/none")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	_, near := g.Get("a/catalgo")
	require.ErrorContains(t, near, "asset \"a/catalgo\" is unknown; nearest: a/catalog, b/catalog; `starter assets list` lists them")
	require.ErrorContains(t, err, `asset "b/none" is unknown; nearest: b/alone; `)
}

func TestGraphSets(t *testing.T) {
	t.Parallel()
	days, shelves := shelf("day"), shelf("shelf")
	g, err := asset.NewGraph(asset.New(spec("a/x", days)), asset.New(spec("a/y", shelves)), asset.New(spec("a/z", days)))
	require.NoError(t, err)
	require.Equal(t, []*asset.Partitions{days, shelves}, g.Sets())
}

func TestGraphRefusesDeclarations(t *testing.T) {
	t.Parallel()
	rowCheck := asset.Check[pill]{Name: "dosed", Row: func(pill) error { return nil }}
	tests := []struct {
		name string
		bend func(*asset.Spec[pill])
		want string
	}{
		{"no key", func(s *asset.Spec[pill]) { s.Key = "" }, `asset "": a key is "group/name"`},
		{"key without a group", func(s *asset.Spec[pill]) { s.Key = "pills" }, `asset "pills": a key is`},
		{"key with capitals", func(s *asset.Spec[pill]) { s.Key = "a/Pills" }, `asset "a/Pills": a key is`},
		{"key that begins with a digit", func(s *asset.Spec[pill]) { s.Key = "a/1" }, `asset "a/1": a key is`},
		{"key of three parts", func(s *asset.Spec[pill]) { s.Key = "a/b/c" }, `asset "a/b/c": a key is`},
		{"key with a line break", func(s *asset.Spec[pill]) { s.Key = "a/b\n" }, `a key is`},
		{"no location", func(s *asset.Spec[pill]) { s.Location = "" }, `asset "a/x": Location is empty`},
		{"no code version", func(s *asset.Spec[pill]) { s.CodeVersion = "" }, `asset "a/x": CodeVersion is empty`},
		{"no queue", func(s *asset.Spec[pill]) { s.Queue = "" }, `asset "a/x": Queue is empty`},
		{"no partitions", func(s *asset.Spec[pill]) { s.Partitions = nil }, `asset "a/x": Partitions is nil`},
		{
			"partitions that nobody can discover",
			func(s *asset.Spec[pill]) { s.Partitions = &asset.Partitions{} }, `asset "a/x": partitions "": Partitions wants a Name`,
		},
		{"negative batches", func(s *asset.Spec[pill]) { s.BatchSize = -1 }, `asset "a/x": Timeout, BatchSize and Retry`},
		{"negative timeout", func(s *asset.Spec[pill]) { s.Timeout = -time.Second }, `asset "a/x": Timeout, BatchSize and Retry`},
		{"negative attempts", func(s *asset.Spec[pill]) { s.Retry.ItemAttempts = -1 }, `asset "a/x": Timeout, BatchSize and Retry`},
		{"neither form", func(s *asset.Spec[pill]) { s.List = nil }, `asset "a/x": wants either List, or Items and Make`},
		{
			"half of a form",
			func(s *asset.Spec[pill]) { *s = making(s.Key, s.Partitions); s.Make = nil }, `asset "a/x": wants either List, or Items and Make`,
		},
		{
			"both forms",
			func(s *asset.Spec[pill]) { s.Items = making(s.Key, s.Partitions).Items }, `asset "a/x": wants either List, or Items and Make`,
		},
		{
			"check without a function",
			func(s *asset.Spec[pill]) { s.Checks = []asset.Check[pill]{{Name: "idle"}} }, `asset "a/x": check "idle" wants one of Row, Partition and Begin`,
		},
		{
			"check without a name",
			func(s *asset.Spec[pill]) { s.Checks = []asset.Check[pill]{{Row: rowCheck.Row}} }, `asset "a/x": check "" wants a name of lower-case letters`,
		},
		{
			"checks of one name",
			func(s *asset.Spec[pill]) { s.Checks = []asset.Check[pill]{rowCheck, rowCheck} }, `asset "a/x": check "dosed" has a name that is taken`,
		},
		{
			"check named as the engine's own",
			func(s *asset.Spec[pill]) { s.Checks = []asset.Check[pill]{{Name: "conserved", Row: rowCheck.Row}} },
			`asset "a/x": check "conserved" has a name that is taken`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := spec("a/x", shelf("category"))
			tt.bend(&s)
			g, err := asset.NewGraph(asset.New(s))
			require.Nil(t, g)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// unstorable is a row that Parquet has no column for.
type unstorable struct {
	Ask func() `parquet:"ask"`
}

func (unstorable) ItemID() string { return "" }

func TestGraphReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	set := shelf("category")
	_, err := asset.NewGraph(
		asset.New(asset.Spec[unstorable]{Key: "Bad"}),
		asset.New(asset.Spec[pill]{Key: "a/empty"}),
		asset.New(spec("a/lost", set, "a/nowhere")),
	)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	for _, want := range []string{
		`asset "Bad": a key is`, `asset "Bad": Location is empty`, `asset "Bad": CodeVersion is empty`, `asset "Bad": Queue is empty`,
		`asset "Bad": Partitions is nil`, `asset "Bad": wants either`, `asset "Bad": rows of asset_test.unstorable`,
		`asset "a/empty": Location is empty`, `asset "a/lost" depends on "a/nowhere", which nobody declares`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestGraphRefusesAssetsThatDoNotFit(t *testing.T) {
	t.Parallel()
	set := shelf("category")
	moved := spec("a/y", set)
	moved.Location = "interim/a/x"
	tests := []struct {
		name  string
		specs []asset.Spec[pill]
		want  string
	}{
		{"duplicate", []asset.Spec[pill]{spec("a/x", set), spec("a/x", set)}, `asset "a/x" is declared twice`},
		{"one table for two", []asset.Spec[pill]{spec("a/x", set), moved}, `asset "a/y" has the Location of "a/x"`},
		{"unknown dependency", []asset.Spec[pill]{spec("a/x", set, "a/y")}, `asset "a/x" depends on "a/y", which nobody declares`},
		{
			"partitioned otherwise",
			[]asset.Spec[pill]{spec("a/x", set), spec("a/y", shelf("day"), "a/x")}, `asset "a/y" depends on "a/x", which is partitioned otherwise: give the dependency a Mapping`,
		},
		{
			"two sets of one name",
			[]asset.Spec[pill]{spec("a/x", set), spec("a/y", shelf("category"))}, `asset "a/y" has another set of partitions named "category"`,
		},
		{"depends on itself", []asset.Spec[pill]{spec("a/x", set, "a/x")}, `in a circle: a/x → a/x`},
		{
			"circle, without the way to it",
			[]asset.Spec[pill]{spec("a/x", set, "a/y"), spec("a/y", set, "a/z"), spec("a/z", set, "a/w"), spec("a/w", set, "a/y")},
			`in a circle: a/y → a/z → a/w → a/y`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var assets []*asset.Asset
			for _, s := range tt.specs {
				assets = append(assets, asset.New(s))
			}
			_, err := asset.NewGraph(assets...)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.ErrorContains(t, err, tt.want)
		})
	}
}
