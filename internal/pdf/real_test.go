package pdf

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// real holds numbers of real leaflets. Their text belongs to its makers and is not kept here.
var real = map[string]struct {
	pages int
	words int
	hash  string // of the words, one blank between them; the first 16 digits of SHA-256
}{
	"bula_1747686102131": {8, 3800, "25b3e0a38e274dc5"},
	"bula_1747686119869": {13, 3996, "dff3069ab460c49d"},
	"bula_1747686139023": {12, 5036, "1936f21c17f2be57"},
	"bula_1747686210515": {7, 2891, "826489a235dc105e"},
	"bula_1747686270885": {36, 16001, "5e920783cf919429"},
	"bula_1747686453680": {12, 3341, "ab24ce9b5fd645cf"},
	"bula_1747686503194": {13, 4004, "b9ee8c8fac53704c"},
	"bula_1747686522851": {14, 5139, "55b7e562bc6343a7"}, // www.ems.com.br on page 12 is white on white
}

// leaflet reads a real leaflet, where there are any at hand.
func leaflet(t testing.TB, name string) (file string, content []byte) {
	t.Helper()
	shared := os.Getenv("DRUGSLM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	file = filepath.Join(shared, "data", "leaflets", name+".pdf")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("no real leaflet: set DRUGSLM_SHARED to the folder of test data (%v)", err)
	}
	return file, content
}

func TestRealLeaflets(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	for name, want := range real {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, content := leaflet(t, name)
			doc, err := e.Extract(t.Context(), content)
			require.NoError(t, err)
			require.Len(t, doc.Pages, want.pages)
			words := strings.Fields(text(doc))
			require.Len(t, words, want.words)
			require.Equal(t, want.hash, fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(words, " "))))[:16])
		})
	}
}

// TestAgreesWithPdftotext holds the text against that of another engine: of all words, as many must be the same.
func TestAgreesWithPdftotext(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed (package poppler-utils)")
	}
	e := open(t, Options{})
	for name := range real {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, content := leaflet(t, name)
			doc, err := e.Extract(t.Context(), content)
			require.NoError(t, err)
			other, err := exec.CommandContext(t.Context(), program, "-raw", "-enc", "UTF-8", file, "-").Output()
			require.NoError(t, err)
			require.GreaterOrEqual(t, overlap(text(doc), string(other)), 0.98)
		})
	}
}

func text(d Document) string {
	var b strings.Builder
	for _, p := range d.Pages {
		b.WriteString(p.Text + "\n")
	}
	return b.String()
}

var letters = regexp.MustCompile(`[\p{L}\p{N}]+`)

// overlap is how many words two texts share, of the words of the longer one, wherever they stand.
func overlap(a, b string) float64 {
	count := map[string]int{}
	of := letters.FindAllString(a, -1)
	for _, w := range of {
		count[w]++
	}
	others := letters.FindAllString(b, -1)
	shared := 0
	for _, w := range others {
		if count[w] > 0 {
			count[w]--
			shared++
		}
	}
	return float64(shared) / float64(max(len(of), len(others)))
}

// BenchmarkExtract reads a leaflet of ten pages with as many children as there are cores.
func BenchmarkExtract(b *testing.B) {
	pages := make([]string, 10)
	for i := range pages {
		pages[i] = strings.Repeat("Não use este medicamento sem orientação médica. ", 80)
	}
	content := printed(b, nil, pages...)
	e := open(b, Options{})
	_, err := e.Extract(b.Context(), content) // the engine is started outside the measurement
	require.NoError(b, err)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := e.Extract(b.Context(), content); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N*len(pages))/b.Elapsed().Seconds(), "pages/s")
}

// realTags counts what the tags of real leaflets say, as `pdfinfo -struct` does; the two without were made by Ghostscript.
var realTags = map[string]struct{ tables, rows, words int }{
	"bula_1747686102131": {2, 7, 348},
	"bula_1747686119869": {1, 11, 344},
	"bula_1747686139023": {1, 18, 691},
	"bula_1747686210515": {1, 3, 81},
	"bula_1747686270885": {0, 0, 0},
	"bula_1747686453680": {2, 8, 405}, // a third, on a page of its own, has one cell
	"bula_1747686503194": {0, 0, 0},
	"bula_1747686522851": {2, 5, 208},
}

func TestRealTags(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	for name, want := range realTags {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, content := leaflet(t, name)
			doc, err := e.Extract(t.Context(), content)
			require.NoError(t, err)
			tables, rows, words := map[uint16]bool{}, map[[2]uint16]bool{}, 0
			for _, p := range doc.Pages {
				for _, w := range p.Words {
					if w.Cell.Table > 0 {
						tables[w.Cell.Table], rows[[2]uint16{w.Cell.Table, w.Cell.Row}] = true, true
						words++
					}
				}
			}
			require.Equal(t, want, struct{ tables, rows, words int }{len(tables), len(rows), words})
		})
	}
}
