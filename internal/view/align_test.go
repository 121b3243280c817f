package view

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFind compares find with a plain search, in random texts of two letters.
func TestFind(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	some := func(n int) []rune {
		text := make([]rune, n)
		for i := range text {
			text[i] = rune('a' + r.IntN(2))
		}
		return text
	}
	for range 20_000 {
		l := letters{text: some(r.IntN(30))}
		other, i, limit := some(1+r.IntN(5)), r.IntN(32), r.IntN(32)
		want := -1
		for k := i; k < limit && k+len(other) <= len(l.text) && want < 0; k++ {
			if slices.Equal(l.text[k:k+len(other)], other) {
				want = k
			}
		}
		require.Equal(t, want, l.find(i, limit, other), "%q in %q from %d before %d", string(other), string(l.text), i, limit)
	}
	require.Equal(t, -1, letters{text: []rune("a")}.find(0, 1, nil))
}
