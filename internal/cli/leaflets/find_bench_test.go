//go:build unix

package leaflets_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/document"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// BenchmarkFind finds the sections of the real leaflets in this process, and in the child, which has to be told the words and their
// places. It reports the processor time for a page of both: what the second takes more is the price of being able to stop it.
// In short mode it does so once, for one leaflet.
func BenchmarkFind(b *testing.B) {
	files := realFiles(b, "leaflets")
	rounds := 20 // of each, so that the start of the child, which reads PDFs as well, counts for little
	if testing.Short() {
		files, rounds = files[:1], 1
	}
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	require.NoError(b, err)
	var docs []pdf.Document
	pages := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(b, err)
		doc, err := reader.Extract(b.Context(), content)
		require.NoError(b, err)
		docs = append(docs, doc)
		pages += len(doc.Pages)
	}
	require.NoError(b, reader.Close(b.Context()))

	var here, there time.Duration
	n := 0
	for b.Loop() {
		before := spent(b)
		for range rounds {
			for _, doc := range docs {
				leaflet.Read(document.LeafletPages(doc))
			}
		}
		here += spent(b) - before
		reader, err := pdf.Open(pdf.Options{Workers: 1})
		require.NoError(b, err)
		before = spent(b)
		for range rounds {
			for _, doc := range docs {
				_, err := document.Find(b.Context(), reader, doc)
				require.NoError(b, err)
			}
		}
		require.NoError(b, reader.Close(b.Context())) // after which the child's time is ours to see
		there += spent(b) - before
		n += rounds * pages
	}
	b.ReportMetric(here.Seconds()*1000/float64(n), "ms-CPU/page-here")
	b.ReportMetric(there.Seconds()*1000/float64(n), "ms-CPU/page")
}

// spent is the processor time that this process and its children that have ended took.
func spent(b *testing.B) (sum time.Duration) {
	b.Helper()
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		require.NoError(b, syscall.Getrusage(who, &u))
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}
