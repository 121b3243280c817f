package pdf

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

// pageOf is a file of one page with this content and these resources; further objects are 5 and on.
func pageOf(content, resources string, further ...string) []byte {
	return raw(append([]string{"<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
		fmt.Sprintf("<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources <<%s>>>>", resources), streamOf("", content)}, further...)...)
}

// formOf is a drawing of its own with these resources.
func formOf(resources, content string) string {
	return streamOf("/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources <<"+resources+">>", content)
}

// plainFont is the resource /F, and a line in it.
const (
	plainFont = "/Font <</F <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>"
	plainLine = "BT /F 12 Tf 20 700 Td (Bula do paciente) Tj ET\n"
)

// hostile are files of the kinds that readers of PDF are tested with: small, and each asks for more than it should get.
func hostile() map[string][]byte {
	files := map[string][]byte{
		"slow to draw":           slow(3),
		"slow to draw, and text": slow(1, plainLine),

		"a drawing in itself":  pageOf("/X Do "+plainLine, "/XObject <</X 5 0 R>> "+plainFont, formOf("/XObject <</X 5 0 R>>", "/X Do 0 0 9 9 re f")),
		"two in each other":    pageOf("/X Do "+plainLine, "/XObject <</X 5 0 R>> "+plainFont, formOf("/XObject <</X 6 0 R>>", "/X Do /X Do"), formOf("/XObject <</X 5 0 R>>", "/X Do /X Do")),
		"a pattern in itself":  pageOf("/Pattern cs /P scn 0 0 600 800 re f", "/Pattern <</P 5 0 R>>", tileOf("/Pattern <</P 5 0 R>>", 10, "/Pattern cs /P scn 0 0 9 9 re f")),
		"a tiny pattern":       pageOf("/Pattern cs /P scn 0 0 600 800 re f", "/Pattern <</P 5 0 R>>", tileOf("", 0.0001, "0 0 1 1 re f")),
		"a pattern of no step": pageOf("/Pattern cs /P scn 0 0 600 800 re f", "/Pattern <</P 5 0 R>>", tileOf("", 0, "0 0 1 1 re f")),
		"a mask of itself": pageOf("/G gs 0 0 600 800 re f", "/ExtGState <</G 5 0 R>>", "<</SMask <</S /Luminosity /G 6 0 R>>>>",
			streamOf("/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Group <</S /Transparency /CS /DeviceRGB>> /Resources <</ExtGState <</G 5 0 R>>>>", "/G gs 0 0 600 800 re f")),
		"a font that draws itself": pageOf("BT /T 12 Tf 20 700 Td (aaaa) Tj ET", "/Font <</T 5 0 R>>",
			"<</Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /CharProcs <</a 6 0 R>> /Encoding <</Differences [97 /a]>> /FirstChar 97 /LastChar 97 /Widths [9] /Resources <</Font <</T 5 0 R>>>>>>",
			streamOf("", "9 0 d0 BT /T 1 Tf (aaaa) Tj ET 0 0 9 9 re f")),
		"a shading of noise": pageOf("/S sh", "/Shading <</S 5 0 R>>", "<</ShadingType 1 /ColorSpace /DeviceRGB /Domain [0 1e9 0 1e9] /Matrix [1e-9 0 0 1e-9 0 0] /Function 6 0 R>>",
			streamOf("/FunctionType 4 /Domain [0 1e9 0 1e9] /Range [0 1 0 1 0 1]", "{"+strings.Repeat("2 copy mul sin exch cos ", 2000)+"pop pop 1 1 1}")),

		"deep arrays":       pageOf(plainLine, plainFont+" /Deep "+strings.Repeat("[", 50_000)+strings.Repeat("]", 50_000)),
		"deep dictionaries": pageOf(plainLine, plainFont+" /Deep "+strings.Repeat("<</A ", 20_000)+"1"+strings.Repeat(">>", 20_000)),
		"deep states":       pageOf(strings.Repeat("q ", 100_000)+plainLine, plainFont),
		"deep marks":        pageOf(strings.Repeat("/Span BMC ", 100_000)+plainLine, plainFont),
		"deep in a stream":  pageOf(strings.Repeat("[", 100_000)+" "+plainLine, plainFont),
		"deep clips":        pageOf(strings.Repeat("0 0 600 800 re W n ", 20_000)+plainLine, plainFont),

		"a huge box":          bytes.ReplaceAll(pageOf(plainLine, plainFont), []byte("[0 0 600 800]"), []byte("[0 0 1e9 1e9]")),
		"a box of no size":    bytes.ReplaceAll(pageOf(plainLine, plainFont), []byte("[0 0 600 800]"), []byte("[5 5 5 5]")),
		"a box that is none":  bytes.ReplaceAll(pageOf(plainLine, plainFont), []byte("[0 0 600 800]"), []byte("[nan (x) null 1e99]")),
		"a huge unit":         bytes.ReplaceAll(pageOf(plainLine, plainFont), []byte("/Type /Page "), []byte("/Type /Page /UserUnit 1e9 ")),
		"huge letters":        pageOf("BT /F 1e9 Tf 1e9 0 0 1e9 0 0 Tm (Bula) Tj ET", plainFont),
		"a line of a million": pageOf("0.001 w ["+strings.Repeat("0.001 ", 1000)+"] 0 d 0 0 m 600 800 l S", ""),
		"many curves":         pageOf(strings.Repeat("0 0 m 600 0 0 800 600 800 c ", 20_000)+"f*", ""),

		"a huge image":       pageOf("/I Do", "/XObject <</I 5 0 R>>", streamOf("/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /BitsPerComponent 8 /ColorSpace /DeviceRGB", "x")),
		"an image in a mask": pageOf("/I Do", "/XObject <</I 5 0 R>>", streamOf("/Type /XObject /Subtype /Image /Width 9 /Height 9 /BitsPerComponent 8 /ColorSpace /DeviceGray /SMask 5 0 R", strings.Repeat("x", 81))),
		"filters upon filters": pageOf("/I Do", "/XObject <</I 5 0 R>>",
			streamOf("/Type /XObject /Subtype /Image /Width 9 /Height 9 /BitsPerComponent 8 /ColorSpace /DeviceGray /Filter ["+strings.Repeat("/ASCIIHexDecode ", 5000)+"]", strings.Repeat("30", 500)+">")),
		"a space of spaces": pageOf("/C cs 1 scn 0 0 9 9 re f", "/ColorSpace <</C 5 0 R>>", "[/Indexed 5 0 R 255 (x)]"),
	}
	for name, broken := range map[string]string{"JPEG": "/DCTDecode", "JPEG 2000": "/JPXDecode", "JBIG2": "/JBIG2Decode", "fax": "/CCITTFaxDecode"} {
		files["broken "+name] = pageOf("600 0 0 800 0 0 cm /I Do", "/XObject <</I 5 0 R>>",
			streamOf("/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter "+broken, "\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03"+strings.Repeat("\x9a\x01", 999)))
	}
	for name, content := range structures() {
		files[name] = content
	}
	return files
}

// structures are files whose objects lead nowhere, or in circles.
func structures() map[string][]byte {
	pages := func(kids string, count int, further ...string) []byte {
		return raw(append([]string{"<</Type /Catalog /Pages 2 0 R>>", fmt.Sprintf("<</Type /Pages /Kids [%s] /Count %d>>", kids, count)}, further...)...)
	}
	page := "<</Type /Page /Parent 2 0 R /MediaBox [0 0 60 80] /Resources <<" + plainFont + ">> /Contents 4 0 R>>"
	deep := []string{"<</Type /Catalog /Pages 2 0 R>>"}
	for i := range 5000 {
		deep = append(deep, fmt.Sprintf("<</Type /Pages /Kids [%d 0 R] /Count 1>>", i+3))
	}
	whole := pageOf(plainLine, plainFont)
	start := bytes.LastIndex(whole, []byte("xref\n0"))
	catalog := func(more string, further ...string) []byte {
		return bytes.Replace(pageOf(plainLine, plainFont, further...), []byte("/Catalog"), []byte("/Catalog "+more), 1)
	}
	return map[string][]byte{
		"a million pages that are not there": pages("3 0 R", 1_000_000, page, streamOf("", plainLine)),
		"one page two thousand times":        pages(strings.Repeat("3 0 R ", 2000), 2000, page, streamOf("", plainLine)),
		"a deep tree of pages":               raw(append(deep, strings.Replace(page, "4 0 R", "9999 0 R", 1))...),
		"fewer than no pages":                pages("3 0 R", -7, page, streamOf("", plainLine)),
		"a table of objects before itself":   bytes.Replace(whole, []byte("/Root 1 0 R"), fmt.Appendf(nil, "/Root 1 0 R /Prev %d", start), 1),
		"a million objects":                  bytes.Replace(whole, []byte("/Size 5"), []byte("/Size 1000000000"), 1),
		"an object that is itself":           pageOf(plainLine, plainFont+" /X 5 0 R", "5 0 R"),
		"a length that is the stream":        bytes.Replace(whole, fmt.Appendf(nil, "/Length %d", len(plainLine)), []byte("/Length 4 0 R"), 1),
		"marks in circles": catalog("/MarkInfo <</Marked true>> /StructTreeRoot 5 0 R", "<</Type /StructTreeRoot /K 6 0 R /ParentTree <</Kids [7 0 R]>>>>",
			"<</Type /StructElem /S /Table /P 5 0 R /K [6 0 R 6 0 R]>>", "<</Kids [7 0 R 7 0 R]>>"),
		"fields in circles": catalog("/AcroForm <</Fields [5 0 R]>>", "<</FT /Tx /T (a) /V (x) /Kids [5 0 R 6 0 R] /Parent 6 0 R>>", "<</T (b) /Kids [5 0 R] /Parent 5 0 R>>"),
		"a note that shows itself": bytes.Replace(pageOf(plainLine, plainFont, "<</Type /Annot /Subtype /FreeText /Rect [0 0 60 80] /Contents (x) /AP <</N 6 0 R>>>>", formOf("/XObject <</X 6 0 R>>", "/X Do")),
			[]byte("/MediaBox"), []byte("/Annots [5 0 R 5 0 R] /MediaBox"), 1),
		"a font whose map is itself": pageOf(plainLine, "/Font <</F 5 0 R>>", "<</Type /Font /Subtype /Type0 /BaseFont /X /Encoding 6 0 R /DescendantFonts [5 0 R] /ToUnicode 6 0 R>>",
			streamOf("/Type /CMap /UseCMap 6 0 R", "1 begincodespacerange <00> <ffffffff> endcodespacerange 1 beginbfrange <00000000> <ffffffff> <0041> endbfrange")),
		"much text in a small file": pageOf(strings.Repeat("/X Do ", 300), "/XObject <</X 5 0 R>>", formOf(plainFont, "BT /F 1 Tf ("+strings.Repeat("a ", 2000)+") Tj ET")),
	}
}

// tileOf is a tile with so much space from one to the next.
func tileOf(resources string, step float64, content string) string {
	return streamOf(fmt.Sprintf("/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep %g /YStep %g /Resources <<%s>>", step, step, resources), content)
}

// TestHostile reads and draws each hostile file: it ends as text or as a corrupt document with its reason, by its budget at the
// latest, it ends no child but its own, and the extractor goes on. With the race detector a child takes four times as long: then
// it reads every fifth.
func TestHostile(t *testing.T) {
	t.Parallel()
	o := Options{Workers: 2, Command: built(), MemoryPages: 1024, MaxText: 1 << 20, Timeout: 4 * time.Second}
	e := open(t, o)
	files := hostile()
	for i, name := range slices.Sorted(maps.Keys(files)) {
		if raced() && i%5 > 0 {
			continue
		}
		content := files[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.LessOrEqual(t, len(content), 1<<20, "they are small")
			ctx := WithBudget(t.Context(), Limits{Time: 10 * time.Second, Pixels: 50_000_000, Text: 1 << 20})
			start := time.Now()
			doc, err := e.Extract(ctx, content)
			if err != nil {
				require.Equal(t, fault.Corrupt, fault.KindOf(err), "%v", err)
				require.NotEmpty(t, strings.TrimPrefix(err.Error(), op+": "))
				require.NotContains(t, err.Error(), "ended two children")
			} else {
				require.NotEmpty(t, doc.Pages)
				for _, page := range doc.Pages {
					require.NotEmpty(t, page.Source)
				}
			}
			images, drawn := e.Render(ctx, content, RenderOptions{Pages: []int{1}, DPI: 50})
			if drawn != nil {
				require.Equal(t, fault.Corrupt, fault.KindOf(drawn), "%v", drawn)
				require.NotContains(t, drawn.Error(), "ended two children")
			} else {
				require.NotEmpty(t, images[0].PNG)
			}
			t.Logf("%d bytes, %s: %v; %v", len(content), time.Since(start).Round(time.Millisecond), err, drawn)
			require.LessOrEqual(t, BudgetOf(ctx).Used().Time, 25*time.Second, "with the time to end a child")
			require.LessOrEqual(t, BudgetOf(ctx).Used().Pixels, int64(50_000_000))
		})
	}
}
