package clitest

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/document"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/leaflet"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
	"drugslm/internal/sources/anvisa"
)

// ByCategory gives the assets that are partitioned by category: those that [FillLedger] fills.
func ByCategory(b *testing.B) (found []*asset.Asset) {
	b.Helper()
	graph, err := host.Graph()
	require.NoError(b, err)
	for _, a := range graph.All() {
		if a.Partitions.Name == "category" {
			found = append(found, a)
		}
	}
	return found
}

// FillLedger writes a ledger in which so many partitions of each of the assets with categories are published and fresh, with
// the items spread evenly over all. The last attempt at one partition in a hundred failed.
func FillLedger(b *testing.B, data string, partitions, items int) {
	b.Helper()
	l, err := ledger.Open(b.Context(), host.LedgerFile(data))
	require.NoError(b, err)
	require.NoError(b, l.Close())
	db, err := sql.Open("sqlite", host.LedgerFile(data))
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	do := func(query string, args ...any) {
		_, err := db.ExecContext(b.Context(), query, args...)
		require.NoError(b, err)
	}
	const counting = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1) `
	do(counting+`INSERT INTO partitions (kind, key, label, gone, first_seen, last_seen) SELECT 'category', 'p' || i, 'Category ' || i, FALSE, 1, 1 FROM n`, partitions)
	assets, now := ByCategory(b), time.Now().UnixMicro()
	for a, made := range assets {
		key := string(made.Key)
		upstream := `{`
		for _, dep := range made.Deps {
			if slices.ContainsFunc(assets, func(other *asset.Asset) bool { return other.Key == dep.Key }) {
				upstream += `"` + string(dep.Key) + `":%d,`
			}
		}
		upstream = strings.TrimSuffix(upstream, ",") + `}`
		do(counting+`INSERT INTO materializations (id, asset, partition, run, trace, state, version, rows, bytes, code_version, upstream, snapshot,
			moves, requests, started, finished, reason)
			SELECT i + 1 + $2, $3, 'p' || i, 'run', 'trace', 'published', i, 3, 1000, $4, replace($5, '%d', i), '', '{}', 0, $6, $6, '' FROM n`,
			partitions, a*partitions, key, made.CodeVersion, upstream, now)
		do(counting+`INSERT INTO items (asset, partition, id, label, fingerprint, input, state, code_version, reason, kind, evidence, attempts,
			run, batch, seq, row, staged, part, first_seen, updated)
			SELECT $2, 'p' || (i % $3), 'item-' || i, 'A leaflet''s name', 'abcdef', '{"product":12345}',
			CASE WHEN i % 1000 = 0 THEN 'pending' WHEN i % 50 = 1 THEN 'quarantined' WHEN i % 10 = 2 THEN 'absent' ELSE 'published' END,
			'1', '', CASE WHEN i % 50 = 1 THEN 'corrupt' ELSE '' END, '', 0, 'run', 0, 0, '', '',
			CASE WHEN i % 1000 = 0 OR i % 50 = 1 OR i % 10 = 2 THEN '' ELSE 'category=p' || (i % $3) || '/part-1.zstd.parquet' END, 1, 1 FROM n`, items/len(assets), key, partitions)
	}
	do(`INSERT INTO claims (asset, partition, run, workflow, execution, since) SELECT asset, partition, 'run', '', '', 1 FROM materializations`)
	do(`DELETE FROM claims`) // counts the items
	do(`INSERT INTO standings (asset, partition, published, look, version, code_version, upstream, verified)
		SELECT asset, partition, id, id, version, code_version, upstream, finished FROM materializations`)
	do(`INSERT INTO attempts (asset, partition, run, state, kind, reason, started, finished)
		SELECT asset, partition, run, CASE WHEN id % 100 = 7 THEN 'failed' ELSE 'succeeded' END, CASE WHEN id % 100 = 7 THEN 'layout' ELSE '' END,
		CASE WHEN id % 100 = 7 THEN 'lists 6 of 26 products' ELSE '' END, started, finished FROM materializations`)
}

// FillTables writes the logs of the tables of a ledger that [FillLedger] wrote, so that they have the files which the ledger
// knows. The files themselves are not there.
func FillTables(b *testing.B, data string) {
	b.Helper()
	ctx := b.Context()
	d, err := host.OpenData(ctx, config.Config{Data: data})
	require.NoError(b, err)
	defer func() { require.NoError(b, d.Close()) }()
	for _, made := range ByCategory(b) {
		known, err := d.Ledger.AllDataFiles(ctx, string(made.Key))
		require.NoError(b, err)
		table := d.Table(made)
		none, err := table.NewFile(ctx, "p0", nil)
		require.NoError(b, err)
		empty, err := none.Close(ctx)
		require.NoError(b, err)
		_, err = table.Commit(ctx, lake.Change{Partition: "p0", Add: []lake.File{empty}, Info: lake.CommitInfo{Operation: "MATERIALIZE", Run: "run", CodeVersion: "1"}})
		require.NoError(b, err)
		var log bytes.Buffer
		spell := func(path string) string { return strings.Replace(path, "=", "%3D", 1) }
		fmt.Fprintf(&log, `{"remove":{"path":%q,"dataChange":true,"deletionTimestamp":1}}`+"\n", spell(empty.Path))
		for partition, files := range known {
			for path, rows := range files {
				fmt.Fprintf(&log, `{"add":{"path":%q,"partitionValues":{"category":%q},"size":1000,"modificationTime":1,"dataChange":true,"stats":"{\"numRecords\":%d}"}}`+"\n",
					spell(path), partition, rows)
			}
		}
		require.NoError(b, os.WriteFile(filepath.Join(d.Root, made.Location, "_delta_log", fmt.Sprintf("%020d.json", 1)), log.Bytes(), 0o600))
	}
}

// Printed makes a PDF file of these pages.
func Printed(t *testing.T, pages ...string) string {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	latin := f.UnicodeTranslatorFromDescriptor("")
	f.SetFont("Helvetica", "", 11)
	for _, text := range pages {
		f.AddPage()
		f.MultiCell(0, 6, latin(text), "", "L", false)
	}
	file := filepath.Join(t.TempDir(), "bula.pdf")
	require.NoError(t, f.OutputFileAndClose(file))
	return file
}

// TwoTitles is a page with two sections of a professional's leaflet.
const TwoTitles = "1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons em todos."

// PublishRows publishes rows of category 5 of an asset, as a run would.
func PublishRows[T asset.Row](t *testing.T, d *host.Data, key asset.Key, rows ...T) {
	t.Helper()
	ctx := t.Context()
	made, err := d.Graph.Get(key)
	require.NoError(t, err)
	table := d.Table(made)
	require.NoError(t, d.Ledger.SavePartitions(ctx, made.Partitions.Name, []ledger.Partition{{Key: "5", Label: "Genérico"}, {Key: "6", Label: "Novo"}}))
	part, err := table.NewFile(ctx, "5", nil)
	require.NoError(t, err)
	var items []ledger.Item
	for _, row := range rows {
		items = append(items, ledger.Item{ID: row.ItemID(), Label: "DIPIRONA", Fingerprint: "a"})
		require.NoError(t, part.Write(row))
	}
	file, err := part.Close(ctx)
	require.NoError(t, err)
	_, err = d.Ledger.SyncItems(ctx, ledger.Enumeration{Asset: string(key), Partition: "5", Run: "run-1", CodeVersion: "1", Items: Enumerated(items...)})
	require.NoError(t, err)
	var staged []ledger.Outcome
	for _, item := range items {
		staged = append(staged, ledger.Outcome{ID: item.ID, State: ledger.Staged, Staged: file.Path})
	}
	require.NoError(t, d.Ledger.RecordOutcomes(ctx, ledgertest.Token(t, d.Ledger, string(key), "5"), staged))
	base, err := table.Snapshot(ctx)
	require.NoError(t, err)
	id, err := d.Ledger.BeginPublish(ctx, ledger.Materialization{
		Asset: string(key), Partition: "5", Run: "run-1", CodeVersion: "1", Moves: ledger.Moves{Added: []ledger.DataFile{{Path: file.Path}}},
	})
	require.NoError(t, err)
	version, err := table.Commit(ctx, lake.Change{
		Partition: "5", Base: base, Add: []lake.File{file}, App: string(key) + "[5]", Txn: id,
		Info: lake.CommitInfo{Operation: "MATERIALIZE", Run: "run-1", CodeVersion: "1", Rows: int64(len(rows))},
	})
	require.NoError(t, err)
	require.NoError(t, d.Ledger.FinishPublish(ctx, id, version, int64(len(rows)), file.Bytes))
}

// extracted is a row of a whole professional's leaflet.
func extracted(product int64) document.Row {
	r := document.Row{
		IDProduto: product, Audience: "professional", NomeProduto: "DIPIRONA", Kind: "leaflet", Found: "professional", SHA256: strings.Repeat("0", 64),
		Leaflets:   []document.Leaflet{{Number: 1, Audience: "professional", FirstPage: 1, LastPage: 1, Product: "Dipirona"}},
		Provenance: asset.Provenance{RunID: "run-1", TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", CodeVersion: "4", FetchedAt: time.Unix(0, 0).UTC(), SourceURL: "https://example.test/{token}"},
	}
	for _, info := range leaflet.Sections(leaflet.Professional) {
		start := int64(len([]rune(r.Text)))
		r.Text += info.Title + "\nDipirona da Acme.\n"
		r.Sections = append(r.Sections, document.Section{
			Leaflet: 1, ID: info.ID, Number: int32(info.Number), Title: info.Title, Text: "Dipirona da Acme.", FirstPage: 1, LastPage: 1,
			Confidence: 1, Start: start, End: start + int64(len([]rune(info.Title))) + 18,
		})
	}
	r.Characters = int64(len([]rune(r.Text)))
	r.Pages = []document.Page{{Number: 1, Text: r.Text, Source: document.SourceText, Confidence: 1}}
	return r
}

// TextFolder is a data folder with two leaflets, one of which lacks a section, and one that is kept back.
func TextFolder(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	d, err := host.OpenData(t.Context(), config.Config{Data: data})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	content, err := os.ReadFile(Printed(t, TwoTitles))
	require.NoError(t, err)
	sum, _, err := d.Stored("anvisa").Leaflets.Put(t.Context(), content)
	require.NoError(t, err)
	whole, lacking := extracted(1), extracted(2)
	whole.SHA256, lacking.NomeProduto = sum, "\x1b[31mDIPIRONA\n<b>"
	lacking.Missing = []document.Missing{{Leaflet: 1, ID: "professional.1", Reason: "no such title before number 2"}}
	for i, s := range lacking.Sections {
		if s.ID == "professional.1" {
			lacking.Sections = append(lacking.Sections[:i:i], lacking.Sections[i+1:]...)
			break
		}
	}
	PublishRows(t, d, anvisa.CatalogKey, anvisa.CatalogRow{IDProduto: 1, NomeProduto: "DIPIRONA", RazaoSocial: "OUTRA"})
	PublishRows(t, d, anvisa.ExtractKey, anvisa.ExtractRow{Row: whole}, anvisa.ExtractRow{Row: lacking})
	of := ledger.Enumeration{Asset: "anvisa/extract", Partition: "6", Run: "run-1", CodeVersion: "1", Items: Enumerated(ledger.Item{ID: "3/patient", Label: "AAS"})}
	_, err = d.Ledger.SyncItems(t.Context(), of)
	require.NoError(t, err)
	require.NoError(t, d.Ledger.RecordOutcomes(t.Context(), ledgertest.Token(t, d.Ledger, of.Asset, of.Partition), []ledger.Outcome{
		{ID: "3/patient", State: ledger.Quarantined, Kind: "corrupt", Reason: "no text on any of 1 pages: a scan?", Evidence: d.Stored("anvisa").Leaflets.Path(sum)},
	}))
	return data
}

// PublishIndex publishes a version of category 5 of the index, with a total, as a run would.
func PublishIndex(t *testing.T, d *host.Data, run string, total int64) {
	t.Helper()
	ctx := t.Context()
	made, err := d.Graph.Get(anvisa.IndexKey)
	require.NoError(t, err)
	table := d.Table(made)
	require.NoError(t, d.Ledger.SavePartitions(ctx, made.Partitions.Name, []ledger.Partition{{Key: "5", Label: "Genérico"}}))
	_, err = ledgertest.Enumerate(t, d.Ledger, ledger.Enumeration{Asset: string(made.Key), Partition: "5", Run: run, CodeVersion: "1",
		Items: Enumerated(ledger.Item{ID: "5", Label: "Genérico", Fingerprint: run})})
	require.NoError(t, err)
	part, err := table.NewFile(ctx, "5", nil)
	require.NoError(t, err)
	require.NoError(t, part.Write(anvisa.IndexRow{Categoria: "5", Nome: "Genérico", Total: total, Provenance: asset.Provenance{RunID: run, FetchedAt: time.Now().UTC()}}))
	file, err := part.Close(ctx)
	require.NoError(t, err)
	require.NoError(t, d.Ledger.RecordOutcomes(ctx, ledgertest.Token(t, d.Ledger, string(made.Key), "5"), []ledger.Outcome{{ID: "5", State: ledger.Staged, Staged: file.Path}}))
	base, err := table.Snapshot(ctx)
	require.NoError(t, err)
	moves := ledger.Moves{Added: []ledger.DataFile{{Path: file.Path}}, Rewritten: map[string]string{}}
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
