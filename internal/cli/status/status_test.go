package status

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
)

func TestRow(t *testing.T) {
	t.Parallel()
	t.Run("counts waived items", rowCountsWaivedItems)
}

func rowCountsWaivedItems(t *testing.T) {
	t.Parallel()
	row := statusRow(api.PartitionStatus{Items: api.ItemCounts{Discovered: 4, Quarantined: 3, Waived: 1}}, "a/b")
	require.Contains(t, row, "3 (1 waived)")
}
