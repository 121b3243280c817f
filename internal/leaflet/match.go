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
	number    numbering
	mentioned bool // a sentence goes on after it
	stray     bool // it is not in the order of the rule
	untitled  bool // there is no title: the section begins with its text
}

// numbering is how the number of a title is printed.
type numbering int

const (
	unnumbered numbering = iota
	numbered             // as in the rule
	renumbered           // with another: the leaflet leaves a title out, or has one more
)

const (
	maxTitle  = 200  // bytes; the longest title of the rule has 90, and one may have the name of a product
	maxAfter  = 200  // bytes of what follows a title on its line
	maxWrap   = 4    // lines of a title
	nearness  = 0.86 // how much of a title must agree: one letter in seven may differ
	certainty = 0.97

	otherNearness = 0.92 // of a title with another number
)

// prefix is what stands before a title: an Arabic number, or a Roman one with something after it.
var prefix = regexp.MustCompile(`^(?:([0-9]{1,2})\s*[.)\-–—:]*\s*|[IVX]{1,3}\s*[.)\-–—:]+\s*|[IVX]{1,3}\s+)?`)

// headings finds every place that looks like a title, in order, at most one a line. A line that has a title after the end
// of a sentence becomes two.
func (d *document) headings() []heading {
	p := allPatterns()
	d.splitHeadings(p)
	var found []heading
	for i := range d.lines {
		h, ok := d.match(p, i)
		if !ok {
			continue
		}
		if n := len(found) - 1; n >= 0 && found[n].info.ID == h.info.ID && d.lines[i].start < found[n].end && found[n].weight >= h.weight {
			continue // the rest of a title that began above
		}
		found = append(found, h)
	}
	d.penalizeLists(found)
	d.places = newPlaces(d.lines)
	return found
}

// afterSentence is where a title may begin that is printed on the line on which the section before it ends.
var afterSentence = regexp.MustCompile(`[.!?]\s+((?:10|[1-9])\s*[.)\-–—]\s*\p{Lu}[\p{Lu}\p{M}\s,]{6,})`)

// splitHeadings cuts lines before a title that stands after the end of a sentence: one in capitals, with its number.
func (d *document) splitHeadings(p patterns) {
	lines := make([]line, 0, len(d.lines))
	for i, l := range d.lines {
		words := -1 // of l: not counted yet
		for {
			m := afterSentence.FindStringSubmatchIndex(beginning(l.text, maxJoined))
			d.work.add(min(len(l.text), maxJoined))
			if m == nil {
				break
			}
			if words < 0 {
				words = len(strings.Fields(l.text))
				d.work.add(len(l.text))
			}
			before, after := l.cut(m[2], words)
			d.work.add(m[2])
			rest := document{text: d.text, lines: append([]line{after}, d.lines[i+1:min(len(d.lines), i+maxWrap)]...), work: d.work}
			if h, ok := rest.match(p, 0); !ok || h.number != numbered || !capitals(d.text[after.start:h.end]) {
				break
			}
			lines = append(lines, before)
			l, words = after, after.count
		}
		lines = append(lines, l)
	}
	d.lines = lines
}

// A list of titles, as a table of contents or of changes has it, is no leaflet: some follow each other without a text.
const (
	listTitles = 4
	listLoss   = 10 // of their weights
)

// penalizeLists takes weight from the titles of lists.
func (d document) penalizeLists(found []heading) {
	for i := 0; i < len(found); {
		n := i + 1
		for n < len(found) && 0 < found[n-1].info.Number && found[n-1].info.Number < found[n].info.Number &&
			d.lines[found[n].line].start-found[n-1].end < listed {
			n++
		}
		if n-i >= listTitles {
			for j := i; j < n; j++ {
				found[j].weight = max(1, found[j].weight-listLoss)
			}
		}
		i = n
	}
}

// match looks for a title that begins on line i.
func (d document) match(p patterns, i int) (heading, bool) {
	l := d.lines[i]
	if changes.MatchString(Plain(l.text[:min(len(l.text), maxTitle)])) {
		h := heading{info: SectionInfo{ID: history}, line: i, end: l.end}
		if len(l.text) > maxTitle {
			h.end = l.start // the head of the table and its rows on one line
		}
		return h, true
	}
	if l.quotes() {
		return heading{}, false
	}
	m := prefix.FindStringSubmatchIndex(beginning(l.text, maxTitle))
	d.work.add(1)
	n := 0
	if m[2] >= 0 {
		n, _ = strconv.Atoi(l.text[m[2]:m[3]]) // two digits at most
	}
	h, ok := d.numberedAs(p, n, i, l.start+m[1])
	if !ok || i == 0 {
		return h, ok
	}
	surely, perhaps := refers(d.lines[i-1].text)
	if surely || perhaps && h.number != numbered {
		return heading{}, false
	}
	if perhaps {
		h.weight -= mentionLoss
		h.mentioned = true
	}
	return h, true
}

// mentionLoss is the weight that a title loses that may be a mention.
const mentionLoss = 4

// numberedAs looks for a title that begins on line i, at begin, after number n; 0 for none.
func (d document) numberedAs(p patterns, n, i, begin int) (heading, bool) {
	if n == 0 {
		if startsSmall(d.text[begin:]) { // most lines: a sentence goes on
			return heading{}, false
		}
		return d.best(p[0], i, begin, unnumbered, nearness)
	}
	if h, ok := d.best(p[n], i, begin, numbered, nearness); ok {
		return h, true
	}
	return d.best(p[anyNumber], i, begin, renumbered, otherNearness)
}

// best finds which of ps agrees most with a title that begins on line i, at begin, and where that title ends. Of equals
// it takes the one on more lines: what agrees on all of them belongs to the title. Less than floor is no agreement.
func (d document) best(ps []pattern, i, begin int, number numbering, floor float64) (heading, bool) {
	if len(ps) == 0 {
		return heading{}, false
	}
	var best heading
	score, wrap := floor, -1
	for k := i; k < min(i+maxWrap, len(d.lines)) && d.lines[k].start-begin < maxTitle; k++ {
		for _, end := range d.cuts(begin, k) {
			title, after := d.text[begin:end], d.text[end:min(d.lines[k].end, end+maxAfter)]
			d.work.add(len(ps))
			got, near := nearest(ps, title, score)
			if near > score || near == score && k > wrap {
				if shaped(got, title, after, number) {
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
	best.weight = weigh(title, onLine, score, number)
	best.score, best.number, best.mentioned = score, number, mentions(title, onLine)
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
	line := rest
	rest = beginning(rest, maxTitle+1) // no title is longer, and a line may be as long as the file
	d.work.add(len(rest))
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
		if c > 0 && c < len(line) {
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
var reference = regexp.MustCompile(`(?i)(?:\b(?:ver|vide|vejas?|item|itens|se[çc][ãa]o|se[çc][õo]es|consulte)|[(“‘,]|(?:^|[^.!?])["'])\s*[“"'‘]?$`)

// cutOff is how a line ends whose sentence does not: what follows may be mentioned, or the file may have lost the rest.
var cutOff = regexp.MustCompile(`(?i)\b(?:em|no|na|do|da|e|ou)\s*$`)

// refers reports whether the line before a title makes a reference of it, surely or perhaps.
func refers(before string) (surely, perhaps bool) {
	before = before[max(0, len(before)-maxTitle):]
	if capitals(before) {
		return false, false
	}
	return reference.MatchString(before), cutOff.MatchString(before)
}

// leader is the dots and the page number of a table of contents.
var leader = regexp.MustCompile(`(?:\.{3,}|…)\s*[0-9]*\s*$`)

// shaped reports whether a title looks like one: not the end of a bracket or of a quotation, no row of a table of contents.
// One of the numbered titles without its number must be in capitals, or be a question on lines of its own; any that has
// text glued to it must be in capitals.
func shaped(p pattern, title, after string, number numbering) bool {
	whole, glued := title+after, strings.TrimSpace(after) != ""
	switch {
	case strings.Count(whole, ")") > strings.Count(whole, "("), strings.ContainsAny(whole, "”\""), leader.MatchString(whole):
		return false
	case number == numbered:
		return true
	case p.info.Number > 0 && !glued && strings.HasSuffix(title, "?"):
		return true
	case p.info.Number > 0 || glued:
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
func weigh(title, after string, score float64, number numbering) int {
	weight := 4
	switch number {
	case numbered:
		weight = 12
	case renumbered:
		weight = 8
	case unnumbered:
	}
	if score >= certainty {
		weight += 2
	}
	if capitals(title) {
		weight += 3
	}
	if mentions(title, after) {
		weight -= mentionLoss
	}
	return weight
}

var (
	// sentence is a title in capitals that a sentence goes on after, or ends with: it was mentioned.
	sentence = regexp.MustCompile(`^[\p{Lu}\p{M}\s,()-]+(?:\.$|[;,.)]|\p{Ll}+ )`)
	// ended and goesOn are that for a question, or for a title in small letters.
	ended     = regexp.MustCompile(`[;,.)]$`)
	goesOn    = regexp.MustCompile(`^\s*(?:[;,.)]|\p{Ll}+ )`)
	smallWord = regexp.MustCompile(`\p{Ll}{2}`)
)

// mentions reports whether a sentence mentions the title.
func mentions(title, after string) bool {
	if strings.HasSuffix(title, "?") || smallWord.MatchString(title) {
		return ended.MatchString(title) || goesOn.MatchString(after)
	}
	return sentence.MatchString(title + after)
}

// nearest finds the pattern that agrees best with title, if any does by at least floor.
func nearest(ps []pattern, title string, floor float64) (pattern, float64) {
	var best pattern
	near, folded := -1.0, fold(title)
	for _, p := range ps {
		if s := p.agrees(title, folded, floor); s >= floor && s > near {
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
