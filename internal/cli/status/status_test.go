package status

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// text is what a listing prints of some assets, whose counts it fills in.
func text(t *testing.T, said listing, assets ...api.AssetStatus) string {
	t.Helper()
	for i := range assets {
		assets[i].States, assets[i].Attempts = make(map[asset.State]int), make(map[ledger.AttemptState]int)
		for j := range assets[i].Partitions {
			count(&assets[i], &assets[i].Partitions[j])
		}
	}
	var b bytes.Buffer
	require.NoError(t, printStatus(&b, api.Status{Assets: assets}, said))
	return b.String()
}

func TestStatusText(t *testing.T) {
	t.Parallel()
	version, at := int64(12), time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC)
	failed := &api.Attempt{State: ledger.AttemptFailed, RunID: "materialize-20261130T010203Z-abcd", Kind: "layout", Reason: "lists 6 of 26 products", Finished: &at}
	done := &api.Attempt{State: ledger.AttemptSucceeded, RunID: "r", Finished: &at}

	t.Run("tells what is published from the last attempt", func(t *testing.T) {
		t.Parallel()
		got := text(t, listing{}, api.AssetStatus{Asset: "anvisa/catalog", Partitions: []api.PartitionStatus{
			{Partition: "5", Label: "Genérico", State: asset.Fresh, Reason: "nothing changed that we know of", Version: &version, Rows: 20102, Attempt: failed},
			{
				Partition: "6", State: asset.Stale, Axis: asset.CodeAxis, Reason: "code version 1 → 2", Version: &version, Rows: 3, Attempt: done,
				Items: api.ItemCounts{Discovered: 4, Quarantined: 3, Waived: 1}, Freshness: asset.FreshnessOverdue, Due: &at,
			},
		}})
		require.Equal(t, `anvisa/catalog  1/2 fresh
    1 stale; last attempt: 1 failed; quarantined items in 1; 1 overdue

PARTITION          NAME      STATE  LAST ATTEMPT  VERSION  ROWS
anvisa/catalog[5]  Genérico  fresh  failed        12       20102
  last attempt failed at 2026-11-30 01:02:03Z, in run
  materialize-20261130T010203Z-abcd: lists 6 of 26 products
anvisa/catalog[6]  –         stale  succeeded     12       3
  stale: code version 1 → 2
  3 quarantined items (1 waived): starter items anvisa/catalog --partition 6
  --state quarantined
  overdue since 2026-11-30 01:02:03Z
`, got)
	})

	t.Run("collapses windows that are alike into ranges", func(t *testing.T) {
		t.Parallel()
		windows := func(state asset.State, attempt *api.Attempt, days ...string) (all []api.PartitionStatus) {
			for _, day := range days {
				p := api.PartitionStatus{Partition: day, State: state, Reason: "because of " + day, Attempt: attempt}
				if state != asset.Missing {
					p.Version = &version
				}
				all = append(all, p)
			}
			return all
		}
		var all []api.PartitionStatus
		all = append(all, windows(asset.Missing, nil, "2026-01-01", "2026-01-02", "2026-01-03")...)
		all = append(all, windows(asset.Stale, done, "2026-01-04", "2026-01-05")...)
		all = append(all, windows(asset.Stale, failed, "2026-01-06")...)
		got := text(t, listing{}, api.AssetStatus{Asset: "anvisa/updates", Windowed: true, Partitions: all})
		require.Contains(t, got, "\nanvisa/updates[2026-01-01..2026-01-03]  3 windows  missing  –\n")
		require.Contains(t, got, "\nanvisa/updates[2026-01-04..2026-01-05]  2 windows  stale    succeeded\n")
		require.Contains(t, got, "stale: because of 2026-01-04 (the first of 2; the others have other reasons)\n")
		require.Contains(t, got, "\nanvisa/updates[2026-01-06]")
	})

	t.Run("collapses partitions that follow each other into ranges", func(t *testing.T) {
		t.Parallel()
		var all []api.PartitionStatus
		for _, key := range []string{"1", "2", "3", "4", "5", "7", "9", "10", "11", "12"} {
			all = append(all, api.PartitionStatus{Partition: key, Label: "Name " + key, State: asset.Missing, Reason: "never published", Attempt: failed})
		}
		other := *failed
		other.Reason = "lists 7 of 26 products"
		all[8].Attempt = &other
		got := text(t, listing{}, api.AssetStatus{Asset: "anvisa/catalog", Partitions: all})
		require.Contains(t, got, "\nanvisa/catalog[1..5]   5 partitions  missing  failed ")
		require.Contains(t, got, "\nanvisa/catalog[7]      Name 7 ")
		require.Contains(t, got, "\nanvisa/catalog[9..10]  2 partitions")
		require.Contains(t, got, "\nanvisa/catalog[11]     Name 11 ", "its reason is its own")
		require.Contains(t, text(t, listing{details: true}, api.AssetStatus{Asset: "anvisa/catalog", Partitions: all}), "anvisa/catalog[2]", "each is shown where details are asked for")
		for i := range all {
			all[i].State, all[i].Attempt, all[i].Version = asset.Fresh, done, &version
		}
		require.Contains(t, text(t, listing{}, api.AssetStatus{Asset: "anvisa/catalog", Partitions: all}), "anvisa/catalog[2]", "each has a version")
	})

	t.Run("keeps windows apart that do not follow each other", func(t *testing.T) {
		t.Parallel()
		var all []api.PartitionStatus
		for _, day := range []string{"2026-01-30", "2026-01-31", "2026-02-01", "2026-02-03"} { // the day between is fresh, and not listed
			all = append(all, api.PartitionStatus{Partition: day, State: asset.Stale, Reason: "code"})
		}
		got := text(t, listing{}, api.AssetStatus{Asset: "anvisa/updates", Windowed: true, Set: asset.Daily("day", "UTC", "2026-01-01"), Partitions: all})
		require.Contains(t, got, "\nanvisa/updates[2026-01-30..2026-02-01]  3 windows  stale")
		require.Contains(t, got, "\nanvisa/updates[2026-02-03] ")
	})

	t.Run("is readable at 80 columns", func(t *testing.T) {
		t.Parallel()
		long := api.PartitionStatus{
			Partition: "5", Label: strings.Repeat("Medicamento ", 20), State: asset.RolledBack, Reason: strings.Repeat("rolled back to version 3 ", 9), Version: &version,
			Attempt: &api.Attempt{State: ledger.AttemptInterrupted, RunID: "r", Reason: strings.Repeat("lost ", 80)}, Items: api.ItemCounts{Quarantined: 1},
		}
		for line := range strings.Lines(text(t, listing{details: true}, api.AssetStatus{Asset: "anvisa/catalog", Partitions: []api.PartitionStatus{long}})) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
		}
	})

	t.Run("says what a wait is for", func(t *testing.T) {
		t.Parallel()
		wait := &api.Wait{RunID: "r1", Kind: "throttled", Reason: "429", Until: &at}
		got := text(t, listing{}, api.AssetStatus{Asset: "a/b", Partitions: []api.PartitionStatus{
			{Partition: "1", State: asset.Missing, Waiting: wait, Attempt: &api.Attempt{State: ledger.AttemptWaiting, RunID: "r1", Until: &at}},
			{Partition: "2", State: asset.Missing, Attempt: &api.Attempt{State: ledger.AttemptQueued, RunID: "r1"}},
		}})
		require.Contains(t, got, "  waiting until 2026-11-30 01:02:03Z (source throttled: 429), in run r1\n")
		require.Contains(t, got, "  queued by run r1\n")
		require.NotContains(t, got, "failed")
	})
}
