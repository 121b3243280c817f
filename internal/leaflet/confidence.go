package leaflet

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"
)

// What a section loses of its confidence, each as a factor.
const (
	lossUntitled = 0.5  // it begins where its text does, not at a title
	lossNumber   = 0.9  // the title is printed without its number, or with another
	lossSpelling = 0.95 // the title is not as the rule has it
	lossShape    = 0.9  // the title is printed in small letters
	lossEmpty    = 0.2  // a numbered section without text
	lossShort    = 0.7  // or with next to none
	lossStray    = 0.8  // the title is not in the order of the rule
	lossMention  = 0.7  // a sentence goes on after the title: it may be a mention
)

// outOfOrder is the reason of a title that is a stray.
const outOfOrder = "it is not in the order of the rule"

// shortText is how many characters of text a numbered section has at least; the shortest real one has 58.
const shortText = 20

// confidence says how sure it is that h begins the section s, and that s is whole, with the reasons for doubt.
func (h heading) confidence(s Section) (float64, string) {
	confidence := 1.0
	var reasons []string
	doubt := func(is bool, factor float64, reason string) {
		if is {
			confidence *= factor
			reasons = append(reasons, reason)
		}
	}
	if h.untitled {
		return lossUntitled, "printed without its title: begins where its text looks like it"
	}
	if s.Number > 0 {
		doubt(h.number == unnumbered, lossNumber, "its title has no number")
		doubt(h.number == renumbered, lossNumber, "its title has another number")
		doubt(h.score < certainty, lossSpelling, fmt.Sprintf("its title agrees with the rule's by %.0f %%", 100*h.score))
		doubt(!capitals(s.Title), lossShape, "its title is not in capitals")
		doubt(h.stray, lossStray, outOfOrder)
		doubt(h.mentioned, lossMention, "a sentence goes on after its title")
		characters := utf8.RuneCountInString(s.Text)
		doubt(characters == 0, lossEmpty, "it has no text")
		doubt(characters > 0 && characters < shortText, lossShort, fmt.Sprintf("it has %d characters only", characters))
	}
	return math.Round(100*confidence) / 100, strings.Join(reasons, "; ")
}

// notices is how the legal notices begin where their title is missing: with the registration at the ministry, or with
// the words that say how the medicine is sold.
var notices = regexp.MustCompile(`(?i)^(?:(?:reg(?:istro)?\.?\s*)?(?:n[ºo°.]*\s*)?M\.?\s*S\.?\s*[-–:.nº°o ]*|reg(?:istro)?\.?[\s:nº°o.-]*)[0-9](?:[.]?[0-9]){8,12}`)

// sale is what stands above the registration, at most a line before it.
var sale = regexp.MustCompile(`(?i)^(?:venda|uso) (?:sob|restrito|sem|exclusivo)`)

// untitled finds legal notices without a title after the last numbered section, up to line end: their text would be taken for
// that section's. A leaflet that has the title has no need of it.
func (d document) untitled(c *chosen, end int) {
	at := len(c.headings) // where the notices would be among the headings
	for at > 0 && c.headings[at-1].info.ID == history {
		end = c.headings[at-1].line
		at--
	}
	if at == 0 || c.headings[at-1].info.Number == 0 {
		return
	}
	for i := c.headings[at-1].line + 1; i < end; i++ {
		if !notices.MatchString(d.lines[i].text) {
			continue
		}
		if i-1 > c.headings[at-1].line && sale.MatchString(d.lines[i-1].text) {
			i--
		}
		h := heading{info: SectionInfo{ID: legal}, line: i, end: d.lines[i].start, untitled: true}
		c.headings = append(c.headings[:at:at], append([]heading{h}, c.headings[at:]...)...)
		return
	}
}
