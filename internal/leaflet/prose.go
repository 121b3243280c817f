package leaflet

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What looks like a table by where words stand may be prose in narrow columns with wide blanks, a list, or a drawing with words in it.
const (
	unfinishedCells = 3    // that end with a word like "de", at least, in prose
	unfinishedShare = 0.1  // of all cells
	smallGroups     = 2    // rows of one cell over all columns that begin small, at least, in prose
	smallShare      = 0.15 // of all rows
	manyColumns     = 6
	sparseShare     = 0.2 // of the places of a table with many columns have words, at least
)

// bullets are the marks of a list, one or several.
var bullets = newExpression(`^(?:[^\p{L}\p{N}\s<>≤≥=+%/(),.;:–—-]|\p{Co}|[oO]\b|[-–−]|\s)+$`)

// prose reports whether rows are no table: too many cells end in the middle of a sentence, or rows over all columns begin there; hardly a cell of many
// columns has words; or hardly a cell has a word of three letters or digits.
func prose(rows []tableRow) bool {
	cells, unfinished, groups, long := 0, 0, 0, 0
	for _, r := range rows {
		for _, text := range r.texts {
			if text == "" {
				continue
			}
			cells++
			if unfinishedText(text) {
				unfinished++
			}
			if longText.MatchString(text) {
				long++
			}
		}
		if r.group && startsSmall(r.texts[0]) {
			groups++
		}
	}
	n := len(rows)
	return long < tableRows || unfinished >= unfinishedCells && float64(unfinished) >= unfinishedShare*float64(cells) ||
		groups >= smallGroups && float64(groups) >= smallShare*float64(n) ||
		len(rows[0].texts) >= manyColumns && float64(cells) < sparseShare*float64(n*len(rows[0].texts))
}

// longWord is three letters of a word, and longText three letters or digits.
var (
	longWord = newExpression(`\p{L}{3}`)
	longText = newExpression(`[\p{L}\p{N}]{3}`)
)

// unfinishedText reports whether a text ends with a word that another must follow.
func unfinishedText(text string) bool {
	last := text[strings.LastIndexByte(text, ' ')+1:]
	first, _ := utf8.DecodeRuneInString(last)
	return unicode.IsLower(first) && last != "a" && last != "o" && (slices.Contains(small, last) || last == "que" || last == "se")
}

// itemised reports whether a row is an entry of a list: beside its mark it has one cell at most.
func (r tableRow) itemised() bool {
	marks := 0
	for _, text := range r.texts {
		if text != "" && bullets.MatchString(text) {
			marks++
		}
	}
	return marks > 0 && r.filled()-marks < 2
}
