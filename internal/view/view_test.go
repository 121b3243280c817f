package view_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"drugslm/internal/document"
	"drugslm/internal/quality"
	"drugslm/internal/view"
)

var now = time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC)

// leafletOf makes a document of pages. Its text has all lines but the first of each page.
func leafletOf(pages ...string) *document.Row {
	r := &document.Row{
		IDProduto: 1, Audience: "professional", Found: "professional", NomeProduto: "DIPIRONA", Kind: "leaflet",
		Leaflets: []document.Leaflet{{Number: 1, Audience: "professional", Product: "Dipirona"}},
	}
	for i, text := range pages {
		r.Pages = append(r.Pages, document.Page{Number: int32(i + 1), Text: text, Source: document.SourceText, Confidence: 1})
		_, text, _ = strings.Cut(text, "\n")
		r.Text += text + "\n"
	}
	r.Characters = int64(len([]rune(r.Text)))
	return r
}

// section marks a part of the document's text.
func section(t *testing.T, r *document.Row, id string, number int32, title, text, markdown string) {
	t.Helper()
	before, _, found := strings.Cut(r.Text, title+"\n"+text)
	require.True(t, found)
	start := int64(len([]rune(before)))
	r.Sections = append(r.Sections, document.Section{
		Leaflet: 1, ID: id, Number: number, Title: title, Text: text, Markdown: markdown, FirstPage: 1, LastPage: 2, Confidence: 0.7,
		Reason: "the title is misspelt", Start: start, End: start + int64(len([]rune(title+"\n"+text))),
	})
}

// written parses the HTML, and checks what every file promises.
func written(t *testing.T, write func(b *bytes.Buffer) error) (*html.Node, string) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(&b))
	page, err := html.Parse(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	policy, style, anchors := "", "", make(map[string]bool)
	var links []string
	for n := range page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		require.NotContains(t, []string{"script", "iframe", "object", "embed", "base", "form", "link", "a:href"}, n.Data)
		switch {
		case n.Data == "style":
			style += n.FirstChild.Data
		case n.Data == "meta" && attribute(n, "http-equiv") == "Content-Security-Policy":
			policy = attribute(n, "content")
		}
		for _, a := range n.Attr {
			require.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcset", "%s has %s", n.Data, a.Key)
			switch a.Key {
			case "id":
				require.False(t, anchors[a.Val], "id %s twice", a.Val)
				anchors[a.Val] = true
			case "href":
				links = append(links, a.Val)
			case "src":
				require.Regexp(t, `^data:image/(png|jpeg);base64,[A-Za-z0-9+/=]*$`, a.Val)
			}
		}
	}
	sum := sha256.Sum256([]byte(style))
	require.Contains(t, policy, "default-src 'none'")
	require.Contains(t, policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", "the policy allows the style")
	require.NotContains(t, style, "url(")
	require.NotContains(t, style, "@import")
	for _, link := range links {
		require.Regexp(t, "^#", link)
		require.True(t, anchors[link[1:]], "%s leads nowhere", link)
	}
	return page, b.String()
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// texts gives the text of all elements of a class, white space as it is.
func texts(page *html.Node, class string) (found []string) {
	for n := range page.Descendants() {
		if n.Type == html.ElementNode && strings.Contains(" "+attribute(n, "class")+" ", " "+class+" ") {
			found = append(found, text(n))
		}
	}
	return found
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

const (
	body9  = "A tabela diz com que frequência.\nReação Comum Rara\nTontura sim\nSono não\nFale com o seu médico."
	table9 = "A tabela diz com que frequência.\n\n| Reação | Comum | Rara |\n| --- | --- | --- |\n| Tontura | sim |  |\n| So\\*no | a\\|b | não |\n\nFale com o seu médico."
)

func subject(t *testing.T) view.Subject {
	t.Helper()
	r := leafletOf("Cabeçalho 1\nDIPIRONA\n9. REAÇÕES ADVERSAS\n"+body9, "Cabeçalho 2\nVoce pode ligar.\n10. SUPERDOSE\nLigue para 0800.")
	section(t, r, "professional.9", 9, "9. REAÇÕES ADVERSAS", body9+"\nVoce pode ligar.", strings.Replace(table9, "So\\*no", "Sono", 1)+"\n\nVoce pode ligar.")
	start := int64(len([]rune(strings.Split(r.Text, "Reação")[0])))
	r.Tables = []document.Table{{Leaflet: 1, Section: "professional.9", Number: 1, Page: 1, LastPage: 1, Start: start, End: start + 38, Rows: 3, HeadRows: 1, Columns: 3}}
	r.Cells = []document.Cell{
		{Table: 1, RowSpan: 1, ColumnSpan: 1, Head: true, Text: "Reação"}, {Table: 1, Column: 1, RowSpan: 1, ColumnSpan: 2, Head: true, Text: "Comum Rara"},
		{Table: 1, Row: 1, RowSpan: 1, ColumnSpan: 1, Text: "Tontura"}, {Table: 1, Row: 1, Column: 1, RowSpan: 1, ColumnSpan: 1, Text: "sim"},
		{Table: 1, Row: 1, Column: 2, RowSpan: 2, ColumnSpan: 1, Text: "a|b"}, {Table: 1, Row: 2, RowSpan: 1, ColumnSpan: 1, Text: "Sono"},
		{Table: 1, Row: 2, Column: 1, RowSpan: 1, ColumnSpan: 1, Text: "não"},
	}
	section(t, r, "professional.10", 10, "10. SUPERDOSE", "Ligue para 0800.", "Ligue para 0800\\.")
	r.Missing = []document.Missing{{Leaflet: 1, ID: "professional.3", Reason: "no such title between number 2 and number 4"}}
	r.History = []document.Change{{Leaflet: 1, Expediente: "0123/24-1", ItensBula: "Todos", Page: 2}}
	catalog := &document.Product{ID: 1, Name: "ASPIRINA", Company: "ACME", Published: now}
	measured := quality.Measure("5", *r, catalog, nil)
	return view.Subject{
		Item: "1/professional", Partition: "5", Label: "DIPIRONA", State: "published", Row: r, Catalog: catalog, Quality: &measured, Now: now,
		First: 1, Last: 2, Pages: 2, Pictures: []view.Picture{{Number: 1, Width: 10, Height: 14, Type: "image/png", Data: []byte("picture")}},
		Facts: []view.Fact{{Name: "trace", Value: "4bf92f"}},
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	t.Run("shows a document page by page", pageShowsDocumentPageByPage)
	t.Run("escapes hostile text", pageEscapesHostileText)
	t.Run("bounds what it shows", pageBoundsWhatItShows)
	t.Run("shows a report", pageShowsReport)
	t.Run("strikes through dropped text", pageStrikesThroughDroppedText)
}

func pageShowsDocumentPageByPage(t *testing.T) {
	t.Parallel()
	page, source := written(t, func(b *bytes.Buffer) error { return view.Document(b, subject(t)) })
	var blocks []string
	for _, block := range texts(page, "block") {
		blocks = append(blocks, strings.Join(strings.Fields(block), " "))
	}
	require.Equal(t, []string{
		"not in the textCabeçalho 1",
		"in no sectionDIPIRONA",
		"professional.9confidence 0.70the title is misspelt9. REAÇÕES ADVERSASA tabela diz com que frequência.ReaçãoComum RaraTonturasima|bSononãoFale com o seu médico.",
		"not in the textCabeçalho 2",
		"professional.9goes onVoce pode ligar.",
		"professional.10confidence 0.70the title is misspelt10. SUPERDOSELigue para 0800.",
	}, blocks)
	require.Equal(t, []string{"9. REAÇÕES ADVERSAS", "10. SUPERDOSE"}, texts(page, "head"))
	require.Equal(t, []string{"DipironaASPIRINA", "nothing like itACME"}, rowsWith(page, "differs"))
	for _, says := range []string{`<th colspan="2">Comum Rara</th>`, `<td rowspan="2">a|b</td>`, "no such title between number 2", "0123/24-1", "4bf92f", "data:image/png;base64,cGljdHVyZQ==", "no picture", "professional.9: 9. REAÇÕES"} {
		require.True(t, strings.Contains(source, says), says)
	}
}

// rowsWith gives the cells after the name of table rows in which a cell has a class.
func rowsWith(page *html.Node, class string) (found []string) {
	for n := range page.Descendants() {
		if n.Type == html.ElementNode && attribute(n, "class") == class {
			found = append(found, text(n)+text(n.NextSibling))
		}
	}
	return found
}

const hostile = "<script>alert(1)</script>\"' onload=x <img src=http://evil/x> \u202Eevil\u202C \x1b[31m \uFFFD\uE000 </style></title>{{.}} javascript:alert(1) \xff"

func pageEscapesHostileText(t *testing.T) {
	t.Parallel()
	s := subject(t)
	s.Item, s.Label, s.Reason, s.State, s.Kind, s.Undrawn, s.Rest = hostile, hostile, hostile, "quarantined", hostile, hostile, hostile
	s.Partition, s.Facts, s.Evidence = hostile, []view.Fact{{Name: hostile, Value: hostile}}, &view.Evidence{Path: hostile, Size: 3, Text: hostile}
	s.Row.Kind, s.Row.Reason, s.Row.Audience = hostile, hostile, hostile
	s.Row.Pages[0].Text += "\n" + hostile
	s.Row.Pages[0].Source = hostile
	s.Row.Leaflets[0].Product, s.Row.Leaflets[0].Strengths = hostile, []string{hostile}
	s.Row.Sections[0].ID, s.Row.Sections[0].Reason, s.Row.Missing[0].Reason = hostile, hostile, hostile
	s.Row.Cells[0].Text, s.Row.Tables[0].Section = hostile, hostile
	s.Row.History[0].Assunto, s.Catalog.Company = hostile, hostile
	s.Row.Warnings = []string{hostile}
	measured := quality.Measure(hostile, *s.Row, s.Catalog, nil)
	s.Quality = &measured
	_, source := written(t, func(b *bytes.Buffer) error { return view.Document(b, s) })
	require.True(t, strings.Contains(source, `<mark title="U&#43;202E">`))
	require.True(t, strings.Contains(source, `<mark title="U&#43;001B">`+"\u241B"))
	require.False(t, strings.ContainsAny(source, "\u202E\x1b"))

	s.Row, s.First, s.Last, s.Pages = nil, 1, 1, 0
	written(t, func(b *bytes.Buffer) error { return view.Document(b, s) })

	all := quality.NewCollector(9, map[string]string{hostile: hostile}, nil)
	row := subject(t).Row
	row.NomeProduto, row.Kind, row.Reason = hostile, "other", hostile
	row.Pages[0].Source = hostile
	all.Add(hostile, *row, nil)
	all.Quarantined(hostile, quality.Quarantine{Asset: hostile, Kind: hostile, Reason: hostile, Items: 1, Example: hostile})
	_, source = written(t, func(b *bytes.Buffer) error { return view.Quality(b, all.Report(), now) })
	require.False(t, strings.Contains(source, "<script"))
}

func pageBoundsWhatItShows(t *testing.T) {
	t.Parallel()
	s := subject(t)
	s.Row.Pages[1].Text += strings.Repeat("\né", 3_000_000)
	for range 20_000 {
		s.Row.History = append(s.Row.History, document.Change{Assunto: strings.Repeat("x", 3000)})
		s.Row.Sections = append(s.Row.Sections, s.Row.Sections[1])
		s.Row.Cells = append(s.Row.Cells, document.Cell{Table: 1, Row: 1 << 30, RowSpan: 1 << 30, ColumnSpan: 1 << 30, Text: "x"})
	}
	_, source := written(t, func(b *bytes.Buffer) error { return view.Document(b, s) })
	require.Less(t, len(source), 4<<20)
	require.True(t, strings.Contains(source, "characters more"))
	require.True(t, strings.Contains(source, "and 19501 more"))
}

func pageShowsReport(t *testing.T) {
	t.Parallel()
	c := quality.NewCollector(5, map[string]string{"5": "Genérico"}, nil)
	s := subject(t)
	c.Add("5", *s.Row, s.Catalog)
	page, source := written(t, func(b *bytes.Buffer) error { return view.Quality(b, c.Report(), now) })
	for _, says := range []string{"Genérico", "1/professional", "1 numbered section missing: professional.3", "<svg", "unreadable character in a thousand"} {
		require.True(t, strings.Contains(source, says), says)
	}
	require.NotEmpty(t, texts(page, "tile"))
	written(t, func(b *bytes.Buffer) error { return view.Quality(b, quality.NewCollector(0, nil, nil).Report(), now) })
}

func FuzzDocument(f *testing.F) {
	f.Add(body9, "Reação", 0, 30)
	f.Add("|a|\n", "a", -5, 1<<40)
	f.Add("\xff\u202E", "\\|", 3, 1)
	f.Fuzz(func(t *testing.T, text, cell string, start, end int) {
		r := leafletOf("head\n"+text, "head\n"+cell)
		r.Sections = []document.Section{{Leaflet: 1, ID: "professional.1", Number: int32(end), Title: text, Text: text, Start: int64(start), End: int64(end)}}
		r.Tables = []document.Table{{Leaflet: 1, Section: "professional.1", Start: int64(start), End: int64(end)}}
		r.Cells = []document.Cell{{Row: int32(start), Column: int32(end), RowSpan: int32(end), ColumnSpan: int32(start), Text: cell}, {RowSpan: int32(end), Text: cell}}
		written(t, func(b *bytes.Buffer) error {
			return view.Document(b, view.Subject{Item: text, Row: r, First: 1, Last: 2, Pages: 2, Now: now})
		})
	})
}

func pageStrikesThroughDroppedText(t *testing.T) {
	t.Parallel()
	s := subject(t)
	s.Row.Dropped = []document.Dropped{
		{Page: 1, Text: "Cabeçalho 1", Reason: "running_head"}, {Page: 2, Text: "ignore all <b>", Reason: "invisible"}, {Page: 2, Text: "previous", Reason: "invisible"},
		{Page: 2, Text: "SUPERDOSE", Reason: "duplicate"}, {Page: 2, Text: strings.Repeat("a", 50_000), Reason: "duplicate"},
	}
	page, _ := written(t, func(b *bytes.Buffer) error { return view.Document(b, s) })
	left := texts(page, "dropped")
	require.Len(t, left, 4, "two running heads, and two reasons")
	require.Contains(t, left[2], "not in the text: invisible")
	require.Contains(t, left[2], "ignore all <b>\nprevious")
	require.Contains(t, left[3], "not in the text: duplicate")
	require.Less(t, len(left[3]), 20_200)
}
