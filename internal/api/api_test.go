package api_test

import (
	"encoding"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/audit"
	"drugslm/internal/engine/automation"
	"drugslm/internal/host"
	"drugslm/internal/quality"
	"drugslm/internal/versions"
	"drugslm/workflows"
)

var update = flag.Bool("update", false, "rewrite testdata/keys.golden, after a person has looked at what moved")

// documents are all that is printed as JSON: what this package has, then what others state as a whole.
var documents = []any{
	api.AssetList{}, api.Asset{}, api.CodeAllowed{}, api.Automation{}, api.AutomationSwitched{}, api.AutomationState{}, api.Explanation{}, api.BackfillList{}, api.Backfill{},
	api.BackfillCreated{}, api.BackfillRetried{}, api.BackfillCanceled{}, api.BudgetList{}, api.CheckList{}, api.CorpusCard{}, api.CorpusExport{},
	api.SessionList{}, api.EventList{}, api.HookTestList{}, api.EventsRetried{}, api.ItemList{}, api.ItemsChanged{}, api.ViewedFile{}, api.LeafletFile{},
	api.LeafletFileList{}, api.Partitions{}, api.PartitionsAdded{}, api.PartitionsRemoved{}, api.Plan{}, api.Retention{}, api.RunList{}, api.Run{},
	api.RunStarted{}, api.RunRetried{}, api.Report{}, api.Resumed{}, api.ScheduleList{}, api.Schedule{}, api.ScheduleDeleted{}, api.TicksMadeUp{}, api.Status{}, api.Versions{},
	api.Rollback{}, api.Vacuum{}, api.Swept{}, api.Build{}, api.Why{},
	audit.Report{}, host.Reconciled{}, automation.Evaluation{}, quality.Report{}, versions.Diff{}, workflows.BackfillStatus{}, workflows.MaterializeResult{},
}

// TestKeys holds the names of all JSON keys against testdata/keys.golden: programs of others read them.
func TestKeys(t *testing.T) {
	t.Parallel()
	k := keys{seen: make(map[reflect.Type]bool)}
	for _, d := range documents {
		k.document(reflect.TypeOf(d))
	}
	const golden = "testdata/keys.golden"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(k.text.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), k.text.String(), "a key is never renamed; for one that is new: go test ./internal/api -update")
	for _, name := range structs(t) {
		require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(k.seen)), func(of reflect.Type) bool {
			return of.Name() == name && strings.HasSuffix(of.PkgPath(), "/api")
		}), "no document has api.%s", name)
	}
}

// keys writes the keys of documents.
type keys struct {
	text strings.Builder
	seen map[reflect.Type]bool
}

func (k *keys) document(t reflect.Type) {
	if path.Base(t.PkgPath()) == "api" {
		fmt.Fprintf(&k.text, "%s\n", t.Name())
	} else { // others may move: what it is called says enough
		fmt.Fprintf(&k.text, "(%s)\n", t.Name())
	}
	k.write(t, "  ", nil)
}

// write writes the keys of a struct in the order in which they are printed, each with those of the structs in it.
func (k *keys) write(t reflect.Type, indent string, within []reflect.Type) {
	for !opaque(t) && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || slices.Contains(within, t) || opaque(t) {
		return
	}
	k.seen[t] = true
	within = append(slices.Clone(within), t)
	for i := range t.NumField() {
		field := t.Field(i)
		tag := field.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-" || !field.IsExported() && !field.Anonymous:
		case name == "" && field.Anonymous:
			k.write(field.Type, indent, within)
		default:
			if name == "" {
				name = field.Name
			}
			fmt.Fprintf(&k.text, "%s\n", strings.TrimRight(indent+name+" "+options, " "))
			k.write(field.Type, indent+"  ", within)
		}
	}
}

// opaque reports whether a type writes itself.
func opaque(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

// structs are the names of this package's structs.
func structs(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if _, is := spec.Type.(*ast.StructType); is {
					names = append(names, spec.Name.Name)
				}
			}
			return true
		})
	}
	require.Greater(t, len(names), 50)
	return names
}
