package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/anvisa"
	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/leaflet"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
	"drugslm/internal/quality"
)

// publishRows publishes rows of category 5 of an asset, as a run would.
func publishRows[T asset.Row](t *testing.T, d *host.Data, key asset.Key, rows ...T) {
	t.Helper()
	ctx := t.Context()
	made, err := d.Graph.Get(key)
	require.NoError(t, err)
	table := d.Table(made)
	require.NoError(t, d.Ledger.SavePartitions(ctx, made.Partitions.Name, []ledger.Partition{{Key: "5", Label: "Genérico"}, {Key: "6", Label: "Novo"}}))
	part, err := table.NewPart(ctx, "5", nil)
	require.NoError(t, err)
	var items []ledger.Item
	for _, row := range rows {
		items = append(items, ledger.Item{ID: row.ItemID(), Label: "DIPIRONA", Fingerprint: "a"})
		require.NoError(t, part.Write(row))
	}
	file, err := part.Close(ctx)
	require.NoError(t, err)
	_, err = d.Ledger.Enrol(ctx, ledger.Enrolment{Asset: string(key), Partition: "5", Run: "run-1", CodeVersion: "1", Items: enumerated(items...)})
	require.NoError(t, err)
	var staged []ledger.Outcome
	for _, item := range items {
		staged = append(staged, ledger.Outcome{ID: item.ID, State: ledger.Staged, Staged: file.Path})
	}
	require.NoError(t, d.Ledger.Settle(ctx, ledgertest.Token(t, d.Ledger, string(key), "5"), staged))
	base, err := table.Snapshot(ctx)
	require.NoError(t, err)
	id, err := d.Ledger.BeginPublish(ctx, ledger.Materialization{
		Asset: string(key), Partition: "5", Run: "run-1", CodeVersion: "1", Moves: ledger.Moves{Added: []ledger.Part{{Path: file.Path}}},
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
func extracted(product int64) anvisa.ExtractRow {
	r := anvisa.ExtractRow{
		IDProduto: product, Audience: "professional", NomeProduto: "DIPIRONA", Kind: "leaflet", Found: "professional", SHA256: strings.Repeat("0", 64),
		Leaflets:   []anvisa.ExtractLeaflet{{Number: 1, Audience: "professional", FirstPage: 1, LastPage: 1, Product: "Dipirona"}},
		Provenance: asset.Provenance{RunID: "run-1", TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", CodeVersion: "4", FetchedAt: time.Unix(0, 0).UTC(), SourceURL: "https://example.test/{token}"},
	}
	for _, info := range leaflet.Sections(leaflet.Professional) {
		start := int64(len([]rune(r.Text)))
		r.Text += info.Title + "\nDipirona da Acme.\n"
		r.Sections = append(r.Sections, anvisa.ExtractSection{
			Leaflet: 1, ID: info.ID, Number: int32(info.Number), Title: info.Title, Text: "Dipirona da Acme.", FirstPage: 1, LastPage: 1,
			Confidence: 1, Start: start, End: start + int64(len([]rune(info.Title))) + 18,
		})
	}
	r.Characters = int64(len([]rune(r.Text)))
	r.Pages = []anvisa.ExtractPage{{Number: 1, Text: r.Text, Source: anvisa.SourceText, Confidence: 1}}
	return r
}

// textFolder is a data folder with two leaflets, one of which lacks a section, and one that is kept back.
func textFolder(t *testing.T) string {
	t.Helper()
	data := t.TempDir()
	d, err := host.OpenData(t.Context(), config.Config{Data: data})
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	content, err := os.ReadFile(printed(t, twoTitles))
	require.NoError(t, err)
	sum, _, err := d.Leaflets.Put(t.Context(), content)
	require.NoError(t, err)
	whole, lacking := extracted(1), extracted(2)
	whole.SHA256, lacking.NomeProduto = sum, "\x1b[31mDIPIRONA\n<b>"
	lacking.Missing = []anvisa.ExtractMissing{{Leaflet: 1, ID: "professional.1", Reason: "no such title before number 2"}}
	for i, s := range lacking.Sections {
		if s.ID == "professional.1" {
			lacking.Sections = append(lacking.Sections[:i:i], lacking.Sections[i+1:]...)
			break
		}
	}
	publishRows(t, d, anvisa.CatalogKey, anvisa.CatalogRow{IDProduto: 1, NomeProduto: "DIPIRONA", RazaoSocial: "OUTRA"})
	publishRows(t, d, anvisa.ExtractKey, whole, lacking)
	of := ledger.Enrolment{Asset: "anvisa/extract", Partition: "6", Run: "run-1", CodeVersion: "1", Items: enumerated(ledger.Item{ID: "3/patient", Label: "AAS"})}
	_, err = d.Ledger.Enrol(t.Context(), of)
	require.NoError(t, err)
	require.NoError(t, d.Ledger.Settle(t.Context(), ledgertest.Token(t, d.Ledger, of.Asset, of.Partition), []ledger.Outcome{
		{ID: "3/patient", State: ledger.Quarantined, Kind: "corrupt", Reason: "no text on any of 1 pages: a scan?", Evidence: d.Leaflets.Path(sum)},
	}))
	return data
}

func TestQualityIsMeasured(t *testing.T) {
	t.Parallel()
	data := textFolder(t)
	report := ask[quality.Report](t, data, "quality")
	require.Equal(t, 2, report.Total.Documents)
	require.InDelta(t, 0.5, *report.Total.CompleteShare, 0)
	require.Equal(t, 1, report.Total.Compared)
	require.Equal(t, []string{"2/professional", "1/professional"}, []string{report.Worst[0].Item, report.Worst[1].Item})
	require.Equal(t, "Genérico", report.Partitions[0].Name)
	require.Equal(t, 1, report.Partitions[1].Quarantined)
	require.Equal(t, "no text on any of 1 pages: a scan?", report.Total.Quarantine[0].Reason)

	code, stdout, stderr := starter(t, data, "quality")
	require.Zero(t, code, stderr)
	for _, says := range []string{"50.00 %", "professional.1 ", "1 numbered section missing: professional.1", "starter items view 2/professional", "a scan?", "\uFFFD[31mDIPIRONA <b>"} {
		require.Contains(t, stdout, says)
	}
	require.NotContains(t, stdout, "\x1b")

	file := filepath.Join(t.TempDir(), "quality.html")
	code, stdout, stderr = starter(t, data, "quality", "--partition", "genérico", "--worst", "1", "--html", file, "--fail-under", "0.95", "-o", "json")
	require.Equal(t, ExitFailed, code)
	require.Contains(t, stderr, "1 of 2 leaflets have all sections, which is 0.5000: --fail-under is 0.95")
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Len(t, report.Worst, 1)
	require.Len(t, report.Partitions, 1)
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(written), "2/professional")
	code, _, stderr = starter(t, data, "quality", "--fail-under", "0.5")
	require.Zero(t, code, stderr)

	code, stdout, _ = starter(t, t.TempDir(), "quality")
	require.Zero(t, code)
	require.Contains(t, stdout, "starter materialize")
	code, _, stderr = starter(t, t.TempDir(), "quality", "--fail-under", "0.5")
	require.Equal(t, ExitFailed, code)
	require.Contains(t, stderr, "no leaflet to judge")
	for _, args := range [][]string{
		{"--worst", "-1", "--fail-under", "95"}, {"--fail-under", "0"}, {"--partition", "Genrico"}, {"anvisa/extract"}, {"--html", filepath.Join(file, "no")},
	} {
		code, _, stderr := starter(t, data, append([]string{"quality"}, args...)...)
		require.Equal(t, ExitUsage, code, "%v: %s", args, stderr)
	}
}

func TestALeafletIsViewed(t *testing.T) {
	t.Parallel()
	data := textFolder(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "one.html")
	viewed := ask[api.ViewedFile](t, data, "items", "view", "1/professional", "--out", file)
	require.Equal(t, api.ViewedFile{Item: "1/professional", File: file, Pages: 1, First: 1, Last: 1, Pictures: 1}, viewed)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, says := range []string{"data:image/", "professional.10", "OUTRA", "4bf92f3577b34da6a3ce929d0e0e4736", "https://example.test/{token}", `class="differs"`} {
		require.True(t, strings.Contains(string(text), says), says)
	}

	code, stdout, stderr := starter(t, data, "items", "view", "2/professional", "--out", "-")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "no picture", "its PDF is not there, and the text is shown all the same")
	require.Contains(t, stdout, "no such title before number 2")
	code, stdout, stderr = starter(t, data, "items", "view", "3/patient", "--out", "-")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "Why it is quarantined")
	require.Equal(t, 1, strings.Count(stdout, "data:image/"), "the pages that can be drawn")

	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"1/profesional"}, "the nearest: 1/professional"},
		{[]string{"1/professional", "--page", "9..7", "--dpi", "1"}, `--page is "9..7"`},
		{[]string{"1/professional", "--page", "2"}, "has 1 pages"},
		{[]string{"1/professional", "--page", "1..99"}, "at most 25"},
		{[]string{"1/professional", "--partition", "Novo"}, "is unknown"},
		{nil, "accepts 1 arg"},
	} {
		code, _, stderr := starter(t, data, append([]string{"items", "view"}, tt.args...)...)
		require.Equal(t, ExitUsage, code, "%v: %s", tt.args, stderr)
		require.Contains(t, stderr, tt.says)
	}
}

func TestAFileIsViewed(t *testing.T) {
	t.Parallel()
	pages := make([]string, 27)
	for i := range pages {
		pages[i] = fmt.Sprintf("Page %d of a long file.", i+1)
	}
	pages[0] = twoTitles
	out := filepath.Join(t.TempDir(), "bula.html")
	file := printed(t, pages...)
	viewed := ask[api.ViewedFile](t, t.TempDir(), "leaflet", "view", file, "--out", out, "--dpi", "40")
	require.Equal(t, 27, viewed.Pages)
	require.Equal(t, 25, viewed.Pictures)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(text), "--page 26..27")
	viewed = ask[api.ViewedFile](t, t.TempDir(), "leaflet", "view", file, "--out", out, "--dpi", "40", "--page", "26..30")
	require.Equal(t, []int{26, 27, 2}, []int{viewed.First, viewed.Last, viewed.Pictures})

	broken := filepath.Join(t.TempDir(), "broken.pdf")
	require.NoError(t, os.WriteFile(broken, []byte("<html>"), 0o600))
	code, _, stderr := starter(t, t.TempDir(), "leaflet", "view", broken, "--out", out)
	require.Equal(t, ExitFailed, code)
	require.Contains(t, stderr, "not a PDF")
	text, err = os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(text), "not a PDF")
}
