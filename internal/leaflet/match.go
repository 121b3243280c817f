package leaflet

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"
)

// heading is a candidate for the title of a section.
type heading struct {
	info     SectionInfo
	audience Audience // the audience that has this title; "" for every leaflet
	line     int      // of the first line
	end      int      // offset after the title
	weight   int      // how strongly it resembles a title

	score     float64 // the share of the title that matches, from 0 to 1
	number    numbering
	mentioned bool // a sentence continues after it
	stray     bool // it is not in the order of the rule
	untitled  bool // there is no title: the section begins with its text
}

// numbering is how the number of a title is printed.
type numbering int

const (
	unnumbered numbering = iota
	numbered             // as in the rule
	renumbered           // with another: the leaflet omits a title, or has an additional one
)

const (
	maxTitle  = 200  // bytes; the longest title of the rule has 90, and one may have the name of a product
	maxAfter  = 200  // bytes of text after a title on its line
	maxWrap   = 4    // lines of a title
	nearness  = 0.86 // the share of a title that must match: one letter in seven may differ
	certainty = 0.97

	otherNearness = 0.92 // of a title with another number
)

// prefix matches the number before a title: an Arabic number, or a Roman one with punctuation.
var prefix = newExpression(`^(?:([0-9]{1,2})\s*[.)\-–—:]*\s*|[IVX]{1,3}\s*[.)\-–—:]+\s*|[IVX]{1,3}\s+)?`)

// headings finds every candidate for a title, in order, at most one a line. A line with a title after the end of a sentence is split.
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
			continue // the rest of a title that began on a line above
		}
		found = append(found, h)
	}
	d.penalizeLists(found)
	d.places = newPlaces(d.lines)
	return found
}

// afterSentence matches where a title may begin on the line that ends the section before it.
var afterSentence = newExpression(`[.!?]\s+((?:10|[1-9])\s*[.)\-–—]\s*\p{Lu}[\p{Lu}\p{M}\s,]{6,})`)

// splitHeadings splits lines before a title that follows the end of a sentence: in capitals, with its number.
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

// In a list of titles, as a table of contents or of changes has it, several titles follow each other without a text.
const (
	listTitles = 4
	listLoss   = 10 // of their weights
)

// penalizeLists lowers the weight of titles in lists.
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

// match searches for a title that begins on line i.
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

// mentionLoss is the weight that a title loses if it may be a mention.
const mentionLoss = 4

// numberedAs searches for a title that begins on line i at offset begin, after number n; 0 for none.
func (d document) numberedAs(p patterns, n, i, begin int) (heading, bool) {
	if n == 0 {
		if startsSmall(d.text[begin:]) { // most lines: a sentence continues
			return heading{}, false
		}
		return d.best(p[0], i, begin, unnumbered, nearness)
	}
	if h, ok := d.best(p[n], i, begin, numbered, nearness); ok {
		return h, true
	}
	return d.best(p[anyNumber], i, begin, renumbered, otherNearness)
}

// best returns the pattern of ps that matches best a title that begins on line i at offset begin, and the end of that title. Of equal
// matches it prefers the one on more lines, because all of them belong to the title. Below floor nothing matches.
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

// changes matches the title of the table of changes, or the first words of its head where it has no title.
var changes = newExpression(`^(?:anexo [a-z0-9]{1,3} )?historico d[aeo]s? altera|^dados da submissao eletronica`)

// cuts returns the offsets on line k at which a title that begins at begin may end: at the end of the line, after a question mark or a
// colon, and before and after the last word in capitals.
func (d document) cuts(begin, k int) []int {
	l := d.lines[k]
	from := max(begin, l.start)
	rest := d.text[from:l.end]
	if len(rest) == 0 {
		return nil
	}
	line := rest
	rest = beginning(rest, maxTitle+1) // a title is no longer, while a line may be as long as the file
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

// titleWords is the most words of a title.
const titleWords = 20

// wordsAt finds the first words of s, with the beginning and end of each.
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

// reference matches the end of a line after which a title is mentioned, not begun.
var reference = newExpression(`(?i)(?:\b(?:ver|vide|vejas?|item|itens|se[çc][ãa]o|se[çc][õo]es|consulte)|[(“‘,]|(?:^|[^.!?])["'])\s*[“"'‘]?$`)

// cutOff matches the end of a line within a sentence: a mention may follow, or the file may have lost the rest.
var cutOff = newExpression(`(?i)\b(?:em|no|na|do|da|e|ou)\s*$`)

// refers reports whether the line before a title makes it a reference, certainly or possibly.
func refers(before string) (surely, perhaps bool) {
	before = before[max(0, len(before)-maxTitle):]
	if capitals(before) {
		return false, false
	}
	return reference.MatchString(before), cutOff.MatchString(before)
}

// leader matches the dots and the page number of a table of contents.
var leader = newExpression(`(?:\.{3,}|…)\s*[0-9]*\s*$`)

// shaped reports whether a candidate has the shape of a title: not the end of a bracket or a quotation, not a row of a table of
// contents. A numbered title without its number must be in capitals, or be a question on separate lines. A title joined to text must
// be in capitals.
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

// capitals reports whether s has letters, none of them in lower case.
func capitals(s string) bool {
	return strings.IndexFunc(s, unicode.IsLower) < 0 && strings.IndexFunc(s, unicode.IsLetter) >= 0
}

// weigh returns how strongly a candidate resembles a title. Numbers count most: a chain of numbered titles beats any without.
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
	// sentence matches the text of a title in capitals that is a mention: a sentence continues after it, or ends with it.
	sentence = newExpression(`^[\p{Lu}\p{M}\s,()-]+(?:\.$|[;,.)]|\p{Ll}+ )`)
	// ended and goesOn match the same for a question, or for a title in lower case.
	ended     = newExpression(`[;,.)]$`)
	goesOn    = newExpression(`^\s*(?:[;,.)]|\p{Ll}+ )`)
	smallWord = newExpression(`\p{Ll}{2}`)
)

// mentions reports whether a sentence mentions the title.
func mentions(title, after string) bool {
	if strings.HasSuffix(title, "?") || smallWord.MatchString(title) {
		return ended.MatchString(title) || goesOn.MatchString(after)
	}
	return sentence.MatchString(title + after)
}

// nearest returns the pattern that matches title best, if any matches by at least floor.
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

// similarity is 1 for equal strings and 0 for unrelated ones: one minus the edit distance divided by the length of the longer string.
// It returns 0 early if the lengths alone keep it below floor.
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

// differing is a lower bound of the edit distance of a and b: the difference of their letter counts. It is cheap, and rejects nearly
// all pairs. It knows ASCII only, and is 0 for anything else.
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
