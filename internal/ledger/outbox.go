package ledger

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"drugslm/internal/fault"
)

// RouteEvents decides to which targets each new event goes: those that wants names for its kind. An event without
// targets is unwanted, and stays so if a target is configured later. It returns how many events it routed.
func (l *Ledger) RouteEvents(ctx context.Context, wants func(kind string) []string) (routed int, err error) {
	err = l.write(ctx, "route events", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, kind FROM hook_events WHERE NOT routed ORDER BY created`)
		var fresh []Event
		err = each(rows, err, func(rows *sql.Rows) error {
			var e Event
			err := rows.Scan(&e.ID, &e.Kind)
			fresh = append(fresh, e)
			return err
		})
		if err != nil {
			return err
		}
		at := micros(l.Now())
		for _, e := range fresh {
			for _, target := range wants(e.Kind) {
				_, err := tx.ExecContext(ctx, `INSERT INTO hook_deliveries (event, target, state, attempts, since, next_try, settled, error)
					VALUES ($1, $2, 'pending', 0, $3, $3, 0, '') ON CONFLICT (event, target) DO NOTHING`, e.ID, target, at)
				if err != nil {
					return err
				}
			}
			if _, err := tx.ExecContext(ctx, `UPDATE hook_events SET routed = TRUE WHERE id = $1`, e.ID); err != nil {
				return err
			}
		}
		routed = len(fresh)
		return nil
	})
	return routed, err
}

// DueDeliveries returns the pending deliveries that are due, the longest waiting first; limit 0 means 1000.
func (l *Ledger) DueDeliveries(ctx context.Context, limit int) ([]Due, error) {
	var out []Due
	err := l.query(ctx, "read due deliveries", func(rows *sql.Rows) error {
		var d Due
		var payload string
		var created, since, next int64
		err := rows.Scan(&d.ID, &d.Kind, &payload, &created, &d.Target, &d.Attempts, &since, &next, &d.Error)
		d.Payload, d.Created, d.Since, d.Next = []byte(payload), when(created), when(since), when(next)
		d.Delivery.State = EventPending
		out = append(out, d)
		return err
	}, `SELECT e.id, e.kind, e.payload, e.created, d.target, d.attempts, d.since, d.next_try, d.error
		FROM hook_deliveries d JOIN hook_events e ON e.id = d.event
		WHERE d.state = 'pending' AND d.next_try <= $1 ORDER BY d.next_try, e.created, e.id, d.target LIMIT $2`, micros(l.Now()), atMost(limit))
	return out, err
}

// RecordDelivery records the result of an attempt to deliver an event. It reads d.State, d.Attempts and d.Error, and
// d.Next if the delivery is still pending. A delivery that no longer exists is no error.
func (l *Ledger) RecordDelivery(ctx context.Context, event string, d Delivery) error {
	return l.write(ctx, "record delivery", func(tx *sql.Tx) error {
		settled := int64(0)
		if d.State != EventPending {
			settled = micros(l.Now())
		}
		_, err := tx.ExecContext(ctx, `UPDATE hook_deliveries SET state = $3, attempts = $4, next_try = $5, settled = $6, error = $7
			WHERE event = $1 AND target = $2`, event, d.Target, string(d.State), d.Attempts, micros(d.Next), settled, d.Error)
		return err
	})
}

// PostponeDeliveries postpones deliveries to a target that are due before until.
func (l *Ledger) PostponeDeliveries(ctx context.Context, target string, until time.Time) error {
	return l.write(ctx, "postpone deliveries", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE hook_deliveries SET next_try = $2 WHERE target = $1 AND state = 'pending' AND next_try < $2`,
			target, micros(until))
		return err
	})
}

// NextDelivery returns when the next delivery is due, and false if nothing is left. An event that was not routed yet is
// due when it was created.
func (l *Ledger) NextDelivery(ctx context.Context) (time.Time, bool, error) {
	var next sql.NullInt64
	err := l.reader.QueryRowContext(ctx, `SELECT MIN(at) FROM (
		SELECT MIN(next_try) AS at FROM hook_deliveries WHERE state = 'pending'
		UNION ALL SELECT MIN(created) FROM hook_events WHERE NOT routed) AS due`).Scan(&next)
	return when(next.Int64), next.Valid, l.explain(ctx, "read next delivery", err)
}

// eventState is the state of an event of the query below. An event with a target that gave up is abandoned only when
// nothing is pending.
const eventState = `CASE
	WHEN NOT e.routed OR EXISTS (SELECT 1 FROM hook_deliveries p WHERE p.event = e.id AND p.state = 'pending') THEN 'pending'
	WHEN EXISTS (SELECT 1 FROM hook_deliveries a WHERE a.event = e.id AND a.state = 'abandoned') THEN 'abandoned'
	WHEN EXISTS (SELECT 1 FROM hook_deliveries f WHERE f.event = e.id) THEN 'delivered'
	ELSE 'unwanted' END`

// Events returns the events, the newest first, with their deliveries; state "" means all, limit 0 means 1000.
func (l *Ledger) Events(ctx context.Context, state EventState, limit int) ([]Event, error) {
	var out []Event
	err := l.query(ctx, "read events", func(rows *sql.Rows) error {
		var e Event
		var payload string
		var created int64
		err := rows.Scan(&e.ID, &e.Kind, &payload, &created, &e.State)
		e.Payload, e.Created = []byte(payload), when(created)
		out = append(out, e)
		return err
	}, `SELECT id, kind, payload, created, state FROM (SELECT e.id, e.kind, e.payload, e.created, `+eventState+` AS state FROM hook_events e) AS known
		WHERE $1 = '' OR state = $1 ORDER BY created DESC, id LIMIT $2`, string(state), atMost(limit))
	for i := range out {
		if err == nil {
			out[i].Deliveries, err = l.deliveries(ctx, out[i].ID)
		}
	}
	return out, err
}

func (l *Ledger) deliveries(ctx context.Context, event string) ([]Delivery, error) {
	var out []Delivery
	err := l.query(ctx, "read deliveries", func(rows *sql.Rows) error {
		var d Delivery
		var since, next, settled int64
		err := rows.Scan(&d.Target, &d.State, &d.Attempts, &since, &next, &settled, &d.Error)
		d.Since, d.Next, d.Settled = when(since), when(next), when(settled)
		out = append(out, d)
		return err
	}, `SELECT target, state, attempts, since, next_try, settled, error FROM hook_deliveries WHERE event = $1 ORDER BY target`, event)
	return out, err
}

// RetryEvents makes events due again, as if they had just happened, and returns them. For an abandoned event it tries
// the targets that have not taken it; a delivered or unwanted event goes to every target that wants its kind now.
// Without ids it takes all abandoned events. An unknown id is fault.Invalid, and then nothing is changed.
func (l *Ledger) RetryEvents(ctx context.Context, ids ...string) (retried []string, err error) {
	err = l.write(ctx, "retry events", func(tx *sql.Tx) error {
		retried = nil
		rows, err := tx.QueryContext(ctx, `SELECT e.id, `+eventState+` FROM hook_events e ORDER BY e.created, e.id`)
		states := make(map[string]EventState)
		err = each(rows, err, func(rows *sql.Rows) error {
			var id string
			var state EventState
			err := rows.Scan(&id, &state)
			states[id] = state
			if len(ids) == 0 && state == EventAbandoned || slices.Contains(ids, id) {
				retried = append(retried, id)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, id := range ids {
			if _, known := states[id]; !known {
				return fault.New(fault.Invalid, "", "event %q is unknown; `starter hooks list` lists them", id)
			}
		}
		for _, id := range retried {
			if err := l.retryEvent(ctx, tx, id, states[id]); err != nil {
				return err
			}
		}
		return nil
	})
	return retried, err
}

func (l *Ledger) retryEvent(ctx context.Context, tx *sql.Tx, id string, state EventState) error {
	switch state {
	case EventDelivered, EventUnwanted:
		if _, err := tx.ExecContext(ctx, `DELETE FROM hook_deliveries WHERE event = $1`, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE hook_events SET routed = FALSE WHERE id = $1`, id)
		return err
	default:
		_, err := tx.ExecContext(ctx, `UPDATE hook_deliveries SET state = 'pending', attempts = 0, since = $2, next_try = $2, settled = 0
			WHERE event = $1 AND state <> 'delivered'`, id, micros(l.Now()))
		return err
	}
}
