package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func tableRowOf(change func(*tableRow)) tableRow {
	r := tableRow{
		Href: "#/medicamentos/1091085?numeroProcesso=25351675000202099", Cells: 8, Name: "LEVOFLOXACINO  HEMIIDRATADO",
		Company: "HYPOFARMA - INSTITUTO DE HYPODERMIA - 61190096000192", Expediente: "1491741252", Date: "12/11/2025", Patient: true,
	}
	change(&r)
	return r
}

func TestTableRow(t *testing.T) {
	t.Parallel()
	p, err := tableRowOf(func(*tableRow) {}).product()
	require.NoError(t, err)
	require.Equal(t, Product{
		ID: 1091085, Name: "LEVOFLOXACINO  HEMIIDRATADO", Company: "HYPOFARMA - INSTITUTO DE HYPODERMIA", CNPJ: "61190096000192",
		Process: "25351675000202099", Expediente: "1491741252", HasPatient: true,
		PublishedAt: time.Date(2025, 11, 12, 0, 0, 0, 0, time.FixedZone("", -3*60*60)),
	}, p)

	bare, err := tableRowOf(func(r *tableRow) { r.Href = "#/medicamentos/7" }).product()
	require.NoError(t, err)
	require.Empty(t, bare.Process)
}

func TestTableRowRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*tableRow)
		text   string
	}{
		{"a column more", func(r *tableRow) { r.Cells = 9 }, "expected 8 cells"},
		{"no number", func(r *tableRow) { r.Href = "#/medicamentos/" }, "link"},
		{"product zero", func(r *tableRow) { r.Href = "#/medicamentos/0" }, "link"},
		{"somewhere else", func(r *tableRow) { r.Href = "https://example.org/#/medicamentos/1/../2" }, "link"},
		{"no company's number", func(r *tableRow) { r.Company = "EMS S/A" }, "company"},
		{"American date", func(r *tableRow) { r.Date = "11/30/2025" }, "date"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tableRowOf(tt.change).product()
			require.ErrorContains(t, err, tt.text)
		})
	}
}

func FuzzTableRow(f *testing.F) {
	r := tableRowOf(func(*tableRow) {})
	f.Add(r.Href, r.Company, r.Date)
	f.Add("", " - ", "00/00/0000")
	f.Fuzz(func(t *testing.T, href, company, date string) {
		p, err := tableRow{Href: href, Cells: 8, Company: company, Date: date}.product()
		if err == nil {
			require.Positive(t, p.ID)
			require.Equal(t, company, p.Company+" - "+p.CNPJ)
		}
	})
}

func TestWalk(t *testing.T) {
	t.Parallel()
	t.Run("refuses a table of an unknown form", walkRefusesTableOfUnknownForm)
}

// walkRefusesTableOfUnknownForm: a page without the table that is known says nothing about products.
func walkRefusesTableOfUnknownForm(t *testing.T) {
	t.Parallel()
	known := map[string]int{resultsTable: 1, ".ng-table-pager": 1}
	gone := map[string]int{resultsTable: 0, ".ng-table-pager": 1}
	headings := []string{
		"Medicamento", "Empresa - CNPJ", "Expediente", "Data de Publicação", "Bula do Paciente", "Bula do Profissional", "Histórico de Bulas",
	}
	for _, tt := range []struct {
		name    string
		table   table
		unknown bool
		text    string
	}{
		{"as it is known", table{Selectors: known, Headings: headings}, false, ""},
		{"one that tells nothing of itself", table{}, false, ""},
		{"no table, and the answer came", table{Selectors: gone}, true, "missing table.ng-table"},
		{"no table, stuck after an answer", table{Selectors: gone, Stuck: true, Status: 200}, true, "missing table.ng-table"},
		{"no table, and no answer either", table{Selectors: gone, Stuck: true}, false, "missing table.ng-table"},
		{"nothing found: back at the form", table{Selectors: gone, Empty: true}, false, "missing table.ng-table"},
		{"a column more", table{Selectors: known, Headings: append([]string{"Forma"}, headings...)}, true, "new column Forma"},
		{"a column less", table{Selectors: known, Headings: headings[1:]}, true, "missing column Medicamento"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := tt.table.difference()
			require.Equal(t, tt.text, d.String())
			require.Equal(t, tt.unknown, tt.table.unknown(d))
		})
	}
}
