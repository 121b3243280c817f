package assets

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

func TestDynamicPartitions(t *testing.T) {
	t.Parallel()
	t.Run("are changed by hand only if not discovered", dynamicPartitionsAreChangedByHandOnlyIfNotDiscovered)
}

// dynamicPartitionsAreChangedByHandOnlyIfNotDiscovered adds and removes keys of a set that nobody discovers.
func dynamicPartitionsAreChangedByHandOnlyIfNotDiscovered(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), host.LedgerFile(data))
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	made := func(key asset.Key, set *asset.Partitions) *asset.Asset {
		return asset.New(asset.Spec[noRow]{Key: key, Partitions: set, Location: string(key), CodeVersion: "1", Queue: asset.QueueExtract, List: noList})
	}
	g, err := asset.NewGraph(made("t/makers", asset.Dynamic("maker")), made("t/days", asset.Daily("day", "", "2026-01-01")), made("t/one", asset.Single()))
	require.NoError(t, err)
	var out strings.Builder
	a := &command.App{Stdout: &out, Stderr: &out, Format: "text"}
	d := &host.Data{Graph: g, Ledger: l}
	require.NoError(t, addPartitions(t.Context(), a, d, "maker", []string{"ems", "medley"}))
	require.NoError(t, removePartitions(t.Context(), a, d, "maker", []string{"ems"}))
	known, err := l.KnownPartitions(t.Context(), "maker")
	require.NoError(t, err)
	require.Equal(t, []ledger.Partition{{Key: "medley", Label: "medley"}}, known)
	require.ErrorContains(t, removePartitions(t.Context(), a, d, "maker", []string{"medlei"}), `maker "medlei" is unknown; nearest: medley`)
	err = addPartitions(t.Context(), a, d, "maker", []string{"a,b", "c|d", "fine"})
	require.ErrorContains(t, err, "a,b")
	require.ErrorContains(t, err, "c|d", "all mistakes at once")
	require.ErrorContains(t, addPartitions(t.Context(), a, d, "day", []string{"2026-01-01"}), "are a time window set")
	require.ErrorContains(t, addPartitions(t.Context(), a, d, "part", []string{"x"}), "are a static set")
	require.NoError(t, listPartitions(t.Context(), a, d, nil))
	require.Contains(t, out.String(), "medley")
	require.Contains(t, out.String(), "gone")
	require.Regexp(t, `day +time window +2026-01-01\.\.2\d{3}-\d\d-\d\d +[\d,]+ partitions +1 missing`, out.String())
}

type noRow struct {
	ID string `parquet:"id"`
	asset.Provenance
}

// ItemID is the id.
func (r noRow) ItemID() string { return r.ID }

func noList(context.Context, asset.Run, func(asset.Item, noRow) error) (asset.Listing, error) {
	return asset.Listing{}, nil
}
