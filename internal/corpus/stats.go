package corpus

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Stats is what a data card says of a corpus, counted from its rows. Rows are added one by one; the order says nothing but in which
// order excluded ones are listed.
type Stats struct {
	Documents       int           `json:"documents"`       // all, the excluded included
	Included        int           `json:"included"`        // in a split
	Representatives int           `json:"representatives"` // of these, what is trained on
	Characters      int64         `json:"characters"`      // of the included
	Words           int64         `json:"words"`
	Pretokens       int64         `json:"pretokens"`
	Splits          []SplitStats  `json:"splits"`     // train, validation, test
	Sections        []Share       `json:"sections"`   // of the leaflets for an audience, how many have a section
	Categories      []Count       `json:"categories"` // of the included, largest first
	Makers          []Count       `json:"makers"`     // the same; the 20 largest, and the rest
	Audiences       []Count       `json:"audiences"`
	Sources         []Count       `json:"sources"`
	Excluded        []Count       `json:"excluded"`         // by reason
	ExcludedDocs    []ExcludedDoc `json:"excluded_listed"`  // the first 50 of them
	Exact           int           `json:"exact_duplicates"` // documents that have the text of their representative
	Near            int           `json:"near_duplicates"`
	Clusters        int           `json:"clusters"` // with more than one document
	LargestCluster  Count         `json:"largest_cluster"`
	Groups          int           `json:"groups"`
	LargestGroup    Count         `json:"largest_group"`
	Disagreeing     int           `json:"disagreeing"` // documents with which the catalog disagrees
	Unread          int           `json:"unread"`      // documents with pages that nobody could read
	Histograms      []Histogram   `json:"histograms"`
	Runs            []string      `json:"runs"`
	CodeVersions    []string      `json:"code_versions"`

	groups, clusters, excluded                map[string]int // documents of each
	byCategory, byMaker, byAudience, bySource map[string]int
	sections                                  map[string]int // leaflets that have each
	splits                                    map[string]*SplitStats
	bins                                      map[string][]int // of each histogram over numbers
	runs, codes                               map[string]int
}

// SplitStats counts the documents of a split.
type SplitStats struct {
	Split           string  `json:"split"`
	Documents       int     `json:"documents"`
	Representatives int     `json:"representatives"`
	Share           float64 `json:"share"`      // of the documents included
	Characters      int64   `json:"characters"` // of the representatives, as the next two
	Words           int64   `json:"words"`
	Pretokens       int64   `json:"pretokens"`
	Groups          int     `json:"groups"`

	groups map[string]bool
}

// Count is how often something comes.
type Count struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Share is how many of all have something.
type Share struct {
	Name string `json:"name"`
	Has  int    `json:"has"`
	Of   int    `json:"of"`
}

// ExcludedDoc is a document that was left out.
type ExcludedDoc struct {
	ID         string `json:"id"`
	Reason     string `json:"reason"`
	Kind       string `json:"kind"`
	Language   string `json:"language"`
	Characters int64  `json:"characters"`
}

// Histogram is a count of documents for each bin.
type Histogram struct {
	Name  string  `json:"name"` // of the file, without .svg
	Title string  `json:"title"`
	Bins  []Count `json:"bins"`
}

// The numbers of which there is a histogram: each bin is up to its number, the last one is what is more.
var (
	characterBins = []int64{2_000, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000}
	pageBins      = []int64{1, 2, 4, 8, 16, 32}
)

const (
	topMakers    = 20
	listExcluded = 50
)

// NewStats begins to count.
func NewStats() *Stats {
	s := &Stats{
		Sections: []Share{}, ExcludedDocs: []ExcludedDoc{},
		groups: map[string]int{}, clusters: map[string]int{}, excluded: map[string]int{}, byCategory: map[string]int{}, byMaker: map[string]int{},
		byAudience: map[string]int{}, bySource: map[string]int{}, sections: map[string]int{}, splits: map[string]*SplitStats{},
		bins: map[string][]int{"characters": make([]int, len(characterBins)+1), "sections": make([]int, 11), "pages": make([]int, len(pageBins)+1)},
		runs: map[string]int{}, codes: map[string]int{},
	}
	for _, split := range []string{Train, Validation, Test} {
		s.splits[split] = &SplitStats{Split: split, groups: map[string]bool{}}
	}
	return s
}

// Add counts a row.
func (s *Stats) Add(r Row) {
	s.Documents++
	s.runs[r.RunID]++
	s.codes[r.CodeVersion]++
	split, in := s.splits[r.Split]
	if r.Excluded != "" || !in {
		s.excluded[cmp.Or(r.Excluded, "no split: "+r.Split)]++
		if len(s.ExcludedDocs) < listExcluded {
			s.ExcludedDocs = append(s.ExcludedDocs, ExcludedDoc{r.ID, r.Excluded, r.Kind, r.Language, r.Characters})
		}
		return
	}
	s.Included++
	s.Characters, s.Words, s.Pretokens = s.Characters+r.Characters, s.Words+r.Words, s.Pretokens+r.Pretokens
	split.Documents++
	split.groups[r.Group] = true
	if r.Representative {
		s.Representatives++
		split.Representatives++
		split.Characters, split.Words, split.Pretokens = split.Characters+r.Characters, split.Words+r.Words, split.Pretokens+r.Pretokens
	}
	switch r.Duplicate {
	case Exact:
		s.Exact++
	case Close:
		s.Near++
	}
	s.groups[r.Group]++
	s.clusters[r.Cluster]++
	s.byCategory[cmp.Or(r.Categoria, r.IDCategoria, "unknown")]++
	s.byMaker[cmp.Or(r.Maker, "unknown")]++
	s.byAudience[r.Audience]++
	s.bySource[r.Source]++
	if len(r.Disagreements) > 0 {
		s.Disagreeing++
	}
	if r.UnreadPages > 0 {
		s.Unread++
	}
	s.measure(r)
}

// measure counts a row's sections and puts it into the bins of the histograms.
func (s *Stats) measure(r Row) {
	found := map[string]bool{}
	for _, section := range r.Sections {
		if section.Text != "" && !found[section.ID] {
			found[section.ID] = true
			s.sections[section.ID]++
		}
	}
	s.bins["characters"][bin(characterBins, r.Characters)]++
	s.bins["pages"][bin(pageBins, int64(r.Pages))]++
	s.bins["sections"][min(r.numbered(), 10)]++
}

// bin is the place of the first bound that n does not exceed.
func bin(bounds []int64, n int64) int {
	at, _ := slices.BinarySearch(bounds, n)
	return at
}

// Finish makes lists of what was counted. No row may be added after it.
func (s *Stats) Finish() *Stats {
	for _, name := range []string{Train, Validation, Test} {
		split := s.splits[name]
		split.Groups = len(split.groups)
		if s.Included > 0 {
			split.Share = float64(split.Documents) / float64(s.Included)
		}
		s.Splits = append(s.Splits, *split)
	}
	s.Categories, s.Audiences, s.Sources, s.Excluded = counts(s.byCategory), counts(s.byAudience), counts(s.bySource), counts(s.excluded)
	s.Makers = counts(s.byMaker)
	if len(s.Makers) > topMakers+1 {
		rest := Count{Name: strconv.Itoa(len(s.Makers)-topMakers) + " others"}
		for _, m := range s.Makers[topMakers:] {
			rest.Count += m.Count
		}
		s.Makers = append(s.Makers[:topMakers:topMakers], rest)
	}
	s.Groups = len(s.groups)
	if all := counts(s.groups); len(all) > 0 {
		s.LargestGroup = all[0]
	}
	for _, c := range counts(s.clusters) {
		if c.Count > 1 {
			s.Clusters++
		}
		if s.LargestCluster.Name == "" {
			s.LargestCluster = c
		}
	}
	s.Runs, s.CodeVersions = slices.Sorted(maps.Keys(s.runs)), slices.Sorted(maps.Keys(s.codes))
	s.share()
	s.Histograms = []Histogram{
		{Name: "characters", Title: "Characters per leaflet", Bins: bounded(characterBins, s.bins["characters"])},
		{Name: "sections", Title: "Numbered sections found per leaflet", Bins: numbered(s.bins["sections"])},
		{Name: "pages", Title: "Pages per leaflet", Bins: bounded(pageBins, s.bins["pages"])},
		{Name: "categories", Title: "Leaflets per regulatory category", Bins: s.Categories},
	}
	return s
}

// share says of each section how many of the leaflets that ought to have it do.
func (s *Stats) share() {
	for id, has := range s.sections {
		of := s.Included
		if audience, _, numbered := strings.Cut(id, "."); numbered {
			of = max(s.byAudience[audience], has)
		}
		s.Sections = append(s.Sections, Share{Name: id, Has: has, Of: of})
	}
	slices.SortFunc(s.Sections, func(a, b Share) int { return compareSections(a.Name, b.Name) })
}

// compareSections puts the parts without a number first, and the others in the order of their numbers.
func compareSections(a, b string) int {
	place := func(id string) (string, int) {
		audience, number, ok := strings.Cut(id, ".")
		if !ok {
			return "", 0
		}
		n, _ := strconv.Atoi(number)
		return audience, n
	}
	audienceA, numberA := place(a)
	audienceB, numberB := place(b)
	return cmp.Or(strings.Compare(audienceA, audienceB), cmp.Compare(numberA, numberB), strings.Compare(a, b))
}

// counts lists what was counted, the most frequent first.
func counts(m map[string]int) []Count {
	list := make([]Count, 0, len(m))
	for name, n := range m {
		list = append(list, Count{name, n})
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name)) })
	return list
}

func numbered(bins []int) []Count {
	list := make([]Count, len(bins))
	for i, n := range bins {
		list[i] = Count{strconv.Itoa(i), n}
	}
	return list
}

// bounded names bins by their bounds.
func bounded(bounds []int64, bins []int) []Count {
	list, from := make([]Count, len(bins)), int64(0)
	for i, n := range bins {
		switch {
		case i == len(bounds):
			list[i] = Count{"over " + short(bounds[i-1]), n}
		case bounds[i] == from+1:
			list[i] = Count{short(bounds[i]), n}
		default:
			low := from
			if bounds[i] < 1000 {
				low++ // small numbers are counted, large ones are measured
			}
			list[i] = Count{short(low) + "–" + short(bounds[i]), n}
		}
		if i < len(bounds) {
			from = bounds[i]
		}
	}
	return list
}

func short(n int64) string {
	if n >= 1000 {
		return strconv.FormatInt(n/1000, 10) + "k"
	}
	return strconv.FormatInt(n, 10)
}
