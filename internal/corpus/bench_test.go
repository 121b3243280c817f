package corpus_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/corpus"
)

// BenchmarkCorpus sketches, compares, groups and splits as many documents as the portal has leaflets, of 50 kB each: most of them in
// families of near duplicates, as generics are. One core; the memory is what lives after it, sketches included. In short mode there are 80.
func BenchmarkCorpus(b *testing.B) {
	const size = 50_000
	documents := 17_600
	if testing.Short() {
		documents = 80
	}
	runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(runtime.NumCPU())
	r := rand.New(rand.NewPCG(1, 2))
	words := vocabulary(r, 20_000)
	var texts []string
	for range 40 {
		var t strings.Builder
		for t.Len() < size {
			t.WriteString(prose(r, words, 500))
		}
		texts = append(texts, t.String()[:size])
	}
	o := corpus.DefaultOptions()
	for b.Loop() {
		s := corpus.NewSketcher(o)
		var sketches []corpus.Sketch
		var sketching time.Duration
		for i := range documents { // each tenth word of a paragraph is the document's own, or all of it in every second family
			text := texts[i%len(texts)]
			at := i * 7 % (size - 2000)
			text = text[:at] + fmt.Sprintf(" produto%d ", i) + text[at:]
			if i%2 == 1 {
				text = strings.ReplaceAll(text, " não ", fmt.Sprintf(" marca%d ", i))
			}
			d := leaflet(fmt.Sprint(i), int64(i/2), strings.ToValidUTF8(text, ""))
			start := time.Now()
			sketches = append(sketches, s.Sketch(d))
			sketching += time.Since(start)
		}
		start := time.Now()
		p, err := corpus.Assign(sketches, o)
		require.NoError(b, err)
		assigning := time.Since(start)
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(sketching.Seconds(), "s-sketch")
		b.ReportMetric(assigning.Seconds(), "s-assign")
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB")
		b.ReportMetric(float64(p.Edges), "pairs")
		b.ReportMetric(float64(p.Groups), "groups")
	}
}

// BenchmarkExport writes 2,000 leaflets of 50 kB with their Markdown and sections in both formats, and looks at the memory meanwhile.
// In short mode there are 50.
func BenchmarkExport(b *testing.B) {
	const size = 50_000
	leaflets := 2_000
	if testing.Short() {
		leaflets = 50
	}
	runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(runtime.NumCPU())
	r := rand.New(rand.NewPCG(1, 2))
	words := vocabulary(r, 20_000)
	base := example(b, 20)[0]
	texts := make([]string, 50)
	for i := range texts {
		texts[i] = prose(r, words, size/6)
	}
	rows := func(yield func(corpus.Row, error) bool) {
		for i := range leaflets {
			row := base
			row.ID, row.Text = fmt.Sprintf("%d/patient#1", i), fmt.Sprintf("%d %s", i, texts[i%len(texts)])
			row.Markdown = "## " + row.Text
			row.Sections = []corpus.Section{{ID: "patient.1", Number: 1, Text: row.Text, Markdown: row.Text}}
			row.Split = []string{corpus.Train, corpus.Validation, corpus.Test}[min(2, max(0, i%10-7))]
			if !yield(row, nil) {
				return
			}
		}
	}
	for b.Loop() {
		var most uint64
		out, err := corpus.Export(b.Context(), filepath.Join(b.TempDir(), "corpus"), rows, corpus.ExportOptions{Progress: func(n int) {
			if n%50 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}})
		require.NoError(b, err)
		require.Equal(b, leaflets, out.Rows[corpus.Train]+out.Rows[corpus.Validation]+out.Rows[corpus.Test])
		b.ReportMetric(float64(most)/(1<<20), "MiB-heap")
		b.ReportMetric(float64(leaflets)/b.Elapsed().Seconds(), "rows/s")
	}
}
