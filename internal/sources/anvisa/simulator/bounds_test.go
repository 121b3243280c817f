package simulator

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBounds(t *testing.T) {
	t.Parallel()
	t.Run("bound the log and count on", boundsBoundLogAndCountOn)
	t.Run("bound the printed leaflets", boundsBoundPrintedLeaflets)
}

func boundsBoundLogAndCountOn(t *testing.T) {
	t.Parallel()
	l := newRequestLog(3)
	for i := range 8 {
		l.add(Request{Kind: KindList, Path: strconv.Itoa(i), Fault: faultSlow})
	}
	report := l.report()
	require.Equal(t, map[string]int{KindList: 8}, report.Totals)
	require.Equal(t, map[string]int{faultSlow: 8}, report.Faults)
	var paths []string
	for _, r := range report.Requests {
		paths = append(paths, r.Path)
	}
	require.Equal(t, []string{"5", "6", "7"}, paths, "the oldest go first")
}

func boundsBoundPrintedLeaflets(t *testing.T) {
	t.Parallel()
	p, err := newPrinter(1, "")
	require.NoError(t, err)
	made := 0
	get := func(key string) {
		_, err := p.keep(key, func() ([]byte, error) { made++; return make([]byte, keptBytes/2-1), nil })
		require.NoError(t, err)
	}
	for _, key := range []string{"a", "b", "a", "c", "a"} {
		get(key)
	}
	require.Equal(t, 3, made, "a, used last, was kept")
	get("b")
	require.Equal(t, 4, made, "b had to go")
	require.LessOrEqual(t, p.size, keptBytes)
}

func TestDocumentNumbers(t *testing.T) {
	t.Parallel()
	for _, slot := range []int{0, 1, 8_800, 2 * maxProducts} {
		for _, version := range []int{0, 1, maxVersions - 1} {
			for _, audience := range []Audience{Patient, Professional} {
				doc := (&product{slot: slot}).doc(version, audience)
				s, v, a := doc.split()
				require.Equal(t, []any{slot, version, audience}, []any{s, v, a})
			}
		}
	}
}

func TestExpedientesAreUnique(t *testing.T) {
	t.Parallel()
	x := seedIndex(1, 5000, midnight(brazil(newStock().seedProduct(1, 1).Published)))
	for range 100 {
		x.nextDay(dayChange{})
	}
	seen := map[string]bool{}
	for _, p := range x.products {
		require.False(t, seen[p.Expediente], p.ID)
		seen[p.Expediente] = true
	}
}
