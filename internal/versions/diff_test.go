package versions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1", "b": "1", "c": "1"})
	s.publish("6", texts{"x": "1"})
	s.publish("5", texts{"a": "1", "b": "2", "d": "1"}) // b changed, c gone, d new; a moves to another file
	s.publish("6", texts{"x": "1", "y": "1"})           // x keeps its file
	both := []PartitionDiff{
		{Partition: "5", Added: 1, Removed: 1, Changed: 1, Same: 1},
		{Partition: "6", Added: 1, Unread: 1},
	}
	for name, tt := range map[string]struct {
		in       DiffInput
		want     []PartitionDiff
		rows     []string // of partition, change and item
		unlisted int
	}{
		"of a version with itself":       {DiffInput{From: 3, To: 3, Limit: 9}, []PartitionDiff{}, nil, 0},
		"counts and lists":               {DiffInput{From: 1, To: 3, Limit: 9}, both, []string{"5 added d", "5 removed c", "5 changed b", "6 added y"}, 0},
		"counts all where it lists some": {DiffInput{From: 1, To: 3, Limit: 2}, both, []string{"5 added d", "5 removed c"}, 2},
		"lists none without a limit":     {DiffInput{From: 1, To: 3}, both, nil, 4},
		"of one partition":               {DiffInput{From: 1, To: 3, Limit: 9, Partitions: []string{"Novo"}}, both[1:], []string{"6 added y"}, 0},
		"backwards": {DiffInput{From: 3, To: 1, Limit: 9}, []PartitionDiff{
			{Partition: "5", Added: 1, Removed: 1, Changed: 1, Same: 1}, {Partition: "6", Removed: 1, Unread: 1},
		}, []string{"5 added c", "5 removed d", "5 changed b", "6 removed y"}, 0},
		"of a partition that was not there": {DiffInput{From: 0, To: 1, Limit: 9}, []PartitionDiff{{Partition: "6", Added: 1}}, []string{"6 added x"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := s.Diff(t.Context(), s.made, tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.want, d.Partitions)
			var rows []string
			for _, r := range d.Rows {
				rows = append(rows, r.Partition+" "+r.Change+" "+r.Item)
				if r.Change == "changed" {
					require.Len(t, r.Columns, 1, "the run that made the row is not compared")
					require.Equal(t, "text", r.Columns[0].Column)
				}
			}
			require.Equal(t, tt.rows, rows)
			require.Equal(t, tt.unlisted, d.Unlisted)
			added, removed, changed := 0, 0, 0
			for _, p := range d.Partitions {
				added, removed, changed = added+p.Added, removed+p.Removed, changed+p.Changed
			}
			require.Equal(t, []int{added, removed, changed}, []int{d.Added, d.Removed, d.Changed}, "totals are of all partitions")
		})
	}
}

func TestDiffKeysOnly(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.publish("5", texts{"a": "1"})
	s.publish("5", texts{"a": "2"})
	d, err := s.Diff(t.Context(), s.made, DiffInput{From: 0, To: 1, Limit: 1, KeysOnly: true})
	require.NoError(t, err)
	require.Equal(t, []RowDiff{{Partition: "5", Item: "a", Change: "changed"}}, d.Rows)
}

func TestDiffRefuses(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	_, err := s.Diff(t.Context(), s.made, DiffInput{To: 1})
	require.ErrorContains(t, err, "has no version yet: materialize it first")
	for i := range 3 {
		s.publish("5", texts{"a": string(rune('0' + i))})
	}
	s.vacuum()
	for want, in := range map[string]DiffInput{
		"has no version 9: it has 0 to 2":              {From: 0, To: 9},
		"-1 rows cannot be listed":                     {From: 0, To: 1, Limit: -1},
		`published partition "6" is unknown`:           {From: 0, To: 2, Partitions: []string{"6"}},
		"version 1 of test/sheets[5] can no longer be": {From: 1, To: 2},
	} {
		_, err := s.Diff(t.Context(), s.made, in)
		require.ErrorContains(t, err, want)
		require.Equal(t, fault.Invalid, fault.KindOf(err), want)
	}
}
