package ledger

import (
	"context"
	"database/sql"
)

// Claim takes the claim on a partition if nobody holds it, and returns the holder: the caller, if it was free. Claim
// does not take it from another execution of the same run, because the ledger cannot tell which of the two is newer.
func (l *Ledger) Claim(ctx context.Context, c Claim) (Claim, error) {
	// Most questions come from the one who holds it: they need no turn among the writers.
	held, ok, err := readClaim(ctx, l.reader, c.Asset, c.Partition)
	if err != nil {
		return held, l.explain(ctx, "claim partition", err)
	}
	if ok && held.Same(c) {
		return held, nil
	}
	return l.TakeOver(ctx, Claim{}, c) // from nobody: only what is free
}

// Same reports whether two claims are of one execution.
func (c Claim) Same(d Claim) bool {
	return c.Run == d.Run && c.Workflow == d.Workflow && c.Execution == d.Execution
}

// TakeOver is Claim, and also takes the claim from an owner that is gone, unless another execution has done so
// meanwhile.
func (l *Ledger) TakeOver(ctx context.Context, from, c Claim) (Claim, error) {
	var held Claim
	err := l.write(ctx, "claim partition", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO claims (asset, partition, run, workflow, execution, since) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (asset, partition) DO UPDATE SET run = excluded.run, workflow = excluded.workflow, execution = excluded.execution,
			since = CASE WHEN claims.run = excluded.run THEN claims.since ELSE excluded.since END
			WHERE claims.run = $7 AND claims.workflow = $8 AND claims.execution = $9`,
			c.Asset, c.Partition, c.Run, c.Workflow, c.Execution, micros(l.Now()), from.Run, from.Workflow, from.Execution)
		if err != nil {
			return err
		}
		if held, _, err = readClaim(ctx, tx, c.Asset, c.Partition); err != nil || !held.Same(c) {
			return err
		}
		if err := beginRunStep(ctx, tx, c, micros(l.Now())); err != nil || from.Run == "" || from.Run == c.Run {
			return err
		}
		return endWaits(ctx, tx, c.Asset, c.Partition, from.Run) // its owner is gone
	})
	return held, err
}

// Unclaim releases a claim on a partition, and ends the wait of its run if there is one. It does not release a claim of
// another run or of another execution of the run, which is no error: a late release must not free a partition that
// another execution works on.
func (l *Ledger) Unclaim(ctx context.Context, c Claim) error {
	return l.write(ctx, "release partition", func(tx *sql.Tx) error {
		if err := endWaits(ctx, tx, c.Asset, c.Partition, c.Run); err != nil {
			return err
		}
		return unclaim(ctx, tx, c)
	})
}

func unclaim(ctx context.Context, tx *sql.Tx, c Claim) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM claims WHERE asset = $1 AND partition = $2 AND run = $3 AND workflow = $4 AND execution = $5`,
		c.Asset, c.Partition, c.Run, c.Workflow, c.Execution)
	return err
}

// Claims returns every claim that was not released, by asset and partition.
func (l *Ledger) Claims(ctx context.Context) ([]Claim, error) {
	found, err := readClaims(ctx, l.reader, `ORDER BY asset, partition`)
	return found, l.explain(ctx, "read claims", err)
}

func readClaim(ctx context.Context, q querier, asset, partition string) (Claim, bool, error) {
	found, err := readClaims(ctx, q, `WHERE asset = $1 AND partition = $2`, asset, partition)
	if err != nil || len(found) == 0 {
		return Claim{}, false, err
	}
	return found[0], true, nil
}

func readClaims(ctx context.Context, q querier, rest string, args ...any) ([]Claim, error) {
	var out []Claim
	rows, err := q.QueryContext(ctx, `SELECT asset, partition, run, workflow, execution, since FROM claims `+rest, args...)
	err = each(rows, err, func(rows *sql.Rows) error {
		var c Claim
		var since int64
		err := rows.Scan(&c.Asset, &c.Partition, &c.Run, &c.Workflow, &c.Execution, &since)
		c.Since = when(since)
		out = append(out, c)
		return err
	})
	return out, err
}
