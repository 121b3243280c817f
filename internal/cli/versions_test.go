package cli

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/anvisa"
	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
	"drugslm/internal/versions"
)

// publishIndex publishes a version of category 5 of the index, with a total, as a run would.
func publishIndex(t *testing.T, d *host.Data, run string, total int64) {
	t.Helper()
	ctx := t.Context()
	made, err := d.Graph.Get(anvisa.IndexKey)
	require.NoError(t, err)
	table := d.Table(made)
	require.NoError(t, d.Ledger.SavePartitions(ctx, made.Partitions.Name, []ledger.Partition{{Key: "5", Label: "Genérico"}}))
	_, err = ledgertest.Enumerate(t, d.Ledger, ledger.Enrolment{Asset: string(made.Key), Partition: "5", Run: run, CodeVersion: "1",
		Items: enumerated(ledger.Item{ID: "5", Label: "Genérico", Fingerprint: run})})
	require.NoError(t, err)
	part, err := table.NewPart(ctx, "5", nil)
	require.NoError(t, err)
	require.NoError(t, part.Write(anvisa.IndexRow{Categoria: "5", Nome: "Genérico", Total: total, Provenance: asset.Provenance{RunID: run, FetchedAt: time.Now().UTC()}}))
	file, err := part.Close(ctx)
	require.NoError(t, err)
	require.NoError(t, d.Ledger.Settle(ctx, ledgertest.Token(t, d.Ledger, string(made.Key), "5"), []ledger.Outcome{{ID: "5", State: ledger.Staged, Staged: file.Path}}))
	base, err := table.Snapshot(ctx)
	require.NoError(t, err)
	moves := ledger.Moves{Added: []ledger.Part{{Path: file.Path}}, Rewritten: map[string]string{}}
	for _, old := range base.Files("5") {
		moves.Rewritten[old.Path] = ""
	}
	id, err := d.Ledger.BeginPublish(ctx, ledger.Materialization{Asset: string(made.Key), Partition: "5", Run: run, CodeVersion: "1", Moves: moves})
	require.NoError(t, err)
	version, err := table.Commit(ctx, lake.Change{
		Partition: "5", Base: base, Add: []lake.File{file}, Remove: lake.Paths(base.Files("5")), App: "anvisa/index[5]", Txn: id,
		Info: lake.CommitInfo{Operation: "MATERIALIZE", Run: run, CodeVersion: "1", Rows: 1, Checks: map[string]string{"conserved": "passed"}},
	})
	require.NoError(t, err)
	require.NoError(t, d.Ledger.FinishPublish(ctx, id, version, 1, file.Bytes))
}

// ask runs a verb that must succeed and gives its JSON document.
func ask[T any](t *testing.T, data string, args ...string) (v T) {
	t.Helper()
	code, stdout, stderr := starter(t, data, append(args, "-o", "json")...)
	require.Zero(t, code, "%v: %s", args, stderr)
	require.NoError(t, json.Unmarshal([]byte(stdout), &v), stdout)
	return v
}

func TestVersionsFromTheCommandLine(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	d, err := host.OpenData(t.Context(), config.Config{Data: data})
	require.NoError(t, err)
	publishIndex(t, d, "run-1", 10)
	publishIndex(t, d, "run-2", 12)
	publishIndex(t, d, "run-3", 14)
	require.NoError(t, d.Close())

	listed := ask[api.Versions](t, data, "versions", "anvisa/index", "--partition", "genérico", "--limit", "2")
	require.Len(t, listed.Versions, 2)
	require.Equal(t, "run-3", listed.Versions[0].RunID)
	require.True(t, listed.Versions[0].Current)

	compared := ask[versions.Diff](t, data, "diff", "anvisa/index", "0", "2")
	require.Equal(t, 1, compared.Changed)
	require.Equal(t, []versions.ColumnDiff{{Column: "total", Before: json.RawMessage("10"), After: json.RawMessage("14")}}, compared.Rows[0].Columns)

	planned := ask[api.Rollback](t, data, "rollback", "anvisa/index", "--to", "0", "--dry-run")
	require.True(t, planned.DryRun)
	require.Equal(t, 1, planned.Partitions[0].Older)
	require.Nil(t, planned.Partitions[0].Version)
	done := ask[api.Rollback](t, data, "rollback", "anvisa/index", "--to", "0")
	require.EqualValues(t, 3, *done.Partitions[0].Version)
	require.Regexp(t, `^rollback-\d{8}T\d{6}Z-`, done.RunID)
	require.Zero(t, ask[versions.Diff](t, data, "diff", "anvisa/index", "0", "3").Changed)
	code, stdout, _ := starter(t, data, "rollback", "anvisa/index", "--to", "0")
	require.Zero(t, code)
	require.Contains(t, stdout, "as it is", "a second time there is nothing to do")

	code, stdout, _ = starter(t, data, "vacuum", "--keep-versions", "1", "--older-than", "0s", "--dry-run")
	require.Zero(t, code)
	require.Contains(t, stdout, "anvisa/index: 2 files to be removed")
	code, stdout, _ = starter(t, data, "vacuum", "anvisa/index", "--keep-versions", "1", "--older-than", "0s")
	require.Zero(t, code)
	require.Contains(t, stdout, "2 versions no longer readable")
	code, stdout, _ = starter(t, data, "versions", "anvisa/index")
	require.Zero(t, code)
	require.Contains(t, stdout, "ROLLBACK to 0")
	code, stdout, stderr := starter(t, data, "audit")
	require.Zero(t, code, stdout+stderr)

	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"versions", "anvisa/indx"}, "anvisa/index"},
		{[]string{"versions", "anvisa/index", "-p", "6"}, "has those of 5"},
		{[]string{"diff", "anvisa/index", "one", "2"}, `"one" is no version`},
		{[]string{"diff", "anvisa/index", "0", "99"}, "it has 0 to 3"},
		{[]string{"diff", "anvisa/index", "1", "0"}, "can no longer be read"},
		{[]string{"rollback", "anvisa/index"}, "--to is missing"},
		{[]string{"rollback", "anvisa/index", "--to", "1"}, "can no longer be read"},
		{[]string{"rollback", "anvisa/catalog", "--to", "1"}, "has no version yet"},
		{[]string{"vacuum", "--keep-versions", "0"}, "at least one is always kept"},
	} {
		code, _, stderr := starter(t, data, tt.args...)
		require.Equal(t, ExitUsage, code, tt.args)
		require.Contains(t, stderr, tt.says, tt.args)
	}
}
