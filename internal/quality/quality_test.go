package quality_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/document"
	"drugslm/internal/leaflet"
	"drugslm/internal/quality"
)

var update = flag.Bool("update", false, "write the golden files")

// whole is a professional's leaflet of two pages to which there is nothing to say.
func whole(product int64) document.Row {
	r := document.Row{IDProduto: product, Audience: "professional", NomeProduto: "DIPIRONA", SHA256: "ab", Kind: "leaflet", Found: "professional"}
	r.Leaflets = []document.Leaflet{{Number: 1, Audience: "professional", FirstPage: 1, LastPage: 2, Registration: "100430001"}}
	for _, info := range leaflet.Sections(leaflet.Professional) {
		r.Sections = append(r.Sections, document.Section{
			Leaflet: 1, ID: info.ID, Number: int32(info.Number), Title: info.Title, Text: strings.Repeat("dipirona ", 100), Confidence: 1,
		})
	}
	r.Text = strings.Repeat("dipirona da ACME 1.0043.0001 ", 200)
	r.Characters = int64(len(r.Text))
	for n := range int32(2) {
		r.Pages = append(r.Pages, document.Page{Number: n + 1, Source: document.SourceText, Confidence: 1})
	}
	return r
}

func product(id int64) *document.Product {
	return &document.Product{ID: id, Name: "DIPIRONA", Company: "ACME LTDA", Registration: "100430001"}
}

func TestQuality(t *testing.T) {
	t.Parallel()
	t.Run("scores by the rule", qualityScoresByRule)
	t.Run("finds unusual lengths among many only", qualityFindsUnusualLengthsAmongManyOnly)
	t.Run("keeps the worst in any order", qualityKeepsWorstInAnyOrder)
	t.Run("adds up", qualityAddsUp)
	t.Run("estimates quantiles to one step", qualityEstimatesQuantilesToOneStep)
	t.Run("measures an empty document", qualityMeasuresEmptyDocument)
}

func qualityScoresByRule(t *testing.T) {
	t.Parallel()
	rule := make(map[string]quality.Cost)
	for _, c := range quality.Rule() {
		rule[c.Figure] = c
	}
	for _, tt := range []struct {
		name   string
		change func(r *document.Row)
		costs  map[string]float64
	}{
		{"nothing", func(*document.Row) {}, map[string]float64{}},
		{"two sections and a part", func(r *document.Row) {
			r.Missing = []document.Missing{{Leaflet: 1, ID: "professional.3"}, {Leaflet: 1, ID: "professional.4"}, {Leaflet: 1, ID: "legal"}}
		}, map[string]float64{"sections": 16, "parts": 1}},
		{"all sections", func(r *document.Row) {
			for n := range 20 {
				r.Missing = append(r.Missing, document.Missing{Leaflet: int32(n/10 + 1), ID: fmt.Sprintf("professional.%d", n%10+1)})
			}
		}, map[string]float64{"sections": 60}},
		{"order", func(r *document.Row) { r.Sections[5], r.Sections[6] = r.Sections[6], r.Sections[5] }, map[string]float64{"order": 15}},
		{"doubts", func(r *document.Row) {
			for i := range r.Sections {
				r.Sections[i].Confidence = 0.9
			}
		}, map[string]float64{"confidence": 2}},
		{"a scan", func(r *document.Row) { r.Pages[0].Source = document.SourceNeedsOCR }, map[string]float64{"needs_ocr": 20}},
		{"a page that cannot be opened", func(r *document.Row) { r.Pages[0].Source = "unreadable" }, map[string]float64{"needs_ocr": 20}},
		{"recognised", func(r *document.Row) { r.Pages[0].Source = document.SourceOCR }, map[string]float64{"ocr": 5}},
		{"blank", func(r *document.Row) { r.Pages[0].Source = document.SourceBlank }, map[string]float64{}},
		{"glyphs", func(r *document.Row) { r.Pages[0].Unreadable = int32(r.Characters / 200) }, map[string]float64{"unreadable": 5}},
		{"another registration", func(r *document.Row) { r.Text = "dipirona da ACME 1.0043.0002" }, map[string]float64{"disagreements": 4}},
		{"warnings", func(r *document.Row) { r.Warnings, r.Leaflets[0].Warnings = []string{"a", "b"}, []string{"c"} }, map[string]float64{"warnings": 1.5}},
		{"no leaflet", func(r *document.Row) { r.Kind, r.Reason, r.Leaflets, r.Sections = "other", "no titles", nil, nil }, map[string]float64{"kind": 60}},
		{"a folder is not to blame", func(r *document.Row) { r.Kind, r.Leaflets, r.Sections = "information_folder", nil, nil }, map[string]float64{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := whole(1)
			tt.change(&r)
			d := quality.Measure("5", r, product(1), nil)
			got, left := make(map[string]float64), 100.0
			for i, reason := range d.Reasons {
				got[reason.Figure] = reason.Cost
				left -= reason.Cost
				require.NotEmpty(t, reason.Text)
				require.LessOrEqual(t, reason.Cost, rule[reason.Figure].Most)
				require.True(t, i == 0 || d.Reasons[i-1].Cost >= reason.Cost, "the costliest first")
			}
			require.InDeltaMapValues(t, tt.costs, got, 0.01)
			require.InDelta(t, max(0, left), d.Score, 0.001)
		})
	}
}

func qualityFindsUnusualLengthsAmongManyOnly(t *testing.T) {
	t.Parallel()
	long := whole(99)
	long.Sections[4].Text = strings.Repeat("a", 900*9)
	long.Sections[5].Text = "short"
	for _, tt := range []struct{ others, found int }{{10, 0}, {49, 0}, {50, 2}, {400, 2}} {
		var lengths quality.Lengths
		for i := range tt.others {
			r := whole(int64(i))
			for j := range r.Sections {
				r.Sections[j].Text = strings.Repeat("a", 850+i%100)
			}
			if i%10 == 0 {
				r.Sections[4].Text = strings.Repeat("a", 1_000_000) // as many moved a mean would move
			}
			lengths.Add(r)
		}
		d := quality.Measure("5", long, nil, &lengths)
		require.Len(t, d.UnusualLengths, tt.found, "%d others", tt.others)
		if tt.found > 0 {
			require.Equal(t, long.Sections[4].ID, d.UnusualLengths[0].ID)
			require.Equal(t, 8100, d.UnusualLengths[0].Characters)
			require.Equal(t, 5, d.UnusualLengths[1].Characters)
			require.InDelta(t, 96, d.Score, 0.01)
		}
	}
}

// many gives documents of several kinds, always the same.
func many(n int) []document.Row {
	random := rand.New(rand.NewPCG(1, 2))
	var all []document.Row
	for i := range n {
		r := whole(int64(i + 1))
		switch random.IntN(6) {
		case 0:
			for range random.IntN(5) + 1 {
				r.Missing = append(r.Missing, document.Missing{Leaflet: 1, ID: r.Sections[4].ID, Reason: "no such title"})
				r.Sections = slices.Delete(r.Sections, 4, 5)
			}
		case 1:
			r.Pages[1].Source, r.Pages[0].Unreadable = document.SourceOCR, int32(random.IntN(50))
		case 2:
			r.Kind, r.Reason, r.Leaflets, r.Sections = "other", "no numbered titles in order", nil, nil
		case 3:
			r.Text = strings.ReplaceAll(r.Text, "ACME", "OUTRA")
		}
		all = append(all, r)
	}
	return all
}

func qualityKeepsWorstInAnyOrder(t *testing.T) {
	t.Parallel()
	all := many(300)
	var want []string
	for _, backwards := range []bool{false, true} {
		if backwards {
			slices.Reverse(all)
		}
		everything, few := quality.NewCollector(1000, nil, nil), quality.NewCollector(7, nil, nil)
		for _, r := range all {
			everything.Add("5", r, product(r.IDProduto))
			few.Add("5", r, product(r.IDProduto))
		}
		var got []string
		for i, d := range few.Report().Worst {
			require.Equal(t, everything.Report().Worst[i], d)
			got = append(got, d.Item)
		}
		require.Len(t, got, 7)
		if backwards {
			require.Equal(t, want, got)
		}
		want = got
	}
}

func qualityAddsUp(t *testing.T) {
	t.Parallel()
	c := quality.NewCollector(2, map[string]string{"5": "Genérico", "10": "Terapia"}, nil)
	c.Partition("10")
	for i, r := range many(60) {
		c.Add([]string{"5", "8"}[i%2], r, product(r.IDProduto))
	}
	c.Quarantined("8", quality.Quarantine{Asset: "anvisa/extract", Kind: "corrupt", Reason: "truncated", Items: 1, Example: "7/patient"})
	c.Quarantined("5", quality.Quarantine{Asset: "anvisa/extract", Kind: "corrupt", Reason: "truncated", Items: 1, Example: "8/patient"})
	report := c.Report()
	require.Equal(t, []string{"5", "8", "10"}, []string{report.Partitions[0].Partition, report.Partitions[1].Partition, report.Partitions[2].Partition})
	require.Equal(t, report.Total.Documents, report.Partitions[0].Documents+report.Partitions[1].Documents)
	require.Equal(t, report.Total.Characters, report.Partitions[0].Characters+report.Partitions[1].Characters)
	require.Nil(t, report.Partitions[2].CompleteShare)
	require.Equal(t, 2, report.Total.Quarantine[0].Items)
	for name, bins := range map[string][]quality.Bin{"score": report.Total.Histograms.Score, "characters": report.Total.Histograms.CharactersPerPage} {
		sum := int64(0)
		for _, b := range bins {
			sum += b.Count
		}
		require.EqualValues(t, report.Total.Documents, sum, name)
	}
	text, err := json.MarshalIndent(report, "", "  ")
	require.NoError(t, err)
	golden := filepath.Join("testdata", "report.json")
	if *update {
		require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(string(want)), string(text))
}

func qualityEstimatesQuantilesToOneStep(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	c := quality.NewCollector(0, nil, nil)
	var exact []float64
	for range 2000 {
		r := whole(1)
		r.Characters = int64(math.Exp(random.NormFloat64()+8)) + 1
		exact = append(exact, float64(r.Characters)/2)
		c.Add("5", r, nil)
	}
	slices.Sort(exact)
	got := c.Report().Total.CharactersPerPage
	require.InEpsilon(t, exact[999], *got.Median, 0.012)
	require.InEpsilon(t, exact[99], *got.P5, 0.012)
	require.InEpsilon(t, exact[1899], *got.P95, 0.012)
}

func qualityMeasuresEmptyDocument(t *testing.T) {
	t.Parallel()
	d := quality.Measure("", document.Row{Kind: "no_text", Pages: []document.Page{{Number: 1, Source: document.SourceNeedsOCR}}}, nil, nil)
	require.Zero(t, d.Score)
	require.False(t, d.Asked)
	require.Nil(t, d.Confidence)
	text, err := json.Marshal(quality.NewCollector(1, nil, nil).Report())
	require.NoError(t, err)
	require.NotContains(t, string(text), `:null,"worst"`)
	require.Contains(t, string(text), `"worst":[]`)
}
