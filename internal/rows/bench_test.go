package rows_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/rows"
)

type document struct {
	ID   int64  `parquet:"id"`
	Text string `parquet:"text" rows:"text"`
}

// documents makes n texts of about 50 kB, of words as frequent as Zipf's law has them.
func documents(n int) (docs []document, size int64) {
	random := rand.New(rand.NewPCG(1, 2))
	words := rand.NewZipf(random, 1.1, 1, 20_000)
	for i := range n {
		var b strings.Builder
		for b.Len() < 50_000 {
			fmt.Fprintf(&b, "palavra%x ", words.Uint64()*2654435761%1_000_003)
		}
		docs = append(docs, document{int64(i), b.String()})
		size += int64(b.Len())
	}
	return docs, size
}

func writeDocuments(b *testing.B, c rows.Codec, w io.Writer, docs []document) {
	b.Helper()
	writer := c.NewWriter(w, rows.WriterOptions{})
	for i := range docs {
		require.NoError(b, writer.Write(&docs[i]))
	}
	require.NoError(b, writer.Close())
}

func BenchmarkWriteText(b *testing.B) {
	c := codecOf[document](b)
	docs, size := documents(500)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		writeDocuments(b, c, io.Discard, docs)
	}
}

func BenchmarkReadText(b *testing.B) {
	c := codecOf[document](b)
	docs, size := documents(500)
	var file bytes.Buffer
	writeDocuments(b, c, &file, docs)
	b.SetBytes(size)
	b.ReportAllocs()
	b.ReportMetric(float64(size)/float64(file.Len()), "ratio")
	for b.Loop() {
		got, err := readAll(c, file.Bytes())
		require.NoError(b, err)
		require.Len(b, got, len(docs))
	}
}

func BenchmarkWriteRows(b *testing.B) {
	c := codecOf[leaflet](b)
	row := sample(3)
	w := c.NewWriter(io.Discard, rows.WriterOptions{})
	for b.Loop() {
		require.NoError(b, w.Write(&row))
	}
	require.NoError(b, w.Close())
}
