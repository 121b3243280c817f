package asset_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

func TestFollows(t *testing.T) {
	t.Parallel()
	days := asset.Daily("day", "UTC", "2025-01-01")
	months := asset.Monthly("month", "UTC", "2025-01-01")
	for _, tt := range []struct {
		set       *asset.Partitions
		key, next string
		follows   bool
	}{
		{asset.Dynamic("category"), "1", "2", true},
		{asset.Dynamic("category"), "9", "10", true},
		{asset.Dynamic("category"), "2", "1", false},
		{asset.Dynamic("category"), "1", "1", false},
		{asset.Dynamic("category"), "1", "3", false},
		{asset.Dynamic("category"), "09", "10", true},
		{asset.Dynamic("category"), "09", "010", false},
		{asset.Dynamic("category"), "0", "1", true},
		{asset.Dynamic("category"), "a1", "a2", true},
		{asset.Dynamic("category"), "a1", "b2", false},
		{asset.Dynamic("category"), "a", "b", false},
		{asset.Dynamic("category"), "", "1", false},
		{asset.Dynamic("category"), strings.Repeat("9", 40), "1" + strings.Repeat("0", 40), true},
		{asset.Static("year", "2025", "2026"), "2025", "2026", true},
		{days, "2026-01-31", "2026-02-01", true},
		{days, "2026-12-31", "2027-01-01", true},
		{days, "2026-01-31", "2026-02-02", false},
		{days, "2026-01-31", "yesterday", false},
		{months, "2026-12", "2027-01", true},
		{months, "2026-11", "2027-01", false},
		{asset.Product("category_day", asset.Dynamic("category"), days), "5|2026-01-31", "5|2026-02-01", true},
		{asset.Product("category_day", asset.Dynamic("category"), days), "5|2026-01-31", "6|2026-02-01", false},
		{nil, "1", "2", true},
	} {
		require.Equal(t, tt.follows, tt.set.Follows(tt.key, tt.next), "%s, %s", tt.key, tt.next)
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	keys := []string{"1", "2", "3", "4", "5", "7", "9", "10", "11", "12"}
	var texts []string
	for _, s := range asset.Spans(len(keys), func(i int) bool { return (*asset.Partitions)(nil).Follows(keys[i-1], keys[i]) }) {
		texts = append(texts, asset.RangeText(keys[s.First], keys[s.Last]))
		require.Positive(t, s.Len())
	}
	require.Equal(t, []string{"1..5", "7", "9..12"}, texts)
	require.Empty(t, asset.Spans(0, nil))
}
