package status

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/output"
)

func TestStatusJSON(t *testing.T) {
	t.Parallel()
	t.Run("is the same when written in pieces", statusJSONIsSameWhenWrittenInPieces)
}

// A status is written piece by piece: it must be what it would be in one.
func statusJSONIsSameWhenWrittenInPieces(t *testing.T) {
	t.Parallel()
	version, at := int64(7), time.Date(2026, 8, 1, 2, 3, 4, 0, time.UTC)
	some := []api.PartitionStatus{
		{Partition: "5", Label: `a <b> & "partitions": []`, State: asset.Fresh, Version: &version, MaterializedAt: &at, Items: api.ItemCounts{Discovered: 3, Published: 3}},
		{Partition: "6", State: asset.Stale, Axis: asset.SourceAxis, Reason: "an input → newer", Snapshot: "2026-08-01"},
	}
	for name, v := range map[string]api.Status{
		"no asset":         {Assets: []api.AssetStatus{}},
		"no partitions":    {Assets: []api.AssetStatus{{Asset: "a/b", Partitions: []api.PartitionStatus{}}}},
		"one":              {Assets: []api.AssetStatus{{Asset: "a/b", Location: "b", Partitions: some[:1]}}},
		"a run that waits": {Assets: []api.AssetStatus{{Asset: "a/b", Partitions: some}}, Waiting: []api.Wait{{Partition: "category", RunID: "r", Kind: "paused"}}, Next: "a/b[6]"},
		"several": {Assets: []api.AssetStatus{
			{Asset: "a/b", Location: `"partitions": []`, Partitions: some}, {Asset: "a/none", Partitions: []api.PartitionStatus{}}, {Asset: "a/c", Partitions: some[1:]},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var whole, pieces bytes.Buffer
			require.NoError(t, output.Encoder(&whole, "").Encode(v))
			require.NoError(t, statusDocument{v}.WriteJSON(&pieces))
			require.Equal(t, whole.String(), pieces.String())
		})
	}
	broken := errors.New("the pipe is closed")
	require.ErrorIs(t, statusDocument{api.Status{Assets: []api.AssetStatus{}}}.WriteJSON(brokenWriter{broken}), broken)
}

// brokenWriter fails.
type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }
