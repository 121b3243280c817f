package docs_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/docs/docstest"
	"drugslm/internal/asset"
	"drugslm/internal/host"
	"drugslm/internal/rows"
)

// TestGenerated holds every part of the documents that follows from the assets against them: nothing that lists assets
// is written by hand. `make generate` rewrites them all.
func TestGenerated(t *testing.T) {
	t.Parallel()
	graph, err := host.Graph()
	require.NoError(t, err)
	assets := graph.All()
	for _, part := range []struct{ file, mark, want string }{
		{"README.md", "assets", listed(assets)},
		{"docs/getting-started.md", "folders", folders(assets)},
		{"docs/tables.md", "rows", grains(t, assets)},
		{"docs/tables.md", "common", common(t, assets)},
		{"docs/tables.md", "tables", described(t, assets)},
	} {
		docstest.Section(t, filepath.Join(root, part.file), part.mark, part.want, *update)
	}
	docstest.File(t, "lineage.svg", drawLineage(assets), *update)
}

// made are the assets that have a table here.
func made(assets []*asset.Asset) []*asset.Asset {
	return slices.DeleteFunc(slices.Clone(assets), (*asset.Asset).External)
}

// listed is the README's list of assets.
func listed(assets []*asset.Asset) string {
	var b strings.Builder
	b.WriteString("\n| asset | what it holds |\n|---|---|\n")
	for _, a := range assets {
		fmt.Fprintf(&b, "| `%s` | %s |\n", a.Key, a.Description)
	}
	return b.String() + "\n"
}

// folders is what the data folder holds.
func folders(assets []*asset.Asset) string {
	var b strings.Builder
	line := func(path, what string) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-34s %s", path, what), " ") + "\n")
	}
	b.WriteString("\n```\n")
	line("data/ledger.db", "the state of every item")
	line("data/temporal.db", "the embedded server's own")
	line("data/raw/anvisa/leaflets/", "PDFs, each under its sha256")
	what := "tables: Parquet files and a log"
	for _, a := range made(assets) {
		line("data/"+a.Location+"/", what)
		what = ""
	}
	return b.String() + "```\n\n"
}

// grains says what a row and an item of each table is. An asset that does not say it is a mistake.
func grains(t *testing.T, assets []*asset.Asset) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n| table | one row is | its item's ID | made from |\n|---|---|---|---|\n")
	for _, a := range made(assets) {
		if a.Grain == "" || a.IDFormat == "" {
			t.Errorf("%s: say in Spec.Grain what one row is, and in Spec.IDFormat how an item's ID is made of columns", a.Key)
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", a.Key, a.Grain, a.IDFormat, from(a))
	}
	return b.String() + "\n"
}

// from says what an asset is made from.
func from(a *asset.Asset) string {
	if len(a.Deps) == 0 {
		return "the source"
	}
	keys := make([]string, len(a.Deps))
	for i, dep := range a.Deps {
		keys[i] = "`" + string(dep.Key) + "`"
	}
	return strings.Join(keys, ", ")
}

// form says how an asset's rows come about.
func form(a *asset.Asset) string {
	switch {
	case a.External():
		return "observed"
	case a.Lists():
		return "listed"
	case a.Derives():
		return "derived"
	default:
		return "item by item"
	}
}

// shared are the columns that every table has.
func shared(assets []*asset.Asset) []rows.Column {
	tables := made(assets)
	return slices.DeleteFunc(slices.Clone(tables[0].Codec.Columns()), func(c rows.Column) bool {
		return slices.ContainsFunc(tables, func(a *asset.Asset) bool { return !slices.Contains(a.Codec.Columns(), c) })
	})
}

const (
	columnHead = "| column | type | null | meaning |\n|---|---|---|---|\n"
	checkHead  = "| check | if it fails | what it asks |\n|---|---|---|\n"
)

// common is what every table has.
func common(t *testing.T, assets []*asset.Asset) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n" + columnHead)
	for _, c := range shared(assets) {
		describeColumn(t, &b, c)
	}
	b.WriteString("\n" + checkHead)
	describeCheck(&b, asset.Conserved())
	b.WriteString("| `complete` | nothing is published | of tables that are listed by the source: the listing has as many items as the source declares |\n")
	return b.String() + "\n"
}

// described is a section for each asset, without what every table has.
func described(t *testing.T, assets []*asset.Asset) string {
	t.Helper()
	var b strings.Builder
	for _, a := range assets {
		describe(t, &b, a, shared(assets))
	}
	return b.String() + "\n"
}

func describeColumn(t *testing.T, b *strings.Builder, c rows.Column) {
	t.Helper()
	null := ""
	if c.Nullable {
		null = "may be"
	}
	fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", c.Name, spell(t, c.Type), null, c.Description)
}

func describeCheck(b *strings.Builder, c asset.ErasedCheck) {
	then := "a warning is kept"
	if c.Blocking {
		then = "nothing is published"
	}
	fmt.Fprintf(b, "| `%s` | %s | %s |\n", c.Name, then, c.Description)
}

func describe(t *testing.T, b *strings.Builder, a *asset.Asset, shared []rows.Column) {
	t.Helper()
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", a.Key, a.Description)
	if a.External() {
		b.WriteString("External: it is observed, and has no table here.\n")
		return
	}
	fmt.Fprintf(b, "Folder `%s`, partition column `%s`, code version %s; rows are %s.\n\n", a.Location, a.Partitions.Name, a.CodeVersion,
		map[string]string{"listed": "listed by the source", "derived": "derived from " + from(a), "item by item": "made item by item"}[form(a)])
	b.WriteString(columnHead)
	for _, c := range a.Codec.Columns() {
		if !slices.Contains(shared, c) {
			describeColumn(t, b, c)
		}
	}
	if len(a.Checks) == 0 {
		return
	}
	b.WriteString("\n" + checkHead)
	for _, c := range a.Checks {
		describeCheck(b, c)
	}
}

// nested is a type of Delta Lake that is not one word.
type nested struct {
	Element json.RawMessage `json:"elementType"`
	Fields  []struct {
		Name string          `json:"name"`
		Type json.RawMessage `json:"type"`
	} `json:"fields"`
}

// spell writes a type of Delta Lake for people: "list of (number integer, text string)".
func spell(t *testing.T, delta string) string {
	t.Helper()
	if unquoted := strings.Trim(delta, `"`); !strings.HasPrefix(unquoted, "{") {
		return unquoted
	}
	var n nested
	require.NoError(t, json.Unmarshal([]byte(delta), &n))
	if n.Element != nil {
		return "list of " + spell(t, string(n.Element))
	}
	fields := make([]string, len(n.Fields))
	for i, f := range n.Fields {
		fields[i] = "`" + f.Name + "` " + spell(t, string(f.Type))
	}
	return "(" + strings.Join(fields, ", ") + ")"
}
