package leaflets_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli/leaflets"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// truthFile is a public leaflet with the tables on some of its pages as a person read them off the picture of the page: all
// tables that begin there. The file itself is not kept here.
type truthFile struct {
	Half       string       `json:"half"` // working: rules were mended on it; held_out: measured when they were finished, and then looked at; the others: drawn after that, in turn
	Repository string       `json:"repository"`
	Path       string       `json:"path"`
	SHA256     string       `json:"sha256"`
	Tables     []truthTable `json:"tables"`
}

func halves() []string {
	return []string{"working", "held_out", "held_out_later", "held_out_last", "held_out_newest", "held_out_final", "unseen_first", "unseen_second", "unseen_third"}
}

// truthTable has rows of equal length. "<" is a cell that continues from the left, "^" from above, "" an empty one; "<?" may be either
// empty or continue from the left, where no line tells.
//
// A row is what stands side by side. Lines of a cell that has no line drawn between them are rows of their own where each has
// an entry in the first column.
type truthTable struct {
	Page      int        `json:"page"` // where it begins
	Head      int        `json:"head"` // rows of it
	FirstRows bool       `json:"first_rows"`
	Rows      [][]string `json:"rows"` // with FirstRows only those that are whole on the page
}

// truthCell is a cell, with the least and the most columns that it may lie over.
type truthCell struct {
	leaflet.TableCell
	most int
}

func (t truthTable) cells() (all []truthCell) {
	for i, row := range t.Rows {
		for j, text := range row {
			if text == "" || text == "<" || text == "^" || text == "<?" {
				continue
			}
			c := truthCell{TableCell: leaflet.TableCell{Row: i, Column: j, RowSpan: 1, ColumnSpan: 1, Text: text}}
			for k := j + 1; k < len(row) && row[k] == "<"; k++ {
				c.ColumnSpan++
			}
			c.most = c.ColumnSpan
			for k := j + c.ColumnSpan; k < len(row) && row[k] == "<?"; k++ {
				c.most++
			}
			for k := i + 1; k < len(t.Rows) && t.Rows[k][j] == "^"; k++ {
				c.RowSpan++
			}
			all = append(all, c)
		}
	}
	return all
}

// cellScore counts cells.
type cellScore struct {
	cells    int // of the truth
	right    int // with their text, row, column and spans
	invented int // of what was found, those whose text the truth has not
}

func (s *cellScore) add(o cellScore) {
	s.cells, s.right, s.invented = s.cells+o.cells, s.right+o.right, s.invented+o.invented
}

func (s cellScore) share() float64 { return float64(s.right) / float64(max(1, s.cells+s.invented)) }

var (
	dashes = regexp.MustCompile(`[‐‑‒–—−]`)
	quotes = regexp.MustCompile(`[‘’“”"']`)
	raised = strings.NewReplacer("¹", "1", "²", "2", "³", "3", "µ", "μ", "º", "o", "°", "o", "ª", "a")
)

// folded is a text without what a person cannot tell in a picture: blanks, kinds of dashes and quotes, digits that are raised.
func folded(text string) string {
	text = raised.Replace(quotes.ReplaceAllString(dashes.ReplaceAllString(text, "-"), "'"))
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// compare scores a table that was found. Of a truth of the first rows what is found below them is not looked at.
func (t truthTable) compare(found leaflet.Table) cellScore {
	want := t.cells()
	s := cellScore{cells: len(want)}
	texts := map[string]int{}
	for _, c := range want {
		texts[folded(c.Text)]++
	}
	for _, c := range found.Cells {
		if t.FirstRows && c.Row >= len(t.Rows) {
			continue
		}
		text := folded(c.Text)
		if slices.ContainsFunc(want, func(w truthCell) bool {
			return w.Row == c.Row && w.Column == c.Column && folded(w.Text) == text && (w.RowSpan == c.RowSpan || t.FirstRows && c.Row+c.RowSpan > len(t.Rows)) &&
				w.ColumnSpan <= c.ColumnSpan && c.ColumnSpan <= w.most
		}) {
			s.right++
		}
		if texts[text]--; texts[text] < 0 {
			s.invented++
		}
	}
	return s
}

// scores gives the cellScore of each table of a file, and how many cells the tables have that begin on the same pages and are none.
func (f truthFile) scores(found []leaflet.Table) (all []cellScore, best []leaflet.Table, more int) {
	taken := make([]bool, len(found))
	pages := map[int]bool{}
	for _, t := range f.Tables {
		pages[t.Page] = true
		s, at := cellScore{cells: len(t.cells())}, -1
		for i, o := range found {
			if o.Page > t.Page || o.LastPage < t.Page || taken[i] {
				continue
			}
			if c := t.compare(o); c.right > s.right || at < 0 && c.invented < len(o.Cells) {
				s, at = c, i
			}
		}
		var table leaflet.Table
		if at >= 0 {
			taken[at], table = true, found[at]
		}
		all, best = append(all, s), append(best, table)
	}
	for i, o := range found {
		if !taken[i] && pages[o.Page] {
			more += len(o.Cells)
		}
	}
	return all, best, more
}

// tablesOf are all tables of a file.
func tablesOf(view api.LeafletFile) (all []leaflet.Table) {
	for _, l := range view.Leaflets {
		for _, s := range l.Sections {
			all = append(all, s.Tables...)
		}
	}
	return all
}

// truth is what is known of public leaflets.
func truth(t *testing.T) (files []truthFile) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "tables.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &files))
	return files
}

// TestTablesOfLeaflets measures on the public leaflets that are in the folder DRUGSLM_TABLES, by whatever name, cells of tables
// against what a person read. With DRUGSLM_TABLES_HALF it measures one half.
func TestTablesOfLeaflets(t *testing.T) {
	folder := os.Getenv("DRUGSLM_TABLES")
	if folder == "" {
		t.Skip("no folder of public leaflets: set DRUGSLM_TABLES, or make bench-tables DIR=...")
	}
	at := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.EqualFold(filepath.Ext(path), ".pdf") {
			return err
		}
		content, err := os.ReadFile(path)
		sum := sha256.Sum256(content)
		at[hex.EncodeToString(sum[:])] = path
		return err
	}))
	reader, err := pdf.Open(pdf.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close(t.Context())) }()
	totals := map[string]*cellScore{}
	for _, half := range halves() {
		totals[half] = &cellScore{}
	}
	counts := map[string]int{}
	var lines []tableLine
	for _, f := range truth(t) {
		if half := os.Getenv("DRUGSLM_TABLES_HALF"); half != "" && half != f.Half {
			continue
		}
		path, ok := at[f.SHA256]
		if !ok {
			t.Logf("missing: %s of https://%s (sha256 %s)", f.Path, f.Repository, f.SHA256)
			continue
		}
		view, err := leaflets.ParseFile(t.Context(), reader, nil, path)
		require.NoError(t, err, f.Path)
		all, best, more := f.scores(tablesOf(view))
		for i, s := range all {
			counts[f.Half]++
			totals[f.Half].add(s)
			lines = append(lines, tableLine{f, f.Tables[i], best[i], s})
		}
		if more > 0 {
			totals[f.Half].add(cellScore{invented: more})
			t.Logf("%s: %d cells of tables that are none", f.Path, more)
		}
	}
	slices.SortStableFunc(lines, func(a, b tableLine) int { return int(1e6 * (a.share() - b.share())) })
	for _, l := range lines {
		t.Logf("%5.1f %%: %d of %d cells right, %d invented: %s, page %d", 100*l.share(), l.right, l.cells, l.invented, l.file.Path, l.truth.Page)
		if os.Getenv("DRUGSLM_TABLES_SHOW") != "" && l.right < l.cells+l.invented {
			t.Logf("want\n     %s\ngot\n     %s", inLines(l.truth.Rows), inCells(l.found))
		}
	}
	for _, half := range halves() {
		s := totals[half]
		t.Logf("%s: %d tables, %d of %d cells right, %d invented: %.1f %%", half, counts[half], s.right, s.cells, s.invented, 100*s.share())
	}
	require.NotEmpty(t, lines, "none of the files is in %s: clone the repositories named above", folder)
}

// tableLine is a line of the report.
type tableLine struct {
	file  truthFile
	truth truthTable
	found leaflet.Table
	cellScore
}

// inCells writes a table in the way of the truth.
func inCells(t leaflet.Table) string {
	var rows [][]string
	for _, c := range t.Cells {
		for len(rows) < c.Row+c.RowSpan {
			rows = append(rows, make([]string, t.Columns))
		}
		for i := range c.RowSpan {
			for j := range c.ColumnSpan {
				rows[c.Row+i][c.Column+j] = "^"
				if j > 0 {
					rows[c.Row+i][c.Column+j] = "<"
				}
			}
		}
		rows[c.Row][c.Column] = c.Text
	}
	return inLines(rows)
}

// TestTruth holds the truth against itself: it is well formed, and a table that has it scores all of its cells.
func TestTruth(t *testing.T) {
	t.Parallel()
	tables := map[string]int{}
	for _, f := range truth(t) {
		require.Contains(t, halves(), f.Half)
		require.Len(t, f.SHA256, 64)
		for _, table := range f.Tables {
			tables[f.Half]++
			var found leaflet.Table
			for _, row := range table.Rows {
				require.Len(t, row, len(table.Rows[0]), "%s, page %d", f.Path, table.Page)
			}
			for _, c := range table.cells() {
				found.Cells = append(found.Cells, c.TableCell)
			}
			require.Equal(t, cellScore{cells: len(found.Cells), right: len(found.Cells)}, table.compare(found), "%s, page %d", f.Path, table.Page)
		}
	}
	require.GreaterOrEqual(t, min(tables["working"], tables["held_out"], tables["held_out_last"], tables["held_out_newest"]), 20)
	require.GreaterOrEqual(t, tables["held_out_final"], 15)
	require.GreaterOrEqual(t, min(tables["unseen_first"], tables["unseen_second"]), 24)
	require.GreaterOrEqual(t, tables["unseen_third"], 9)
	require.GreaterOrEqual(t, tables["held_out_later"], 4)
}

// TestScore bends a table, and counts what is then wrong.
func TestScore(t *testing.T) {
	t.Parallel()
	table := truthTable{Page: 3, Head: 1, Rows: [][]string{{"Dose", "Adultos", "<"}, {"Inicial", "1 – 2 mg", ""}, {"^", "5 mg/m²", "8"}, {"Fim", "<?", "<?"}}}
	at := func(row, column, rows, columns int, text string) leaflet.TableCell {
		return leaflet.TableCell{Row: row, Column: column, RowSpan: rows, ColumnSpan: columns, Text: text}
	}
	whole := []leaflet.TableCell{
		at(0, 0, 1, 1, "Dose"), at(0, 1, 1, 2, "Adultos"), at(1, 0, 2, 1, "Inicial"), at(1, 1, 1, 1, "1 - 2  mg"), at(2, 1, 1, 1, "5 mg/m2"), at(2, 2, 1, 1, "8"), at(3, 0, 1, 1, "Fim"),
	}
	for name, tt := range map[string]struct {
		bend func(cells []leaflet.TableCell) []leaflet.TableCell
		want cellScore
	}{
		"whole":                 {func(c []leaflet.TableCell) []leaflet.TableCell { return c }, cellScore{7, 7, 0}},
		"a span nobody can see": {func(c []leaflet.TableCell) []leaflet.TableCell { c[6].ColumnSpan = 3; return c }, cellScore{7, 7, 0}},
		"a span too few":        {func(c []leaflet.TableCell) []leaflet.TableCell { c[2].RowSpan = 1; return c }, cellScore{7, 6, 0}},
		"a span too many":       {func(c []leaflet.TableCell) []leaflet.TableCell { c[5].RowSpan = 2; return c }, cellScore{7, 6, 0}},
		"another column":        {func(c []leaflet.TableCell) []leaflet.TableCell { c[4].Column = 0; return c }, cellScore{7, 6, 0}},
		"a row that is none": {func(c []leaflet.TableCell) []leaflet.TableCell {
			for i := range c[3:] {
				c[3+i].Row++
			}
			return c
		}, cellScore{7, 3, 0}},
		"a cell lost":     {func(c []leaflet.TableCell) []leaflet.TableCell { return c[1:] }, cellScore{7, 6, 0}},
		"a cell invented": {func(c []leaflet.TableCell) []leaflet.TableCell { return append(c, at(3, 1, 1, 1, "nada")) }, cellScore{7, 7, 1}},
		"a cell twice":    {func(c []leaflet.TableCell) []leaflet.TableCell { return append(c, at(4, 0, 1, 1, "Fim")) }, cellScore{7, 7, 1}},
		"a cell in two": {func(c []leaflet.TableCell) []leaflet.TableCell {
			c[1].Text = "Adul"
			return append(c, at(0, 2, 1, 1, "tos"))
		}, cellScore{7, 6, 2}},
	} {
		require.Equal(t, tt.want, table.compare(leaflet.Table{Cells: tt.bend(slices.Clone(whole))}), name)
	}
	f := truthFile{Tables: []truthTable{table}}
	other := leaflet.Table{Page: 3, LastPage: 3, Cells: []leaflet.TableCell{at(0, 0, 1, 1, "a"), at(0, 1, 1, 1, "b")}}
	all, _, more := f.scores([]leaflet.Table{other, {Page: 3, LastPage: 3, Cells: whole}, {Page: 9, LastPage: 9, Cells: whole}})
	require.Equal(t, []cellScore{{7, 7, 0}}, all)
	require.Equal(t, 2, more, "a table on the page that is none")
	all, _, _ = f.scores(nil)
	require.Equal(t, []cellScore{{7, 0, 0}}, all)
}
