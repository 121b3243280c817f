package versions

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

const day = 24 * time.Hour

func TestVacuum(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		keep       Retention
		prepare    func(*fixture)
		expired    []int64        // the last versions that have the files which go: version 1 has the file of version 0
		kept       map[string]int // files by reason
		unreadable int
	}{
		"keeps the newest version of each partition": {
			Retention{Versions: 1}, nil, []int64{1, 2, 3}, map[string]int{lake.KeptNewest: 2}, 3,
		},
		"keeps the last versions of each partition": {
			Retention{Versions: 3}, nil, []int64{1}, map[string]int{lake.KeptNewest: 2, lake.KeptVersions: 2}, 1,
		},
		"keeps what readers saw lately": {
			Retention{Versions: 1, OlderThan: day}, nil, []int64{1, 2}, map[string]int{lake.KeptNewest: 2, lake.KeptYoung: 1}, 2,
		},
		"keeps all that is younger": {
			Retention{Versions: 1, OlderThan: 30 * day}, nil, nil, map[string]int{lake.KeptNewest: 2, lake.KeptYoung: 3}, 0,
		},
		"keeps what something was made from": {
			Retention{Versions: 1}, func(s *fixture) { s.madeFrom(2) }, []int64{1, 3}, map[string]int{lake.KeptNewest: 2, lake.KeptPinned: 1}, 2,
		},
		"keeps what an open rollback is about to bring back": {
			Retention{Versions: 1}, func(s *fixture) { s.bringingBack(0) }, []int64{2, 3}, map[string]int{lake.KeptNewest: 2, lake.KeptNeeded: 1}, 2,
		},
		"leaves files alone that no version has": {
			Retention{Versions: 1}, func(s *fixture) { s.write("5", texts{"z": "1"}.rows("stray")) }, []int64{1, 2, 3}, map[string]int{lake.KeptNewest: 2, lake.KeptUnmentioned: 1}, 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.publish("5", texts{"a": "1"}) // 0
			s.publish("6", texts{"x": "1"}) // 1
			s.publish("5", texts{"a": "2"}) // 2
			s.publish("5", texts{"a": "3"}) // 3
			s.publish("5", texts{"a": "4"}) // 4
			if tt.prepare != nil {
				tt.prepare(s)
			}
			before, err := s.table.Stored(t.Context())
			require.NoError(t, err)

			keep := tt.keep
			keep.DryRun = true
			planned, err := s.Vacuum(t.Context(), []*asset.Asset{s.made}, keep)
			require.NoError(t, err)
			after, err := s.table.Stored(t.Context())
			require.NoError(t, err)
			require.Equal(t, before, after, "a dry run removes nothing")
			require.Len(t, planned, 1)
			var expired []int64
			var bytes int64
			for _, f := range planned[0].Files {
				require.Equal(t, "5", f.Partition)
				require.Equal(t, "sheets", f.Path[:len("sheets")], "a path is of the data folder")
				expired, bytes = append(expired, f.LastVersion), bytes+f.Bytes
			}
			slices.Sort(expired)
			require.Equal(t, tt.expired, expired)
			require.Equal(t, bytes, planned[0].Bytes)
			kept := map[string]int{}
			for why, sum := range planned[0].Kept {
				kept[why] = sum.Files
			}
			require.Equal(t, tt.kept, kept)
			require.Equal(t, tt.unreadable, planned[0].Unreadable)

			done, err := s.Vacuum(t.Context(), []*asset.Asset{s.made}, tt.keep)
			require.NoError(t, err)
			require.Equal(t, planned, done, "what was planned is what is done")
			after, err = s.table.Stored(t.Context())
			require.NoError(t, err)
			require.Len(t, after, len(before)-len(planned[0].Files))
			require.Equal(t, texts{"a": "4"}, s.at(4, "5"))
			require.Equal(t, texts{"x": "1"}, s.at(4, "6"))
			again, err := s.Vacuum(t.Context(), []*asset.Asset{s.made}, tt.keep)
			require.NoError(t, err)
			require.Empty(t, again[0].Files, "a second one finds nothing")
			doomed, err := s.Ledger.MarkedForDeletion(t.Context(), string(s.made.Key))
			require.NoError(t, err)
			require.Empty(t, doomed)
		})
	}
}

// madeFrom notes that another asset was made from a version of the table.
func (s *fixture) madeFrom(version int64) {
	s.t.Helper()
	id, err := s.Ledger.BeginPublish(s.t.Context(), ledger.Materialization{
		Asset: "test/sums", Partition: "all", Run: "r", CodeVersion: "1", Upstream: map[string]int64{string(s.made.Key): version}, Moves: ledger.Moves{Dropped: map[string][]string{}},
	})
	require.NoError(s.t, err)
	require.NoError(s.t, s.Ledger.FinishPublish(s.t.Context(), id, 0, 0, 0))
}

// bringingBack begins a rollback of partition 5 to a version.
func (s *fixture) bringingBack(version int64) {
	s.t.Helper()
	then, err := s.table.SnapshotAt(s.t.Context(), version)
	require.NoError(s.t, err)
	parts := map[string]ledger.Restored{}
	for _, path := range lake.Paths(then.Files("5")) {
		parts[path] = ledger.Restored{}
	}
	require.NotEmpty(s.t, slices.Collect(maps.Keys(parts)))
	_, err = s.Ledger.BeginPublish(s.t.Context(), ledger.Materialization{
		Asset: string(s.made.Key), Partition: "5", Run: "back", Moves: ledger.Moves{Dropped: map[string][]string{}, Rollback: &ledger.Rollback{Files: parts}},
	})
	require.NoError(s.t, err)
}

func TestVacuumRefuses(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1"})
	for _, r := range []Retention{{Versions: 0}, {Versions: -1}, {Versions: 1, OlderThan: -day}} {
		done, err := s.Vacuum(t.Context(), []*asset.Asset{s.made}, r)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		require.Empty(t, done)
	}
}
