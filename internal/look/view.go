// Package look shows people what was read. That is a document page by page, with the picture of each page beside its text, or the
// figures of many documents.
//
// [Document] and [Quality] write one HTML file each that is complete in itself: it loads nothing, runs nothing, and its
// policy (Content-Security-Policy) forbids both. Whatever comes from the source is escaped; characters that hide or that
// turn the direction of a text are made visible. What is shown is bounded, and what is left out is said.
//
// The text of a page is shown as the file has it. Its lines are found again in the text of the document, letter by
// letter, and that is how sections are marked on the pages: lines that are not in it, as running heads are, are struck
// out. A table stands where its lines stood.
package look

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

// What is shown at most: real documents have less of each.
const (
	maxSections = 500
	maxHistory  = 500
	maxFields   = 200
	maxValue    = 2000 // characters of a value, a reason or a warning
)

// Subject is a document to look at. Whatever is not known is left out.
type Subject struct {
	Item      string // as `starter items` lists it, or the name of a file
	Partition string
	Label     string
	State     string // of the item; "" for a file
	Kind      string // of a failure
	Reason    string // why it is in this state

	Row     *document.Row     // nil: nothing was read of it
	Catalog *document.Product // nil: the catalog has no row of its product
	Quality *quality.Document // nil: it was not measured
	Facts   []Fact            // where it comes from, and how it was made

	First, Last int       // pages that are shown, from 1
	Pages       int       // of the document; 0: not known
	Pictures    []Picture // of the pages that are shown, as far as they can be drawn
	Undrawn     string    // why there are not all
	Rest        string    // the command that shows other pages
	Evidence    *Evidence // what came instead of a PDF

	Now time.Time
}

// Fact is a line of where a document comes from.
type Fact struct{ Name, Value string }

// Picture is the image of a page.
type Picture struct {
	Number        int
	Width, Height int
	Type          string // "image/png" or "image/jpeg"
	Data          []byte
}

// Source is the image as an address.
func (p Picture) Source() template.URL {
	if p.Type != "image/jpeg" {
		p.Type = "image/png"
	}
	return template.URL("data:" + p.Type + ";base64," + base64.StdEncoding.EncodeToString(p.Data)) //nolint:gosec // base64 of bytes that we drew
}

// Evidence is a stored file that is no PDF, or cannot be read.
type Evidence struct {
	Path string // in the lake
	Size int64
	Text string // how it begins
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

// page is what every file has.
type page struct {
	Policy string
	Style  template.HTML
}

// frame gives the style, and the policy that allows it and pictures in the file, and nothing else.
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

// bounded is a text that is no longer than a value may be.
func bounded(text string) string {
	text, more := clip(text, maxValue)
	if more > 0 {
		text += fmt.Sprintf("… and %d characters more", more)
	}
	return text
}

// share is a share for people.
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
