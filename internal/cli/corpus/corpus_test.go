package corpus_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/config"
	"drugslm/internal/corpus"
	"drugslm/internal/host"
	"drugslm/internal/lake"
)

// publishCorpus publishes a version of the corpus with so many leaflets, of which every fourth is a duplicate.
func publishCorpus(t *testing.T, data string, leaflets int) {
	t.Helper()
	ctx := t.Context()
	d, err := host.OpenData(ctx, config.Config{Data: data})
	require.NoError(t, err)
	made, err := d.Graph.Get(corpus.LeafletsKey)
	require.NoError(t, err)
	table := d.Table(made)
	part, err := table.NewFile(ctx, asset.SinglePartition, nil)
	require.NoError(t, err)
	for i := range leaflets {
		row := corpus.Row{
			ID: fmt.Sprintf("%d/patient#1", i), IDProduto: int64(i), Audience: "patient", Text: "Não use.", Characters: 8, Cluster: fmt.Sprintf("%d/patient#1", i-i%4/3),
			Representative: i%4 < 3, Duplicate: corpus.None, Group: fmt.Sprint(i), License: "none", Origin: "somebody",
			Split:      []string{corpus.Train, corpus.Train, corpus.Validation, corpus.Test}[i%4],
			Provenance: asset.Provenance{RunID: "run-1", CodeVersion: "1", FetchedAt: time.Now().UTC(), SourceURL: "https://example.org/"},
		}
		require.NoError(t, part.Write(row))
	}
	file, err := part.Close(ctx)
	require.NoError(t, err)
	base, err := table.Snapshot(ctx)
	require.NoError(t, err)
	_, err = table.Commit(ctx, lake.Change{
		Partition: asset.SinglePartition, Base: base, Add: []lake.File{file}, Remove: lake.Paths(base.Files(asset.SinglePartition)), App: "corpus/leaflets[all]", Txn: base.Version + 2,
		Info: lake.CommitInfo{Operation: "MATERIALIZE", Run: "run-1", CodeVersion: "1", Rows: int64(leaflets)},
	})
	require.NoError(t, err)
	require.NoError(t, d.Close())
}

// countedCard is the part of the card that a test can tell beforehand.
type countedCard struct {
	Table           string              `json:"table"`
	TableVersion    int64               `json:"table_version"`
	Published       time.Time           `json:"published"`
	Included        int                 `json:"included"`
	Representatives int                 `json:"representatives"`
	Splits          []corpus.SplitStats `json:"splits"`
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	t.Run("prints the card and exports", corpusPrintsCardAndExports)
	t.Run("is made by a run", corpusIsMadeByRun)
}

func corpusPrintsCardAndExports(t *testing.T) {
	t.Parallel()
	data := clitest.Empty(t)
	code, _, stderr := clitest.Run(t, data, "corpus", "card")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "starter materialize +corpus/leaflets --wait")
	publishCorpus(t, data, 40)
	publishCorpus(t, data, 80)

	card := clitest.Ask[countedCard](t, data, "corpus", "card")
	require.Equal(t, "processed/corpus/leaflets", card.Table)
	require.EqualValues(t, 1, card.TableVersion)
	require.False(t, card.Published.IsZero())
	require.Equal(t, 80, card.Included)
	require.Equal(t, 60, card.Representatives)
	require.Equal(t, 40, card.Splits[0].Documents)
	code, stdout, stderr := clitest.Run(t, data, "corpus", "card", "--version", "0")
	require.Zero(t, code, stderr)
	require.True(t, strings.HasPrefix(stdout, "---\n"))
	require.Contains(t, stdout, "The text of 40 leaflets")
	for _, version := range []string{"2", "-5"} {
		code, _, stderr = clitest.Run(t, data, "corpus", "card", "--version", version)
		require.Equal(t, cli.ExitUsage, code, stderr)
		require.Contains(t, stderr, "version")
	}
}

func corpusIsMadeByRun(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	publishCorpus(t, data, 80)
	folder := filepath.Join(t.TempDir(), "leaflets")
	out := clitest.Ask[api.CorpusExport](t, data, "corpus", "export", folder, "--format", "jsonl")
	require.Equal(t, folder, out.Folder)
	require.Equal(t, map[string]int{"train": 40, "validation": 20}, out.Rows, "representatives alone")
	for _, f := range out.Files {
		require.NotContains(t, f.Name, "parquet")
		require.FileExists(t, filepath.Join(folder, f.Name))
	}
	card, err := os.ReadFile(filepath.Join(folder, "README.md"))
	require.NoError(t, err)
	require.Contains(t, string(card), "path: data/validation-*.jsonl.gz")
	require.NotContains(t, string(card), "split: test", "nothing of it is there")

	code, stdout, stderr := clitest.Run(t, data, "corpus", "export", folder+"-all", "--all")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "80 rows of version 0 in "+folder+"-all: 40 train, 20 validation, 20 test")
	code, _, stderr = clitest.Run(t, data, "corpus", "export", folder)
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "not empty")
	code, _, stderr = clitest.Run(t, data, "corpus", "export", folder+"-csv", "--format", "csv")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "known: parquet, jsonl")
	require.NoDirExists(t, folder+"-csv")
	var view map[string]any
	code, stdout, _ = clitest.Run(t, data, "corpus", "export", folder+"-json", "-o", "json")
	require.Zero(t, code)
	require.NoError(t, json.Unmarshal([]byte(stdout), &view))
	for _, key := range []string{"folder", "table_version", "formats", "all", "rows", "files"} {
		require.Contains(t, view, key)
	}
}
