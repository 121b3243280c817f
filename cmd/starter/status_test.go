package main

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
)

// A status is written piece by piece: it must be what it would be in one.
func TestStatusIsTheSameJSONInPieces(t *testing.T) {
	t.Parallel()
	version, at := int64(7), time.Date(2026, 8, 1, 2, 3, 4, 0, time.UTC)
	some := []partitionStatus{
		{Partition: "5", Label: `a <b> & "partitions": []`, State: asset.Fresh, Version: &version, MaterializedAt: &at, Items: itemCounts{Discovered: 3, Published: 3}},
		{Partition: "6", State: asset.Stale, Axis: asset.SourceAxis, Reason: "an input → newer", Snapshot: "2026-08-01"},
	}
	for name, v := range map[string]statusView{
		"no asset":      {Assets: []assetStatus{}},
		"no partitions": {Assets: []assetStatus{{Asset: "a/b", Partitions: []partitionStatus{}}}},
		"one":           {Assets: []assetStatus{{Asset: "a/b", Location: "b", Partitions: some[:1]}}},
		"several": {Assets: []assetStatus{
			{Asset: "a/b", Location: `"partitions": []`, Partitions: some}, {Asset: "a/none", Partitions: []partitionStatus{}}, {Asset: "a/c", Partitions: some[1:]},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var whole, pieces bytes.Buffer
			require.NoError(t, encoder(&whole, "").Encode(v))
			require.NoError(t, v.writeJSON(&pieces))
			require.Equal(t, whole.String(), pieces.String())
		})
	}
	broken := errors.New("the pipe is closed")
	require.ErrorIs(t, statusView{Assets: []assetStatus{}}.writeJSON(brokenWriter{broken}), broken)
}

// brokenWriter fails.
type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }
