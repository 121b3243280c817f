package asset

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNaturalOrder(t *testing.T) {
	t.Parallel()
	sorted := []string{"", "1", "02", "2", "9z", "10", "10a2", "10a10", "99999999999999999999998", "99999999999999999999999", "a", "a1", "a2b", "a10", "b"}
	for i, a := range sorted {
		for j, b := range sorted {
			require.Equal(t, sign(i-j), sign(NaturalOrder(a, b)), "%q and %q", a, b)
		}
	}
}

func sign(n int) int { return max(-1, min(1, n)) }

func FuzzNaturalOrder(f *testing.F) {
	f.Add("a2", "a10", "a01")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		require.Equal(t, a == b, NaturalOrder(a, b) == 0)
		require.Equal(t, sign(NaturalOrder(a, b)), -sign(NaturalOrder(b, a)))
		three := []string{a, b, c}
		slices.SortFunc(three, NaturalOrder)
		require.LessOrEqual(t, NaturalOrder(three[0], three[2]), 0)
	})
}
