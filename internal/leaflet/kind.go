package leaflet

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind is the kind of a file.
type Kind string

// The kinds. A file that is not a leaflet keeps its text, and has no sections.
const (
	KindLeaflet Kind = "leaflet"
	KindFolder  Kind = "information_folder" // FOLHETO INFORMATIVO of a cannabis product or a traditional herbal one: its questions differ
	KindCover   Kind = "cover_sheet"        // "Folha de rosto", or a cover without a leaflet
	KindForm    Kind = "empty_form"         // titles without their texts
	KindEmpty   Kind = "no_text"            // no readable text: usually a scan
	KindOther   Kind = "other"
)

var (
	folderTitle    = newExpression(`^folheto (?:informativo|de informac)`)
	folderQuestion = newExpression(`(?i)\b(?:este|deste) produto\b.*\?|^[0-9]{1,2}\s*[.)-].*\bproduto\b.*\?`)
	coverTitle     = newExpression(`^folha de rosto\b`)
)

const (
	folderQuestions = 3   // of seven: enough, since a leaflet is about a medicine
	coverText       = 600 // characters; real covers have some 100, the shortest leaflet 15,000
	formShare       = 0.8 // share of numbered sections with almost no text
)

// classify returns the kind of the document, with the reason where it is not a leaflet.
func (d document) classify(leaflets []Leaflet) (Kind, string) {
	if len(d.lines) == 0 {
		return KindEmpty, "no text on any page: a scan?"
	}
	folder, questions, cover := false, 0, false
	for _, l := range d.lines {
		title := Plain(clip(l.text, maxTitle))
		folder = folder || folderTitle.MatchString(title)
		cover = cover || coverTitle.MatchString(title)
		if printed := clip(l.text, maxTitle); strings.Contains(printed, "?") && folderQuestion.MatchString(printed) {
			questions++
		}
	}
	numbered, short := 0, 0
	for _, l := range leaflets {
		for _, s := range l.Sections {
			if s.Number > 0 {
				numbered++
				if utf8.RuneCountInString(s.Text) < shortText {
					short++
				}
			}
		}
	}
	switch characters := utf8.RuneCountInString(d.text); {
	case folder && questions >= folderQuestions:
		return KindFolder, fmt.Sprintf("an information folder with %d questions about a product, not the nine about a medicine", questions)
	case numbered > 1 && float64(short) >= formShare*float64(numbered):
		return KindForm, fmt.Sprintf("%d of %d numbered titles have no text", short, numbered)
	case numbered > 1:
		return KindLeaflet, ""
	case questions > folderQuestions:
		return KindFolder, fmt.Sprintf("%d questions about a product, none of the nine about a medicine", questions)
	case cover:
		return KindCover, "says of itself that it is a cover sheet"
	case characters < coverText:
		return KindCover, fmt.Sprintf("%d characters and no numbered title: a cover, or the rest cannot be read", characters)
	}
	return KindOther, "no numbered titles of a leaflet in their order: " + clip(strings.Join(strings.Fields(d.lines[0].text), " "), 80)
}
