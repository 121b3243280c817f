package document

import (
	"strings"

	"drugslm/internal/fault"
	"drugslm/internal/pdf"
)

// A document with a larger share of invisible text is not published. Nearly all real leaflets have no invisible text, or some words
// that a program left behind: of 1,137 the most had 268 of 1,081 words, the legend of a printing plate beside its pages. A third of
// invisible text is meant for machines, not for people.
const (
	mostUnseen  = 1.0 / 3 // of the words
	leastUnseen = 20      // words
)

// refuseHidden rejects a document that is largely invisible.
func refuseHidden(doc pdf.Document) error {
	hidden, all := 0, 0
	for _, page := range doc.Pages {
		all += len(strings.Fields(page.Text))
		for _, d := range page.Dropped {
			n := len(strings.Fields(d.Text))
			all += n
			if d.Reason == pdf.ReasonInvisible {
				hidden += n
			}
		}
	}
	if hidden < leastUnseen || float64(hidden) <= mostUnseen*float64(all) {
		return nil
	}
	return fault.New(fault.Corrupt, "read text", "invisible: nobody can see %d of %d words (white on white, not drawn, off the page and the like): "+
		"look at the pages with starter items view or starter leaflet view", hidden, all)
}
