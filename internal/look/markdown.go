package look

import (
	"regexp"
	"strings"
)

// grid is a table in a section's text: its cells, and which letters of the section they stand for.
type grid struct {
	Rows     [][]string
	from, to int // letters of the section's text; both -1: its place is not known
	below    int // the table that it stands right below of, which has the place of both; -1: none
}

// maxCells bounds what is shown of a table.
const maxCells = 20_000

// ruled is the line under the first row of a table in Markdown.
var ruled = regexp.MustCompile(`^\|(?:\s*:?-{3,}:?\s*\|)+\s*$`)

// grids finds the tables that the Markdown of a section has, and the places of their text in the text of the section:
// between the text before them and the text behind them. Of tables one below the other the first has the place of all.
// A table whose place is not known has from and to of -1.
func grids(text, markdown string) []grid {
	if !strings.Contains(markdown, "|") {
		return nil
	}
	f := finder{whole: lettersOf(text), open: -1}
	var prose []string
	lines := strings.Split(markdown, "\n")
	for i := 0; i < len(lines); {
		if i+1 == len(lines) || len(f.found) == maxGrids || !strings.HasPrefix(lines[i], "|") || !ruled.MatchString(lines[i+1]) {
			prose = append(prose, lines[i])
			i++
			continue
		}
		f.prose(strings.Join(prose, "\n"))
		prose = nil
		table, n := tableAt(lines[i:])
		f.table(table)
		i += n
	}
	f.prose(strings.Join(prose, "\n"))
	f.end(nil)
	return f.found
}

// tableAt reads the table with which lines begin, and says how many of them are its.
func tableAt(lines []string) (table grid, n int) {
	table.from, table.to, table.below = -1, -1, -1
	for cells := 0; n < len(lines) && strings.HasPrefix(lines[n], "|"); n++ {
		if n == 1 || cells > maxCells {
			continue
		}
		row := cellsOf(lines[n])
		cells += len(row)
		table.Rows = append(table.Rows, row)
	}
	return table, n
}

// finder finds the places of tables in a text.
type finder struct {
	whole letters
	found []grid
	next  int // letters that are accounted for
	open  int // the first table whose end is not known yet; -1: none
}

// clue is how many letters of the text around a table tell where it is, farthest how far it is looked for, and
// maxGrids how many tables are looked for in a section.
const (
	clue     = 40
	farthest = 50_000
	maxGrids = 200
)

func (f *finder) table(t grid) {
	if f.open < 0 {
		f.open = len(f.found)
	}
	f.found = append(f.found, t)
}

// prose takes the text between two tables.
func (f *finder) prose(text string) {
	prose := lettersOf(unescaped(text)).text
	if len(prose) == 0 {
		return
	}
	f.end(prose[:min(len(prose), clue)])
	if f.whole.has(f.next, prose) {
		f.next += len(prose)
		return
	}
	tail := prose[max(0, len(prose)-clue):]
	if at := f.whole.find(f.next, f.next+farthest, tail); at >= 0 {
		f.next = at + len(tail)
	}
}

// end gives the open table the place up to what comes after it; nil: up to the end.
func (f *finder) end(after []rune) {
	if f.open < 0 {
		return
	}
	end := len(f.whole.text)
	if after != nil {
		end = f.whole.find(f.next, f.next+farthest, after)
	}
	if end >= 0 {
		f.found[f.open].from, f.found[f.open].to = f.next, end
		for i := f.open + 1; i < len(f.found); i++ {
			f.found[i].below = f.open
		}
		f.next = end
	}
	f.open = -1
}

// cellsOf cuts a row of a table; "\|" is a bar in a cell.
func cellsOf(row string) []string {
	row = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(row), "|"), "|")
	const bar = "\x00"
	cells := strings.Split(strings.ReplaceAll(row, `\|`, bar), "|")
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(unescaped(strings.ReplaceAll(cell, bar, "|")))
	}
	return cells
}

// escaped is a sign that Markdown would read as markup, and a line break in a cell.
var escaped = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])|<br ?/?>|</?su[bp]>`)

func unescaped(text string) string { return escaped.ReplaceAllString(text, "$1") }
