package leaflet

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// The factors by which a doubt lowers the confidence of a section.
const (
	lossUntitled = 0.5  // it begins with its text, without a title
	lossNumber   = 0.9  // the title is printed without its number, or with another
	lossSpelling = 0.95 // the title differs from that of the rule
	lossShape    = 0.9  // the title is printed in small letters
	lossEmpty    = 0.2  // a numbered section without text
	lossShort    = 0.7  // a numbered section with little text
	lossStray    = 0.8  // the title is not in the order of the rule
	lossMention  = 0.7  // a sentence goes on after the title: it may be a mention
)

// outOfOrder is the reason of a title that is a stray.
const outOfOrder = "it is not in the order of the rule"

// shortText is the least number of characters of a numbered section that is not doubted; the shortest real one has 58.
const shortText = 20

// confidence returns how certain it is that h begins section s and that s is complete, with the reasons for doubt.
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
