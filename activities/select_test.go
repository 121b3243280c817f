package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
)

// TestSelectByStatus: of three assets the first is published, and the ledger knows it.
func TestSelectByStatus(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1")
	for selection, want := range map[string][]asset.Key{
		"status:fresh": {catalog}, "status:missing": {download, extract}, "status:fresh+1 and not status:fresh": {download},
	} {
		selected, err := planning.Select(t.Context(), w.acts.Engine.Graph, w.ledger, selection)
		require.NoError(t, err)
		var keys []asset.Key
		for _, a := range selected {
			keys = append(keys, a.Key)
		}
		require.Equal(t, want, keys, selection)
	}
	_, err := planning.Select(t.Context(), w.acts.Engine.Graph, w.ledger, "status:failed")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, "no asset has a partition of this status; now test/catalog is fresh, test/download is missing")
}
