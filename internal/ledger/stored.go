package ledger

import (
	"context"
	"database/sql"
)

// AddStored counts bytes that a run has stored in the lake.
func (l *Ledger) AddStored(ctx context.Context, run string, bytes int64) error {
	return l.write(ctx, "count stored bytes", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO stored (run, bytes) VALUES ($1, $2) ON CONFLICT (run) DO UPDATE SET bytes = stored.bytes + excluded.bytes`, run, bytes)
		return err
	})
}

// Stored returns how many bytes a run has stored in the lake.
func (l *Ledger) Stored(ctx context.Context, run string) (bytes int64, err error) {
	err = l.query(ctx, "read stored bytes", func(rows *sql.Rows) error { return rows.Scan(&bytes) }, `SELECT bytes FROM stored WHERE run = $1`, run)
	return bytes, err
}
