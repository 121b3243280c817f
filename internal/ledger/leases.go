package ledger

import (
	"context"
	"database/sql"
)

// AcquireLease records a session lease, or renews it. It returns false if the session belongs to another owner by now, or its
// owner was declared dead: then it must not be used any more.
func (l *Ledger) AcquireLease(ctx context.Context, lease Lease) (held bool, err error) {
	err = l.write(ctx, "hold session", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `INSERT INTO leases (session, hub, owner, expires)
			SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM workers WHERE id = $3 AND ended > 0)
			ON CONFLICT (session) DO UPDATE SET hub = excluded.hub, expires = excluded.expires WHERE leases.owner = excluded.owner`,
			lease.Session, lease.Hub, lease.Owner, micros(lease.Expires))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		held = n > 0
		return err
	})
	return held, err
}

// Release deletes a lease. An unknown lease is no error.
func (l *Ledger) Release(ctx context.Context, session string) error {
	return l.write(ctx, "release session", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM leases WHERE session = $1`, session)
		return err
	})
}

// orphaned is true of leases whose owner is gone. One that did not register (an older build) is taken to be gone when
// its lease is over; a registered one is never judged by the clock.
const orphaned = `CASE WHEN EXISTS (SELECT 1 FROM workers WHERE workers.id = leases.owner)
	THEN EXISTS (SELECT 1 FROM workers WHERE workers.id = leases.owner AND ended > 0) ELSE expires < $1 END`

// Orphans returns the leases whose owner is dead, the oldest first.
func (l *Ledger) Orphans(ctx context.Context) ([]Lease, error) {
	return l.leases(ctx, `WHERE `+orphaned+` ORDER BY expires, session`, micros(l.Now()))
}

// Leases returns every lease that was not released, by session.
func (l *Ledger) Leases(ctx context.Context) ([]Lease, error) {
	return l.leases(ctx, `ORDER BY session`)
}

func (l *Ledger) leases(ctx context.Context, rest string, args ...any) ([]Lease, error) {
	var out []Lease
	err := l.query(ctx, "read leases", func(rows *sql.Rows) error {
		var lease Lease
		var expires int64
		err := rows.Scan(&lease.Session, &lease.Hub, &lease.Owner, &expires)
		lease.Expires = when(expires)
		out = append(out, lease)
		return err
	}, `SELECT session, hub, owner, expires FROM leases `+rest, args...)
	return out, err
}
