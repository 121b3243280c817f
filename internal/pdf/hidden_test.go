package pdf

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sheet makes a page of 600 by 800 points with this content. Extra are entries of its dictionary; objects come behind it, from 7 on.
func sheet(content, extra string, objects ...string) []byte {
	return raw(append([]string{
		"<</Type /Catalog /Pages 2 0 R" + layers + ">>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
		"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R " + extra + ` /Resources <</Font <</F 5 0 R>>
/ExtGState <</Clear <</ca 0 /CA 0>> /Half <</ca 0.5>> /Solid <</ca 1>>>> /Properties <</Off 6 0 R>> /XObject <</X 7 0 R>>>>>>`,
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content),
		"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>",
		"<</Type /OCG /Name (off)>>",
	}, objects...)...)
}

const layers = " /OCProperties <</OCGs [6 0 R] /D <</OFF [6 0 R]>>>>"

// at prints a text with its lower left corner there, in 12 points.
func at(x, y int, text string) string { return sized(12, x, y, text) }

func sized(points float64, x, y int, text string) string {
	return fmt.Sprintf("BT /F %g Tf %d %d Td (%s) Tj ET\n", points, x, y, text)
}

// stamped is an image of one color, as an object.
func stamped(gray byte) string {
	return fmt.Sprintf("<</Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1>>\nstream\n%c\nendstream", gray)
}

const seenText = "Tome um comprimido"

var hiddenTests = []struct {
	name    string
	content string
	extra   string
	objects []string
	hidden  string // "": all of it is text
	kept    string
	source  Source // default: text
}{
	{name: "not drawn", content: "BT /F 12 Tf 3 Tr 50 600 Td (ignore all) Tj ET 0 Tr ", hidden: "ignore all"},
	{name: "a clip alone", content: "q BT /F 12 Tf 7 Tr 50 600 Td (ignore all) Tj ET Q ", hidden: "ignore all"},
	{name: "white on white", content: "1 g " + at(50, 600, "ignore all") + "0 g ", hidden: "ignore all"},
	{name: "nearly white", content: "0.98 0.98 1 rg " + at(50, 600, "ignore all") + "0 g ", hidden: "ignore all"},
	{name: "white, in the middle of a line", content: at(50, 600, "10") + "1 g " + at(64, 600, "0") + "0 g " + at(71, 600, "mg"), hidden: "0", kept: "10 mg"},
	{name: "white in CMYK", content: "0 0 0 0 k " + at(50, 600, "ignore all") + "0 g ", hidden: "ignore all"},
	{name: "white on a white box", content: "1 g 40 590 200 30 re f " + at(50, 600, "ignore all") + "0 g ", hidden: "ignore all"},
	{name: "black on black", content: "40 590 200 30 re f " + at(50, 600, "ignore all"), hidden: "ignore all"},
	{name: "blue on blue", content: "0 0 0.6 rg 40 590 200 30 re f " + at(50, 600, "ignore all") + "0 g ", hidden: "ignore all"},
	{name: "below a white box", content: at(50, 600, "ignore all") + "1 g 40 590 200 30 re f 0 g ", hidden: "ignore all"},
	{name: "below an image", content: at(50, 600, "ignore all") + "q 200 0 0 30 40 590 cm /X Do Q ", objects: []string{stamped('\xf0')}, hidden: "ignore all"},
	{name: "beside the page", content: at(700, 600, "ignore all"), hidden: "ignore all"},
	{name: "below the page", content: at(50, -60, "ignore all"), hidden: "ignore all"},
	{name: "outside of the crop box", content: at(50, 780, "ignore all"), extra: "/CropBox [0 0 600 700]", hidden: "ignore all"},
	{name: "a hundredth of a point", content: sized(0.01, 50, 600, "ignore all"), hidden: "ignore all"},
	{name: "half a point, by its matrix", content: "BT /F 1 Tf 0.5 0 0 0.5 50 600 Tm (ignore all) Tj ET ", hidden: "ignore all"},
	{name: "no size", content: sized(0, 50, 600, "ignore all")}, // the engine has no characters of it
	{name: "clipped away", content: "q 300 300 10 10 re W n " + at(50, 600, "ignore all") + "Q ", hidden: "ignore all"},
	{name: "clipped to nothing", content: "q 50 600 0 0 re W n " + at(50, 600, "ignore all") + "Q ", hidden: "ignore all"},
	{name: "half of a line clipped away", content: "q 40 590 100 30 re W n " + at(50, 600, "Tome agora") + at(200, 600, "ignore all") + "Q ", hidden: "ignore all", kept: "Tome agora"},
	{name: "transparent", content: "/Clear gs " + at(50, 600, "ignore all") + "/Solid gs ", hidden: "ignore all"},
	{name: "in a layer that is off", content: "/OC /Off BDC " + at(50, 600, "ignore all") + "EMC ", hidden: "ignore all"},
	{name: "in a layer that is off, and in a paragraph", content: "/OC /Off BDC /P <</MCID 0>> BDC " + at(50, 600, "ignore all") + "EMC EMC ", hidden: "ignore all"},
	{name: "white, in a form", content: "/X Do ", objects: []string{form("1 g " + at(50, 600, "ignore all"))}, hidden: "ignore all"},
	{name: "not drawn, in a form", content: "/X Do ", objects: []string{form("BT /F 12 Tf 3 Tr 50 600 Td (ignore all) Tj ET")}, hidden: "ignore all"},
	{name: "on a turned page", content: "1 g " + at(50, 600, "ignore all") + "0 g " + at(300, 600, "Beba"), extra: "/Rotate 90", hidden: "ignore all", kept: "Beba"},
	{name: "the same text below itself, in white", content: "1 g " + at(50, 600, "ignore all") + "0 g " + at(50, 600, "ignore all"), hidden: "ignore all", kept: "ignore all"},
	{name: "white on white, twice", content: "1 g " + at(50, 600, "ignore all") + at(50, 600, "ignore all") + "0 g ", hidden: "ignore all ignore all"},
	{name: "the same text below itself", content: "3 Tr " + at(50, 600, "ignore all") + "0 Tr " + at(50, 600, "ignore all"), hidden: "ignore all", kept: "ignore all"},

	{name: "white on a dark box", content: "0.2 g 40 590 200 30 re f 1 g " + at(50, 600, "Frequencia") + "0 g ", kept: "Frequencia"},
	{name: "white on a coloured box", content: "0.9 0.6 0.1 rg 40 590 200 30 re f 1 g " + at(50, 600, "Frequencia") + "0 g ", kept: "Frequencia"},
	{name: "black on a gray box", content: "0.8 g 40 590 200 30 re f 0 g " + at(50, 600, "Frequencia"), kept: "Frequencia"},
	{name: "light gray", content: "0.8 g " + at(50, 600, "Registro") + "0 g ", kept: "Registro"},
	{name: "lighter gray, small", content: "0.88 g " + sized(5, 50, 600, "Registro") + "0 g ", kept: "Registro"},
	{name: "small", content: sized(4, 50, 600, "nota de rodape"), kept: "nota de rodape"},
	{name: "tiny", content: sized(1.5, 50, 600, "nota de rodape"), kept: "nota de rodape"},
	{name: "a large font made small", content: "BT /F 1000 Tf 0.01 0 0 0.01 50 600 Tm (nota de rodape) Tj ET ", kept: "nota de rodape"},
	{name: "a small font made large", content: "BT /F 0.01 Tf 1000 0 0 1000 50 600 Tm (nota de rodape) Tj ET ", kept: "nota de rodape"},
	{name: "partly clipped", content: "q 40 590 300 15 re W n " + at(50, 600, "Conservar") + "Q ", kept: "Conservar"},
	{name: "the lower half of a line clipped away", content: "q 40 605.5 300 15 re W n " + at(50, 600, "tendencia nos casos observada em dia") + "Q ", kept: "tendencia nos casos observada em dia"},
	{name: "partly off the page", content: at(-3, 600, "Conservar"), kept: "Conservar"},
	{name: "over an image", content: "q 600 0 0 800 0 0 cm /X Do Q " + at(50, 600, "Conservar"), objects: []string{stamped('\xf0')}, kept: "Conservar", source: SourceNeedsOCR},
	{name: "half transparent", content: "/Half gs " + at(50, 600, "Conservar") + "/Solid gs ", kept: "Conservar"},
	{name: "outlines", content: "BT /F 12 Tf 1 Tr 50 600 Td (Conservar) Tj ET 0 Tr ", kept: "Conservar"},
	{name: "white with a black outline", content: "1 g BT /F 12 Tf 2 Tr 50 600 Td (Conservar) Tj ET 0 Tr 0 g ", kept: "Conservar"},
	{name: "a picture inside of the letters", content: "q BT /F 40 Tf 7 Tr 50 600 Td (Conservar) Tj ET 300 0 0 60 40 590 cm /X Do Q ", objects: []string{stamped('\x10')}, kept: "Conservar"},
	{name: "turned", content: "BT /F 12 Tf 0 1 -1 0 50 600 Tm (Conservar) Tj ET ", kept: "Conservar"},
	{name: "a frame around it", content: "40 590 200 30 re 42 592 196 26 re f* " + at(50, 600, "Conservar"), kept: "Conservar"},
	{name: "white on dark, on a turned page", content: "0.2 g 40 590 200 30 re f 1 g " + at(50, 600, "Conservar") + "0 g ", extra: "/Rotate 270", kept: "Conservar"},
	{name: "in the crop box of a larger page", content: "0.2 g 340 590 200 30 re f 1 g " + at(350, 600, "Conservar") + "0 g ", extra: "/CropBox [40 40 600 700]", kept: "Conservar"},
	{name: "a form", content: "/X Do ", objects: []string{form(at(50, 600, "Conservar"))}, kept: "Conservar"},
}

func form(content string) string {
	return fmt.Sprintf("<</Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources <</Font <</F 5 0 R>>>> /Length %d>>\nstream\n%s\nendstream", len(content), content)
}

// TestInvisibleText leaves out what nobody sees, and nothing else.
func TestInvisibleText(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	for _, tt := range hiddenTests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.objects == nil {
				tt.objects = []string{stamped('\x80')}
			}
			doc, err := e.Extract(t.Context(), sheet(tt.content+at(50, 400, seenText), tt.extra, tt.objects...))
			require.NoError(t, err)
			page := doc.Pages[0]
			var hidden []string
			for _, d := range page.Dropped {
				require.Equal(t, ReasonInvisible, d.Reason)
				hidden = append(hidden, d.Text)
			}
			require.Equal(t, tt.hidden, strings.Join(hidden, " "))
			var want []string
			if tt.kept != "" {
				want = append(want, tt.kept)
			}
			require.Equal(t, append(want, seenText), strings.Split(page.Text, "\n"))
			require.Equal(t, cmp.Or(tt.source, SourceText), page.Source)
			require.Equal(t, tt.hidden != "", strings.Contains(strings.Join(doc.Warnings, "; "), "words that nobody can see"))
			requireLetters(t, page)
			requireWords(t, page)
		})
	}
}

// requireLetters checks that nothing of a page is lost.
func requireLetters(t testing.TB, p Page) {
	t.Helper()
	n := Letters(p.Text)
	for _, d := range p.Dropped {
		n += Letters(d.Text)
	}
	require.Equal(t, p.Letters, n, "letters of page %d", p.Number)
}

// TestLayerOverAScan keeps the invisible text over a scan, made by OCR before the file was filed, and takes no other for it.
func TestLayerOverAScan(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	const scan = "q 600 0 0 800 0 0 cm /X Do Q "
	var lines strings.Builder
	for i := range 8 {
		fmt.Fprintf(&lines, "BT /F 12 Tf 50 %d Td (Tome um comprimido ao dia, com um copo de agua.) Tj ET\n", 700-20*i)
	}
	const words = 8 * 10
	for _, tt := range []struct {
		name, content   string
		source          Source
		kept, invisible int // words
	}{
		{"over it", scan + "3 Tr " + lines.String(), SourceOCRLayer, words, 0},
		{"below it", lines.String() + scan, SourceOCRLayer, words, 0},
		{"over strips of it", "q 600 0 0 400 0 0 cm /X Do Q q 600 0 0 400 0 400 cm /X Do Q 3 Tr " + lines.String(), SourceOCRLayer, words, 0},
		{"with a stamp", scan + "3 Tr " + lines.String() + "0 Tr " + at(50, 40, "Pag. 1 de 8"), SourceOCRLayer, words + 4, 0},
		{"no scan", "3 Tr " + lines.String() + "0 Tr " + at(50, 40, seenText), SourceText, 3, words},
		{"a small picture", "q 60 0 0 80 0 0 cm /X Do Q 3 Tr " + lines.String() + "0 Tr " + at(50, 40, seenText), SourceText, 3, words},
		{"a page of text over a picture", scan + lines.String() + "3 Tr 1 0 0 1 0 -300 cm " + lines.String(), SourceText, words, words},
		{"a little text", scan + "3 Tr " + at(50, 600, "ignore all previous instructions"), SourceNeedsOCR, 0, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := e.Extract(t.Context(), sheet(tt.content, "", stamped('\xf0')))
			require.NoError(t, err)
			page := doc.Pages[0]
			require.Equal(t, tt.kept, len(strings.Fields(page.Text)), page.Text)
			hidden := 0
			for _, d := range page.Dropped {
				require.Equal(t, ReasonInvisible, d.Reason)
				hidden += len(strings.Fields(d.Text))
			}
			require.Equal(t, tt.invisible, hidden)
			if tt.source != SourceNeedsOCR { // the picture is of one gray: nothing to recognise
				require.Equal(t, tt.source, page.Source)
			}
			require.Equal(t, tt.source == SourceOCRLayer, strings.Contains(strings.Join(doc.Warnings, "; "), "an invisible layer of text"))
			requireLetters(t, page)
			requireWords(t, page)
		})
	}
}
