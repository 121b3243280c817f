package ledger

import (
	"context"
	"database/sql"
	"time"
)

// KindForeign marks items whose row another program removed or changed, and which must be made again.
const KindForeign = "foreign"

// Repair says where the rows of the items of a partition are after another program changed the files of the table.
type Repair struct {
	Files  map[string][]string `json:"parts,omitempty"` // data file → the items whose row is in it now; the key is stored
	Lost   []string            `json:"lost,omitempty"`  // items whose row is nowhere any more
	Reason string              `json:"reason,omitempty"`
}

// ForeignCommit is a commit of another program that a run examined.
type ForeignCommit struct {
	Asset     string    `json:"asset"`
	Partition string    `json:"partition"`
	Version   int64     `json:"version"`
	Operation string    `json:"operation"`
	Writer    string    `json:"writer"`
	Class     string    `json:"class"`    // rewrite, rows, schema or restore
	Followed  int       `json:"followed"` // rows found the same, in other files: of all commits that were looked into together
	Restored  int       `json:"restored"` // rows put back
	Removed   int       `json:"removed"`  // rows taken away
	Pending   int       `json:"pending"`  // items that are to be made again
	Run       string    `json:"run_id"`
	At        time.Time `json:"at"`
}

// DataFiles returns the parts that hold rows of the items of a partition, and the number of rows in each.
func (l *Ledger) DataFiles(ctx context.Context, asset, partition string) (map[string]int64, error) {
	all, err := l.filesOf(ctx, `AND partition = $2`, asset, partition)
	return all[partition], err
}

// AllDataFiles is Parts of every partition of an asset.
func (l *Ledger) AllDataFiles(ctx context.Context, asset string) (map[string]map[string]int64, error) {
	return l.filesOf(ctx, ``, asset)
}

// EachDataFile calls fn with each partition and file that AllDataFiles has, and the number of rows, and keeps nothing.
func (l *Ledger) EachDataFile(ctx context.Context, asset string, fn func(partition, file string, rows int64)) error {
	return l.eachFile(ctx, ``, fn, asset)
}

func (l *Ledger) eachFile(ctx context.Context, where string, fn func(partition, file string, rows int64), args ...any) error {
	return l.query(ctx, "read parts", func(rows *sql.Rows) error {
		var partition, part string
		var n int64
		err := rows.Scan(&partition, &part, &n)
		fn(partition, part, n)
		return err
	}, `SELECT partition, part, COUNT(*) FROM items WHERE asset = $1 `+where+` AND part <> '' GROUP BY partition, part`, args...)
}

func (l *Ledger) filesOf(ctx context.Context, where string, args ...any) (map[string]map[string]int64, error) {
	found := make(map[string]map[string]int64)
	err := l.eachFile(ctx, where, func(partition, part string, n int64) {
		if found[partition] == nil {
			found[partition] = make(map[string]int64)
		}
		found[partition][part] = n
	}, args...)
	return found, err
}

// RepointRows records where the rows of items are after another program changed the files of the table, if the table needs no
// change. An open publish of the partition is fault.Unavailable.
func (l *Ledger) RepointRows(ctx context.Context, asset, partition string, r Repair) error {
	return l.write(ctx, "follow files", func(tx *sql.Tx) error {
		if err := noOpenPublish(ctx, tx, "follow files", asset, partition); err != nil {
			return err
		}
		if err := repair(ctx, tx, Materialization{Asset: asset, Partition: partition, Moves: Moves{Repair: &r}}, micros(l.Now())); err != nil {
			return err
		}
		return recount(ctx, tx, asset, partition)
	})
}

// repair moves items to where their rows are. An item whose row is gone is made of the row that the ledger kept of it, or
// again.
func repair(ctx context.Context, tx *sql.Tx, m Materialization, at int64) error {
	r := m.Moves.Repair
	if r == nil {
		return nil
	}
	move, err := tx.PrepareContext(ctx, `UPDATE items SET part = $4, updated = $5 WHERE asset = $1 AND partition = $2 AND id = $3`)
	if err != nil {
		return err
	}
	defer move.Close()
	for part, ids := range r.Files {
		for _, id := range ids {
			if _, err := move.ExecContext(ctx, m.Asset, m.Partition, id, part, at); err != nil {
				return err
			}
		}
	}
	// Without a batch nobody takes it up before the next sync.
	lose, err := tx.PrepareContext(ctx, `UPDATE items SET part = '', updated = $4, remake = FALSE,
		kind = CASE WHEN state = 'published' THEN $5 ELSE kind END, reason = CASE WHEN state = 'published' THEN $6 ELSE reason END,
		batch = CASE WHEN state = 'published' THEN 0 ELSE batch END,
		state = CASE WHEN state <> 'published' THEN state WHEN row <> '' THEN 'made' ELSE 'pending' END
		WHERE asset = $1 AND partition = $2 AND id = $3`)
	if err != nil {
		return err
	}
	defer lose.Close()
	for _, id := range r.Lost {
		if _, err := lose.ExecContext(ctx, m.Asset, m.Partition, id, at, KindForeign, r.Reason); err != nil {
			return err
		}
	}
	return nil
}

// Unstage gives up a staged part that no longer exists: its items are done again, from the row in the ledger if there is
// one. It returns their number.
func (l *Ledger) Unstage(ctx context.Context, asset, partition, path string) (n int64, err error) {
	err = l.write(ctx, "give up part", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE items SET state = CASE WHEN row <> '' THEN 'made' ELSE 'pending' END, staged = '',
			reason = 'its staged part is gone', updated = $4 WHERE asset = $1 AND partition = $2 AND state = 'staged' AND staged = $3`,
			asset, partition, path, micros(l.Now()))
		if err != nil {
			return err
		}
		if n, err = result.RowsAffected(); err != nil {
			return err
		}
		return uncount(ctx, tx, asset, partition)
	})
	return n, err
}

// RecordForeign stores what was found out about commits of other programs.
func (l *Ledger) RecordForeign(ctx context.Context, commits []ForeignCommit) error {
	return l.write(ctx, "record foreign commits", func(tx *sql.Tx) error {
		for _, c := range commits {
			_, err := tx.ExecContext(ctx, `INSERT INTO foreign_commits (asset, partition, version, operation, writer, class, followed, restored, removed, pending, run, at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (asset, partition, version) DO NOTHING`,
				c.Asset, c.Partition, c.Version, c.Operation, c.Writer, c.Class, c.Followed, c.Restored, c.Removed, c.Pending, c.Run, micros(l.orNow(c.At)))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ForeignCommits returns the commits of other programs that runs examined, of a partition, or with "" of all, the oldest
// first.
func (l *Ledger) ForeignCommits(ctx context.Context, asset, partition string) ([]ForeignCommit, error) {
	var found []ForeignCommit
	err := l.query(ctx, "read foreign commits", func(rows *sql.Rows) error {
		var c ForeignCommit
		var at int64
		err := rows.Scan(&c.Asset, &c.Partition, &c.Version, &c.Operation, &c.Writer, &c.Class, &c.Followed, &c.Restored, &c.Removed, &c.Pending, &c.Run, &at)
		c.At = when(at)
		found = append(found, c)
		return err
	}, `SELECT asset, partition, version, operation, writer, class, followed, restored, removed, pending, run, at FROM foreign_commits
		WHERE asset = $1 AND (partition = $2 OR $2 = '') ORDER BY version, partition`, asset, partition)
	return found, err
}

// NewestPublish returns the highest number of a publish of a partition, with any end; -1 if there is none.
func (l *Ledger) NewestPublish(ctx context.Context, asset, partition string) (newest int64, err error) {
	err = l.query(ctx, "read newest publish", func(rows *sql.Rows) error { return rows.Scan(&newest) },
		`SELECT COALESCE(MAX(id), -1) FROM materializations WHERE asset = $1 AND partition = $2`, asset, partition)
	return newest, err
}
