package versions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

// replace commits rows in place of the files of a partition, without the ledger, as another program does.
func (s *fixture) replace(partition string, rows ...sheet) {
	s.t.Helper()
	base, err := s.table.Snapshot(s.t.Context())
	require.NoError(s.t, err)
	change := lake.Change{Partition: partition, Remove: lake.Paths(base.Files(partition))}
	if len(rows) > 0 {
		change.Add = []lake.File{s.write(partition, rows)}
	}
	_, err = s.table.Commit(s.t.Context(), change)
	require.NoError(s.t, err)
}

// TestReconcile changes the table beside the ledger, and reconciles them: readers must see the published rows again.
func TestReconcile(t *testing.T) {
	t.Parallel()
	published := texts{"a": "1", "b": "1", "c": "1"}
	for name, tt := range map[string]struct {
		rows    texts // in place of what was published, with unknown added
		unknown []sheet
		want    ForeignChange
		commits int64 // versions that reconciling adds
	}{
		"follows rows in other files without a commit": {rows: published, want: ForeignChange{Followed: 3}},
		"restores missing rows":                        {rows: texts{"a": "1"}, want: ForeignChange{Followed: 1, Missing: 2}, commits: 1},
		"restores all rows":                            {want: ForeignChange{Missing: 3}, commits: 1},
		"restores changed rows":                        {rows: texts{"a": "1", "b": "9", "c": "1"}, want: ForeignChange{Followed: 2, Changed: 1}, commits: 1},
		"removes rows of no item":                      {rows: published, unknown: []sheet{{ID: "z", Text: "9"}}, want: ForeignChange{Followed: 3, Unknown: 1}, commits: 1},
		"removes second rows of an item":               {rows: published, unknown: texts{"a": "1"}.rows("run-2026-08-03"), want: ForeignChange{Followed: 3, Unknown: 1}, commits: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			s.publish("6", texts{"x": "1"})
			s.publish("5", published)
			s.replace("5", append(tt.rows.rows("run-2026-08-03"), tt.unknown...)...)
			before := s.newest()

			found, err := s.ForeignChanges(t.Context(), s.made)
			require.NoError(t, err)
			require.Len(t, found, 1, "of the partition that was changed alone")
			require.Equal(t, "5", found[0].Partition)
			require.EqualValues(t, 3, found[0].Known)
			require.EqualValues(t, len(tt.rows)+len(tt.unknown), found[0].Rows)

			done, err := s.Reconcile(t.Context(), s.made, "5", "repairs")
			require.NoError(t, err)
			got := ForeignChange{Followed: done.Followed, Changed: done.Changed, Missing: done.Missing, Unknown: done.Unknown, Lost: done.Lost}
			require.Equal(t, tt.want, got)
			require.Equal(t, before+tt.commits, s.newest())
			require.Equal(t, published, s.at(s.newest(), "5"))
			require.Equal(t, texts{"x": "1"}, s.at(s.newest(), "6"))
			require.Equal(t, []string{"a published", "b published", "c published"}, s.states("5"))

			again, err := s.Reconcile(t.Context(), s.made, "5", "repairs")
			require.NoError(t, err)
			require.Nil(t, again, "nothing is left to do")
			found, err = s.ForeignChanges(t.Context(), s.made)
			require.NoError(t, err)
			require.Empty(t, found)
		})
	}
	t.Run("makes items again whose row is kept nowhere", reconcileMakesLostItemsAgain)
	t.Run("removes files in partitions that the ledger does not know", reconcileRemovesForeignPartitions)
	t.Run("refuses a table of another ledger", reconcileRefusesTableOfAnotherLedger)
	t.Run("leaves a partition with an open publish out of what it finds", foreignChangesSkipOpenPublish)
}

func reconcileMakesLostItemsAgain(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1", "b": "1"})
	was, err := s.table.Snapshot(t.Context())
	require.NoError(t, err)
	s.replace("5", sheet{ID: "b", Text: "9"})
	_, err = s.table.DeleteFiles(t.Context(), lake.Paths(was.Files("5"))) // as another program's vacuum does
	require.NoError(t, err)
	done, err := s.Reconcile(t.Context(), s.made, "5", "repairs")
	require.NoError(t, err)
	require.Equal(t, 2, done.Lost)
	require.Equal(t, []string{"a pending", "b pending"}, s.states("5"))
	require.Empty(t, s.at(s.newest(), "5"), "no row that is not known to be right")
}

func reconcileRemovesForeignPartitions(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1"})
	s.replace("66", sheet{ID: "z", Text: "9"})
	done, err := s.Reconcile(t.Context(), s.made, "5", "repairs")
	require.NoError(t, err)
	require.Nil(t, done, "its own partition is as it was")
	require.Empty(t, s.at(s.newest(), "66"))
	require.Equal(t, texts{"a": "1"}, s.at(s.newest(), "5"))
}

func reconcileRefusesTableOfAnotherLedger(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1"})
	_, err := s.table.Commit(t.Context(), lake.Change{Partition: "5", App: name(s.made, "5"), Txn: 99, Add: []lake.File{s.write("5", texts{"b": "1"}.rows("r"))}})
	require.NoError(t, err)
	before := s.newest()
	_, err = s.Reconcile(t.Context(), s.made, "5", "repairs")
	require.ErrorContains(t, err, "was written with another ledger: it holds publish 99")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.Equal(t, before, s.newest(), "nothing is changed")
	require.Equal(t, []string{"a published"}, s.states("5"))
}

func foreignChangesSkipOpenPublish(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1"})
	s.begin("5", texts{"a": "2"})
	s.replace("5", sheet{ID: "a", Text: "9"})
	found, err := s.ForeignChanges(t.Context(), s.made)
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestRepairCommand(t *testing.T) {
	t.Parallel()
	made, _, _ := sheets(t)
	t.Run("names the version before the change", func(t *testing.T) {
		t.Parallel()
		err := &lake.Unsupported{Good: 7}
		require.Equal(t, "starter rollback test/sheets --to 7", RepairCommand(made, err))
		require.ErrorContains(t, WithRepairCommand(made, err), "(to take the table back: starter rollback test/sheets --to 7)")
		require.ErrorIs(t, WithRepairCommand(made, err), err)
	})
	t.Run("is empty where no version can be gone back to", func(t *testing.T) {
		t.Parallel()
		err := &lake.Unsupported{Good: -1}
		require.Empty(t, RepairCommand(made, err))
		require.Equal(t, err, WithRepairCommand(made, err))
		require.Empty(t, RepairCommand(made, lake.ErrConflict))
	})
}
