package quality

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"drugslm/internal/document"
	"drugslm/internal/leaflet"
)

// Summary is what many documents come to. Shares are from 0 to 1, null of nothing.
type Summary struct {
	Partition string         `json:"partition"` // "" in total
	Name      string         `json:"name"`
	Documents int            `json:"documents"`
	Kinds     map[string]int `json:"kinds"`
	Leaflets  int            `json:"leaflets"`

	Asked         int            `json:"asked"`    // leaflets from which all sections are asked; a document of no known kind is one
	Complete      int            `json:"complete"` // of those, with every numbered section
	CompleteShare *float64       `json:"complete_share"`
	Sections      []SectionShare `json:"sections"` // in the order of the rule, the patient's first
	OutOfOrder    int            `json:"out_of_order"`

	Pages             int            `json:"pages"`
	PagesBySource     map[string]int `json:"pages_by_source"`
	OCRShare          *float64       `json:"ocr_share"`       // of the pages that show something
	NeedsOCRShare     *float64       `json:"needs_ocr_share"` // of the same: in no text, as nobody has read them
	Characters        int64          `json:"characters"`
	CharactersPerPage Spread         `json:"characters_per_page"` // of documents; right to 1.1 %
	Unreadable        int64          `json:"unreadable"`
	UnreadableShare   *float64       `json:"unreadable_share"`

	Words           int            `json:"words"`             // on the pages: in sections, outside, and dropped
	WordsOutside    int            `json:"words_outside"`     // in no section
	WordsDropped    int            `json:"words_dropped"`     // not in the text
	OutsideShare    *float64       `json:"outside_share"`     // of the words
	DroppedShare    *float64       `json:"dropped_share"`     // of the words
	DroppedByReason map[string]int `json:"dropped_by_reason"` // words

	Compared      int          `json:"compared"` // documents with text whose product the catalog has
	Disagreements []FieldShare `json:"disagreements"`

	Confidence     Spread `json:"confidence"`      // of sections; rounded down to 0.01
	UnusualLengths int    `json:"unusual_lengths"` // documents with such a section
	Warned         int    `json:"warned"`          // documents with a warning

	Score       Spread       `json:"score"` // of documents; rounded down to a point
	Quarantined int          `json:"quarantined"`
	Quarantine  []Quarantine `json:"quarantine"` // the most frequent reasons first
	Histograms  Histograms   `json:"histograms"`
}

// Comparisons is how many values of the catalog were compared, and how many of them are printed otherwise.
func (s Summary) Comparisons() (compared, disagree int) {
	for _, f := range s.Disagreements {
		compared, disagree = compared+f.Compared, disagree+f.Documents
	}
	return compared, disagree
}

// SectionShare says how often a section is found.
type SectionShare struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"` // as the rule prints it
	Asked  int      `json:"asked"` // leaflets that ought to have it
	Found  int      `json:"found"`
	Share  *float64 `json:"share"`
	Median *float64 `json:"median_characters"` // of those found; right to 1.1 %
}

// FieldShare says how often a column of the catalog is printed otherwise.
type FieldShare struct {
	Field     string   `json:"field"`
	Documents int      `json:"documents"`
	Compared  int      `json:"compared"` // documents in which it was compared
	Share     *float64 `json:"share"`    // of those
}

// Quarantine is a reason for which items are kept back.
type Quarantine struct {
	Asset   string `json:"asset"`
	Kind    string `json:"kind"`
	Reason  string `json:"reason"`
	Items   int    `json:"items"`
	Example string `json:"example"` // one of the items
}

// Histograms are the bars of what a summary gives in three figures.
type Histograms struct {
	CharactersPerPage []Bin `json:"characters_per_page"` // four bins to a doubling
	Confidence        []Bin `json:"confidence"`
	Score             []Bin `json:"score"`
}

// sum is a summary in progress.
type sum struct {
	Summary
	sections   map[string]*sectionSum
	fields     map[string]int // disagreements
	compared   map[string]int
	perPage    *histogram
	confidence *histogram
	scores     *histogram
	quarantine map[Quarantine]*Quarantine // by what tells them apart
}

type sectionSum struct {
	asked, found int
	lengths      *histogram
}

func newSum(partition, name string) *sum {
	return &sum{
		Summary:  Summary{Partition: partition, Name: name, Kinds: make(map[string]int), PagesBySource: make(map[string]int), DroppedByReason: make(map[string]int)},
		sections: make(map[string]*sectionSum), fields: make(map[string]int), compared: make(map[string]int), quarantine: make(map[Quarantine]*Quarantine),
		perPage: logarithmic(), confidence: even(0.01), scores: even(1),
	}
}

func (s *sum) add(d Document, r document.Row) {
	v := measureSections(r)
	s.Documents++
	s.Kinds[d.Kind]++
	s.Leaflets += d.Leaflets
	s.Asked, s.Complete = s.Asked+v.asked, s.Complete+v.complete
	if !d.Ordered {
		s.OutOfOrder++
	}
	s.Pages, s.Characters, s.Unreadable = s.Pages+d.Pages, s.Characters+d.Characters, s.Unreadable+d.Unreadable
	for source, n := range d.PagesBySource {
		s.PagesBySource[source] += n
	}
	if d.shown() > 0 {
		s.perPage.add(d.CharactersPerPage)
	}
	if d.InCatalog && d.Characters > 0 {
		s.Compared++
	}
	s.Words, s.WordsOutside, s.WordsDropped = s.Words+d.Words, s.WordsOutside+d.WordsOutside, s.WordsDropped+d.WordsDropped
	for reason, n := range d.DroppedByReason {
		s.DroppedByReason[reason] += n
	}
	for _, column := range d.Compared {
		s.compared[column]++
	}
	for _, disagreement := range d.Disagreements {
		s.fields[disagreement.Field]++
	}
	s.UnusualLengths += min(1, len(d.UnusualLengths))
	s.Warned += min(1, len(d.Warnings))
	s.scores.add(d.Score)
	s.addSections(r)
}

func (s *sum) addSections(r document.Row) {
	for _, l := range r.Leaflets {
		for _, info := range leaflet.Sections(leaflet.Audience(l.Audience)) {
			s.section(info.ID).asked++
		}
	}
	counted := make(map[Missing]bool) // a part without a number can come twice
	for _, section := range r.Sections {
		s.confidence.add(section.Confidence)
		if key := (Missing{section.Leaflet, section.ID, ""}); !counted[key] {
			counted[key] = true
			s.section(section.ID).found++
			s.section(section.ID).lengths.add(float64(characters(section)))
		}
	}
}

func (s *sum) section(id string) *sectionSum {
	if s.sections[id] == nil {
		s.sections[id] = &sectionSum{lengths: logarithmic()}
	}
	return s.sections[id]
}

func (s *sum) keepBack(q Quarantine) {
	s.Quarantined += q.Items
	key := Quarantine{Asset: q.Asset, Kind: q.Kind, Reason: q.Reason}
	if s.quarantine[key] == nil {
		s.quarantine[key] = &Quarantine{q.Asset, q.Kind, q.Reason, 0, q.Example}
	}
	s.quarantine[key].Items += q.Items
}

// end works out what only the end knows.
func (s *sum) end() Summary {
	shown := s.Pages - s.PagesBySource[document.SourceBlank]
	read := recognised(s.PagesBySource)
	s.CompleteShare = share(s.Complete, s.Asked)
	s.OCRShare = share(read, shown)
	s.NeedsOCRShare = share(unread(shown, s.PagesBySource), shown)
	s.UnreadableShare = share(s.Unreadable, s.Characters)
	s.OutsideShare, s.DroppedShare = share(s.WordsOutside, s.Words), share(s.WordsDropped, s.Words)
	s.CharactersPerPage = s.perPage.spread(math.Round)
	s.Confidence = s.confidence.spread(hundredth)
	s.Score = s.scores.spread(math.Floor)
	s.Sections = s.shares()
	s.Disagreements = []FieldShare{}
	for _, field := range slices.Compact(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(s.fields)), "cnpj", "nome_produto", "numero_registro", "razao_social")))) {
		s.Disagreements = append(s.Disagreements, FieldShare{field, s.fields[field], s.compared[field], share(s.fields[field], s.compared[field])})
	}
	s.Quarantine = []Quarantine{}
	for _, q := range s.quarantine {
		s.Quarantine = append(s.Quarantine, *q)
	}
	slices.SortFunc(s.Quarantine, func(a, b Quarantine) int {
		return cmp.Or(cmp.Compare(b.Items, a.Items), cmp.Compare(a.Asset, b.Asset), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Reason, b.Reason))
	})
	s.Histograms = Histograms{CharactersPerPage: s.perPage.bins(), Confidence: s.confidence.bars(0.1, 1), Score: s.scores.bars(5, 100)}
	return s.Summary
}

// shares gives the sections in the order of the rule, and what the rule does not ask for after them.
func (s *sum) shares() []SectionShare {
	list, listed := []SectionShare{}, make(map[string]bool)
	add := func(id, title string) {
		if of := s.sections[id]; of != nil && !listed[id] {
			listed[id] = true
			one := SectionShare{ID: id, Title: title, Asked: of.asked, Found: of.found, Median: of.lengths.spread(math.Round).Median}
			if of.asked > 0 { // the table of changes is asked of nobody
				one.Share = share(min(of.found, of.asked), of.asked)
			}
			list = append(list, one)
		}
	}
	for _, audience := range []leaflet.Audience{leaflet.Patient, leaflet.Professional} {
		for _, info := range leaflet.Sections(audience) {
			if info.Number > 0 {
				add(info.ID, info.Title)
			}
		}
	}
	for _, info := range leaflet.Sections(leaflet.Other) {
		add(info.ID, info.Title)
	}
	for _, id := range slices.Sorted(maps.Keys(s.sections)) {
		add(id, "")
	}
	return list
}

func share[N int | int64](part, whole N) *float64 {
	if whole == 0 {
		return nil
	}
	v := float64(part) / float64(whole)
	return &v
}

func hundredth(v float64) float64 { return math.Floor(100*v) / 100 }
