// Package view renders HTML for people: a document or a quality report. A document is shown page by page, with the picture of
// each page beside its text.
//
// [Document] and [Quality] each write one self-contained HTML file: it loads nothing, runs no script, and its Content-Security-Policy
// forbids both. All text from the source is escaped. Characters that are invisible, or that change the direction of text, are made
// visible. The size of a view is bounded, and the view says what it omits.
//
// The text of a page is shown as the file has it. Its lines are aligned with the text of the document, letter by letter, to mark the
// sections on the pages. Lines that are not in the text, such as running heads, are struck out. A table is shown in the place of its
// lines.
package view

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"drugslm/internal/document"
	"drugslm/internal/quality"
)

//go:embed assets
var assets embed.FS

// Limits of what is shown. Real documents stay below them.
const (
	maxSections = 500
	maxHistory  = 500
	maxFields   = 200
	maxValue    = 2000 // characters of a value, a reason or a warning
)

// Subject is a document to show. Fields that are not known stay zero.
type Subject struct {
	Item      string // as `starter items` lists it, or the name of a file
	Partition string
	Label     string
	State     string // of the item; "" for a file
	Kind      string // of a failure
	Reason    string // why it is in this state

	Row     *document.Row     // nil: it was not read
	Catalog *document.Product // nil: the catalog has no row of its product
	Quality *quality.Document // nil: it was not measured
	Facts   []Fact            // its provenance

	First, Last int       // pages that are shown, from 1
	Pages       int       // of the document; 0: not known
	Pictures    []Picture // of the pages that are shown; pages that cannot be drawn have none
	Undrawn     string    // why pictures are missing
	Rest        string    // the command that shows other pages
	Evidence    *Evidence // what the source sent instead of a PDF

	Now time.Time
}

// Fact is a line of the provenance of a document.
type Fact struct{ Name, Value string }

// Picture is the image of a page.
type Picture struct {
	Number        int
	Width, Height int
	Type          string // "image/png" or "image/jpeg"
	Data          []byte
}

// Source returns the image as a data URL.
func (p Picture) Source() template.URL {
	if p.Type != "image/jpeg" {
		p.Type = "image/png"
	}
	return template.URL("data:" + p.Type + ";base64," + base64.StdEncoding.EncodeToString(p.Data)) //nolint:gosec // base64 of bytes that we drew
}

// Evidence is a stored file that is not a PDF, or that cannot be read.
type Evidence struct {
	Path string // in the lake
	Size int64
	Text string // its beginning
}

// Document writes a document as HTML.
func Document(w io.Writer, s Subject) error {
	v, err := documentOf(s)
	if err != nil {
		return err
	}
	return execute(w, "document.html", v)
}

// Quality writes a report as HTML.
func Quality(w io.Writer, r quality.Report, now time.Time) error {
	v, err := reportOf(r, now)
	if err != nil {
		return err
	}
	return execute(w, "quality.html", v)
}

// page holds what every HTML file has.
type page struct {
	Policy string
	Style  template.HTML
}

// frame returns the style, and the policy that allows this style and embedded pictures only.
func frame() (page, error) {
	css, err := assets.ReadFile("assets/style.css")
	if err != nil {
		return page{}, err
	}
	sum := sha256.Sum256(css)
	return page{
		Policy: fmt.Sprintf("default-src 'none'; img-src data:; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'", base64.StdEncoding.EncodeToString(sum[:])),
		Style:  template.HTML("<style>" + string(css) + "</style>"), //nolint:gosec // our own file
	}, nil
}

func execute(w io.Writer, name string, v any) error {
	t, err := template.New(name).Funcs(template.FuncMap{
		"pieces": func(text string) []piece { return pieces(bounded(text)) },
		"safe":   func(text string) string { return harmless(bounded(text)) },
		"join":   func(list []string) string { return strings.Join(list[:min(len(list), maxFields)], ", ") },
		"when":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") },
		"share":  share,
	}).ParseFS(assets, "assets/*.html")
	if err != nil {
		return err
	}
	return t.Execute(w, v)
}

// bounded cuts a text after maxValue characters, and says how many are omitted.
func bounded(text string) string {
	text, more := clip(text, maxValue)
	if more > 0 {
		text += fmt.Sprintf("… and %d characters more", more)
	}
	return text
}

// share formats a share as a percentage.
func share(v *float64) string {
	switch {
	case v == nil:
		return "–"
	case *v > 0 && *v < 0.0001:
		return "<0.01 %"
	case *v > 0.9999 && *v < 1:
		return "99.99 %"
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", 100**v), "0"), ".") + " %"
}
