package leaflet

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// heading is a place that looks like the title of a section.
type heading struct {
	info     SectionInfo
	audience Audience // whose titles it is one of; "" for every leaflet's
	line     int      // of the first line
	end      int      // offset after the title
	weight   int      // how much it looks like one
}

const (
	maxTitle  = 160  // bytes; the longest title has 90
	maxWrap   = 4    // lines of a title
	nearness  = 0.86 // how much of a title must agree: one letter in seven may differ
	certainty = 0.97
)

// prefix is what stands before a title: an Arabic number, or a Roman one with something after it.
var prefix = regexp.MustCompile(`^(?:([0-9]{1,2})\s*[.)\-–—:]*\s*|[IVX]{1,3}\s*[.)\-–—:]+\s*|[IVX]{1,3}\s+)?`)

// headings finds every place that looks like a title, in order, at most one a line.
func (d document) headings() []heading {
	p := allPatterns()
	var found []heading
	for i := range d.lines {
		if h, ok := d.match(p, i); ok {
			found = append(found, h)
		}
	}
	return found
}

// match looks for a title that begins on line i.
func (d document) match(p patterns, i int) (heading, bool) {
	l := d.lines[i]
	m := prefix.FindStringSubmatchIndex(l.text)
	n := 0
	if m[2] >= 0 {
		n, _ = strconv.Atoi(l.text[m[2]:m[3]]) // two digits at most
	}
	begin := l.start + m[1]
	if len(p[n]) == 0 || i > 0 && refers(d.lines[i-1].text) {
		return heading{}, false
	}
	best, score := heading{}, nearness
	for k := i; k < min(i+maxWrap, len(d.lines)) && d.lines[k].end-begin < maxTitle*2; k++ {
		for _, end := range d.cuts(begin, k) {
			title := fold(d.text[begin:end])
			if got, near := nearest(p[n], title, score); near >= score && title != "" && shaped(d.text[begin:end], d.text[end:d.lines[k].end], n > 0) {
				best, score = heading{info: got.info, audience: got.audience, line: i, end: end}, near
			}
		}
	}
	if best.end == 0 {
		return heading{}, false
	}
	best.weight = weigh(d.text[begin:best.end], score, n > 0)
	return best, true
}

// cuts gives the offsets at which a title that begins at begin may end on line k: at the line's end, after a question
// mark or a colon, and before and after the last word of those in capitals.
func (d document) cuts(begin, k int) []int {
	l := d.lines[k]
	from := max(begin, l.start)
	rest := d.text[from:l.end]
	if len(rest) == 0 {
		return nil
	}
	var cuts []int
	if i := strings.IndexAny(rest, "?:"); i >= 0 {
		cuts = append(cuts, from+i+1)
	}
	last, run := 0, 0
	for _, w := range wordsAt(rest) {
		if strings.IndexFunc(rest[w[0]:w[1]], unicode.IsLower) >= 0 {
			break
		}
		last, run = run, w[1]
	}
	for _, c := range []int{last, run} {
		if c > 0 && c < len(rest) {
			cuts = append(cuts, from+c)
		}
	}
	return append(cuts, l.end)
}

var nonBlank = regexp.MustCompile(`\S+`)

// wordsAt finds the first words of s, as many as a title has.
func wordsAt(s string) [][]int { return nonBlank.FindAllStringIndex(s, 20) }

// reference is how a line ends when what follows is mentioned, not begun.
var reference = regexp.MustCompile(`(?i)(?:\b(?:ver|vide|vejas?|item|itens|se[çc][ãa]o|se[çc][õo]es|consulte|em|no|na|do|da|e|ou)|[(“"'‘,])\s*[“"'‘]?$`)

// refers reports whether the line before a title makes a reference of it.
func refers(before string) bool { return reference.MatchString(before) && !capitals(before) }

// leader is the dots and the page number of a table of contents.
var leader = regexp.MustCompile(`(?:\.{3,}|…)\s*[0-9]*\s*$`)

// shaped reports whether a title looks like one: not the end of a bracket or of a quotation, no row of a table of contents;
// one without its number must be in capitals.
func shaped(title, after string, numbered bool) bool {
	whole := title + after
	if strings.Count(whole, ")") > strings.Count(whole, "(") || strings.ContainsAny(whole, "”\"") || leader.MatchString(whole) {
		return false
	}
	return numbered || capitals(title) && (after == "" || strings.HasSuffix(title, ":") || strings.HasSuffix(title, "?") || !capitals(after))
}

// capitals reports whether s has letters and none of them is small.
func capitals(s string) bool {
	return strings.IndexFunc(s, unicode.IsLower) < 0 && strings.IndexFunc(s, unicode.IsLetter) >= 0
}

// weigh says how much a title looks like one. Numbers count most: a chain of numbered titles beats any without.
func weigh(title string, score float64, numbered bool) int {
	weight := 4
	if numbered {
		weight = 12
	}
	if score >= certainty {
		weight += 2
	}
	if capitals(title) {
		weight += 3
	}
	if strings.HasSuffix(strings.TrimSpace(title), ".") { // a sentence ends here, and a title is none
		weight -= 4
	}
	return weight
}

// nearest finds the pattern that agrees best with title, if any does by at least floor.
func nearest(ps []pattern, title string, floor float64) (pattern, float64) {
	var best pattern
	near := -1.0
	for _, p := range ps {
		if s := similarity(p.title, title, floor); s >= floor && s > near {
			best, near = p, s
		}
	}
	return best, near
}

// similarity is 1 for equal strings and 0 for those with nothing in common: one minus the edits it takes, by the length
// of the longer. It gives up, with 0, where the lengths alone keep it below floor.
func similarity(a, b string, floor float64) float64 {
	if a == b {
		return 1
	}
	longer, shorter := float64(max(len(a), len(b))), float64(min(len(a), len(b)))
	if shorter/longer < floor {
		return 0
	}
	return 1 - float64(edits(a, b))/longer
}

// edits is the Levenshtein distance in bytes; folded titles are ASCII.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
