package corpus_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
	"drugslm/internal/corpus"
	"drugslm/internal/document"
)

// The assets that the corpus of these tests is made from.
const (
	documentsKey asset.Key = "some/documents"
	productsKey  asset.Key = "some/products"
)

func collection() document.Collection {
	return document.Collection{Source: "some", Documents: documentsKey, Products: productsKey, License: "none", Origin: "somebody"}
}

// listed is a row of a catalog.
type listed document.Product

func (l listed) ItemID() string            { return strconv.FormatInt(l.ID, 10) }
func (l listed) Product() document.Product { return document.Product(l) }

// runOver is a run of the corpus over its inputs.
func runOver(in assettest.Inputs) asset.Run {
	return assettest.Run(corpus.Leaflets(collection()), asset.SinglePartition, in)
}

// derived gives the rows and the items of the corpus made from its inputs.
func derived(t *testing.T, from assettest.Inputs) (rows map[string]corpus.Row, items map[string]asset.Item) {
	t.Helper()
	rows, items = map[string]corpus.Row{}, map[string]asset.Item{}
	emitted, err := assettest.Derive[corpus.Row](t.Context(), corpus.Leaflets(collection()), runOver(from))
	require.NoError(t, err)
	for _, e := range emitted {
		rows[e.Item.ID], items[e.Item.ID] = e.Row, e.Item
	}
	return rows, items
}

// extract is an extracted document with one leaflet: a cover, three sections and a table of changes.
func extract(product int64, audience string, sections ...string) document.Row {
	row := document.Row{
		IDProduto: product, Audience: audience, NomeProduto: "ÇUPRA", IDDocumento: "77", Expediente: "1234567890", SHA256: strings.Repeat("ab", 32),
		Kind: "leaflet", Pages: []document.Page{{Number: 1, Source: "text"}, {Number: 2, Source: "ocr"}, {Number: 3, Source: "blank"}, {Number: 4, Source: "needs_ocr"}},
		Provenance: asset.Provenance{RunID: "earlier", FetchedAt: time.Date(2026, 8, 21, 12, 0, 0, 0, time.UTC), SourceURL: "https://example.org/bula"},
	}
	text := []rune("ÇUPRA® comprimidos\n")
	for i, body := range append(sections, "01/02/2021 histórico de outra bula") {
		s := document.Section{
			Leaflet: 1, ID: fmt.Sprintf("%s.%d", audience, i+1), Number: int32(i + 1), Title: fmt.Sprintf("%d. TÍTULO", i+1), Text: body,
			Markdown: "**" + body + "**", Start: int64(len(text)), Confidence: 1 - float64(i)/2,
		}
		if i == len(sections) {
			s.ID, s.Number, s.Title = "history", 0, "HISTÓRICO DE ALTERAÇÃO DA BULA"
		}
		text = append(text, []rune(s.Title+"\n"+body+"\n")...)
		s.End = int64(len(text))
		row.Sections = append(row.Sections, s)
	}
	row.Text, row.Characters = string(text), int64(len(text))
	row.Leaflets = []document.Leaflet{{
		Number: 1, Audience: audience, FirstPage: 1, LastPage: 4, End: int64(len(text)), Product: "ÇUPRA", Ingredients: []string{"cuprato"},
		Maker: "Ninguém S.A.", Registration: "1.0583.1009", Version: "VP3", ApprovedOn: "2021-04-12",
	}}
	return row
}

func portuguese(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	return prose(r, vocabulary(r, 2000), n)
}

func TestLeaflets(t *testing.T) {
	t.Parallel()
	t.Run("derives rows from the inputs", leafletsDerivesRowsFromInputs)
	t.Run("joins two sources", leafletsJoinsTwoSources)
	t.Run("refuses a corpus with duplicates across splits", leafletsRefusesCorpusWithDuplicatesAcrossSplits)
}

func leafletsDerivesRowsFromInputs(t *testing.T) {
	t.Parallel()
	first, second := portuguese(1, 400), portuguese(2, 400)
	patient := extract(10, "patient", first, second)
	product := listed{ID: 10, Registration: "105831009", Name: "ÇUPRA", Company: "Fábrica Ltda.", Category: "Novo"}
	cover := document.Row{IDProduto: 11, Audience: "patient", Kind: "cover_sheet", Text: "Folha de rosto", Pages: patient.Pages, SHA256: patient.SHA256, Provenance: patient.Provenance}
	twin := extract(12, "patient", first, second) // the catalog does not have it (yet)
	twin.Leaflets = append(twin.Leaflets, twin.Leaflets[0])
	twin.Leaflets[1].Number = 2
	more := twin.Sections[0]
	more.Leaflet, more.Text = 2, portuguese(3, 500)
	twin.Sections = append(twin.Sections, more)
	from := assettest.Inputs{
		documentsKey: {"5": {twin}, "6": {patient, cover}},
		productsKey:  {"5": nil, "6": {product}},
	}
	rows, items := derived(t, from)
	require.Len(t, rows, 4)
	row := rows["10/patient#1"]
	require.Equal(t, "ÇUPRA® comprimidos\n1. TÍTULO\n"+strings.TrimSpace(first)+"\n2. TÍTULO\n"+strings.TrimSpace(second), trimmed(row.Text))
	require.Contains(t, row.Markdown, "## 2. TÍTULO\n\n**")
	require.NotContains(t, row.Text+row.Markdown, "histórico", "the table of changes is no text of this leaflet")
	require.Len(t, row.Sections, 2)
	require.Equal(t, "6", row.IDCategoria)
	require.Equal(t, "Novo", row.Categoria)
	require.Equal(t, "Fábrica Ltda.", row.Maker, "as the catalog says")
	require.Equal(t, "mixed", row.Source)
	require.InDelta(t, 0.5, row.OCRShare, 0, "blank pages do not count")
	require.InDelta(t, 0.75, row.Confidence, 0.01)
	require.Equal(t, "pt", row.Language)
	require.EqualValues(t, 4, row.Pages)
	require.EqualValues(t, 1, row.UnreadPages)
	require.EqualValues(t, corpus.Words(row.Text), row.Words)
	require.Contains(t, strings.Join(row.Disagreements, ""), "razao_social")
	require.Equal(t, collection().License, row.License)
	require.Equal(t, asset.Provenance{RunID: "run-1", TraceID: "trace-1", CodeVersion: "1", FetchedAt: patient.FetchedAt, SourceURL: patient.SourceURL, Fingerprint: row.Fingerprint}, row.Provenance)
	require.NotEmpty(t, row.Fingerprint)

	require.Equal(t, corpus.NotALeaflet, rows["11/patient#1"].Excluded)
	require.Equal(t, corpus.Excluded, rows["11/patient#1"].Split)
	copied := rows["12/patient#1"]
	require.Equal(t, corpus.Exact, copied.Duplicate)
	require.Equal(t, "10/patient#1", copied.Cluster)
	require.Equal(t, "105831009", copied.NumeroRegistro, "as the leaflet prints it")
	require.Equal(t, "Ninguém S.A.", copied.Maker)
	require.Equal(t, corpus.None, rows["12/patient#2"].Duplicate, "the second leaflet of the file")
	require.Equal(t, "12/patient", items["12/patient#2"].From)
	for _, r := range rows {
		if r.Excluded == "" {
			require.Equal(t, "10", r.Group)
			require.Equal(t, row.Split, r.Split)
		}
	}

	again, same := derived(t, from)
	require.Equal(t, rows, again)
	require.Equal(t, items, same)
	patient.Expediente = "other"
	from[documentsKey]["6"][0] = patient
	_, changed := derived(t, from)
	require.NotEqual(t, items["10/patient#1"].Fingerprint, changed["10/patient#1"].Fingerprint)
	require.Equal(t, items["11/patient#1"].Fingerprint, changed["11/patient#1"].Fingerprint)
}

// leafletsJoinsTwoSources makes one corpus of two sources that number their products alike: their leaflets stay apart where nothing but the
// number is the same, and duplicates of one another are found.
func leafletsJoinsTwoSources(t *testing.T) {
	t.Parallel()
	other := document.Collection{Source: "other", Documents: "other/documents", Prefix: "other:", License: "CC-BY-4.0", Origin: "another agency"}
	made := corpus.Leaflets(collection(), other)
	require.Equal(t, "some/other", made.Tags["source"])
	same, own := portuguese(1, 400), portuguese(2, 400)
	first, twin, third := extract(10, "patient", same), extract(10, "patient", same), extract(11, "patient", own)
	for i, row := range []*document.Row{&first, &third} { // nothing else ties them together
		row.NomeProduto, row.Leaflets[0].Ingredients, row.Leaflets[0].Registration = fmt.Sprint("nome ", i), []string{fmt.Sprint("substância ", i)}, ""
	}
	from := assettest.Inputs{
		documentsKey:    {"5": {first}},
		productsKey:     {"5": {listed{ID: 10, Name: "ÇUPRA", Company: "Fábrica Ltda."}}},
		other.Documents: {"all": {twin, third}},
	}
	rows := map[string]corpus.Row{}
	run := runOver(from).For(made)
	require.NoError(t, made.Derive(t.Context(), run, func(item asset.Item, row asset.Row) error {
		require.NotContains(t, rows, item.ID)
		rows[item.ID] = row.(corpus.Row)
		return nil
	}))
	require.Len(t, rows, 3)
	one, two, three := rows["10/patient#1"], rows["other:10/patient#1"], rows["other:11/patient#1"]
	require.Equal(t, []string{"10", "10", "other:11"}, []string{one.Group, two.Group, three.Group})
	require.Equal(t, one.Cluster, two.Cluster, "they say the same")
	require.Equal(t, []string{"none", "CC-BY-4.0"}, []string{one.License, two.License})
	require.Equal(t, []string{"Fábrica Ltda.", "Ninguém S.A."}, []string{one.Maker, two.Maker}, "a catalog speaks of its own products")

	probe := asset.NewCheckRunner(t.Context(), made.Checks, asset.CheckInput{Run: run})
	three.ID = "11/patient#1" // which the first source does not have
	for _, row := range []corpus.Row{one, two, three} {
		probe.Row(row)
	}
	for _, v := range probe.Finish(asset.Staged{Rows: 3, Before: -1}) {
		if v.Name == "document_exists" {
			require.False(t, v.Passed)
			require.Contains(t, v.Detail, "11/patient")
			require.Contains(t, v.Detail, "which some/documents or other/documents does not")
		}
	}
}

// trimmed is a text without the blank that prose may end with, before each line's end.
func trimmed(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, " \n", "\n"), "\n\n", "\n")
}

// verdicts asks the checks of the corpus about rows.
func verdicts(t *testing.T, list []corpus.Row) map[string]asset.CheckResult {
	t.Helper()
	made := corpus.Leaflets(collection())
	from := assettest.Inputs{documentsKey: {"5": nil}}
	for _, r := range list {
		id, _, _ := strings.Cut(r.ID, "/")
		var product int64
		_, err := fmt.Sscan(id, &product)
		require.NoError(t, err)
		from[documentsKey]["5"] = append(from[documentsKey]["5"], document.Row{IDProduto: product, Audience: r.Audience})
	}
	return assettest.CheckResults(t.Context(), made, runOver(from), nil, asset.Staged{Rows: len(list), Before: -1}, list...)
}

func leafletsRefusesCorpusWithDuplicatesAcrossSplits(t *testing.T) {
	t.Parallel()
	sound := slices.DeleteFunc(example(t, 300), func(r corpus.Row) bool { return strings.HasPrefix(r.ID, "evil") })
	for name, v := range verdicts(t, sound) {
		require.True(t, v.Passed, "%s: %s", name, v.Detail)
	}
	train := slices.IndexFunc(sound, func(r corpus.Row) bool { return r.Split == corpus.Train && r.ClusterSize > 1 && !r.Representative })
	for _, test := range []struct {
		check, detail string
		bend          func(r *corpus.Row)
	}{
		{"splits_apart", "in test has the text of", func(r *corpus.Row) { r.Split, r.Group = corpus.Test, "elsewhere" }},
		{"splits_apart", "in test is of the group of", func(r *corpus.Row) {
			r.Split, r.Text, r.Sections = corpus.Test, portuguese(9, 900), nil
		}},
		{"splits_apart", "is a near duplicate of", func(r *corpus.Row) {
			r.Split, r.Group, r.Text, r.Sections = corpus.Test, "elsewhere", r.Text+" E mais nada.", nil
		}},
		{"licensed", "has no license, source_url", func(r *corpus.Row) { r.License, r.SourceURL = "", "" }},
		{"portuguese", "is in es, 40 % of it", func(r *corpus.Row) { r.Language, r.LanguageConfidence = "es", 0.4 }},
		{"represented", "1 clusters", func(r *corpus.Row) { r.Representative = true }},
		{"represented", "clusters, such as", func(r *corpus.Row) { r.Cluster = r.ID }},
	} {
		bent := slices.Clone(sound)
		test.bend(&bent[train])
		v := verdicts(t, bent)[test.check]
		require.False(t, v.Passed, test.detail)
		require.True(t, v.Stops(), test.check)
		require.Contains(t, v.Detail, test.detail)
	}
	lopsided, glued := slices.Clone(sound), slices.Clone(sound)
	for i := range sound {
		lopsided[i].Split = corpus.Train
		glued[i].Split, glued[i].Group = corpus.Train, "1"
	}
	require.Equal(t, asset.CheckWarned, verdicts(t, lopsided)["train_share"].Outcome())
	require.Equal(t, asset.CheckWarned, verdicts(t, glued)["largest_group"].Outcome())
}

// BenchmarkDerive derives the corpus from 2,000 leaflets of 50 kB, as the engine does: once for the items, once for their rows.
// In short mode there are 20.
func BenchmarkDerive(b *testing.B) {
	leaflets := 2_000
	if testing.Short() {
		leaflets = 20
	}
	var list []any
	for i := range leaflets {
		list = append(list, extract(int64(i), "professional", portuguese(uint64(i%50), 4000), portuguese(uint64(i%100), 4000)))
	}
	run := runOver(assettest.Inputs{documentsKey: {"5": list}, productsKey: {"5": nil}})
	for b.Loop() {
		rows := 0
		for range 2 {
			require.NoError(b, corpus.Leaflets(collection()).Derive(b.Context(), run, func(asset.Item, asset.Row) error { rows++; return nil }))
		}
		require.Equal(b, 2*leaflets, rows)
		b.ReportMetric(float64(leaflets)/b.Elapsed().Seconds(), "rows/s")
	}
}
