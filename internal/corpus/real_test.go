package corpus_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/corpus"
)

// shared is a folder of real data, which is no part of the project: the test is skipped where there is none.
func shared(t testing.TB, elements ...string) string {
	t.Helper()
	root := os.Getenv("DRUGSLM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root, "data"}, elements...)...)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skip("there is no real data here: set DRUGSLM_SHARED")
	}
	return path
}

// TestRealFamilies deals the products of a real listing by their names and registrations: no family is so large that the splits cannot
// have their shares, and a later listing leaves the products that are in both where they are.
func TestRealFamilies(t *testing.T) {
	t.Parallel()
	before, after := listing(t, "2026-05-28T1751"), listing(t, "2026-07-03")
	p := assign(t, corpus.DefaultOptions(), after...)
	require.Empty(t, p.Hubs)
	require.Greater(t, len(p.Places), 8000)
	largest := float64(p.Largest) / float64(len(p.Places))
	require.Less(t, largest, 0.01)
	splits := map[string]int{}
	for _, d := range p.Places {
		splits[d.Split]++
	}
	share := func(split string) float64 { return float64(splits[split]) / float64(len(p.Places)) }
	require.InDelta(t, 0.8, share(corpus.Train), 0.03)
	require.InDelta(t, 0.1, share(corpus.Validation), 0.03)
	require.InDelta(t, 0.1, share(corpus.Test), 0.03)

	moved, both := 0, 0
	for _, d := range assign(t, corpus.DefaultOptions(), before...).Places {
		if now, ok := p.Of(d.ID); ok {
			both++
			if now.Split != d.Split {
				moved++
			}
		}
	}
	t.Logf("%d products in %d groups, the largest with %d (%.2f %%); train %.3f, validation %.3f, test %.3f; of %d in both listings %d moved",
		len(p.Places), p.Groups, p.Largest, 100*largest, share(corpus.Train), share(corpus.Validation), share(corpus.Test), both, moved)
	require.Less(t, float64(moved), 0.01*float64(both))
}

// listing gives a document of each product in a real listing. Their texts are made up, and are all different.
func listing(t *testing.T, day string) []corpus.Document {
	t.Helper()
	file, err := os.Open(shared(t, "index", day+".csv.gz"))
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	records, err := csv.NewReader(unzipped).ReadAll()
	require.NoError(t, err)
	id, name := slices.Index(records[0], "idProduto"), slices.Index(records[0], "nomeProduto")
	registration := slices.Index(records[0], "numeroRegistro")
	var documents []corpus.Document
	for _, r := range records[1:] {
		product, err := strconv.ParseInt(r[id], 10, 64)
		require.NoError(t, err)
		d := leaflet(r[id]+"/patient#1", product, strings.Repeat(fmt.Sprintf("não use o produto %s com os outros. ", r[id]), 40))
		d.Name, d.Registration = r[name], r[registration]
		documents = append(documents, d)
	}
	return documents
}
