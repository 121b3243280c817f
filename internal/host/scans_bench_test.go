//go:build unix

package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/pdf"
)

// pagesOfEach is how many pages of each real leaflet are recognised.
const pagesOfEach = 4

// BenchmarkScans draws the first pages of real leaflets at 300 DPI, has them recognised, and reports processor time for
// a page, the share of wrong characters, measured against the text that the file holds, and the share of its words
// that were found, wherever they stand: a table that is recognised column by column has all its words and a wrong order.
// In short mode it recognises one page.
func BenchmarkScans(b *testing.B) {
	reader, scans := tools(b)
	shared := os.Getenv("DRUGSLM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "data", "leaflets", "*.pdf"))
	require.NoError(b, err)
	if len(files) == 0 {
		b.Skip("no real leaflets: set DRUGSLM_SHARED to the folder of test data")
	}
	pages := pagesOfEach
	if testing.Short() {
		files, pages = files[:1], 1
	}
	var spent time.Duration
	var wrong, characters, found, words, confidence, read float64
	for b.Loop() {
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(b, err)
			doc, err := reader.Extract(b.Context(), content)
			require.NoError(b, err)
			for _, page := range doc.Pages[:min(pages, len(doc.Pages))] {
				images, err := reader.Render(b.Context(), content, pdf.RenderOptions{Pages: []int{page.Number}, DPI: 300})
				require.NoError(b, err)
				before := children(b)
				got, _, err := scans.Recognize(b.Context(), images[0])
				require.NoError(b, err)
				spent += children(b) - before
				doc.Replace([]pdf.Recognition{got})
				n := float64(len([]rune(page.Text)))
				e := characterError(page.Text, doc.Pages[page.Number-1].Text)
				f, of := shareOfWords(page.Text, doc.Pages[page.Number-1].Text)
				wrong, characters, found, words, read = wrong+e*n, characters+n, found+f, words+of, read+1
				confidence += got.Confidence
				b.Logf("%s page %d: %.1f %% of characters, %.1f %% of words, confidence %.2f", filepath.Base(file), page.Number, 100*e, 100*f/of, got.Confidence)
			}
		}
	}
	b.ReportMetric(spent.Seconds()/read, "s-CPU/page")
	b.ReportMetric(100*wrong/characters, "%-characters-wrong")
	b.ReportMetric(100*found/words, "%-words-found")
	b.ReportMetric(confidence/read, "confidence")
}

// children is the processor time of the processes that have ended.
func children(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// shareOfWords counts the words of a text that are in another.
func shareOfWords(want, got string) (found, all float64) {
	count := map[string]int{}
	for _, w := range strings.Fields(got) {
		count[w]++
	}
	for _, w := range strings.Fields(want) {
		all++
		if count[w] > 0 {
			count[w]--
			found++
		}
	}
	return found, all
}
