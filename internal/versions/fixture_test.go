package versions

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

// fixture is an asset with a table and a ledger, which is published a version a day as the engine publishes it.
type fixture struct {
	Maintainer
	t     *testing.T
	made  *asset.Asset
	table *lake.Table
	now   time.Time // of the last publish
}

// newShelf is empty. Its partitions are "5", called Genérico, and "6", called Novo.
func newShelf(t *testing.T) *fixture {
	t.Helper()
	made, table, k := sheets(t)
	s := &fixture{Maintainer: k, t: t, made: made, table: table, now: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)}
	s.Now = func() time.Time { return s.now }
	require.NoError(t, k.Ledger.SavePartitions(t.Context(), made.Partitions.Name, []ledger.Partition{{Key: "5", Label: "Genérico"}, {Key: "6", Label: "Novo"}}))
	return s
}

// texts are the rows of a partition: an item's id and its text.
type texts map[string]string

// publish makes a partition hold some rows, and gives the version. Rows that stay as they are keep their file, or move
// to another one if that must go; items that are not named any more become absent.
func (s *fixture) publish(partition string, rows texts) int64 {
	s.t.Helper()
	m, change := s.begin(partition, rows)
	version, err := s.table.Commit(s.t.Context(), change)
	require.NoError(s.t, err)
	require.NoError(s.t, s.Ledger.FinishPublish(s.t.Context(), m.ID, version, m.Rows, m.Bytes))
	require.Equal(s.t, rows, s.at(version, partition), "what was published")
	return version
}

// begin announces a publish in the ledger, and gives the commit that makes it.
func (s *fixture) begin(partition string, rows texts) (ledger.Materialization, lake.Change) {
	s.t.Helper()
	ctx, key := s.t.Context(), string(s.made.Key)
	s.now = s.now.AddDate(0, 0, 1)
	run := "run-" + s.now.Format(time.DateOnly)
	_, err := ledgertest.Enumerate(s.t, s.Ledger, ledger.Enumeration{Asset: key, Partition: partition, Run: run, CodeVersion: "1", Items: named(rows)})
	require.NoError(s.t, err)
	fresh := texts{}
	for _, e := range s.items(partition) {
		if e.State == ledger.Pending {
			fresh[e.ID] = rows[e.ID]
		}
	}
	base, err := s.table.Snapshot(ctx)
	require.NoError(s.t, err)
	moves := ledger.Moves{Rewritten: map[string]string{}}
	var add []lake.File
	if len(fresh) > 0 {
		file := s.write(partition, fresh.rows(run))
		add, moves.Added = append(add, file), []ledger.DataFile{{Path: file.Path}}
		var outcomes []ledger.Outcome
		for _, id := range slices.Sorted(maps.Keys(fresh)) {
			outcomes = append(outcomes, ledger.Outcome{ID: id, State: ledger.Staged, Staged: file.Path})
		}
		require.NoError(s.t, s.Ledger.RecordOutcomes(ctx, ledgertest.Token(s.t, s.Ledger, key, partition), outcomes))
	}
	moves.Dropped, err = s.Ledger.Superseded(ctx, key, partition)
	require.NoError(s.t, err)
	var remove []string
	for _, old := range base.Files(partition) {
		gone, rewritten := moves.Dropped[old.Path]
		if !rewritten {
			continue
		}
		remove, moves.Rewritten[old.Path] = append(remove, old.Path), ""
		if left := s.rowsOf(old, gone); len(left) > 0 {
			file := s.write(partition, left)
			add, moves.Rewritten[old.Path] = append(add, file), file.Path
		}
	}
	m := ledger.Materialization{Asset: key, Partition: partition, Run: run, CodeVersion: "1", Moves: moves, Rows: int64(len(rows)), Started: s.now}
	m.ID, err = s.Ledger.BeginPublish(ctx, m)
	require.NoError(s.t, err)
	return m, lake.Change{
		Partition: partition, Base: base, Add: add, Remove: remove, App: name(s.made, partition), Txn: m.ID,
		Info: lake.CommitInfo{Operation: "MATERIALIZE", Run: run, Trace: "trace", CodeVersion: "1", Rows: m.Rows, Checks: map[string]string{"conserved": "passed"}, Time: s.now},
	}
}

func named(rows texts) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(rows)) {
			if !yield(ledger.Item{ID: id, Label: id, Fingerprint: rows[id]}, nil) {
				return
			}
		}
	}
}

// rows are the rows that a run makes of texts, in order.
func (t texts) rows(run string) []sheet {
	var rows []sheet
	for _, id := range slices.Sorted(maps.Keys(t)) {
		rows = append(rows, sheet{ID: id, Text: t[id], Provenance: asset.Provenance{RunID: run, FetchedAt: time.Unix(0, 0).UTC()}})
	}
	return rows
}

// write writes a file that no version has yet.
func (s *fixture) write(partition string, rows []sheet) lake.File {
	s.t.Helper()
	part, err := s.table.NewFile(s.t.Context(), partition, nil)
	require.NoError(s.t, err)
	for _, row := range rows {
		require.NoError(s.t, part.Write(row))
	}
	file, err := part.Close(s.t.Context())
	require.NoError(s.t, err)
	return file
}

// rowsOf reads a file, but for some items.
func (s *fixture) rowsOf(file lake.File, without []string) (found []sheet) {
	s.t.Helper()
	for row, err := range s.table.Rows(s.t.Context(), file) {
		require.NoError(s.t, err)
		if r := row.(sheet); !slices.Contains(without, r.ID) {
			found = append(found, r)
		}
	}
	return found
}

// at gives the rows that a version of a partition has.
func (s *fixture) at(version int64, partition string) texts {
	s.t.Helper()
	snapshot, err := s.table.SnapshotAt(s.t.Context(), version)
	require.NoError(s.t, err)
	found := texts{}
	for _, file := range snapshot.Files(partition) {
		for _, row := range s.rowsOf(file, nil) {
			require.NotContains(s.t, found, row.ID)
			found[row.ID] = row.Text
		}
	}
	return found
}

// items are the items of a partition as the ledger has them, by id.
func (s *fixture) items(partition string) []ledger.Entry {
	s.t.Helper()
	entries, err := s.Ledger.Items(s.t.Context(), ledger.Filter{Asset: string(s.made.Key), Partition: partition, Limit: 1000})
	require.NoError(s.t, err)
	return entries
}

// newest is the table's newest version.
func (s *fixture) newest() int64 {
	s.t.Helper()
	snapshot, err := s.table.Snapshot(s.t.Context())
	require.NoError(s.t, err)
	return snapshot.Version
}

// vacuum keeps the newest version alone.
func (s *fixture) vacuum() {
	s.t.Helper()
	_, err := s.Vacuum(s.t.Context(), []*asset.Asset{s.made}, Retention{Versions: 1})
	require.NoError(s.t, err)
}

// finish completes a publish that was interrupted.
func (s *fixture) finish(m ledger.Materialization) error {
	return FinishPublish(s.t.Context(), s.Ledger, s.table, name(s.made, m.Partition), m, lake.CommitInfo{Run: "finishes", Time: s.now})
}

// states gives "id state" of every item of a partition.
func (s *fixture) states(partition string) []string {
	var found []string
	for _, e := range s.items(partition) {
		found = append(found, fmt.Sprintf("%s %s", e.ID, e.State))
	}
	return found
}
