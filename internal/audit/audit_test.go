package audit_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // to damage a ledger behind its back

	"drugslm/internal/asset"
	"drugslm/internal/audit"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

const (
	key       = "test/download"
	partition = "5"
)

// row is a row that names a file.
type row struct {
	ID     string `parquet:"id"`
	SHA256 string `parquet:"sha256"`
	asset.Provenance
}

func (r row) ItemID() string     { return r.ID }
func (r row) FileSHA256() string { return r.SHA256 }

// bundle is a ledger, a table and files that agree: items a and b in one part, c in another, d absent, e pending
// with its old row, f quarantined.
type bundle struct {
	t       *testing.T
	dir     string
	subject audit.Subject
	table   *lake.Table
	parts   map[string]lake.File // by the items in it
	blobs   *lake.Blobs
	shas    map[string]string // by item
	txn     int64
}

func setup(t *testing.T) *bundle {
	t.Helper()
	dir := t.TempDir()
	books, err := ledger.Open(t.Context(), filepath.Join(dir, "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	store, err := lake.Dir(filepath.Join(dir, "lake"))
	require.NoError(t, err)
	none := func(context.Context, asset.Run, func(asset.Item, row) error) (asset.Listing, error) {
		return asset.Listing{}, errors.New("an audit asks no source")
	}
	a := asset.New(asset.Spec[row]{
		Key: key, Location: "download", CodeVersion: "1", Queue: asset.QueueBrowser, List: none,
		Partitions: &asset.Partitions{Name: "category", Queue: asset.QueueBrowser, Discover: func(context.Context) ([]asset.Partition, error) { return nil, nil }},
	})
	graph, err := asset.NewGraph(a)
	require.NoError(t, err)
	l := lake.New(store)
	table := func(a *asset.Asset) *lake.Table { return l.Table(a.Location, a.Codec, a.Partitions.Name) }
	b := &bundle{t: t, dir: dir, table: table(a), parts: map[string]lake.File{}, blobs: l.Blobs("raw", ".pdf"), shas: map[string]string{}}
	b.subject = audit.Subject{Graph: graph, Ledger: books, Table: table, Leaflets: func(asset.Key) *lake.Blobs { return b.blobs }}
	b.fill()
	return b
}

func (b *bundle) fill() {
	ctx, books := b.t.Context(), b.subject.Ledger
	require.NoError(b.t, books.SavePartitions(ctx, "category", []ledger.Partition{{Key: partition}}))
	b.sync("r1", "old", "a", "b", "c", "d", "e", "f")
	first, second := b.part("a", "b"), b.part("c", "e")
	staged := func(id string, f lake.File) ledger.Outcome {
		return ledger.Outcome{ID: id, State: ledger.Staged, Staged: f.Path}
	}
	require.NoError(b.t, books.RecordOutcomes(ctx, ledgertest.Token(b.t, books, key, partition), []ledger.Outcome{
		staged("a", first), staged("b", first), staged("c", second), staged("e", second),
		{ID: "d", State: ledger.Absent, Kind: "not_found"}, {ID: "f", State: ledger.Quarantined, Kind: "corrupt", Reason: "not a PDF"},
	}))
	id, err := books.BeginPublish(ctx, ledger.Materialization{Asset: key, Partition: partition, Run: "r1", CodeVersion: "1",
		Moves: ledger.Moves{Added: []ledger.DataFile{{Path: first.Path}, {Path: second.Path}}}})
	require.NoError(b.t, err)
	b.commit(lake.Change{Partition: partition, Add: []lake.File{first, second}})
	require.NoError(b.t, books.FinishPublish(ctx, id, 0, 4, 400))
	_, err = ledgertest.Enumerate(b.t, books, ledger.Enumeration{Asset: key, Partition: partition, Run: "r2", CodeVersion: "1", Partial: true, Items: items("new", "e")})
	require.NoError(b.t, err)
}

func items(fingerprint string, ids ...string) func(func(ledger.Item, error) bool) {
	return func(yield func(ledger.Item, error) bool) {
		for _, id := range ids {
			if !yield(ledger.Item{ID: id, Fingerprint: fingerprint}, nil) {
				return
			}
		}
	}
}

func (b *bundle) sync(run, fingerprint string, ids ...string) {
	_, err := b.subject.Ledger.SyncItems(b.t.Context(), ledger.Enumeration{
		Asset: key, Partition: partition, Run: run, CodeVersion: "1", Items: items(fingerprint, ids...)})
	require.NoError(b.t, err)
}

// part writes a part with the rows of items, each with a file of its own.
func (b *bundle) part(ids ...string) lake.File {
	return b.partOf(partition, ids...)
}

func (b *bundle) partOf(partition string, ids ...string) lake.File {
	p, err := b.table.NewFile(b.t.Context(), partition, nil)
	require.NoError(b.t, err)
	var name string
	for _, id := range ids {
		sha, _, err := b.blobs.Put(b.t.Context(), []byte("leaflet "+id))
		require.NoError(b.t, err)
		b.shas[id] = sha
		require.NoError(b.t, p.Write(row{ID: id, SHA256: sha, Provenance: asset.Provenance{CodeVersion: "1", Fingerprint: "old", FetchedAt: time.Now().UTC()}}))
		name += id
	}
	file, err := p.Close(b.t.Context())
	require.NoError(b.t, err)
	b.parts[name] = file
	return file
}

func (b *bundle) commit(c lake.Change) {
	b.txn++
	c.App, c.Txn = "test", b.txn
	_, err := b.table.Commit(b.t.Context(), c)
	require.NoError(b.t, err)
}

// damage changes the ledger behind its back.
func (b *bundle) damage(query string, args ...any) {
	db, err := sql.Open("sqlite", filepath.Join(b.dir, "ledger.db")+"?_pragma=ignore_check_constraints(1)")
	require.NoError(b.t, err)
	defer db.Close()
	result, err := db.ExecContext(b.t.Context(), query, args...)
	require.NoError(b.t, err)
	n, err := result.RowsAffected()
	require.NoError(b.t, err)
	require.EqualValues(b.t, 1, n)
}

func (b *bundle) file(parts ...string) string {
	return filepath.Join(append([]string{b.dir, "lake"}, parts...)...)
}

// findings gives "subject: problem" of each finding.
func (b *bundle) findings() []string {
	report, err := audit.Run(b.t.Context(), b.subject)
	require.NoError(b.t, err)
	found := []string{}
	for _, f := range report.Findings {
		require.Equal(b.t, asset.Key(key), f.Asset)
		found = append(found, f.Subject+": "+f.Problem)
	}
	return found
}

func TestAudit(t *testing.T) {
	t.Parallel()
	t.Run("finds nothing when everything agrees", auditFindsNothingWhenEverythingAgrees)
	t.Run("finds every disagreement", auditFindsEveryDisagreement)
	t.Run("finds a wrong row count of a file", auditFindsWrongRowCountOfFile)
	t.Run("reports nothing when it is stopped", auditReportsNothingWhenItIsStopped)
	t.Run("repairs rows in the next run", auditRepairsRowsInNextRun)
}

func auditFindsNothingWhenEverythingAgrees(t *testing.T) {
	t.Parallel()
	b := setup(t)
	report, err := audit.Run(t.Context(), b.subject)
	require.NoError(t, err)
	require.Equal(t, audit.Report{Partitions: 1, Items: 6, Rows: 4, Files: 4, Findings: []audit.Finding{}}, report)
}

func auditFindsEveryDisagreement(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage func(*bundle)
		want   func(*bundle) []string
	}{
		"a row is missing": {
			func(b *bundle) {
				b.commit(lake.Change{Partition: partition, Remove: []string{b.parts["ab"].Path}, Add: []lake.File{b.part("a")}})
				b.damage(`UPDATE items SET part = ? WHERE id = 'a'`, b.parts["a"].Path)
			},
			func(b *bundle) []string {
				return []string{`b: should have its row in "` + b.parts["ab"].Path + `", but no row of it is there`}
			},
		},
		"an item is published nowhere": {
			func(b *bundle) { b.damage(`UPDATE items SET state = 'published' WHERE id = 'd'`) },
			func(*bundle) []string { return []string{`d: should have its row in "", but no row of it is there`} },
		},
		"a row is there twice": {
			func(b *bundle) { b.commit(lake.Change{Partition: partition, Add: []lake.File{b.part("c")}}) },
			func(b *bundle) []string {
				return []string{"c: has a row in " + b.parts["c"].Path + ", but the ledger has no published item for it, or it has two rows"}
			},
		},
		"a row of nobody": {
			func(b *bundle) { b.commit(lake.Change{Partition: partition, Add: []lake.File{b.part("f")}}) },
			func(b *bundle) []string {
				return []string{"f: has a row in " + b.parts["f"].Path + ", but the ledger has no published item for it, or it has two rows"}
			},
		},
		"a row in another part": {
			func(b *bundle) { b.damage(`UPDATE items SET part = 'elsewhere' WHERE id = 'b'`) },
			func(b *bundle) []string {
				return []string{"b: has its row in " + b.parts["ab"].Path + ", the ledger says elsewhere"}
			},
		},
		"a partition of nobody": {
			func(b *bundle) { b.commit(lake.Change{Partition: "6", Add: []lake.File{b.partOf("6", "a")}}) },
			func(*bundle) []string { return []string{"partition: the table has it, the ledger does not know it"} },
		},
		"an item is in no state": {
			func(b *bundle) { b.damage(`UPDATE items SET state = 'lost' WHERE id = 'd'`) },
			func(*bundle) []string {
				return []string{
					"counts: the ledger counts {Discovered:6 Published:3 Absent:0 Quarantined:1 Pending:1 Waived:0}, its items are {Discovered:6 Published:3 Absent:0 Quarantined:1 Pending:2 Waived:0}",
					"counts: discovered 6, accounted for 5: {Discovered:6 Published:3 Absent:0 Quarantined:1 Pending:1 Waived:0}",
				}
			},
		},
		"a count is wrong": {
			func(b *bundle) {
				b.damage(`UPDATE item_counts SET counted = TRUE, discovered = 6, published = 2, quarantined = 1, pending = 3`)
			},
			func(*bundle) []string {
				return []string{"counts: the ledger keeps the counts {Discovered:6 Published:2 Absent:1 Quarantined:1 Pending:3 Waived:0}, its items are {Discovered:6 Published:3"}
			},
		},
		"a PDF is gone": {
			func(b *bundle) { require.NoError(b.t, os.Remove(b.file(b.blobs.Path(b.shas["c"])))) },
			func(b *bundle) []string { return []string{"c: file " + b.shas["c"] + ": "} },
		},
		"a PDF has other bytes": {
			func(b *bundle) {
				require.NoError(b.t, os.Chmod(b.file(b.blobs.Path(b.shas["a"])), 0o600))
				require.NoError(b.t, os.WriteFile(b.file(b.blobs.Path(b.shas["a"])), []byte("leaflet A"), 0o600))
			},
			func(b *bundle) []string {
				return []string{"a: file " + b.shas["a"] + ": verify " + b.blobs.Path(b.shas["a"]) + ": its content has the SHA-256 "}
			},
		},
		"a row of other code": {
			func(b *bundle) { b.damage(`UPDATE items SET code_version = '2' WHERE id = 'a'`) },
			func(*bundle) []string {
				return []string{"a: its row was made with code version 1, the ledger says 2"}
			},
		},
		"a row of another fingerprint": {
			func(b *bundle) { b.damage(`UPDATE items SET fingerprint = 'new' WHERE id = 'c'`) },
			func(*bundle) []string {
				return []string{"c: its row is of fingerprint old, the ledger says new"}
			},
		},
		"a part is gone": {
			func(b *bundle) { require.NoError(b.t, os.Remove(b.file("download", b.parts["ab"].Path))) },
			func(b *bundle) []string {
				path := b.parts["ab"].Path
				return []string{path + ": cannot be read: ", path + ": holds 0 rows, the table's log says 2",
					`a: should have its row in "` + path, `b: should have its row in "` + path}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			c.damage(b)
			got, want := b.findings(), c.want(b)
			require.Len(t, got, len(want), "%q", got)
			for i := range want {
				require.Contains(t, got[i], want[i])
			}
		})
	}
}

// A log that counts rows wrongly misleads readers that trust its statistics.
func auditFindsWrongRowCountOfFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	names, err := filepath.Glob(b.file("download", "_delta_log", "*.json"))
	require.NoError(t, err)
	require.Len(t, names, 1)
	log, err := os.ReadFile(names[0])
	require.NoError(t, err)
	before := slices.Clone(log)
	log = []byte(strings.Replace(string(log), `\"numRecords\":2`, `\"numRecords\":3`, 1))
	require.NotEqual(t, before, log)
	require.NoError(t, os.Chmod(names[0], 0o600))
	require.NoError(t, os.WriteFile(names[0], log, 0o600))
	require.Len(t, b.findings(), 1)
	require.Contains(t, b.findings()[0], "holds 2 rows, the table's log says 3")
}

func auditReportsNothingWhenItIsStopped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := audit.Run(ctx, b.subject)
	require.ErrorIs(t, err, context.Canceled)
}

// A repair has the next run make what is wrong, once nobody is at the partition, and readers keep what they have until then.
func auditRepairsRowsInNextRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.damage(`UPDATE items SET code_version = '2' WHERE id = 'a'`)
	b.subject.Repair = true
	claim := ledger.Claim{Asset: key, Partition: partition, Run: "r3", Workflow: "w", Execution: "e"}
	_, err := b.subject.Ledger.Claim(t.Context(), claim)
	require.NoError(t, err)
	cures := func() []string {
		report, err := audit.Run(t.Context(), b.subject)
		require.NoError(t, err)
		found := []string{}
		for _, f := range report.Findings {
			found = append(found, f.Subject+": "+f.Repair)
		}
		return found
	}
	require.Equal(t, []string{"a: a run is at the partition: repair it once that has ended"}, cures())
	require.NoError(t, b.subject.Ledger.Unclaim(t.Context(), claim))
	require.Equal(t, []string{"a: the next run of the partition makes it again"}, cures())
	require.Empty(t, cures(), "it is to be made again: nothing is wrong with that")

	sum, err := ledgertest.Enumerate(t, b.subject.Ledger, ledger.Enumeration{Asset: key, Partition: partition, Run: "r3", CodeVersion: "2",
		Partial: true, Items: items("old", "a")})
	require.NoError(t, err)
	require.Equal(t, ledger.SyncResult{Discovered: 1, Changed: 1, Todo: 1, Batches: 1}, sum)
}
