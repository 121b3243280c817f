package ledger

import (
	"context"
	"database/sql"
)

// repeat runs a statement that changes a bounded number of rows until it changes none; count tells them, and with DryRun
// is all that happens.
func (p *pruner) repeat(ctx context.Context, count string, total *int, statement string, args ...any) error {
	if p.r.DryRun {
		var n int
		err := p.l.query(ctx, "count what is old", func(rows *sql.Rows) error { return rows.Scan(&n) }, count, args...)
		*total += n
		return err
	}
	for {
		var n int
		err := p.l.write(ctx, "prune", func(tx *sql.Tx) (err error) {
			n, err = removed(ctx, tx, statement, append(args, PruneBatch)...)
			return err
		})
		*total += n
		if err != nil || n == 0 {
			return err
		}
	}
}

// runs forgets runs that have ended, their steps before themselves. The newest of them stay, whatever their age.
func (p *pruner) runs(ctx context.Context) error {
	const old = `FROM runs WHERE state <> 'running' AND finished > 0 AND finished < $1
		AND started < (SELECT started FROM runs ORDER BY started DESC LIMIT 1 OFFSET $2)`
	const steps = `FROM run_steps WHERE run IN (SELECT id ` + old + `)`
	newest := max(p.r.Count-1, 0)
	err := p.repeat(ctx, `SELECT COUNT(*) `+steps, &p.done.Steps, `DELETE FROM run_steps WHERE (run, asset, partition) IN
		(SELECT run, asset, partition `+steps+` LIMIT $3)`, p.cutoff, newest)
	if err != nil {
		return err
	}
	return p.repeat(ctx, `SELECT COUNT(*) `+old, &p.done.Runs, `DELETE FROM runs WHERE id IN (SELECT id `+old+`
		AND NOT EXISTS (SELECT 1 FROM run_steps s WHERE s.run = runs.id) LIMIT $3)`, p.cutoff, newest)
}

// KeptRuns returns the ids of the runs that [Ledger.Prune] with r would keep: those that have not ended, those that ended
// within r.Age, and the newest r.Count.
func (l *Ledger) KeptRuns(ctx context.Context, r Retention) (kept []string, err error) {
	cutoff := int64(0) // no run ended before
	if r.Age > 0 {
		cutoff = micros(l.Now().Add(-r.Age))
	}
	err = l.query(ctx, "read runs", func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		kept = append(kept, id)
		return err
	}, `SELECT id FROM runs WHERE NOT (state <> 'running' AND finished > 0 AND finished < $1
		AND started < COALESCE((SELECT started FROM runs ORDER BY started DESC LIMIT 1 OFFSET $2), 0))`, cutoff, max(r.Count-1, 0))
	return kept, err
}

// backfills forgets backfills that have ended, their steps before themselves.
func (p *pruner) backfills(ctx context.Context) error {
	const old = `FROM backfills b WHERE b.state IN ('canceled', 'completed', 'failed') AND b.finished > 0 AND b.finished < $1
		AND b.created < (SELECT created FROM backfills ORDER BY created DESC LIMIT 1 OFFSET $2)`
	newest := max(p.r.Count-1, 0)
	for _, table := range []struct{ name, key string }{{"backfill_needs", "need, seq"}, {"backfill_requests", "number"}, {"backfill_steps", "seq"}} {
		total := new(int)
		if table.name == "backfill_steps" {
			total = &p.done.Steps
		}
		of := `FROM ` + table.name + ` WHERE backfill IN (SELECT b.id ` + old + `)`
		err := p.repeat(ctx, `SELECT COUNT(*) `+of, total, `DELETE FROM `+table.name+` WHERE (backfill, `+table.key+`) IN
			(SELECT backfill, `+table.key+` `+of+` LIMIT $3)`, p.cutoff, newest)
		if err != nil {
			return err
		}
	}
	return p.repeat(ctx, `SELECT COUNT(*) `+old, &p.done.Backfills, `DELETE FROM backfills WHERE id IN (SELECT b.id `+old+`
		AND NOT EXISTS (SELECT 1 FROM backfill_steps s WHERE s.backfill = b.id) LIMIT $3)`, p.cutoff, newest)
}

// events forgets events that nobody is to be told of any more.
func (p *pruner) events(ctx context.Context) error {
	if p.r.Events <= 0 {
		return nil
	}
	const old = `FROM hook_events e WHERE e.created < $1 AND e.routed AND NOT EXISTS
		(SELECT 1 FROM hook_deliveries d WHERE d.event = e.id AND d.state = 'pending')`
	return p.repeat(ctx, `SELECT COUNT(*) `+old, &p.done.Events,
		`DELETE FROM hook_events WHERE id IN (SELECT e.id `+old+` LIMIT $2)`, micros(p.l.Now().Add(-p.r.Events)))
}

// leftovers forgets claims and waits of runs that have ended, or of which nothing is known any more.
func (p *pruner) leftovers(ctx context.Context) error {
	for _, of := range []struct {
		table, key string
		total      *int
	}{{"claims", "asset, partition", &p.done.Claims}, {"waits", "asset, partition, run", &p.done.Waits}} {
		old := `FROM ` + of.table + ` t WHERE t.since < $1 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = t.run AND r.state = 'running')`
		err := p.repeat(ctx, `SELECT COUNT(*) `+old, of.total, `DELETE FROM `+of.table+` WHERE (`+of.key+`) IN
			(SELECT `+of.key+` `+old+` LIMIT $2)`, p.cutoff)
		if err != nil {
			return err
		}
	}
	return nil
}
