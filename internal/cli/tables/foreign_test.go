package tables_test

import (
	"bytes"
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
	"drugslm/internal/audit"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/lake/laketest"
	"drugslm/internal/sources/anvisa"
	"drugslm/internal/versions"
)

// foreignWriter changes the catalog's table as another program would: with data files and commits of its own.
type foreignWriter struct {
	t     *testing.T
	table *lake.Table
	log   string
	was   lake.File // the one file of category 5
}

func catalogRow(id int64, name string) anvisa.CatalogRow {
	return anvisa.CatalogRow{IDProduto: id, NomeProduto: name, Provenance: asset.Provenance{RunID: "run-1", CodeVersion: "1", Fingerprint: "a", FetchedAt: time.Unix(0, 0).UTC()}}
}

// file writes rows where the table's data files are.
func (s foreignWriter) file(partition string, rows ...anvisa.CatalogRow) lake.File {
	s.t.Helper()
	part, err := s.table.NewFile(s.t.Context(), partition, nil)
	require.NoError(s.t, err)
	for _, row := range rows {
		require.NoError(s.t, part.Write(row))
	}
	f, err := part.Close(s.t.Context())
	require.NoError(s.t, err)
	return f
}

// commit writes version 1.
func (s foreignWriter) commit(operation string, lines ...string) {
	s.t.Helper()
	lines = append([]string{fmt.Sprintf(`{"commitInfo":{"timestamp":1,"operation":%q,"engineInfo":"delta-rs:py-1.6.6"}}`, operation)}, lines...)
	require.NoError(s.t, os.WriteFile(filepath.Join(s.log, "00000000000000000001.json"), []byte(strings.Join(lines, "\n")), 0o600))
}

// meta gives the table's metadata with another property or column.
func (s foreignWriter) meta(change func(meta map[string]any)) string {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(s.log, "00000000000000000000.json"))
	require.NoError(s.t, err)
	for line := range bytes.Lines(content) {
		var a map[string]map[string]any
		require.NoError(s.t, json.Unmarshal(line, &a))
		if meta := a["metaData"]; meta != nil {
			change(meta)
			b, err := json.Marshal(a)
			require.NoError(s.t, err)
			return string(b)
		}
	}
	require.Fail(s.t, "no metadata")
	return ""
}

func (s foreignWriter) property(key, value string) string {
	return s.meta(func(meta map[string]any) { meta["configuration"].(map[string]any)[key] = value })
}

// foreignCase is something another program does, and what is said of it.
type foreignCase struct {
	name  string
	do    func(s foreignWriter)
	state asset.State // of category 5
	class string      // of the commit that is shown; "" for none
	says  []string    // the reason that status shows
	audit []string    // its findings; none: it is clean
}

func foreignCases() []foreignCase {
	a, b, c := catalogRow(1, "AAS"), catalogRow(2, "BUSCOPAN"), catalogRow(3, "CEFALEXINA")
	forged := catalogRow(2, "FORGED")
	swap := func(operation string, changes bool, rows ...anvisa.CatalogRow) func(foreignWriter) {
		return func(s foreignWriter) {
			s.commit(operation, laketest.Removed(s.was, changes), laketest.Added(s.file("5", rows...), changes, ""))
		}
	}
	rollback := "starter rollback anvisa/catalog --to 0"
	return []foreignCase{
		{
			"rewrite", swap("OPTIMIZE", false, c, a, b), asset.Stale, versions.ClassRewrite,
			[]string{"version 1 (OPTIMIZE by delta-rs:py-1.6.6) rewrote files: 3 rows where there were 3", "the next run follows"},
			[]string{"3 rows are in other files, 0 changed, 0 are gone, 0 are of nobody"},
		},
		{
			"rows deleted", swap("DELETE", true, a, b), asset.Stale, versions.ClassRows,
			[]string{"version 1 (DELETE by delta-rs:py-1.6.6) changed rows: 2 rows where there were 3"},
			[]string{"2 rows are in other files, 0 changed, 1 are gone, 0 are of nobody", "anvisa/catalog[5] 3: should have its row"},
		},
		{
			"rows changed", swap("UPDATE", true, a, forged, c), asset.Stale, versions.ClassRows,
			[]string{"(UPDATE by delta-rs:py-1.6.6) changed rows: 3 rows where there were 3"},
			[]string{"2 rows are in other files, 1 changed, 0 are gone, 0 are of nobody"},
		},
		{
			"rows changed by what says that it changes none", swap("OPTIMIZE", false, a, forged, c), asset.Stale, versions.ClassRewrite,
			[]string{"OPTIMIZE by delta-rs"}, []string{"2 rows are in other files, 1 changed"},
		},
		{
			"rows added", func(s foreignWriter) { s.commit("WRITE", laketest.Added(s.file("5", catalogRow(9, "NEW")), true, "")) }, asset.Stale, versions.ClassRows,
			[]string{"(WRITE by delta-rs:py-1.6.6) changed rows: 1 rows where there were 0"}, []string{"0 are gone, 1 are of nobody"},
		},
		{
			"all rows deleted", func(s foreignWriter) { s.commit("DELETE", laketest.Removed(s.was, true)) }, asset.Stale, versions.ClassRows,
			[]string{"0 rows where there were 3"}, []string{"0 changed, 3 are gone"},
		},
		{
			"restore", swap("RESTORE", true, a), asset.Stale, versions.ClassRestore,
			[]string{"(RESTORE by delta-rs:py-1.6.6) restored an earlier version: 1 rows where there were 3"}, []string{"2 are gone"},
		},
		{
			"rows in a partition of nobody", func(s foreignWriter) { s.commit("WRITE", laketest.Added(s.file("66", a), true, "")) }, asset.Fresh, "",
			nil, []string{"anvisa/catalog[66]"},
		},
		{
			"a column added", func(s foreignWriter) {
				s.commit("ADD COLUMNS", s.meta(func(meta map[string]any) {
					meta["schemaString"] = strings.Replace(meta["schemaString"].(string), `"fields":[`, `"fields":[{"name":"nota","type":"string","nullable":true,"metadata":{}},`, 1)
				}))
			}, asset.Fresh, "", nil, nil,
		},
		{
			"a check constraint", func(s foreignWriter) {
				s.commit("ADD CONSTRAINT", `{"protocol":{"minReaderVersion":1,"minWriterVersion":3}}`, s.property("delta.constraints.few", "id_produto < 7"))
			}, asset.Stale, "", []string{"check constraint few", "version 1 did it, ADD CONSTRAINT by delta-rs", rollback},
			[]string{"check constraint few", rollback},
		},
		{
			"deletion vectors", func(s foreignWriter) {
				features := `{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors","appendOnly","invariants"]}}`
				vector := `,"deletionVector":{"storageType":"u","pathOrInlineDv":"ab","offset":1,"sizeInBytes":36,"cardinality":1}`
				s.commit("DELETE", features, laketest.Removed(s.was, true), laketest.Added(s.was, true, vector))
			}, asset.Stale, "", []string{"deletion vectors", "version 1 did it, DELETE by delta-rs", rollback},
			[]string{"anvisa/catalog table: ", "deletion vectors", "→ " + rollback},
		},
		{
			"column mapping", func(s foreignWriter) {
				s.commit("SET TBLPROPERTIES", `{"protocol":{"minReaderVersion":2,"minWriterVersion":5}}`, s.property("delta.columnMapping.mode", "name"))
			}, asset.Stale, "", []string{"mapped by name", rollback}, []string{"mapped by name", "→ " + rollback},
		},
	}
}

func TestForeignCommits(t *testing.T) {
	t.Parallel()
	t.Run("are shown by every verb", foreignCommitsAreShownByEveryVerb)
}

// foreignCommitsAreShownByEveryVerb: status and audit tell what another program did, whatever it was, and a rollback takes it back.
func foreignCommitsAreShownByEveryVerb(t *testing.T) {
	t.Parallel()
	for _, tt := range foreignCases() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			d, err := host.OpenData(t.Context(), config.Config{Data: data})
			require.NoError(t, err)
			clitest.PublishRows(t, d, anvisa.CatalogKey, catalogRow(1, "AAS"), catalogRow(2, "BUSCOPAN"), catalogRow(3, "CEFALEXINA"))
			made, err := d.Graph.Get(anvisa.CatalogKey)
			require.NoError(t, err)
			table := d.Table(made)
			now, err := table.Snapshot(t.Context())
			require.NoError(t, err)
			s := foreignWriter{t, table, filepath.Join(command.TableFolder(d, made), "_delta_log"), now.Files("5")[0]}
			require.NoError(t, d.Close())
			shownAs(t, data, asset.Fresh)
			audited(t, data, nil)

			tt.do(s)
			shown := shownAs(t, data, tt.state, tt.says...)
			var classes []string
			for _, c := range shown.Foreign {
				require.Equal(t, "delta-rs:py-1.6.6", c.Writer)
				require.EqualValues(t, 1, c.Version)
				classes = append(classes, c.Class)
			}
			require.Equal(t, tt.class, strings.Join(classes, " "))
			audited(t, data, tt.audit)

			code, stdout, stderr := clitest.Run(t, data, "versions", "anvisa/catalog")
			require.Zero(t, code, stderr)
			require.Contains(t, stdout, " by delta-rs:py-1.6.6 (")
			code, stdout, stderr = clitest.Run(t, data, "rollback", "anvisa/catalog", "--to", "0")
			require.Zero(t, code, stdout+stderr)
			shownAs(t, data, asset.Fresh)
			audited(t, data, nil)
		})
	}
}

// shownAs asks for the status of category 5 of the catalog, as text and as JSON.
func shownAs(t *testing.T, data string, state asset.State, says ...string) api.PartitionStatus {
	t.Helper()
	code, stdout, stderr := clitest.Run(t, data, "status", "anvisa/catalog")
	require.Zero(t, code, stderr)
	one := clitest.Ask[api.Status](t, data, "status", "anvisa/catalog").Assets[0].Partitions[0]
	require.Equal(t, "5", one.Partition)
	require.Equal(t, state, one.State, "%s", one.Reason)
	require.Contains(t, stdout, string(state))
	for _, text := range says {
		require.Contains(t, one.Reason, text)
		require.Contains(t, strings.Join(strings.Fields(stdout), " "), text)
	}
	return one
}

// audited asks for the findings of an audit, as text and as JSON.
func audited(t *testing.T, data string, says []string) {
	t.Helper()
	code, stdout, stderr := clitest.Run(t, data, "audit")
	_, document, _ := clitest.Run(t, data, "audit", "-o", "json")
	var report audit.Report
	require.NoError(t, json.Unmarshal([]byte(document), &report), document)
	if len(says) == 0 {
		require.Zero(t, code, stdout+stderr)
		require.Empty(t, report.Findings)
		return
	}
	require.Equal(t, 1, code, stdout+stderr)
	require.NotEmpty(t, report.Findings)
	for _, text := range says {
		require.Contains(t, stdout, text)
	}
	require.NotContains(t, stdout, "1: has its row in", "that a row is in another file is said once")
}
