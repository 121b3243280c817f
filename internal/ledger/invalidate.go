package ledger

import (
	"context"
	"database/sql"
)

// KindMismatch marks an item whose published row has another fingerprint or code version than the ledger says.
const KindMismatch = "mismatch"

// InvalidateRow makes the next run recompute the row of a published item, for a reason: the ledger and the row disagree.
// Readers keep the row until then. An item that is not published is not changed. While a run works on the partition it
// is fault.Busy.
func (l *Ledger) InvalidateRow(ctx context.Context, asset, partition, id, why string) error {
	const op = "distrust row"
	return l.write(ctx, op, func(tx *sql.Tx) error {
		if err := unclaimed(ctx, tx, op, []Entry{{Asset: asset, Partition: partition, Item: Item{ID: id}}}); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE items SET state = 'pending', fingerprint = '', code_version = '', kind = $4, reason = $5, evidence = '',
			attempts = 0, row = '', batch = 0, remake = FALSE, updated = $6 WHERE asset = $1 AND partition = $2 AND id = $3 AND state = 'published'`,
			asset, partition, id, KindMismatch, why, micros(l.Now()))
		if err != nil {
			return err
		}
		return uncount(ctx, tx, asset, partition)
	})
}
