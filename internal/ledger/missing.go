package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// KindMissing is the kind of an item that was never published and that one complete listing did not name: it is absent
// for now, and vanished once the listing of a later day does not name it either.
const KindMissing = "missing"

// Unlisted marks an item that a complete listing did not name, until the listing of a later day confirms it.
type Unlisted struct {
	Asset, Partition, ID string

	Day   string    // the source's day of data, AAAA-MM-DD, of the first listing that did not name it
	Since time.Time // when that was listed
}

// Unlisted returns the marks of the items of an asset, of one partition or of all ("").
func (l *Ledger) Unlisted(ctx context.Context, asset, partition string) (map[PartitionRef]map[string]Unlisted, error) {
	out := make(map[PartitionRef]map[string]Unlisted)
	err := l.query(ctx, "read missing items", func(rows *sql.Rows) error {
		m := Unlisted{Asset: asset}
		var since int64
		if err := rows.Scan(&m.Partition, &m.ID, &m.Day, &since); err != nil {
			return err
		}
		m.Since = when(since)
		at := PartitionRef{m.Asset, m.Partition}
		if out[at] == nil {
			out[at] = make(map[string]Unlisted)
		}
		out[at][m.ID] = m
		return nil
	}, `SELECT partition, id, day, since FROM missing_items WHERE asset = $1 AND ($2 = '' OR partition = $2)`, asset, partition)
	return out, err
}

// readMarks adds to known items what is noted beside them: that they are missing, and that they are waived.
func readMarks(ctx context.Context, q querier, asset, partition string, was map[string]*known) error {
	rows, err := q.QueryContext(ctx, `SELECT id, day FROM missing_items WHERE asset = $1 AND partition = $2`, asset, partition)
	err = each(rows, err, func(rows *sql.Rows) error {
		var id, day string
		err := rows.Scan(&id, &day)
		if k := was[id]; k != nil {
			k.missing = day
		}
		return err
	})
	if err != nil {
		return err
	}
	rows, err = q.QueryContext(ctx, `SELECT id, fingerprint FROM waivers WHERE asset = $1 AND partition = $2`, asset, partition)
	return each(rows, err, func(rows *sql.Rows) error {
		var id, fingerprint string
		err := rows.Scan(&id, &fingerprint)
		if k := was[id]; k != nil {
			k.waived = k.state == Quarantined && k.fingerprint == fingerprint
		}
		return err
	})
}

// keepMissing notes that an item which is not named is kept, and says whether it is: the first listing that does not name
// it marks it, and only that of a later day makes it vanish. A listing without a day confirms itself.
func (d *decisions) keepMissing(id string, k *known, day string) bool {
	if day == "" || k.missing != "" && k.missing < day {
		return false
	}
	d.sum.Missing++
	d.kept = append(d.kept, id)
	if k.missing == "" {
		d.missing = append(d.missing, id)
	}
	return true
}

// listKept lists the items kept that are to be done: nobody will make them, and they must not hold up the others.
func (d *decisions) listKept(was map[string]*known) {
	for _, id := range d.kept {
		if state := was[id].state; state == Pending || state == Made {
			d.keptPending = append(d.keptPending, id)
		}
	}
}

// found notes that an item which was missing is named again.
func (d *decisions) found(id string, k *known) {
	if k != nil && k.missing != "" {
		d.listed = append(d.listed, id)
	}
}

// mark writes what the decisions say of items that are missing, listed again or vanished.
func (w *syncer) mark(ctx context.Context, tx *sql.Tx, d decisions) error {
	at := []any{w.e.Asset, w.e.Partition}
	for _, one := range []struct {
		ids  []string
		text string
		more []any
	}{
		{d.missing, `INSERT INTO missing_items (asset, partition, id, day, since) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (asset, partition, id) DO NOTHING`, []any{w.e.Day, w.at}},
		{append(append([]string{}, d.listed...), d.lost...), `DELETE FROM missing_items WHERE asset = $1 AND partition = $2 AND id = $3`, nil},
		// A row in the table is of an older fingerprint: without one the next sync that names the item makes it again.
		{d.keptPending, `UPDATE items SET state = CASE WHEN part = '' THEN 'absent' ELSE 'published' END, kind = $4, reason = $5, evidence = '',
			fingerprint = '', code_version = CASE WHEN part = '' THEN code_version ELSE '' END, attempts = 0, row = '', staged = '', batch = 0, updated = $6
			WHERE asset = $1 AND partition = $2 AND id = $3 AND state IN ('pending', 'made')`,
			[]any{KindMissing, fmt.Sprintf("not listed on %s; the listing of a later day decides", w.e.Day), w.at}},
	} {
		for _, id := range one.ids {
			if _, err := tx.ExecContext(ctx, one.text, append(append(append([]any{}, at...), id), one.more...)...); err != nil {
				return err
			}
		}
	}
	return nil
}
