package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Worker is a worker process, with what others need to tell whether it lives.
type Worker struct {
	ID    string // of this life of the process: one that was given up by others continues under another
	Host  string
	Space string // in which PID and Birth mean something; "": nowhere
	PID   int
	Birth int64 // start of the process, as its system counts
	Build string

	Heartbeats int64     // grows as long as it lives
	Started    time.Time // this and the other times by its own clock
	Seen       time.Time
	Stopping   time.Time // zero: it was not told to stop
	Ended      time.Time // zero: nobody has found it gone
}

// Died reports whether a worker is dead without having been told to stop.
func (w Worker) Died() bool { return !w.Ended.IsZero() && w.Stopping.IsZero() }

// workerKept is how long a worker that is gone is remembered: its sessions are ended and its deaths counted long before.
const workerKept = 7 * 24 * time.Hour

// Register adds a worker, and deletes those that have been dead for long.
func (l *Ledger) Register(ctx context.Context, w Worker) error {
	return l.write(ctx, "register worker", func(tx *sql.Tx) error {
		at := l.Now()
		if _, err := tx.ExecContext(ctx, `DELETE FROM workers WHERE ended > 0 AND ended < $1
			AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.owner = workers.id)`, micros(at.Add(-workerKept))); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workers (id, host, space, pid, birth, build, beats, started, seen, stopping, ended)
			VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $7, 0, 0)`, w.ID, w.Host, w.Space, w.PID, w.Birth, w.Build, micros(at))
		return err
	})
}

// leaseAhead is how far a living worker's leases reach beyond its last beat, for builds that know leases only.
const leaseAhead = 5 * time.Minute

// Heartbeat is the heartbeat of a worker. It renews the leases of its sessions, idle ones included. It returns false if
// others have declared the worker dead: then its sessions no longer belong to it.
func (l *Ledger) Heartbeat(ctx context.Context, id string) (known bool, err error) {
	err = l.write(ctx, "beat", func(tx *sql.Tx) error {
		at := l.Now()
		result, err := tx.ExecContext(ctx, `UPDATE workers SET beats = beats + 1, seen = $2 WHERE id = $1 AND ended = 0`, id, micros(at))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if known = n > 0; err != nil || !known {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE leases SET expires = $2 WHERE owner = $1 AND expires < $2`, id, micros(at.Add(leaseAhead)))
		return err
	})
	return known, err
}

// Stopping records that a worker was told to stop: no item is charged for what it leaves undone.
func (l *Ledger) Stopping(ctx context.Context, id string) error {
	return l.write(ctx, "stop worker", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE workers SET stopping = $2 WHERE id = $1 AND stopping = 0`, id, micros(l.Now()))
		return err
	})
}

// Unregister ends a worker that stops. If it leaves sessions behind, it stays recorded as dead until they are ended.
func (l *Ledger) Unregister(ctx context.Context, id string) error {
	return l.write(ctx, "unregister worker", func(tx *sql.Tx) error {
		at := micros(l.Now())
		if _, err := tx.ExecContext(ctx, `UPDATE workers SET stopping = CASE WHEN stopping = 0 THEN $2 ELSE stopping END, ended = $2
			WHERE id = $1`, id, at); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM workers WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM leases WHERE owner = $1)`, id)
		return err
	})
}

// DeclareGone declares a worker dead, unless its heartbeat counter has grown beyond the given count. This is final: a worker
// that was declared dead and continues must register again.
func (l *Ledger) DeclareGone(ctx context.Context, id string, heartbeats int64) (gone bool, err error) {
	err = l.write(ctx, "give up worker", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE workers SET ended = $3 WHERE id = $1 AND beats = $2 AND ended = 0`, id, heartbeats, micros(l.Now()))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		gone = n > 0
		return err
	})
	return gone, err
}

// Workers returns every recorded worker, by id.
func (l *Ledger) Workers(ctx context.Context) ([]Worker, error) {
	return l.workers(ctx, `ORDER BY id`)
}

// Worker returns one worker.
func (l *Ledger) Worker(ctx context.Context, id string) (Worker, bool, error) {
	found, err := l.workers(ctx, `WHERE id = $1`, id)
	if err != nil || len(found) == 0 {
		return Worker{}, false, err
	}
	return found[0], true, nil
}

func (l *Ledger) workers(ctx context.Context, rest string, args ...any) ([]Worker, error) {
	var out []Worker
	err := l.query(ctx, "read workers", func(rows *sql.Rows) error {
		var w Worker
		var started, seen, stopping, ended int64
		err := rows.Scan(&w.ID, &w.Host, &w.Space, &w.PID, &w.Birth, &w.Build, &w.Heartbeats, &started, &seen, &stopping, &ended)
		w.Started, w.Seen, w.Stopping, w.Ended = when(started), when(seen), when(stopping), when(ended)
		out = append(out, w)
		return err
	}, `SELECT id, host, space, pid, birth, build, beats, started, seen, stopping, ended FROM workers `+rest, args...)
	return out, err
}

// ItemInProgress is an item that a worker has in progress, or had when it died.
type ItemInProgress struct {
	Asset, Partition, Item, Run string

	Worker string // "": nobody is at it now
	Deaths int    // of workers that died over it
	Since  time.Time
}

// ItemsInProgress returns the items of a partition that are in progress, or over which workers have died.
func (l *Ledger) ItemsInProgress(ctx context.Context, asset, partition string) ([]ItemInProgress, error) {
	var out []ItemInProgress
	err := l.query(ctx, "read items in progress", func(rows *sql.Rows) error {
		var h ItemInProgress
		var since int64
		err := rows.Scan(&h.Asset, &h.Partition, &h.Item, &h.Run, &h.Worker, &h.Deaths, &since)
		h.Since = when(since)
		out = append(out, h)
		return err
	}, `SELECT asset, partition, item, run, worker, deaths, since FROM hands WHERE asset = $1 AND partition = $2 ORDER BY item`, asset, partition)
	return out, err
}

// BeginItem records that a worker begins with an item, before it does anything.
func (l *Ledger) BeginItem(ctx context.Context, h ItemInProgress) error {
	return l.write(ctx, "begin item", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO hands (asset, partition, item, run, worker, deaths, since) VALUES ($1, $2, $3, $4, $5, 0, $6)
			ON CONFLICT (asset, partition, item) DO UPDATE SET run = excluded.run, worker = excluded.worker, since = excluded.since`,
			h.Asset, h.Partition, h.Item, h.Run, h.Worker, micros(l.Now()))
		return err
	})
}

// EndItem records that a worker is done with an item. A finished item is deleted from the list; of any other the deaths
// are kept.
func (l *Ledger) EndItem(ctx context.Context, h ItemInProgress) error {
	return l.write(ctx, "put item down", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE hands SET worker = '' WHERE asset = $1 AND partition = $2 AND item = $3 AND worker = $4`,
			h.Asset, h.Partition, h.Item, h.Worker); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM hands WHERE asset = $1 AND partition = $2 AND item = $3 AND worker = '' AND (deaths = 0
			OR NOT EXISTS (SELECT 1 FROM items WHERE items.asset = $1 AND items.partition = $2 AND items.id = $3 AND state IN ('pending', 'made')))`,
			h.Asset, h.Partition, h.Item)
		return err
	})
}

// RecordLostItem records that the worker with an item in progress has not put it down: if the worker died, that is one more
// death. It returns the number of deaths. A death is counted once, even if several processes find it.
func (l *Ledger) RecordLostItem(ctx context.Context, h ItemInProgress, died bool) (deaths int, err error) {
	more := 0
	if died {
		more = 1
	}
	err = l.write(ctx, "count death", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE hands SET worker = '', deaths = deaths + $5 WHERE asset = $1 AND partition = $2 AND item = $3 AND worker = $4`,
			h.Asset, h.Partition, h.Item, h.Worker, more); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `SELECT deaths FROM hands WHERE asset = $1 AND partition = $2 AND item = $3`, h.Asset, h.Partition, h.Item).Scan(&deaths)
		if isNoRows(err) {
			err = nil
		}
		return err
	})
	return deaths, err
}
