package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"drugslm/internal/fault"
)

// movesAtOnce bounds the parts that one statement moves: each such statement reads the partition's items once.
const movesAtOnce = 500

// querier is what both a transaction and the reader can do.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Superseded returns, for each published part with rows that must go, the ids of those rows: items that are staged
// again, absent or quarantined. An item that is pending or made keeps its old row in the table for now.
func (l *Ledger) Superseded(ctx context.Context, asset, partition string) (map[string][]string, error) {
	out, err := superseded(ctx, l.reader, asset, partition)
	return out, l.explain(ctx, "read superseded rows", err)
}

func superseded(ctx context.Context, q querier, asset, partition string) (map[string][]string, error) {
	out := make(map[string][]string)
	rows, err := q.QueryContext(ctx, `SELECT part, id FROM items WHERE asset = $1 AND partition = $2
		AND state IN ('staged', 'absent', 'quarantined') AND part <> '' ORDER BY part, id`, asset, partition)
	err = each(rows, err, func(rows *sql.Rows) error {
		var part, id string
		err := rows.Scan(&part, &id)
		out[part] = append(out[part], id)
		return err
	})
	return out, err
}

// StagedFiles returns the paths of the staged parts of a partition, sorted, and their number of rows.
func (l *Ledger) StagedFiles(ctx context.Context, asset, partition string) (paths []string, rows int, err error) {
	err = l.query(ctx, "read staged parts", func(r *sql.Rows) error {
		var path string
		var n int
		err := r.Scan(&path, &n)
		paths, rows = append(paths, path), rows+n
		return err
	}, `SELECT staged, COUNT(*) FROM items WHERE asset = $1 AND partition = $2 AND state = 'staged'
		GROUP BY staged ORDER BY staged`, asset, partition)
	return paths, rows, err
}

// BeginPublish records that the table is about to change as m.Moves says, and returns the id for FinishPublish or
// AbandonPublish records that the lake does not hold the publish and never will. Staged items stay staged for the next
// publish. A second call changes nothing; abandoning a finished publish is fault.Internal.
func (l *Ledger) BeginPublish(ctx context.Context, m Materialization) (int64, error) {
	m.State, m.Started = PhasePublishing, l.orNow(m.Started)
	var id int64
	err := l.writeDurable(ctx, "begin publish", func(tx *sql.Tx) error {
		if err := m.mayWrite(ctx, tx, "begin publish"); err != nil {
			return err
		}
		if err := noOpenPublish(ctx, tx, "begin publish", m.Asset, m.Partition); err != nil {
			return err
		}
		if err := mayRollBack(ctx, tx, m); err != nil {
			return err
		}
		begun := m
		if begun.Moves.Dropped == nil {
			dropped, err := superseded(ctx, tx, m.Asset, m.Partition)
			if err != nil {
				return err
			}
			begun.Moves.Dropped = dropped
		}
		if err := rewritesAll(begun); err != nil {
			return err
		}
		if err := checkNoLoss(ctx, tx, begun); err != nil {
			return err
		}
		var err error
		id, err = insertMaterialization(ctx, tx, begun)
		return err
	})
	return id, err
}

// mayWrite checks the token of a run. A rollback has none: it is refused while a run is at the partition. What follows another
// program is done before anything is synced: it is the claim's run that may.
func (m Materialization) mayWrite(ctx context.Context, tx *sql.Tx, op string) error {
	if m.Moves.Rollback != nil {
		return nil
	}
	if m.Moves.Repair != nil {
		held, ok, err := readClaim(ctx, tx, m.Asset, m.Partition)
		if err == nil && ok && held.Run != m.Run {
			err = fault.New(fault.Busy, op, "run %s is superseded by run %s, which holds %s[%s] now: nothing was written", m.Run, held.Run, m.Asset, m.Partition)
		}
		return err
	}
	t := m.By
	t.Asset, t.Partition, t.Run = m.Asset, m.Partition, m.Run
	_, err := t.check(ctx, tx, op)
	return err
}

// rewritesAll checks that no row that must go stays behind, beside the new row of its item.
func rewritesAll(m Materialization) error {
	for old, ids := range m.Moves.Dropped {
		if _, ok := m.Moves.Rewritten[old]; !ok && len(ids) > 0 {
			return fault.New(fault.Internal, "begin publish", "part %s of %s[%s] holds %d rows that must go, item %q among them, but is not rewritten",
				old, m.Asset, m.Partition, len(ids), ids[0])
		}
	}
	return nil
}

// checkNoLoss checks that every item with its row in a part of which nothing is left is among those dropped.
func checkNoLoss(ctx context.Context, tx *sql.Tx, m Materialization) error {
	for old, moved := range m.Moves.Rewritten {
		if moved != "" {
			continue
		}
		gone := make(map[string]bool, len(m.Moves.Dropped[old]))
		for _, id := range m.Moves.Dropped[old] {
			gone[id] = true
		}
		rows, err := tx.QueryContext(ctx, `SELECT id FROM items WHERE asset = $1 AND partition = $2 AND part = $3`, m.Asset, m.Partition, old)
		err = each(rows, err, func(rows *sql.Rows) error {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			if !gone[id] {
				return fault.New(fault.Internal, "begin publish", "part %s of %s[%s] would go, but item %q still has its row in it",
					old, m.Asset, m.Partition, id)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// FinishPublish records that the lake holds the publish as version, in one transaction: the items of its added parts are
// published, the items of dropped rows lose their part, the others of a rewritten part move to the new part, and the
// items of a rollback go back. rows and bytes are those of the partition in that version. A second call changes nothing;
// finishing an abandoned publish is fault.Internal.
func (l *Ledger) FinishPublish(ctx context.Context, id, version, rows, bytes int64) error {
	return l.write(ctx, "finish publish", func(tx *sql.Tx) error {
		m, err := openPublish(ctx, tx, "finish publish", id, PhasePublished)
		if err != nil || m.State == PhasePublished {
			return err
		}
		at := micros(l.Now())
		if err := dropRows(ctx, tx, m, at); err != nil {
			return err
		}
		if err := followFiles(ctx, tx, m, at); err != nil {
			return err
		}
		if err := publishFiles(ctx, tx, m, at); err != nil {
			return err
		}
		if err := restore(ctx, tx, m, at); err != nil {
			return err
		}
		if err := repair(ctx, tx, m, at); err != nil {
			return err
		}
		if err := recount(ctx, tx, m.Asset, m.Partition); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE materializations SET state = 'published', version = $2, rows = $3, bytes = $4, finished = $5
			WHERE id = $1`, id, version, rows, bytes, at)
		if err != nil {
			return err
		}
		if err := recordPublished(ctx, tx, id); err != nil || m.Moves.Rollback == nil {
			return err
		}
		// Where no row is another than before, as after the repair of what another program did, nothing has to be brought forward.
		_, err = tx.ExecContext(ctx, `UPDATE standings SET rolled_back = $3 WHERE asset = $1 AND partition = $2
			AND EXISTS (SELECT 1 FROM items WHERE asset = $1 AND partition = $2 AND kind = $4)`, m.Asset, m.Partition, m.Moves.Rollback.To, KindRolledBack)
		return err
	})
}

func dropRows(ctx context.Context, tx *sql.Tx, m Materialization, at int64) error {
	stmt, err := tx.PrepareContext(ctx, `UPDATE items SET part = '', updated = $5
		WHERE asset = $1 AND partition = $2 AND id = $3 AND part = $4`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for old := range m.Moves.Rewritten {
		for _, id := range m.Moves.Dropped[old] {
			if _, err := stmt.ExecContext(ctx, m.Asset, m.Partition, id, old, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func followFiles(ctx context.Context, tx *sql.Tx, m Materialization, at int64) error {
	var pairs [][]any
	for old, moved := range m.Moves.Rewritten {
		if moved != "" {
			pairs = append(pairs, []any{old, moved})
		}
	}
	return inChunks(pairs, func(values string, args []any) error {
		_, err := tx.ExecContext(ctx, `WITH moves (before, after) AS (VALUES `+values+`)
			UPDATE items SET part = (SELECT after FROM moves WHERE before = items.part), updated = $3
			WHERE asset = $1 AND partition = $2 AND part IN (SELECT before FROM moves)`, append([]any{m.Asset, m.Partition, at}, args...)...)
		return err
	})
}

func publishFiles(ctx context.Context, tx *sql.Tx, m Materialization, at int64) error {
	var paths [][]any
	for _, part := range m.Moves.Added {
		paths = append(paths, []any{part.Path})
	}
	return inChunks(paths, func(values string, args []any) error {
		_, err := tx.ExecContext(ctx, `WITH added (path) AS (VALUES `+values+`)
			UPDATE items SET state = 'published', part = staged, staged = '', kind = '', reason = '', evidence = '', updated = $3
			WHERE asset = $1 AND partition = $2 AND state = 'staged' AND staged IN (SELECT path FROM added)`,
			append([]any{m.Asset, m.Partition, at}, args...)...)
		return err
	})
}

// inChunks hands rows on as the text and the arguments of a VALUES list whose placeholders start at $4.
func inChunks(rows [][]any, do func(values string, args []any) error) error {
	for len(rows) > 0 {
		n := min(len(rows), movesAtOnce)
		var text strings.Builder
		var args []any
		for i, row := range rows[:n] {
			text.WriteString(strings.Repeat(", ", min(i, 1)) + "(")
			for j, value := range row {
				args = append(args, value)
				fmt.Fprintf(&text, "%s$%d", strings.Repeat(", ", min(j, 1)), len(args)+3)
			}
			text.WriteString(")")
		}
		if err := do(text.String(), args); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// AbandonPublish records that the lake does not hold the publish and never will. What was staged stays staged, for
// the next one. Abandoning twice changes nothing; abandoning a finished publish is fault.Internal.
func (l *Ledger) AbandonPublish(ctx context.Context, id int64, reason string) error {
	return l.write(ctx, "abandon publish", func(tx *sql.Tx) error {
		m, err := openPublish(ctx, tx, "abandon publish", id, PhaseFailed)
		if err != nil || m.State == PhaseFailed {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE materializations SET state = 'failed', reason = $2, finished = $3 WHERE id = $1`,
			id, reason, micros(l.Now()))
		return err
	})
}

// openPublish reads a materialization that is open, or that ended already as the caller wants it to.
func openPublish(ctx context.Context, tx *sql.Tx, op string, id int64, ended Phase) (Materialization, error) {
	var m Materialization
	var moves string
	err := tx.QueryRowContext(ctx, `SELECT asset, partition, run, state, moves FROM materializations WHERE id = $1`, id).
		Scan(&m.Asset, &m.Partition, &m.Run, &m.State, &moves)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return m, fault.New(fault.Internal, op, "materialization %d is not known", id)
	case err != nil:
		return m, err
	case m.State != PhasePublishing && m.State != ended:
		return m, fault.New(fault.Internal, op, "materialization %d of %s[%s] is %s already", id, m.Asset, m.Partition, m.State)
	}
	return m, json.Unmarshal([]byte(moves), &m.Moves)
}
