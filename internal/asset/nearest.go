package asset

import (
	"cmp"
	"slices"

	"github.com/agnivade/levenshtein"
)

// Nearest gives the words that need the fewest changes to become the one that was typed, the nearest first: at most
// limit, however unlike they are.
func Nearest(typed string, words []string, limit int) []string {
	distance := make(map[string]int, len(words))
	for _, word := range words {
		distance[word] = levenshtein.ComputeDistance(typed, word)
	}
	sorted := slices.Clone(words)
	slices.SortStableFunc(sorted, func(a, b string) int { return cmp.Compare(distance[a], distance[b]) })
	return sorted[:min(limit, len(sorted))]
}
