package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"drugslm/internal/fault"
)

// node is an element of a tree of tags, or, without a role, a text that it is printed with.
type node struct {
	role string
	kids []node
	text string
	page int
	x, y int
}

func tag(role string, kids ...node) node { return node{role: role, kids: kids} }

func words(page, x, y int, text string) node { return node{text: text, page: page, x: x, y: y} }

// tagged writes a PDF of these pages whose text is that of root, marked, in the order of the tree; what is loose is
// printed without a mark. A tree that change makes of the elements' objects need not be a tree.
func tagged(pages int, root node, loose []node, change func(elements []string) []string) []byte {
	const fixed = 5 // the objects before the pages
	w := tagWriter{contents: make([]strings.Builder, pages), parents: make([][]int, pages), first: fixed + 2*pages + 1}
	w.element(root, 3)
	for _, n := range loose {
		w.contents[n.page].WriteString(show(n))
	}
	if change != nil {
		w.elements = change(w.elements)
	}
	objects := []string{
		"<</Type /Catalog /Pages 2 0 R /StructTreeRoot 3 0 R /MarkInfo <</Marked true>>>>", "",
		fmt.Sprintf("<</Type /StructTreeRoot /K [%d 0 R] /ParentTree 4 0 R>>", w.first), "",
		"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
	}
	var kids, nums strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", fixed+2*i+1)
		fmt.Fprintf(&nums, "%d [", i)
		for _, element := range w.parents[i] {
			fmt.Fprintf(&nums, "%d 0 R ", element)
		}
		nums.WriteString("] ")
		objects = append(objects, fmt.Sprintf("<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /StructParents %d /Contents %d 0 R "+
			"/Resources <</Font <</F 5 0 R>>>>>>", i, fixed+2*i+2),
			fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", w.contents[i].Len(), w.contents[i].String()))
	}
	objects[1] = fmt.Sprintf("<</Type /Pages /Kids [%s] /Count %d>>", kids.String(), pages)
	objects[3] = fmt.Sprintf("<</Nums [%s]>>", nums.String())
	return raw(append(objects, w.elements...)...)
}

type tagWriter struct {
	contents []strings.Builder
	parents  [][]int // element by page and mark
	elements []string
	first    int // object of the first element
}

func (w *tagWriter) element(n node, parent int) int {
	self := w.first + len(w.elements)
	w.elements = append(w.elements, "")
	var kids strings.Builder
	for _, k := range n.kids {
		if k.role != "" {
			fmt.Fprintf(&kids, "%d 0 R ", w.element(k, self))
			continue
		}
		mark := len(w.parents[k.page])
		w.parents[k.page] = append(w.parents[k.page], self)
		fmt.Fprintf(&w.contents[k.page], "/P <</MCID %d>> BDC %sEMC\n", mark, show(k))
		fmt.Fprintf(&kids, "<</Type /MCR /Pg %d 0 R /MCID %d>> ", 5+2*k.page+1, mark)
	}
	w.elements[self-w.first] = fmt.Sprintf("<</Type /StructElem /S /%s /P %d 0 R /K [%s]>>", n.role, parent, kids.String())
	return self
}

func show(n node) string {
	return fmt.Sprintf("BT /F 10 Tf %d %d Td (%s) Tj ET\n", n.x, 800-n.y, n.text)
}

func cell(page, x, y int, lines ...string) node {
	p := tag("P")
	for i, l := range lines {
		p.kids = append(p.kids, words(page, x, y+12*i, l))
	}
	return tag("TD", p)
}

// sample has cells of several lines, an empty one, and a row that goes on over the page.
func sample() node {
	row := tag("TR", cell(0, 50, 100, "Infecciosas"), cell(0, 200, 100, "Comum"), cell(0, 350, 100, "Gripe, tosse", "e febre"))
	last := tag("TR", cell(0, 50, 760, "Nervosas"), tag("TD"), cell(0, 350, 760, "Dor de"))
	last.kids[2].kids[0].kids = append(last.kids[2].kids[0].kids, words(1, 350, 50, "cabeca"))
	return tag("Document", tag("P", words(0, 50, 40, "Tabela um")),
		tag("Table", tag("THead", tag("TR", tag("TH", words(0, 50, 80, "Grupo")), tag("TH", words(0, 200, 80, "Quando")), tag("TH", words(0, 350, 80, "O que")))),
			tag("TBody", row, last)),
		tag("P", words(1, 50, 90, "Fim da tabela")),
		tag("Sect", tag("Table", tag("TR", cell(1, 50, 120, "a"), cell(1, 200, 120, "b"), tag("Span", words(1, 300, 120, "x"))), tag("TR", cell(1, 50, 140, "c"), cell(1, 200, 140, "d")))))
}

// placed gives the words of a document with their cells, "" for one without.
func placed(d Document) []string {
	var all []string
	for _, p := range d.Pages {
		for _, w := range p.Words {
			s := w.Text
			if w.Cell != (Cell{}) {
				s += fmt.Sprint(" ", w.Cell)
			}
			all = append(all, s)
		}
	}
	return all
}

func TestTagsSayCells(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1})
	got, err := e.Extract(t.Context(), tagged(2, sample(), []node{words(0, 50, 790, "rodape")}, nil))
	require.NoError(t, err)
	require.Equal(t, []string{
		"Tabela", "um", "Grupo {1 0 0 3}", "Quando {1 0 1 3}", "O {1 0 2 3}", "que {1 0 2 3}",
		"Infecciosas {1 1 0 3}", "Comum {1 1 1 3}", "Gripe, {1 1 2 3}", "tosse {1 1 2 3}", "e {1 1 2 3}", "febre {1 1 2 3}",
		"Nervosas {1 2 0 3}", "Dor {1 2 2 3}", "de {1 2 2 3}", "rodape",
		"cabeca {1 2 2 3}", "Fim", "da", "tabela", "a {2 0 0 2}", "b {2 0 1 2}", "x", "c {2 1 0 2}", "d {2 1 1 2}",
	}, placed(got))
}

// TestTagsThatAreNone reads files whose structure is damaged or hostile: the text is what it is without tags, and soon.
func TestTagsThatAreNone(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1})
	plain, err := e.Extract(t.Context(), tagged(2, sample(), nil, func([]string) []string { return []string{"null"} }))
	require.NoError(t, err)
	require.Len(t, placed(plain), 24)
	edit := func(old, other string) func([]string) []string {
		return func(elements []string) []string {
			for i := range elements {
				elements[i] = strings.ReplaceAll(elements[i], old, other)
			}
			return elements
		}
	}
	deep := func(n node) node {
		for range 100 {
			n = tag("Sect", n)
		}
		return n
	}
	wide := tag("Document", make([]node, 2*maxTagVisits)...)
	for i := range wide.kids {
		wide.kids[i] = tag("P")
	}
	wide.kids = append(wide.kids, sample().kids...)
	tests := []struct {
		name   string
		root   node
		change func([]string) []string
		none   bool // no word has a cell
	}{
		{"no elements", sample(), func([]string) []string { return nil }, true},
		{"all are their own parents", sample(), edit("/P 14 0 R", "/P 15 0 R"), false},
		{"all kids are the table", sample(), edit("/K [1", "/K [12 0 R 10 0 R 1"), false},
		{"a table in itself", sample(), edit("/S /TD", "/S /Table"), false},
		{"rows without a table", sample(), edit("/S /Table", "/S /Sect"), true},
		{"cells without rows", sample(), edit("/S /TR", "/S /Sect"), true},
		{"another page's marks", sample(), edit("/Pg 6 0 R", "/Pg 99 0 R"), false},
		{"marks out of range", sample(), edit("/MCID ", "/MCID 99999999"), true},
		{"negative marks", sample(), edit("/MCID ", "/MCID -"), false},
		{"no types", sample(), edit("/S /", "/X /"), true},
		{"too deep", deep(sample()), nil, true},
		{"too wide", wide, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			got, err := e.Extract(t.Context(), tagged(2, tt.root, nil, tt.change))
			require.NoError(t, err)
			require.Less(t, time.Since(start), 30*time.Second)
			cells := 0
			for i, p := range got.Pages {
				require.Equal(t, plain.Pages[i].Text, p.Text)
				for _, w := range p.Words {
					if w.Cell != (Cell{}) {
						cells++
					}
				}
			}
			if tt.none {
				require.Zero(t, cells)
			}
		})
	}
}

// brokenPool lends sandboxes that end over a tree of tags.
type brokenPool struct {
	pdfium.Pool
	direct *direct
}

func (p brokenPool) GetInstance(timeout time.Duration) (pdfium.Pdfium, error) {
	instance, err := p.Pool.GetInstance(timeout)
	return brokenTags{instance, p.direct}, err
}

type brokenTags struct {
	pdfium.Pdfium
	direct *direct
}

func (b brokenTags) FPDFText_LoadPage(r *requests.FPDFText_LoadPage) (*responses.FPDFText_LoadPage, error) {
	got, err := b.Pdfium.FPDFText_LoadPage(r)
	b.direct.call["FPDF_StructTree_GetForPage"] = broken{}
	return got, err
}

type broken struct{ api.Function }

func (broken) CallWithStack(context.Context, []uint64) error {
	return errors.New("wasm error: unreachable")
}

// TestTagsCanBeDoneWithout reads a document again without its tags when these end the sandbox.
func TestTagsCanBeDoneWithout(t *testing.T) {
	t.Parallel()
	o, err := Options{}.withDefaults()
	require.NoError(t, err)
	e, err := openEngine(t.Context(), settings{CacheDir: o.CacheDir, MemoryPages: o.MemoryPages, MaxPages: o.MaxPages, MaxText: o.MaxText})
	require.NoError(t, err)
	t.Cleanup(e.close)
	e.pool = brokenPool{e.pool, e.direct}
	got := e.read(request{}, tagged(2, sample(), nil, nil))
	require.Empty(t, got.Reason)
	require.True(t, got.Spent)
	require.Len(t, placed(got.Document), 24)
	require.NotContains(t, strings.Join(placed(got.Document), " "), "{")
	require.False(t, e.untagged, "the next document's tags are read")
}

// TestPagesWithoutATable are not asked for their tags.
func TestPagesWithoutATable(t *testing.T) {
	t.Parallel()
	at := func(x, y float32) token { return token{box: Box{x, y, x + 30, y + 10}} }
	tests := []struct {
		name   string
		tokens []token
		want   bool
	}{
		{"nothing", nil, false},
		{"prose", []token{at(0, 0), at(33, 0), at(66, 0), at(0, 12), at(34, 12)}, false},
		{"one number and its text", []token{at(0, 0), at(60, 0), at(0, 12), at(33, 12)}, false},
		{"two rows", []token{at(0, 0), at(60, 0), at(0, 12), at(60, 12)}, true},
		{"cells of several lines", []token{at(0, 0), at(0, 12), at(60, 0), at(60, 12), at(0, 24), at(0, 36), at(60, 24)}, true},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, sided(tt.tokens), tt.name)
	}
}

func FuzzCells(f *testing.F) {
	f.Add([]byte{2, 0, 1, 5, 7, 1, 3}, 3)
	f.Add([]byte{1, 0}, 1)
	f.Fuzz(func(t *testing.T, runs []byte, n int) {
		got := make([]Word, max(0, min(n, 1000)))
		if unpackCells(runs, got) != nil {
			return
		}
		again := make([]Word, len(got))
		require.NoError(t, unpackCells(packCells(got), again))
		require.Equal(t, got, again)
	})
}

// TestDamagedTags reads files with tags, each damaged in a way that its number gives: each ends as text or as a corrupt
// document with its reason.
func TestDamagedTags(t *testing.T) {
	t.Parallel()
	files := 100
	if os.Getenv("DRUGSLM_E2E") == "1" {
		files = 1000
	}
	e := open(t, Options{Command: built(), MemoryPages: 1024, MaxPages: 50, MaxText: 1 << 20, Timeout: 20 * time.Second})
	whole := tagged(2, sample(), nil, nil)
	packed := bombs(t)
	texts := 0
	for i := range files {
		name, content := damage(rand.New(rand.NewPCG(uint64(i), 11)), whole, packed)
		if i%2 == 0 { // bits of the tree alone, which is what comes after the pages
			name, content = "bits of the tree", bytes.Clone(whole)
			r, from := rand.New(rand.NewPCG(uint64(i), 12)), bytes.Index(whole, []byte("/StructElem"))
			for range 1 + r.IntN(40) {
				content[from+r.IntN(len(content)-from-1200)] ^= 1 << r.IntN(8)
			}
		}
		doc, err := e.Extract(t.Context(), content)
		if err != nil {
			require.Equal(t, fault.Corrupt, fault.KindOf(err), "file %d (%s): %v", i, name, err)
			continue
		}
		texts++
		for _, p := range doc.Pages {
			requireWords(t, p)
		}
	}
	require.Greater(t, texts, files/4)
}
