package leaflet

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"
)

// heading is a place that looks like the title of a section.
type heading struct {
	info     SectionInfo
	audience Audience // whose titles it is one of; "" for every leaflet's
	line     int      // of the first line
	end      int      // offset after the title
	weight   int      // how much it looks like one

	score     float64 // how much of the title agrees, from 0 to 1
	numbered  bool    // its number is printed
	mentioned bool    // a sentence goes on after it
	untitled  bool    // there is no title: the section begins with its text
}

const (
	maxTitle  = 160  // bytes; the longest title has 90
	maxAfter  = 200  // bytes of what follows a title on its line
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
	if changes.MatchString(words(l.text[:min(len(l.text), maxTitle)])) {
		return heading{info: SectionInfo{ID: history}, line: i, end: l.end}, true
	}
	if l.quotes() {
		return heading{}, false
	}
	m := prefix.FindStringSubmatchIndex(l.text)
	n := 0
	if m[2] >= 0 {
		n, _ = strconv.Atoi(l.text[m[2]:m[3]]) // two digits at most
	}
	if len(p[n]) == 0 || i > 0 && refers(d.lines[i-1].text) {
		return heading{}, false
	}
	return d.best(p[n], i, l.start+m[1], n > 0)
}

// best finds which of ps agrees most with a title that begins on line i, at begin, and where that title ends. Of equals
// it takes the one on more lines: what agrees on all of them belongs to the title.
func (d document) best(ps []pattern, i, begin int, numbered bool) (heading, bool) {
	var best heading
	score, wrap := nearness, -1
	for k := i; k < min(i+maxWrap, len(d.lines)) && d.lines[k].start-begin < maxTitle; k++ {
		for _, end := range d.cuts(begin, k) {
			title, after := d.text[begin:end], d.text[end:min(d.lines[k].end, end+maxAfter)]
			got, near := nearest(ps, fold(title), score)
			if near > score || near == score && k > wrap {
				if shaped(got, title, after, numbered) {
					best = heading{info: got.info, audience: got.audience, line: i, end: end}
					score, wrap = near, k
				}
			}
		}
	}
	if wrap < 0 {
		return heading{}, false
	}
	after := d.text[best.end:min(len(d.text), best.end+maxAfter)]
	title, onLine := d.text[begin:best.end], strings.SplitN(after, "\n", 2)[0]
	best.weight = weigh(title, onLine, score, numbered)
	best.score, best.numbered, best.mentioned = score, numbered, sentence.MatchString(title+onLine)
	return best, true
}

// changes is the title of the table of changes, or the first words of its head where it has no title, in words.
var changes = regexp.MustCompile(`^(?:anexo [a-z0-9]{1,3} )?historico d[aeo]s? altera|^dados da submissao eletronica`)

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
		if !capitals(rest[w[0]:w[1]]) {
			break
		}
		last, run = run, w[1]
	}
	for _, c := range []int{last, run} {
		if c > 0 && c < len(rest) {
			cuts = append(cuts, from+c)
		}
	}
	cuts = append(cuts, l.end)
	return slices.DeleteFunc(cuts, func(end int) bool { return end-begin > maxTitle })
}

// titleWords is as many words as a title has.
const titleWords = 20

// wordsAt finds the first words of s: where each begins and ends.
func wordsAt(s string) [][2]int {
	var found [][2]int
	begin := -1
	for i := 0; i <= len(s) && len(found) < titleWords; i++ {
		switch blank := i == len(s) || strings.IndexByte(" \t\n\v\f\r", s[i]) >= 0; {
		case blank && begin >= 0:
			found = append(found, [2]int{begin, i})
			begin = -1
		case !blank && begin < 0:
			begin = i
		}
	}
	return found
}

// reference is how a line ends when what follows is mentioned, not begun.
var reference = regexp.MustCompile(`(?i)(?:\b(?:ver|vide|vejas?|item|itens|se[çc][ãa]o|se[çc][õo]es|consulte|em|no|na|do|da|e|ou)|[(“"'‘,])\s*[“"'‘]?$`)

// refers reports whether the line before a title makes a reference of it.
func refers(before string) bool {
	before = before[max(0, len(before)-maxTitle):]
	return reference.MatchString(before) && !capitals(before)
}

// leader is the dots and the page number of a table of contents.
var leader = regexp.MustCompile(`(?:\.{3,}|…)\s*[0-9]*\s*$`)

// shaped reports whether a title looks like one: not the end of a bracket or of a quotation, no row of a table of contents.
// One of the numbered titles without its number must be in capitals, and so must any that has text glued to it.
func shaped(p pattern, title, after string, numbered bool) bool {
	whole := title + after
	switch {
	case strings.Count(whole, ")") > strings.Count(whole, "("), strings.ContainsAny(whole, "”\""), leader.MatchString(whole):
		return false
	case numbered:
		return true
	case p.info.Number > 0 || strings.TrimSpace(after) != "":
		return capitals(title) && !capitals(after)
	default:
		return true
	}
}

// capitals reports whether s has letters and none of them is small.
func capitals(s string) bool {
	return strings.IndexFunc(s, unicode.IsLower) < 0 && strings.IndexFunc(s, unicode.IsLetter) >= 0
}

// weigh says how much a title looks like one. Numbers count most: a chain of numbered titles beats any without.
func weigh(title, after string, score float64, numbered bool) int {
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
	if sentence.MatchString(title + after) {
		weight -= 4
	}
	return weight
}

// sentence is a title that a sentence goes on after, or ends with: it was mentioned.
var sentence = regexp.MustCompile(`^[\p{Lu}\p{M}\s,?()-]+(?:\.$|[;,.)]|\p{Ll}+ )`)

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
	if shorter/longer < floor || 1-float64(differing(a, b))/longer < floor {
		return 0
	}
	return 1 - float64(levenshtein.ComputeDistance(a, b))/longer
}

// differing is at least how many edits make b of a: by how many letters one has more than the other. It costs little, and
// nearly all titles that are compared are told apart by it. It knows ASCII only, and is 0 for anything else.
func differing(a, b string) int {
	var count [128]int
	for i := range len(a) {
		if a[i] >= 128 {
			return 0
		}
		count[a[i]]++
	}
	for i := range len(b) {
		if b[i] >= 128 {
			return 0
		}
		count[b[i]]--
	}
	more, less := 0, 0
	for _, n := range count {
		more, less = more+max(n, 0), less+max(-n, 0)
	}
	return max(more, less)
}
