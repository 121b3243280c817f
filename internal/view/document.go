package view

import (
	"strconv"
	"strings"

	"drugslm/internal/document"
	"drugslm/internal/quality"
)

// documentView is the data of document.html.
type documentView struct {
	page
	Subject
	Title    string
	Tone     string // of the score: good, fair or poor
	Sections []*mark
	Sheets   []sheet
	Bare     []Picture // pictures of a document without text
	Metadata []compared
	Leaflets []document.Leaflet
	History  []document.Change
	MoreRows int // of the history
	Missing  []document.Missing
}

// compared is a value of the document beside that of the catalog.
type compared struct {
	Name, Leaflet, Catalog string
	Differs                bool
}

func documentOf(s Subject) (documentView, error) {
	frame, err := frame()
	if err != nil {
		return documentView{}, err
	}
	v := documentView{page: frame, Subject: s, Title: s.Item, Tone: tone(s.Quality)}
	if s.Label != "" {
		v.Title = s.Label + " · " + s.Item
	}
	pictures := make(map[int]*Picture, len(s.Pictures))
	for i, p := range s.Pictures {
		pictures[p.Number] = &s.Pictures[i]
	}
	if s.Row == nil {
		v.Bare = s.Pictures
		return v, nil
	}
	text := lettersOf(s.Row.Text)
	v.Sections = marks(s.Row, text)
	v.Sheets = sheets(s.Row, v.Sections, text, s.First, s.Last, pictures)
	v.Leaflets = s.Row.Leaflets[:min(len(s.Row.Leaflets), maxFields)]
	v.Missing = s.Row.Missing[:min(len(s.Row.Missing), maxFields)]
	v.History = s.Row.History[:min(len(s.Row.History), maxHistory)]
	v.MoreRows = len(s.Row.History) - len(v.History)
	v.Metadata = metadata(s.Row, s.Catalog)
	return v, nil
}

// tone returns the CSS class of the colour of a score.
func tone(d *quality.Document) string {
	switch {
	case d == nil:
		return ""
	case d.Score >= 90:
		return "good"
	case d.Score >= 70:
		return "fair"
	}
	return "poor"
}

// metadata compares the metadata of the first leaflet with the catalog.
func metadata(r *document.Row, c *document.Product) []compared {
	var l document.Leaflet
	if len(r.Leaflets) > 0 {
		l = r.Leaflets[0]
	}
	var product document.Product
	differs := make(map[string]bool)
	if c != nil {
		product = *c
		for _, d := range r.Disagreements(product) {
			differs[d.Field] = true
		}
	}
	published := ""
	if !product.Published.IsZero() {
		published = product.Published.UTC().Format("2006-01-02")
	}
	list := func(values []string) string { return strings.Join(values, ", ") }
	return []compared{
		{"Product", l.Product, product.Name, differs["nome_produto"]},
		{"Maker", l.Maker, product.Company, differs["razao_social"]},
		{"CNPJ", l.CNPJ, product.CNPJ, differs["cnpj"]},
		{"Registration", l.Registration, product.Registration, differs["numero_registro"]},
		{"Ingredients", list(l.Ingredients), "", false},
		{"Form", l.Form, "", false},
		{"Strengths", list(l.Strengths), "", false},
		{"Routes", list(l.Routes), "", false},
		{"Use", l.Use, "", false},
		{"Version", l.Version, "", false},
		{"Approved · published", l.ApprovedOn, published, false},
		{"Audience", r.Found, r.Audience, r.Found != r.Audience && r.Found != "other" && r.Audience != "" && r.Found != ""},
		{"Filing", "", product.Filing, false},
		{"Category", "", product.Category, false},
	}
}

// From describes the range of pages that is shown.
func (v documentView) From() string {
	if v.Pages == 0 {
		return ""
	}
	if v.First <= 1 && v.Last >= v.Pages {
		return "all " + strconv.Itoa(v.Pages) + " pages"
	}
	return "pages " + strconv.Itoa(v.First) + " to " + strconv.Itoa(v.Last) + " of " + strconv.Itoa(v.Pages)
}
