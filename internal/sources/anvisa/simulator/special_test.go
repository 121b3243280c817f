package simulator_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/pdf"
	"drugslm/internal/sources/anvisa/simulator"
)

// TestSpecialLeaflets looks at every file of a portal with cases, and counts what is special.
func TestSpecialLeaflets(t *testing.T) {
	t.Parallel()
	c, plain := open(t, simulator.Options{Cases: true}), open(t, simulator.Options{})
	changed := map[string]int{}
	sums := map[string][]string{}
	for _, p := range c.portal.Inventory().Products {
		if !p.Patient && !p.Professional {
			changed["none"]++
			continue
		}
		for _, a := range []simulator.Audience{simulator.Patient, simulator.Professional} {
			before, err := plain.portal.Leaflet(p.ID, a)
			if fault.KindOf(err) == fault.NotFound {
				require.False(t, p.Has(a))
				continue
			}
			require.NoError(t, err)
			l, err := c.portal.Leaflet(p.ID, a)
			require.NoError(t, err)
			sums[l.SHA256] = append(sums[l.SHA256], fmt.Sprint(p.ID, a))
			if l.SHA256 != before.SHA256 {
				changed[fmt.Sprint("changed, read ", l.Title != "")]++
			}
		}
	}
	require.Equal(t, map[string]int{"none": 1, "changed, read false": 7, "changed, read true": 6}, changed,
		"all other leaflets are what they are without cases")
	shared := slices.DeleteFunc(slices.Collect(maps.Values(sums)), func(of []string) bool { return len(of) == 1 })
	require.Len(t, shared, 2, "both leaflets of one product were filed for another, too: %v", shared)

	kinds := map[string]int{}
	for _, content := range c.fetch() {
		switch {
		case pdf.Check(content) != nil:
			require.Contains(t, string(content), "<html")
			kinds["web page"]++
		case bytes.Contains(content, []byte("/Encrypt")):
			kinds["encrypted"]++
		case bytes.Contains(content, []byte("/Subtype /Image")):
			kinds["scan"]++
		case bytes.Contains(content, make([]byte, 1024)):
			kinds["broken"]++
		}
	}
	require.Equal(t, map[string]int{"web page": 1, "encrypted": 1, "broken": 1, "scan": 2}, kinds)
}

func TestTheFirstNightRevisesSpecialLeaflets(t *testing.T) {
	t.Parallel()
	renewals := func(cases bool) (changed, mended int) {
		c := open(t, simulator.Options{Cases: cases})
		before := map[int]simulator.Product{}
		unread := map[int]bool{}
		for _, p := range c.portal.Inventory().Products {
			before[p.ID] = p
			l, err := c.portal.Leaflet(p.ID, simulator.Professional)
			unread[p.ID] = err == nil && l.Title == ""
		}
		c.portal.NextDay()
		for _, p := range c.portal.Inventory().Products {
			was, known := before[p.ID]
			if !known || was.Expediente == p.Expediente {
				continue
			}
			changed++
			if l, err := c.portal.Leaflet(p.ID, simulator.Professional); unread[p.ID] && err == nil && l.Title != "" {
				mended++
			}
		}
		return changed, mended
	}
	changed, mended := renewals(false)
	require.Equal(t, []int{1, 0}, []int{changed, mended})
	changed, mended = renewals(true)
	require.Equal(t, []int{3, 1}, []int{changed, mended}, "one more for an ordinary product, and one for the encrypted file")
}

func TestSmallPortalsHaveFewCases(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 5, 12, 40} {
		c := open(t, simulator.Options{Products: n, Cases: true})
		unread := 0
		for _, p := range c.portal.Inventory().Products {
			for _, a := range []simulator.Audience{simulator.Patient, simulator.Professional} {
				if l, err := c.portal.Leaflet(p.ID, a); err == nil && l.Title == "" {
					unread++
				}
			}
		}
		require.LessOrEqual(t, unread, n/3, "%d products", n)
	}
}

func TestAVersionChangesLittle(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Cases: true})
	old := map[int]simulator.Leaflet{}
	filed := map[int]string{}
	for _, p := range c.portal.Inventory().Products {
		if l, err := c.portal.Leaflet(p.ID, simulator.Patient); err == nil {
			old[p.ID], filed[p.ID] = l, p.Expediente
		}
	}
	c.post("/_day?leaflets=30&products=0")
	seen := 0
	for _, p := range c.portal.Inventory().Products {
		was, ok := old[p.ID]
		if !ok || filed[p.ID] == p.Expediente || was.Title == "" {
			continue
		}
		now, err := c.portal.Leaflet(p.ID, simulator.Patient)
		require.NoError(t, err)
		if len(now.Sections) < len(was.Sections) {
			continue // the file with both leaflets is one for patients alone now
		}
		changed := map[string]bool{}
		for i, s := range now.Sections {
			if !slices.Equal(s.Paragraphs, was.Sections[i].Paragraphs) {
				changed[s.Heading] = true
			}
		}
		seen++
		require.True(t, changed["1. PARA QUE ESTE MEDICAMENTO É INDICADO?"], "it names the expediente")
		require.LessOrEqual(t, len(changed), 6, "%v", changed)
		require.Less(t, len(changed), len(now.Sections)-4, "%v", changed)
	}
	require.Greater(t, seen, 10)
}
