package anvisa

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
	"drugslm/internal/document"
)

func TestSectionAndHistoryRows(t *testing.T) {
	t.Parallel()
	doc := ExtractRow{document.Row{
		IDProduto: 7, Audience: document.Professional, SHA256: "ab", Leaflets: []document.Leaflet{{Number: 1, Audience: document.Patient}, {Number: 2, Audience: document.Professional}},
		Pages: []document.Page{{Number: 1, Source: document.SourceText}, {Number: 2, Source: document.SourceBlank}, {Number: 3, Source: document.SourceOCR}},
		Sections: []document.Section{
			{Leaflet: 1, ID: "presentation", FirstPage: 1, LastPage: 2}, {Leaflet: 1, ID: "presentation", FirstPage: 2, LastPage: 3, Text: "é"},
			{Leaflet: 2, ID: "professional.1", Number: 1, FirstPage: 1, LastPage: 3},
		},
		History: []document.Change{{Leaflet: 1, Expediente: "1"}, {Leaflet: 2, Expediente: "2"}, {Leaflet: 2, Expediente: "3"}},
	}}
	made := declared(t, SectionsKey)
	run := assettest.Run(made, "5", nil)
	var ids, sources, audiences []string
	for _, s := range sectionRows(run, doc) {
		ids, sources, audiences = append(ids, s.ItemID()), append(sources, s.Source), append(audiences, s.Found)
	}
	require.Equal(t, []string{"7/professional#1/presentation", "7/professional#1/presentation~2", "7/professional#2/professional.1"}, ids)
	require.Equal(t, []string{document.SourceText, document.SourceOCR, document.SourceMixed}, sources)
	require.Equal(t, []string{document.Patient, document.Patient, document.Professional}, audiences)

	ids = nil
	for _, h := range historyRows(run, doc) {
		ids = append(ids, h.ItemID())
	}
	require.Equal(t, []string{"7/professional#1/change/1", "7/professional#2/change/1", "7/professional#2/change/2"}, ids)
}

// TestTextChecks bends one thing at a time, and wants that check alone to see it.
func TestTextChecks(t *testing.T) {
	t.Parallel()
	numbered := func(numbers ...int32) (sections []document.Section) {
		for _, n := range numbers {
			sections = append(sections, document.Section{Leaflet: 1, ID: "patient." + string('0'+n), Number: n})
		}
		return sections
	}
	good := ExtractRow{document.Row{
		IDProduto: 1, Audience: document.Patient, Found: document.Patient, Kind: "leaflet", Characters: 9000, Sections: numbered(1, 2, 3, 4, 5, 6, 7, 8, 9),
		Leaflets: []document.Leaflet{{Number: 1, Audience: document.Patient}}, Pages: []document.Page{{Number: 1, Source: document.SourceText}},
	}}
	for name, tt := range map[string]struct {
		bend  func(*ExtractRow)
		check string
	}{
		"as it should be":      {func(*ExtractRow) {}, ""},
		"a section is missing": {func(r *ExtractRow) { r.Sections = numbered(1, 2, 3, 5, 6, 7, 8, 9) }, "complete_share"},
		"no leaflet was found": {func(r *ExtractRow) { r.Kind, r.Leaflets = "other", nil }, "complete_share"},
		"out of order":         {func(r *ExtractRow) { r.Sections = numbered(1, 3, 2, 4, 5, 6, 7, 8, 9) }, "ordered"},
		"a private font":       {func(r *ExtractRow) { r.Pages[0].Unreadable = 91 }, "readable"},
		"a scan":               {func(r *ExtractRow) { r.Pages[0].Source = document.SourceOCR }, "text_share"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := good
			row.Pages = []document.Page{good.Pages[0]}
			tt.bend(&row)
			made := declared(t, ExtractKey)
			for _, v := range assettest.CheckResults(t.Context(), made, assettest.Run(made, "5", nil), nil, asset.Staged{Before: -1}, row) {
				if v.Name != "sha256_exists" && v.Name != "catalog_agrees" { // which read other assets
					require.Equal(t, v.Name != tt.check, v.Passed, "%s: %s", v.Name, v.Detail)
				}
			}
		})
	}
}

// TestFilesNameTheirRows keeps the name under which Parquet files have the rows of documents.
func TestFilesNameTheirRows(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ExtractRow", declared(t, ExtractKey).Codec.Schema().Name())
}
