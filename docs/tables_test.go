package docs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/host"
)

// TestTables holds docs/tables.md against the assets; go test ./docs -update rewrites it.
func TestTables(t *testing.T) {
	t.Parallel()
	const path, begin, end = "tables.md", "<!-- tables: begin -->\n", "<!-- tables: end -->"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok, "no %q in %s", begin, path)
	have, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "no %q in %s", end, path)
	graph, err := host.Graph()
	require.NoError(t, err)
	var want strings.Builder
	for _, a := range graph.All() {
		describe(t, &want, a)
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(before+begin+want.String()+"\n"+end+after), 0o600))
		return
	}
	require.Equal(t, want.String()+"\n", have, "run go test ./docs -update")
}

func describe(t *testing.T, b *strings.Builder, a *asset.Asset) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", a.Key, a.Description)
	if a.External() {
		b.WriteString("External: it is looked at, and has no table here.\n")
		return
	}
	fmt.Fprintf(b, "Folder `%s`, partition column `%s`, code version %s.\n\n", a.Location, a.Partitions.Name, a.CodeVersion)
	b.WriteString("| column | type | null | meaning |\n|---|---|---|---|\n")
	for _, c := range a.Codec.Columns() {
		null := ""
		if c.Nullable {
			null = "may be"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", c.Name, spell(t, c.Type), null, c.Description)
	}
	b.WriteString("\n| check | if it fails | what it asks |\n|---|---|---|\n")
	for _, c := range append(a.Checks, asset.Conserved()) {
		then := "a warning is kept"
		if c.Blocking {
			then = "nothing is published"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", c.Name, then, c.Description)
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
