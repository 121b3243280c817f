package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// Waiver is the decision of a person that a quarantined item may stay so. It holds while the item stays quarantined
// under the same fingerprint: an item that changes at the source is done again.
type Waiver struct {
	Asset, Partition, ID string

	Note   string // why
	Author string // who
	Since  time.Time
}

// held joins the waivers that hold with their items. CROSS JOIN keeps the order: there are few waivers.
const held = ` FROM waivers w CROSS JOIN items i ON w.asset = i.asset AND w.partition = i.partition AND w.id = i.id
	AND w.fingerprint = i.fingerprint WHERE i.state = 'quarantined'`

// kinds counts items by the kind of their failure.
type kinds map[string]int

func (k kinds) sum() (n int) {
	for _, one := range k {
		n += one
	}
	return n
}

// waived counts the items that are waived, of one partition or of all ("").
func (l *Ledger) waived(ctx context.Context, asset, partition string) (map[PartitionRef]kinds, error) {
	out := make(map[PartitionRef]kinds)
	err := l.query(ctx, "count waived items", func(rows *sql.Rows) error {
		var s PartitionRef
		var kind string
		var n int
		if err := rows.Scan(&s.Asset, &s.Partition, &kind, &n); err != nil {
			return err
		}
		if out[s] == nil {
			out[s] = make(kinds)
		}
		out[s][kind] = n
		return nil
	}, `SELECT i.asset, i.partition, i.kind, COUNT(*)`+held+` AND ($1 = '' OR i.asset = $1) AND ($2 = '' OR i.partition = $2)
		GROUP BY i.asset, i.partition, i.kind`, asset, partition)
	return out, err
}

// excludeWaived takes the waived items out of counts of what needs another look.
func (l *Ledger) excludeWaived(ctx context.Context, counted map[PartitionRef]OpenItems, retryable []string) error {
	waived, err := l.waived(ctx, "", "")
	for s, of := range waived {
		u := counted[s]
		for kind, n := range of {
			u.Quarantined -= n
			if slices.Contains(retryable, kind) {
				u.Retryable -= n
			}
		}
		if counted[s] = u; u == (OpenItems{}) {
			delete(counted, s)
		}
	}
	return err
}

// Quarantine counts the quarantined items of an asset, but those that are waived.
type Quarantine struct {
	Total int
	New   int // that were quarantined, or tried again in vain, since a time
}

// QuarantinedSince counts the quarantined items of each asset that has some, but those that are waived.
func (l *Ledger) QuarantinedSince(ctx context.Context, since time.Time) (map[string]Quarantine, error) {
	out := make(map[string]Quarantine)
	err := l.query(ctx, "count quarantined items", func(rows *sql.Rows) error {
		var asset string
		var q Quarantine
		err := rows.Scan(&asset, &q.Total, &q.New)
		out[asset] = q
		return err
	}, `SELECT i.asset, COUNT(*), COUNT(CASE WHEN i.updated >= $1 THEN 1 END) FROM items i WHERE i.state = 'quarantined' AND NOT EXISTS
		(SELECT 1 FROM waivers w WHERE w.asset = i.asset AND w.partition = i.partition AND w.id = i.id AND w.fingerprint = i.fingerprint)
		GROUP BY i.asset`, micros(since))
	return out, err
}

// Waivers returns the waivers in force, of the items of an asset or of all ("").
func (l *Ledger) Waivers(ctx context.Context, asset string) (map[PartitionRef]map[string]Waiver, error) {
	out := make(map[PartitionRef]map[string]Waiver)
	err := l.query(ctx, "read waivers", func(rows *sql.Rows) error {
		var w Waiver
		var since int64
		if err := rows.Scan(&w.Asset, &w.Partition, &w.ID, &w.Note, &w.Author, &since); err != nil {
			return err
		}
		w.Since = when(since)
		at := PartitionRef{w.Asset, w.Partition}
		if out[at] == nil {
			out[at] = make(map[string]Waiver)
		}
		out[at][w.ID] = w
		return nil
	}, `SELECT w.asset, w.partition, w.id, w.note, w.author, w.since`+held+` AND ($1 = '' OR i.asset = $1)`, asset)
	return out, err
}

// Waive lets quarantined items stay quarantined. It reads everything but Since of each waiver. An item that is not
// quarantined is fault.Invalid, and then none is waived. An item that is waived already gets the new note.
func (l *Ledger) Waive(ctx context.Context, waivers []Waiver) error {
	const op = "waive items"
	return l.write(ctx, op, func(tx *sql.Tx) error {
		for _, w := range waivers {
			result, err := tx.ExecContext(ctx, `INSERT INTO waivers (asset, partition, id, fingerprint, note, author, since)
				SELECT asset, partition, id, fingerprint, $4, $5, $6 FROM items
				WHERE asset = $1 AND partition = $2 AND id = $3 AND state = 'quarantined'
				ON CONFLICT (asset, partition, id) DO UPDATE SET fingerprint = excluded.fingerprint, note = excluded.note,
				author = excluded.author, since = excluded.since`, w.Asset, w.Partition, w.ID, w.Note, w.Author, micros(l.Now()))
			if err := quarantined(result, err, op, w.Asset, w.Partition, w.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Unwaive removes waivers; it reads the item of each. An item without a waiver is no error. It returns how many it
// removed.
func (l *Ledger) Unwaive(ctx context.Context, waivers []Waiver) (count int, err error) {
	err = l.write(ctx, "unwaive items", func(tx *sql.Tx) error {
		count = 0
		for _, w := range waivers {
			result, err := tx.ExecContext(ctx, `DELETE FROM waivers WHERE asset = $1 AND partition = $2 AND id = $3`, w.Asset, w.Partition, w.ID)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			count += int(n)
		}
		return nil
	})
	return count, err
}

// Retry makes quarantined items pending, with new attempts, for the next run of their partitions; it reads the item of
// each entry. Their waivers are removed. A partition that a run works on is fault.Busy, an item that is not quarantined
// fault.Invalid: then none is changed.
func (l *Ledger) Retry(ctx context.Context, entries []Entry) error {
	const op = "retry items"
	return l.write(ctx, op, func(tx *sql.Tx) error {
		if err := unclaimed(ctx, tx, op, entries); err != nil {
			return err
		}
		at := micros(l.Now())
		for _, e := range entries {
			result, err := tx.ExecContext(ctx, `UPDATE items SET state = 'pending', reason = SUBSTR('asked for again after ' || kind || ': ' || reason, 1, 1000),
				kind = '', evidence = '', attempts = 0, row = '', staged = '', batch = 0, updated = $4
				WHERE asset = $1 AND partition = $2 AND id = $3 AND state = 'quarantined'`, e.Asset, e.Partition, e.ID, at)
			if err := quarantined(result, err, op, e.Asset, e.Partition, e.ID); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM waivers WHERE asset = $1 AND partition = $2 AND id = $3`, e.Asset, e.Partition, e.ID); err != nil {
				return err
			}
			if err := uncount(ctx, tx, e.Asset, e.Partition); err != nil {
				return err
			}
		}
		return nil
	})
}

func quarantined(result sql.Result, err error, op, asset, partition, id string) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return fault.New(fault.Invalid, op, "item %q of %s[%s] is not quarantined any more", id, asset, partition)
	}
	return err
}

// unclaimed refuses while a run is at one of the partitions: what it has synced must not grow under it.
func unclaimed(ctx context.Context, tx *sql.Tx, op string, entries []Entry) error {
	asked := make(map[PartitionRef]bool)
	var busy []string
	for _, e := range entries {
		s := PartitionRef{e.Asset, e.Partition}
		if asked[s] {
			continue
		}
		asked[s] = true
		var run string
		err := tx.QueryRowContext(ctx, `SELECT run FROM claims WHERE asset = $1 AND partition = $2`, s.Asset, s.Partition).Scan(&run)
		switch {
		case err == nil:
			busy = append(busy, fmt.Sprintf("%s[%s] (run %s)", s.Asset, s.Partition, run))
		case !isNoRows(err):
			return err
		}
	}
	if len(busy) == 0 {
		return nil
	}
	slices.Sort(busy)
	return fault.New(fault.Busy, op, "a run is at %s: wait for its end, or cancel it", strings.Join(busy, ", "))
}

// likePattern is the pattern of LIKE for a text that holds another, which may hold what patterns are made of.
func likePattern(text string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(asciiLower(text)) + "%"
}

// asciiLower is what SQLite's LOWER makes of a text.
func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
