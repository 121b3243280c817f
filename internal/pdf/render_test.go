package pdf

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

// drawnOn prints a page, and an image over these millimetres of it.
func drawnOn(t testing.TB, img image.Image, text string, width, height float64) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return printed(t, func(f *fpdf.Fpdf) {
		f.AddPage()
		f.RegisterImageOptionsReader("scan", fpdf.ImageOptions{ImageType: "PNG"}, &b)
		f.ImageOptions("scan", 0, 0, width, height, false, fpdf.ImageOptions{}, 0, "")
		if text != "" {
			f.MultiCell(0, 6, text, "", "L", false)
		}
	})
}

// paper is an image of one colour.
func paper(of color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 40, 40))
	for i := range 40 * 40 {
		img.Set(i%40, i/40, of)
	}
	return img
}

func decoded(t testing.TB, img Image) image.Image {
	t.Helper()
	got, err := png.Decode(bytes.NewReader(img.PNG))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, img.Width, img.Height), got.Bounds())
	return got
}

func TestRender(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1})
	content := printed(t, nil, "um", strings.Repeat("dois ", 900), "três")

	images, err := e.Render(t.Context(), content, RenderOptions{})
	require.NoError(t, err)
	require.Len(t, images, 3)
	for i, img := range images {
		require.Equal(t, i+1, img.Number)
		require.InDelta(t, 150, img.DPI, 0.001)
		require.InDelta(t, 210/25.4*150, img.Width, 1)
		require.InDelta(t, 297/25.4*150, img.Height, 1)
		require.IsType(t, &image.Gray{}, decoded(t, img))
	}
	require.Greater(t, len(images[1].PNG), 2*len(images[0].PNG), "more text, more image")

	images, err = e.Render(t.Context(), content, RenderOptions{Pages: []int{3, 1}, DPI: 300, MaxPixels: 1_000_000})
	require.NoError(t, err)
	require.Equal(t, []int{3, 1}, []int{images[0].Number, images[1].Number})
	require.LessOrEqual(t, images[0].Width*images[0].Height, 1_000_000, "a page that is too large is drawn at fewer DPI")
	require.InDelta(t, float64(images[0].Width)/(210/25.4), images[0].DPI, 0.2)
}

func TestRenderColour(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1})
	half := paper(color.NRGBA{R: 200, G: 40, B: 10, A: 128}) // half of it shines through, on a page with transparency
	images, err := e.Render(t.Context(), drawnOn(t, half, "", 210, 100), RenderOptions{Color: true, DPI: 30})
	require.NoError(t, err)
	got := decoded(t, images[0])
	r, g, b, a := got.At(20, 20).RGBA()
	require.InDeltaSlice(t, []float64{227, 147, 132, 255}, []float64{float64(r >> 8), float64(g >> 8), float64(b >> 8), float64(a >> 8)}, 2)
	r, g, b, a = got.At(20, got.Bounds().Max.Y-5).RGBA()
	require.Equal(t, []uint32{0xffff, 0xffff, 0xffff, 0xffff}, []uint32{r, g, b, a}, "paper is white")
}

func TestRenderTurnedPage(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1})
	images, err := e.Render(t.Context(), raw("<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
		"<</Type /Page /Parent 2 0 R /MediaBox [0 0 100 300] /Rotate 90 /Contents 4 0 R>>",
		"<</Length 24>>\nstream\n0 0 20 20 re f          \nendstream"), RenderOptions{DPI: 72})
	require.NoError(t, err)
	require.Equal(t, []int{300, 100}, []int{images[0].Width, images[0].Height})
	img := decoded(t, images[0])
	require.Equal(t, color.Gray{Y: 0}, img.At(5, 5), "what was below on the left is above on the left")
	require.Equal(t, color.Gray{Y: 255}, img.At(5, 95))
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1, MemoryPages: 1024})
	content := printed(t, nil, "um", "dois", "três")
	blank := func(box string) []byte {
		return raw("<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>", "<</Type /Page /Parent 2 0 R /MediaBox "+box+">>")
	}
	tests := []struct {
		name    string
		content []byte
		options RenderOptions
		kind    fault.Kind
		want    string
	}{
		{"not a PDF", []byte("x"), RenderOptions{}, fault.Corrupt, "not a PDF"},
		{"no such page", content, RenderOptions{Pages: []int{1, 4}}, fault.Corrupt, "no such page: 4, the document has 3"},
		{"too many pages", content, RenderOptions{MaxPages: 2}, fault.Corrupt, "too much: 3 pages, at most 2 in a call"},
		{"too many bytes", content, RenderOptions{MaxBytes: 999}, fault.Corrupt, "too much: more than 999 bytes of images"},
		{"more memory than there is", content, RenderOptions{Color: true, DPI: 600, MaxPixels: 1e9}, fault.Corrupt, "needs more than 64 MiB"},
		{"a bomb", bomb(t, 200<<20), RenderOptions{}, fault.Corrupt, "needs more than 64 MiB"},
		{"DPI", content, RenderOptions{DPI: 5}, fault.Invalid, "5 DPI: must be 10 to 1200"},
		{"page 0", content, RenderOptions{Pages: []int{0}}, fault.Invalid, "counted from 1"},
		{"more pages than allowed", content, RenderOptions{Pages: []int{1, 1}, MaxPages: 1}, fault.Invalid, "at most 1 in a call"},
		{"more allowed than can be", content, RenderOptions{MaxPages: 1001}, fault.Invalid, "must be 1 to 1000"},
		{"negative", content, RenderOptions{MaxPixels: -1}, fault.Invalid, "at least 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := e.Render(t.Context(), tt.content, tt.options)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, tt.kind, fault.KindOf(err))
		})
	}
	for _, box := range []string{"[0 0 1000000000 1000000000]", "[0 0 1000000000 0.001]", "[0 0 -5 99999999]", "[0 0 0 0]", "[nan 1e999 3 4]"} {
		t.Run("page of "+box, func(t *testing.T) {
			t.Parallel()
			images, err := e.Render(t.Context(), blank(box), RenderOptions{})
			if err != nil {
				require.Equal(t, fault.Corrupt, fault.KindOf(err))
				return
			}
			require.LessOrEqual(t, images[0].Width*images[0].Height, 25_000_000)
			decoded(t, images[0])
		})
	}
}

func TestRenderChildrenThatFail(t *testing.T) {
	t.Parallel()
	tests := []struct{ child, want string }{
		{"hang", "took longer than 50ms"},
		{"die", "ended two children"},
		{"images", "images that nobody asked for"},
		{"flood-images", "receive image 1: receive 1073741823 bytes: frame out of bounds"},
	}
	for _, tt := range tests {
		t.Run(tt.child, func(t *testing.T) {
			t.Parallel()
			o := Options{Workers: 1}
			if tt.child == "hang" {
				o.Timeout = 50 * time.Millisecond
			}
			_, err := open(t, o, tt.child).Render(t.Context(), little, RenderOptions{Pages: []int{1}, MaxPages: 1})
			require.Equal(t, fault.Corrupt, fault.KindOf(err), "%v", err)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// TestSources says of pages without text, or with little, whether a recogniser would find more.
func TestSources(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1, MemoryPages: 1024})
	page := func(content string) []byte {
		return raw("<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
			"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R>>",
			fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content))
	}
	tests := []struct {
		name    string
		content []byte
		want    Source
	}{
		{"text", printed(t, nil, "um"), SourceText},
		{"nothing", page(""), SourceBlank},
		{"a white rectangle", page("1 g 0 0 600 800 re f"), SourceBlank},
		{"a gray rectangle over all", page("0.8 g 0 0 600 800 re f"), SourceBlank},
		{"a white image", drawnOn(t, paper(color.White), "", 210, 297), SourceBlank},
		{"a line", page("10 10 m 500 10 l S"), SourceNeedsOCR},
		{"a little square", page("300 300 4 4 re f"), SourceNeedsOCR},
		{"white on black", page("0 g 0 0 600 800 re f 1 g 300 300 4 4 re f"), SourceNeedsOCR},
		{"a black image", drawnOn(t, paper(color.Black), "", 100, 100), SourceNeedsOCR},
		{"a stamp on an image", drawnOn(t, paper(color.Gray{Y: 240}), "Pag. 1 de 8", 210, 297), SourceNeedsOCR},
		{"a logo above text", drawnOn(t, paper(color.Gray{Y: 99}), "Bula", 60, 30), SourceText},
		{"much text on an image", drawnOn(t, paper(color.Gray{Y: 240}), strings.Repeat("palavra ", 60), 210, 297), SourceText},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := e.Extract(t.Context(), tt.content)
			require.NoError(t, err)
			require.Equal(t, tt.want, doc.Pages[0].Source)
			if tt.want == SourceBlank {
				require.Equal(t, []string{"page 1: blank"}, doc.Warnings)
			}
		})
	}
}

// TestSourceOfWhatCannotBeDrawn reads a page of text and an image that takes more memory than there is: the text is kept.
func TestSourceOfWhatCannotBeDrawn(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1, MemoryPages: 1024})
	var huge bytes.Buffer
	scan := image.NewGray(image.Rect(0, 0, 9000, 9000))
	copy(scan.Pix, bytes.Repeat([]byte{255}, 9000*8900))
	require.NoError(t, png.Encode(&huge, scan))
	content := printed(t, func(f *fpdf.Fpdf) {
		f.AddPage()
		f.RegisterImageOptionsReader("scan", fpdf.ImageOptions{ImageType: "PNG"}, &huge)
		f.ImageOptions("scan", 0, 0, 210, 297, false, fpdf.ImageOptions{}, 0, "")
	}, "dois")
	doc, err := e.Extract(t.Context(), content)
	require.NoError(t, err)
	require.Equal(t, SourceNeedsOCR, doc.Pages[0].Source)
	require.Equal(t, "dois", doc.Pages[1].Text)
	require.Equal(t, SourceText, doc.Pages[1].Source)
	require.Equal(t, []string{"page 1: cannot be drawn"}, doc.Warnings)
	_, err = e.Render(t.Context(), content, RenderOptions{Pages: []int{1}})
	require.EqualError(t, err, "read PDF: needs more than 64 MiB", "an image without its image is none")
	_, err = e.Render(t.Context(), content, RenderOptions{Pages: []int{2}})
	require.NoError(t, err, "the extractor goes on")
}

// BenchmarkRender draws a page of text at 300 DPI in gray.
func BenchmarkRender(b *testing.B) {
	e := open(b, Options{Workers: 1})
	content := printed(b, nil, strings.Repeat("Não use este medicamento sem orientação médica. ", 60))
	_, err := e.Render(b.Context(), content, RenderOptions{})
	require.NoError(b, err)
	for b.Loop() {
		_, err := e.Render(b.Context(), content, RenderOptions{DPI: 300})
		require.NoError(b, err)
	}
}
