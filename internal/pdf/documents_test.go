package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

// printed makes a PDF with these pages.
func printed(t testing.TB, change func(*fpdf.Fpdf), pages ...string) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	latin := f.UnicodeTranslatorFromDescriptor("")
	f.SetFont("Helvetica", "", 11)
	if change != nil {
		change(f)
	}
	for _, text := range pages {
		f.AddPage()
		f.MultiCell(0, 6, latin(text), "", "L", false)
	}
	var b bytes.Buffer
	require.NoError(t, f.Output(&b))
	return b.Bytes()
}

// raw makes a PDF of these objects; the first is the catalog.
func raw(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, object := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

// bomb is a page whose content is size bytes when inflated, in a file a thousandth of that.
func bomb(t testing.TB, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	require.NoError(t, err)
	_, err = io.CopyN(w, blanks{}, size)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return raw("<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
		"<</Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R>>",
		fmt.Sprintf("<</Length %d /Filter /FlateDecode>>\nstream\n%s\nendstream", b.Len(), b.String()))
}

// blanks is read without end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// picture prints an image and no text.
func picture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 50, 50))))
	return printed(t, func(f *fpdf.Fpdf) {
		f.AddPage()
		f.RegisterImageOptionsReader("scan", fpdf.ImageOptions{ImageType: "PNG"}, &b)
		f.ImageOptions("scan", 10, 10, 100, 100, false, fpdf.ImageOptions{}, 0, "")
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	whole := string(printed(t, nil, "a"))
	tests := []struct{ name, content, want string }{
		{"whole", whole, ""},
		{"blanks after the end", whole + strings.Repeat("\r\n\x00", 2000), ""},
		{"a little before the start", strings.Repeat("x", 500) + whole, ""},
		{"empty", "", "read PDF: empty"},
		{"HTML", "<!DOCTYPE html><html>%%EOF</html>", "read PDF: not a PDF"},
		{"too much before the start", strings.Repeat("x", 1024) + whole, "read PDF: not a PDF"},
		{"truncated", whole[:len(whole)-7], "read PDF: truncated"},
		{"too much after the end", whole + strings.Repeat("x", 1024), "read PDF: truncated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := Check([]byte(tt.content))
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.want)
			require.Equal(t, fault.Corrupt, fault.KindOf(err))
		})
	}
}

func TestExtract(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1, MemoryPages: 1024, MaxPages: 5, MaxBytes: 1 << 20, MaxText: 20_000})
	tests := []struct {
		name    string
		content []byte
		want    Document
	}{
		{"accents", printed(t, nil, "INDICAÇÕES: não use à noite.\nÉ só isto: 10 µg ± 2 %"),
			Document{Version: "1.3", Pages: []Page{{Number: 1, Text: "INDICAÇÕES: não use à noite.\nÉ só isto: 10 µg ± 2 %", Source: SourceText}}}},
		{"pages", printed(t, nil, "um", "dois", "três"),
			Document{Version: "1.3", Pages: []Page{{Number: 1, Text: "um", Source: SourceText}, {Number: 2, Text: "dois", Source: SourceText}, {Number: 3, Text: "três", Source: SourceText}}}},
		{"a page without text", printed(t, nil, "um", "", "três"),
			Document{Version: "1.3", Pages: []Page{{Number: 1, Text: "um", Source: SourceText}, {Number: 2, Text: "", Source: SourceBlank}, {Number: 3, Text: "três", Source: SourceText}}, Warnings: []string{"page 2: blank"}}},
		{"a scan", picture(t),
			Document{Version: "1.3", Pages: []Page{{Number: 1, Text: "", Source: SourceNeedsOCR}}}},
		{"encrypted without a password", printed(t, func(f *fpdf.Fpdf) { f.SetProtection(fpdf.CnProtectPrint, "", "owner") }, "aberto"),
			Document{Version: "1.3", Pages: []Page{{Number: 1, Text: "aberto", Source: SourceText}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := e.Extract(t.Context(), tt.content)
			require.NoError(t, err)
			for i := range got.Pages {
				requireWords(t, got.Pages[i])
				requireLetters(t, got.Pages[i])
				got.Pages[i].Words, got.Pages[i].Letters = nil, 0
			}
			require.Equal(t, asJSON(t, tt.want), asJSON(t, got))
		})
	}
}

func TestExtractRefuses(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1, MemoryPages: 1024, MaxPages: 5, MaxBytes: 1 << 20, MaxText: 20_000})
	whole := printed(t, nil, strings.Repeat("palavra ", 50), "dois")
	loop := raw("<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [2 0 R] /Count 1>>")
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "empty"},
		{"HTML", []byte("<html>" + strings.Repeat(" ", 2000) + "</html>"), "not a PDF"},
		{"truncated", whole[:len(whole)/2], "truncated"},
		{"its middle is lost", append(append([]byte{}, whole[:400]...), "\n%%EOF"...), "damaged"},
		{"garbage", append(append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("\x9a\x00garbage"), 999)...), "\n%%EOF"...), "damaged"},
		{"password", printed(t, func(f *fpdf.Fpdf) { f.SetProtection(0, "user", "owner") }, "geheim"), "encrypted: needs a password"},
		{"bomb", bomb(t, 200<<20), "needs more than 64 MiB"},
		{"page-tree loop", loop, "damaged: no page can be read"},
		{"no pages", raw("<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [] /Count 0>>"), "no pages"},
		{"too many pages", printed(t, nil, "1", "2", "3", "4", "5", "6"), "too much: 6 pages, at most 5"},
		{"too many bytes", append(append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte("%"), 1<<20)...), "\n%%EOF"...), "bytes, at most 1048576"},
		{"too much text", printed(t, nil, strings.Repeat("palavra ", 4000)), "too much: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := e.Extract(t.Context(), tt.content)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, fault.Corrupt, fault.KindOf(err))

			doc, err := e.Extract(t.Context(), printed(t, nil, "depois"))
			require.NoError(t, err, "the extractor goes on")
			require.Equal(t, "depois", doc.Pages[0].Text)
		})
	}
}
