package corpus_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/corpus"
)

// BenchmarkCorpus sketches, compares, groups and splits as many documents as the portal has leaflets, of 50 kB each: most of them in
// families of near duplicates, as generics are. One core; the memory is what lives after it, sketches included.
func BenchmarkCorpus(b *testing.B) {
	const documents, size = 17_600, 50_000
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
