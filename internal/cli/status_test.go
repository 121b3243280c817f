package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/output"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

// A status is written piece by piece: it must be what it would be in one.
func TestStatusIsTheSameJSONInPieces(t *testing.T) {
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
		"a run that waits": {Assets: []api.AssetStatus{{Asset: "a/b", Partitions: some}}, Waiting: []api.Wait{{Partition: "category", RunID: "r", Kind: "paused"}}},
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

// TestStatusTellsWhatWaitsAndWhatIsWaived: a run that cannot ask for partitions yet has no step that could be listed.
func TestStatusTellsWhatWaitsAndWhatIsWaived(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	wait := ledger.Wait{Partition: "category", Run: "r1", Kind: "throttled", Reason: "429"}
	withLedger(t, data, func(l *ledger.Ledger) { ledgertest.Wait(t, l, wait) })
	code, stdout, stderr := starter(t, data, "status")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, `run r1 asks for the partitions of "category": waiting until somebody acts (source throttled: 429)`)
	require.Contains(t, stdout, "Nothing has been materialized yet")
	var v api.Status
	code, stdout, stderr = starter(t, data, "status", "-o", "json")
	require.Zero(t, code, stderr)
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	require.Len(t, v.Waiting, 1)
	require.Equal(t, "r1", v.Waiting[0].RunID)
}

func TestWaivedItemsAreCountedInTheRow(t *testing.T) {
	t.Parallel()
	row := statusRow(api.PartitionStatus{Items: api.ItemCounts{Discovered: 4, Quarantined: 3, Waived: 1}}, "a/b")
	require.Contains(t, row, "3 (1 waived)")
}
