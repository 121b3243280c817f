package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBoilerplate: documents of which most is the same in all, as in the leaflets of simple products, are not glued together when they
// are compared by what they say of themselves; compared as a whole they would be.
func TestBoilerplate(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	prose := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s w%d ", []string{"não", "de", "em", "uma"}[i%4], r.IntN(20000))
		}
		return b.String()
	}
	law, storage, overdose := prose(1500), prose(400), prose(300)
	var documents []Document
	for i := range 400 {
		own := prose(120) // one in seven words, at most
		d := Document{ID: fmt.Sprint(i), Product: int64(i + 1), Name: fmt.Sprint("nome ", i), Kind: "leaflet", Sections: []Section{
			{ID: "patient.1", Number: 1, Text: own}, {ID: "patient.5", Number: 5, Text: storage},
			{ID: "patient.9", Number: 9, Text: overdose}, {ID: "legal", Text: law},
		}}
		for _, s := range d.Sections {
			d.Text += s.Text + "\n"
		}
		documents = append(documents, d)
	}
	largest := func(o Options) int {
		s := NewSketcher(o)
		var sketches []Sketch
		for _, d := range documents {
			sketches = append(sketches, s.Sketch(d))
		}
		p, err := Assign(sketches, o)
		require.NoError(t, err)
		return p.Largest
	}
	o := DefaultOptions()
	require.Equal(t, 1, largest(o))
	o.whole = true
	require.Equal(t, 400, largest(o), "the guard is needed")
}
