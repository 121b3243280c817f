package backfills

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/asset"
)

func TestDerivedID(t *testing.T) {
	t.Parallel()
	t.Run("is the same for the same request", derivedIDIsSameForSameRequest)
}

func derivedIDIsSameForSameRequest(t *testing.T) {
	t.Parallel()
	id := derivedID(activities.BackfillRequest{Select: []string{"+anvisa/extract", "tag:x"}, Partitions: []string{"1", "2"}})
	require.Regexp(t, `^anvisa-extract-tag-x-[0-9a-f]{8}$`, id)
	require.NoError(t, checkBackfillID(id))
	require.Equal(t, id, derivedID(activities.BackfillRequest{Select: []string{"+anvisa/extract tag:x"}, Partitions: []string{"1", "2"}}))
	for _, other := range []activities.BackfillRequest{
		{Select: []string{"+anvisa/extract tag:x"}, Partitions: []string{"1"}},
		{Select: []string{"+anvisa/extract tag:x"}, Partitions: []string{"1", "2"}, Filter: asset.Without},
		{Select: []string{"anvisa/extract tag:x"}, Partitions: []string{"1", "2"}},
	} {
		require.NotEqual(t, id, derivedID(other))
	}
	require.NoError(t, checkBackfillID(derivedID(activities.BackfillRequest{Select: []string{"*"}})))
	require.NoError(t, checkBackfillID(derivedID(activities.BackfillRequest{Select: []string{strings.Repeat("long/", 30)}})))
}
