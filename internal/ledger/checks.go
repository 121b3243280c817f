package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// CheckOutcome is the outcome of a check.
type CheckOutcome string

// The outcomes.
const (
	CheckPassed   CheckOutcome = "passed"
	CheckFailed   CheckOutcome = "failed"   // it stopped the publish
	CheckWarned   CheckOutcome = "warned"   // it was only told
	CheckAccepted CheckOutcome = "accepted" // it would have stopped the publish, and a person let it through
	CheckErrored  CheckOutcome = "error"    // it could not be asked; a blocking one stopped the publish
)

// Check is the outcome of one asset check.
type Check struct {
	ID                    int64
	Asset, Partition, Run string

	Materialization int64 // 0: none was begun, the check stopped it
	Name            string
	Blocking        bool
	Passed          bool
	Provisional     bool         // not kept: if it failed it is tried again in the same run, and leaves no event
	Outcome         CheckOutcome // "" when recorded: as Passed and Blocking say
	Detail          string
	Observed        string // the value seen, as text or JSON
	Expected        string // what it was compared with
	At              time.Time
}

// CheckFilter selects results of checks; an empty field selects everything.
type CheckFilter struct {
	Asset, Partition string
	Failed           bool // only checks whose last result is another than passed
	History          int  // results of each check at most; 0: the last one
}

const checkColumns = `c.id, c.asset, c.partition, c.run, c.materialization, c.name, c.blocking, c.passed, c.outcome, c.detail,
	c.observed, c.expected, c.at`

func scanCheck(rows *sql.Rows) (Check, error) {
	var c Check
	var of sql.NullInt64
	var at int64
	err := rows.Scan(&c.ID, &c.Asset, &c.Partition, &c.Run, &of, &c.Name, &c.Blocking, &c.Passed, &c.Outcome, &c.Detail,
		&c.Observed, &c.Expected, &at)
	c.Materialization, c.At = of.Int64, when(at)
	return c, err
}

// RecordChecks stores the outcomes of checks. Each final failure leaves an event, once per run. RecordChecks assigns
// their ids; a zero time means now. A stale token is refused as described at [Token].
func (l *Ledger) RecordChecks(ctx context.Context, t Token, checks []Check) error {
	const op = "record checks"
	return l.write(ctx, op, func(tx *sql.Tx) error {
		if _, err := t.check(ctx, tx, op); err != nil {
			return err
		}
		for _, c := range checks {
			if err := l.insertCheck(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *Ledger) insertCheck(ctx context.Context, tx *sql.Tx, c Check) error {
	of := sql.NullInt64{Int64: c.Materialization, Valid: c.Materialization != 0}
	outcome := c.outcome()
	var id int64
	err := tx.QueryRowContext(ctx, `INSERT INTO checks (id, asset, partition, run, materialization, name, blocking, passed, outcome, detail,
		observed, expected, at) VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM checks), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		RETURNING id`, c.Asset, c.Partition, c.Run, of, c.Name, c.Blocking, c.Passed, string(outcome), c.Detail,
		c.Observed, c.Expected, micros(l.orNow(c.At))).Scan(&id)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO check_standings (asset, partition, name, last, outcome) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (asset, partition, name) DO UPDATE SET last = excluded.last, outcome = excluded.outcome`,
		c.Asset, c.Partition, c.Name, id, string(outcome))
	if err != nil {
		return err
	}
	return l.failCheck(ctx, tx, c)
}

func (c Check) outcome() CheckOutcome {
	switch {
	case c.Outcome != "":
		return c.Outcome
	case c.Passed:
		return CheckPassed
	case c.Blocking:
		return CheckFailed
	default:
		return CheckWarned
	}
}

// Checks returns the last outcomes of the checks of a partition, the newest first; limit 0 means 1000.
func (l *Ledger) Checks(ctx context.Context, asset, partition string, limit int) ([]Check, error) {
	return l.checks(ctx, `SELECT `+checkColumns+` FROM checks c WHERE c.asset = $1 AND c.partition = $2 ORDER BY c.id DESC LIMIT $3`,
		asset, partition, atMost(limit))
}

// LastChecks returns the last result of every check that ever ran, or the last few, by asset, partition and name, the
// newest of each first. The cost of the last results does not depend on their history: each is found by its key.
func (l *Ledger) LastChecks(ctx context.Context, f CheckFilter) ([]Check, error) {
	where, args := "1 = 1", []any{}
	for _, c := range []struct{ column, value string }{{"asset", f.Asset}, {"partition", f.Partition}} {
		if c.value != "" {
			args = append(args, c.value)
			where += fmt.Sprintf(" AND s.%s = $%d", c.column, len(args))
		}
	}
	if f.Failed {
		where += " AND s.outcome <> 'passed'"
	}
	join := "c.id = s.last"
	if f.History > 1 {
		args = append(args, f.History-1)
		join = fmt.Sprintf(`c.asset = s.asset AND c.partition = s.partition AND c.name = s.name AND c.id >= COALESCE((SELECT h.id FROM checks h
			WHERE h.asset = s.asset AND h.partition = s.partition AND h.name = s.name ORDER BY h.id DESC LIMIT 1 OFFSET $%d), 0)`, len(args))
	}
	return l.checks(ctx, `SELECT `+checkColumns+` FROM check_standings s JOIN checks c ON `+join+` WHERE `+where+`
		ORDER BY s.asset, s.partition, s.name, c.id DESC`, args...)
}

func (l *Ledger) checks(ctx context.Context, query string, args ...any) ([]Check, error) {
	var out []Check
	err := l.query(ctx, "read checks", func(rows *sql.Rows) error {
		c, err := scanCheck(rows)
		out = append(out, c)
		return err
	}, query, args...)
	return out, err
}
