package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"drugslm/internal/fault"
)

// Marks are positions in the change sequences: everything up to these numbers was seen.
type Marks struct {
	Seq  int64 // of publishes, and of looks that found a partition right
	Keys int64 // of keys of dynamic sets that are new or came back
}

// CursorKind says what a cursor is for.
type CursorKind string

// The kinds of cursors.
const (
	ConditionCursor CursorKind = "condition"
	FreshnessCursor CursorKind = "freshness"
)

// Cursor is how far automation has read the changes of an asset, and under which rule.
type Cursor struct {
	Asset string
	Kind  CursorKind
	Rule  string // the condition or the policy, as text
	Marks
	CodeVersion string // of the asset, when it was last looked at
	Began       time.Time
	Evaluated   time.Time
}

// Change is the change sequence of a partition that was published or verified.
type Change struct {
	PartitionRef
	Seq      int64
	Changed  int64 // number of the publish that readers see
	Verified time.Time
}

// Handled is the last request of a partition by automation.
type Handled struct {
	Seq         int64 // the mark at that time
	CodeVersion string
	At          time.Time
}

// AutomationRequest is what automation requested at one tick, for one asset.
type AutomationRequest struct {
	ID         int64
	Asset      string
	Tick       time.Time
	Partitions int      // how many were asked for
	Some       []string // the first of them
	Filter     string   // instead of partitions: all that pass it
	Cause      string
}

// AutomationStart is a run that the requests of a tick start.
type AutomationStart struct {
	Run     string
	Tick    time.Time
	Steps   int
	Input   json.RawMessage // of the workflow
	Started time.Time       // zero: nobody has seen to it yet
}

// AutomationTick is everything that one evaluation writes.
type AutomationTick struct {
	At       time.Time
	Before   []Cursor // the cursors as they were read: others mean that somebody else evaluated in between
	Cursors  []Cursor
	Requests []AutomationRequest
	Handled  map[PartitionRef]Handled
	Waiting  []PartitionRef // all of them
	Starts   []AutomationStart
	Due      map[PartitionRef]time.Time // zero: not due any more
}

// Marks returns the newest numbers of the change sequences.
func (l *Ledger) Marks(ctx context.Context) (m Marks, err error) {
	err = l.query(ctx, "read marks", func(rows *sql.Rows) error { return rows.Scan(&m.Seq, &m.Keys) },
		`SELECT (SELECT COALESCE(MAX(seq), 0) FROM touches), (SELECT COALESCE(MAX(seq), 0) FROM partitions)`)
	return m, err
}

// Cursors returns every cursor of automation.
func (l *Ledger) Cursors(ctx context.Context) ([]Cursor, error) {
	var out []Cursor
	err := l.query(ctx, "read automation", func(rows *sql.Rows) error {
		var c Cursor
		var began, evaluated int64
		err := rows.Scan(&c.Asset, &c.Kind, &c.Rule, &c.Seq, &c.Keys, &c.CodeVersion, &began, &evaluated)
		c.Began, c.Evaluated = when(began), when(evaluated)
		out = append(out, c)
		return err
	}, `SELECT asset, kind, rule, seq, keys, code_version, began, evaluated FROM automation_cursors ORDER BY asset, kind`)
	return out, err
}

// ChangesBetween returns the partitions that were published or verified after one mark and up to another, in that order.
func (l *Ledger) ChangesBetween(ctx context.Context, after, upTo int64) ([]Change, error) {
	var out []Change
	err := l.query(ctx, "read what changed", func(rows *sql.Rows) error {
		var t Change
		var verified int64
		err := rows.Scan(&t.Asset, &t.Partition, &t.Seq, &t.Changed, &verified)
		t.Verified = when(verified)
		out = append(out, t)
		return err
	}, `SELECT t.asset, t.partition, t.seq, t.changed, s.verified FROM touches t
		JOIN standings s ON s.asset = t.asset AND s.partition = t.partition
		WHERE t.seq > $1 AND t.seq <= $2 ORDER BY t.seq`, after, upTo)
	return out, err
}

// NewKeys returns the keys of dynamic sets that are new, or came back, after one mark and up to another: by set, with
// the mark of each.
func (l *Ledger) NewKeys(ctx context.Context, after, upTo int64) (map[string]map[string]int64, error) {
	out := make(map[string]map[string]int64)
	err := l.query(ctx, "read new partitions", func(rows *sql.Rows) error {
		var set, key string
		var seq int64
		err := rows.Scan(&set, &key, &seq)
		if out[set] == nil {
			out[set] = make(map[string]int64)
		}
		out[set][key] = seq
		return err
	}, `SELECT kind, key, seq FROM partitions WHERE seq > $1 AND seq <= $2 AND NOT gone ORDER BY seq, key`, after, upTo)
	return out, err
}

// Waiting returns the partitions that automation evaluates again although nothing changed.
func (l *Ledger) Waiting(ctx context.Context) ([]PartitionRef, error) {
	var out []PartitionRef
	err := l.query(ctx, "read automation", func(rows *sql.Rows) error {
		var s PartitionRef
		err := rows.Scan(&s.Asset, &s.Partition)
		out = append(out, s)
		return err
	}, `SELECT asset, partition FROM automation_waiting ORDER BY asset, partition`)
	return out, err
}

// RecordTick writes all of an evaluation, or nothing. If another evaluation was recorded in between, it is
// fault.Unavailable.
func (l *Ledger) RecordTick(ctx context.Context, t AutomationTick) error {
	return l.write(ctx, "record automation", func(tx *sql.Tx) error {
		for _, write := range []func(context.Context, *sql.Tx, AutomationTick) error{
			moveCursors, handle, wait, request, plan, setDue,
		} {
			if err := write(ctx, tx, t); err != nil {
				return err
			}
		}
		return nil
	})
}

func moveCursors(ctx context.Context, tx *sql.Tx, t AutomationTick) error {
	before := make(map[[2]string]Cursor, len(t.Before))
	for _, c := range t.Before {
		before[[2]string{c.Asset, string(c.Kind)}] = c
	}
	for _, c := range t.Cursors {
		was := before[[2]string{c.Asset, string(c.Kind)}]
		result, err := tx.ExecContext(ctx, `INSERT INTO automation_cursors (asset, kind, rule, seq, keys, code_version, began, evaluated)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (asset, kind) DO UPDATE SET rule = excluded.rule, seq = excluded.seq,
			keys = excluded.keys, code_version = excluded.code_version, began = excluded.began, evaluated = excluded.evaluated
			WHERE automation_cursors.evaluated = $9 AND automation_cursors.seq = $10`,
			c.Asset, string(c.Kind), c.Rule, c.Seq, c.Keys, c.CodeVersion, micros(c.Began), micros(c.Evaluated), micros(was.Evaluated), was.Seq)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errOr(err, fault.New(fault.Unavailable, "record automation", "somebody else evaluated %s at the same time", c.Asset))
		}
	}
	return nil
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func handle(ctx context.Context, tx *sql.Tx, t AutomationTick) error {
	stmt, err := tx.PrepareContext(ctx, `INSERT INTO automation_handled (asset, partition, seq, code_version, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (asset, partition) DO UPDATE SET seq = excluded.seq, code_version = excluded.code_version, at = excluded.at`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for s, h := range t.Handled {
		if _, err := stmt.ExecContext(ctx, s.Asset, s.Partition, h.Seq, h.CodeVersion, micros(h.At)); err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, tx *sql.Tx, t AutomationTick) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM automation_waiting`); err != nil {
		return err
	}
	for _, s := range t.Waiting {
		if _, err := tx.ExecContext(ctx, `INSERT INTO automation_waiting (asset, partition) VALUES ($1, $2)`, s.Asset, s.Partition); err != nil {
			return err
		}
	}
	return nil
}

// keptRequests is how many requests are kept of each asset.
const keptRequests = 1000

func request(ctx context.Context, tx *sql.Tx, t AutomationTick) error {
	for _, r := range t.Requests {
		some, err := json.Marshal(r.Some)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO automation_requests (id, asset, tick, partitions, some, filter, cause)
			VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM automation_requests), $1, $2, $3, $4, $5, $6)`,
			r.Asset, micros(t.At), r.Partitions, string(some), r.Filter, r.Cause); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM automation_requests WHERE asset = $1 AND id <
			(SELECT id FROM automation_requests WHERE asset = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`, r.Asset, keptRequests-1); err != nil {
			return err
		}
	}
	return nil
}

func plan(ctx context.Context, tx *sql.Tx, t AutomationTick) error {
	for i, s := range t.Starts {
		if _, err := tx.ExecContext(ctx, `INSERT INTO automation_starts (run, tick, place, steps, input, started) VALUES ($1, $2, $3, $4, $5, 0)`,
			s.Run, micros(t.At), i, s.Steps, string(s.Input)); err != nil {
			return err
		}
	}
	return nil
}

func setDue(ctx context.Context, tx *sql.Tx, t AutomationTick) error {
	put, err := tx.PrepareContext(ctx, `INSERT INTO automation_due (asset, partition, due) VALUES ($1, $2, $3)
		ON CONFLICT (asset, partition) DO UPDATE SET due = excluded.due`)
	if err != nil {
		return err
	}
	defer put.Close()
	remove, err := tx.PrepareContext(ctx, `DELETE FROM automation_due WHERE asset = $1 AND partition = $2`)
	if err != nil {
		return err
	}
	defer remove.Close()
	for s, due := range t.Due {
		if due.IsZero() {
			_, err = remove.ExecContext(ctx, s.Asset, s.Partition)
		} else {
			_, err = put.ExecContext(ctx, s.Asset, s.Partition, micros(due))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
