package command

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// opened opens a new data folder in which the source has three categories.
func opened(t *testing.T) *host.Data {
	t.Helper()
	d, err := host.OpenData(t.Context(), config.Config{Data: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	require.NoError(t, d.Ledger.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: "1", Label: "Biológico"}, {Key: "2", Label: "Genérico"}, {Key: "10", Label: "Novo"}}))
	return d
}

func TestChoose(t *testing.T) {
	t.Parallel()
	d := opened(t)
	for name, tt := range map[string]struct {
		words []string
		want  []string
	}{
		"by key":         {[]string{"2"}, []string{"2"}},
		"by name":        {[]string{"generico"}, []string{"2"}},
		"by range":       {[]string{"1..2"}, []string{"1", "2"}},
		"by glob":        {[]string{"1*"}, []string{"1", "10"}},
		"several, once":  {[]string{"2", "Genérico", "10"}, []string{"2", "10"}},
		"none is no set": {nil, nil},
	} {
		t.Run("finds partitions "+name, func(t *testing.T) {
			t.Parallel()
			selected, chosen, err := Choose(t.Context(), d, []string{"anvisa/catalog"}, tt.words)
			require.NoError(t, err)
			require.Len(t, selected, 1)
			if tt.want == nil {
				require.Nil(t, chosen)
				return
			}
			require.Equal(t, map[asset.Key][]string{"anvisa/catalog": tt.want}, chosen)
		})
	}
	t.Run("refuses unknown assets and partitions", func(t *testing.T) {
		t.Parallel()
		_, _, err := Choose(t.Context(), d, []string{"anvisa/katalog"}, nil)
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
		_, _, err = Choose(t.Context(), d, []string{"anvisa/catalog"}, []string{"77"})
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "77")
	})
}

func TestOnePartition(t *testing.T) {
	t.Parallel()
	d := opened(t)
	t.Run("finds the one partition that a word means", func(t *testing.T) {
		t.Parallel()
		for word, want := range map[string]string{"": "", "10": "10", "Novo": "10", "genérico": "2"} {
			for _, key := range []asset.Key{"", "anvisa/catalog"} {
				got, err := OnePartition(t.Context(), d, key, word)
				require.NoError(t, err, "%s %s", key, word)
				require.Equal(t, want, got, "%s %s", key, word)
			}
		}
	})
	t.Run("refuses a word that means several", func(t *testing.T) {
		t.Parallel()
		_, err := OnePartition(t.Context(), d, "anvisa/catalog", "1..10")
		require.EqualError(t, err, `--partition "1..10" means 3 partitions, from 1 to 2: name one`)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	})
	t.Run("refuses an asset that is not there", func(t *testing.T) {
		t.Parallel()
		_, err := OnePartition(t.Context(), d, "anvisa/katalog", "1")
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
	})
}

func TestEverything(t *testing.T) {
	t.Parallel()
	t.Run("selects all without a selection", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, []string{"*"}, Everything(nil))
		require.Equal(t, []string{"a", "b"}, Everything([]string{"a", "b"}))
	})
}

func TestTableFolder(t *testing.T) {
	t.Parallel()
	d := opened(t)
	t.Run("is none for an external asset", func(t *testing.T) {
		t.Parallel()
		external := 0
		for _, a := range d.Graph.All() {
			if a.External() {
				external++
				require.Empty(t, TableFolder(d, a), a.Key)
				continue
			}
			require.Equal(t, filepath.Join(d.Root, filepath.FromSlash(a.Location)), TableFolder(d, a), a.Key)
		}
		require.Positive(t, external)
	})
}

func TestLinks(t *testing.T) {
	t.Parallel()
	var c config.Config
	t.Run("are empty without a Web UI", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, RunLink(config.Config{}, "run", "execution"))
		require.Empty(t, TraceLink(config.Config{}, "4bf9"))
	})
	c.Temporal.UI, c.Temporal.Namespace, c.Telemetry.TraceURL = "http://ui:8080", "default", "http://jaeger/trace/{trace_id}?uiFind={trace_id}"
	t.Run("name the run, and its execution if it is known", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "http://ui:8080/namespaces/default/workflows/nightly-2026-11-30T03:00:00Z", RunLink(c, "nightly-2026-11-30T03:00:00Z", ""))
		require.Equal(t, "http://ui:8080/namespaces/default/workflows/a%2Fb%20%3F/e/history", RunLink(c, "a/b ?", "e"), "an id is escaped")
	})
	t.Run("name the trace wherever it belongs", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "http://jaeger/trace/4bf9?uiFind=4bf9", TraceLink(c, "4bf9"))
		require.Empty(t, TraceLink(c, ""), "no trace, no link")
	})
}

func TestRowsOfFile(t *testing.T) {
	t.Parallel()
	d := opened(t)
	made, err := d.Graph.Get("anvisa/catalog")
	require.NoError(t, err)
	table := d.Table(made)
	t.Run("gives the error of a file that is gone, once", func(t *testing.T) {
		t.Parallel()
		n := 0
		for _, err := range RowsOfFile[asset.Row](t.Context(), table, lake.File{Path: "category=1/none.parquet", Partition: "1"}) {
			require.Error(t, err)
			n++
		}
		require.Equal(t, 1, n)
	})
}

func TestDeclaredChecks(t *testing.T) {
	t.Parallel()
	d := opened(t)
	t.Run("has those of the asset and those that every asset has", func(t *testing.T) {
		t.Parallel()
		for _, a := range d.Graph.All() {
			names := DeclaredChecks(a)
			require.True(t, names[asset.Conserved().Name], a.Key)
			require.Equal(t, a.Lists(), names["complete"], a.Key)
			for _, c := range a.Checks {
				require.True(t, names[c.Name], "%s %s", a.Key, c.Name)
			}
			require.False(t, names["of_former_code"], a.Key)
		}
	})
}

func TestCheckResult(t *testing.T) {
	t.Parallel()
	t.Run("says whether the check blocks", func(t *testing.T) {
		t.Parallel()
		blocking := CheckResult(config.Config{}, ledger.Check{Asset: "anvisa/catalog", Partition: "5", Name: "unique", Blocking: true, Outcome: "failed", Run: "r"})
		require.Equal(t, "blocking", blocking.Severity)
		require.Equal(t, asset.Key("anvisa/catalog"), blocking.Asset)
		require.Equal(t, "r", blocking.RunID)
		require.Equal(t, "warning", CheckResult(config.Config{}, ledger.Check{}).Severity)
	})
}
