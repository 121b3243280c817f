package quality

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"drugslm/internal/document"
	"drugslm/internal/leaflet"
)

// Cost is a line of the rule by which a score is made.
type Cost struct {
	Figure string  `json:"figure"` // as in Reason
	Each   float64 `json:"each"`   // points
	Per    string  `json:"per"`    // what costs so much
	Most   float64 `json:"most"`   // points that it can cost in all
}

// Reason is why a document has not all points.
type Reason struct {
	Figure string  `json:"figure"`
	Cost   float64 `json:"cost"` // points
	Text   string  `json:"text"`
}

// The figures that cost points.
const (
	figureKind          = "kind"
	figureSections      = "sections"
	figureParts         = "parts"
	figureOrder         = "order"
	figureConfidence    = "confidence"
	figureNeedsOCR      = "needs_ocr"
	figureOCR           = "ocr"
	figureUnreadable    = "unreadable"
	figureDisagreements = "disagreements"
	figureLengths       = "unusual_lengths"
	figureWarnings      = "warnings"
)

// Rule is how a score is made: 100 less what each figure costs, and 0 at least. What costs most is what a model would
// learn wrong: text that is missing, or that stands under another title. The points are a choice, not a measurement:
// they put documents in an order in which a person may look at them.
func Rule() []Cost {
	return []Cost{
		{figureKind, 60, "a document that is of no known kind, or has no text", 60},
		{figureSections, 8, "a numbered section that is missing", 60},
		{figureParts, 1, "a part without a number that is missing", 4},
		{figureOrder, 15, "numbers of sections that do not rise", 15},
		{figureConfidence, 20, "1 that the mean confidence of its sections is below 1", 20},
		{figureNeedsOCR, 40, "1 of the share of its pages that show what nobody has read", 40},
		{figureOCR, 10, "1 of the share of its pages that were recognised", 10},
		{figureUnreadable, 1, "unreadable character in a thousand", 30},
		{figureDisagreements, 4, "thing that the catalog says and the document does not", 12},
		{figureLengths, 2, "section of an unusual length", 6},
		{figureWarnings, 0.5, "warning", 2},
	}
}

// score takes off points for what was measured. r is what it was measured of.
func (d *Document) score(r document.Row) {
	d.Reasons = []Reason{}
	numbered, parts := split(r)
	if d.Kind == string(leaflet.KindOther) || d.Kind == string(leaflet.KindEmpty) {
		d.cost(figureKind, 1, "%s: %s", d.Kind, cmp.Or(d.KindReason, "no reason is known"))
	}
	d.cost(figureSections, float64(len(numbered)), "%d numbered %s missing: %s", len(numbered), plural(len(numbered), "section"), list(numbered))
	d.cost(figureParts, float64(len(parts)), "%d %s missing: %s", len(parts), plural(len(parts), "part"), list(parts))
	if !d.Ordered {
		d.cost(figureOrder, 1, "the numbers of the sections do not rise")
	}
	if d.Confidence != nil {
		d.cost(figureConfidence, 1-*d.Confidence, "mean confidence %.2f, lowest %.2f in %s: %s", *d.Confidence, *d.Lowest, d.LowestSection, d.LowestReason)
	}
	if shown := d.shown(); shown > 0 {
		unread, read := d.unread(), recognised(d.PagesBySource)
		d.cost(figureNeedsOCR, float64(unread)/float64(shown), "%d of %d pages show what nobody has read", unread, shown)
		d.cost(figureOCR, float64(read)/float64(shown), "%d of %d pages were recognised", read, shown)
	}
	d.cost(figureUnreadable, 1000*d.UnreadableShare, "%d of %d characters are unreadable", d.Unreadable, d.Characters)
	said := make([]string, len(d.Disagreements))
	for i, v := range d.Disagreements {
		said[i] = v.String()
	}
	d.cost(figureDisagreements, float64(len(said)), "%s", strings.Join(said, "; "))
	odd := make([]string, len(d.UnusualLengths))
	for i, l := range d.UnusualLengths {
		odd[i] = fmt.Sprintf("%s has %d characters, usual are %d to %d", l.ID, l.Characters, l.Low, l.High)
	}
	d.cost(figureLengths, float64(len(odd)), "%s", strings.Join(odd, "; "))
	warnings := len(d.Warnings) + d.WarningsUnlisted
	d.cost(figureWarnings, float64(warnings), "%d %s: %s", warnings, plural(warnings, "warning"), list(d.Warnings))
	d.sumReasons()
}

// cost notes what a figure costs; nothing if that is less than a hundredth of a point.
func (d *Document) cost(figure string, times float64, format string, args ...any) {
	for _, c := range Rule() {
		if points := round(min(c.Most, c.Each*times)); c.Figure == figure && points > 0 {
			d.Reasons = append(d.Reasons, Reason{figure, points, fmt.Sprintf(format, args...)})
		}
	}
}

// sumReasons makes the score of the reasons.
func (d *Document) sumReasons() {
	slices.SortStableFunc(d.Reasons, func(a, b Reason) int { return cmp.Compare(b.Cost, a.Cost) })
	d.Score = 100
	for _, r := range d.Reasons {
		d.Score -= r.Cost
	}
	d.Score = round(max(0, d.Score))
}

// round is a number of points with two decimals.
func round(points float64) float64 { return math.Round(100*points) / 100 }

// split parts the sections that are missing into those with a number and those without.
func split(r document.Row) (numbered, parts []string) {
	for _, m := range r.Missing {
		name := m.ID
		if len(r.Leaflets) > 1 {
			name = fmt.Sprintf("%s of leaflet %d", m.ID, m.Leaflet)
		}
		if strings.Contains(m.ID, ".") {
			numbered = append(numbered, name)
		} else {
			parts = append(parts, name)
		}
	}
	return numbered, parts
}

// list names a few.
func list(names []string) string {
	const shown = 10
	if more := len(names) - shown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), more)
	}
	return strings.Join(names, ", ")
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
