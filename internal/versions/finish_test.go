package versions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

func TestFinishPublish(t *testing.T) {
	t.Parallel()
	t.Run("finishes what is in the log", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t)
		s.publish("5", texts{"a": "1"})
		m, change := s.begin("5", texts{"a": "2", "b": "1"})
		version, err := s.table.Commit(t.Context(), change)
		require.NoError(t, err) // and its process was killed
		require.Equal(t, []string{"a staged", "b staged"}, s.states("5"))
		require.NoError(t, s.finish(m))
		require.Equal(t, []string{"a published", "b published"}, s.states("5"))
		latest, published, err := s.Ledger.Latest(t.Context(), string(s.made.Key), "5")
		require.NoError(t, err)
		require.True(t, published)
		require.Equal(t, version, latest.Version)
		require.EqualValues(t, 2, latest.Rows)
		require.Equal(t, version, s.newest(), "nothing is written a second time")
	})
	t.Run("abandons what is not in the log, and shuts it out", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t)
		s.publish("5", texts{"a": "1"})
		m, change := s.begin("5", texts{"a": "2"})
		require.NoError(t, s.finish(m))
		open, err := s.Ledger.Unfinished(t.Context(), string(s.made.Key), "5")
		require.NoError(t, err)
		require.Empty(t, open)
		late, err := s.table.Commit(t.Context(), change)
		require.NoError(t, err)
		snapshot, err := s.table.SnapshotAt(t.Context(), late)
		require.NoError(t, err)
		require.Equal(t, lake.OperationFence, snapshot.Info.Operation, "who was about to commit it comes too late: its number is taken")
		require.Equal(t, texts{"a": "1"}, s.at(s.newest(), "5"), "readers keep what they have")
		require.Equal(t, []string{"a staged"}, s.states("5"), "and the row is there for the next publish")
	})
	t.Run("refuses a table of another ledger", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t)
		m, change := s.begin("5", texts{"a": "1"})
		change.Info.Run = "of another ledger"
		_, err := s.table.Commit(t.Context(), change)
		require.NoError(t, err)
		err = s.finish(m)
		require.ErrorContains(t, err, "was written with another ledger: run of another ledger made its version 0")
		require.Equal(t, fault.Invalid, fault.KindOf(err))
		open, err := s.Ledger.Unfinished(t.Context(), string(s.made.Key), "5")
		require.NoError(t, err)
		require.Len(t, open, 1, "a person decides")
	})
}
