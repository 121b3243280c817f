package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Retention says what [Ledger.Prune] keeps: what is younger than Age, and the newest Count of each kind:
// materializations of a partition in one state, results of a check of a partition, runs, and backfills. An Age of 0
// prunes only events.
type Retention struct {
	Age    time.Duration
	Count  int
	Events time.Duration // how long events stay that nobody is to be told of any more; 0: for ever
	DryRun bool          // count what would go, and change nothing
}

// PruneBatch is the number of rows that one transaction of Prune changes, so that no other writer waits for long.
const PruneBatch = 500

// movesAge is how long the lists of moved and dropped items stay in a materialization that has ended. They serve to finish
// it, and nothing else.
const movesAge = 24 * time.Hour

// Pruned counts the rows of each kind that were pruned, or would be.
type Pruned struct {
	Lists            int `json:"lists"` // materializations whose lists of items were emptied
	Materializations int `json:"materializations"`
	Observations     int `json:"observations"`
	Checks           int `json:"checks"`
	Runs             int `json:"runs"`
	Backfills        int `json:"backfills"`
	Steps            int `json:"steps"` // of backfills, with what they need and under which numbers they were asked for
	Events           int `json:"events"`
	Claims           int `json:"claims"` // of runs that have ended
	Waits            int `json:"waits"`  // of runs that have ended
}

// Total returns the number of rows of all kinds.
func (p Pruned) Total() int {
	return p.Lists + p.Materializations + p.Observations + p.Checks + p.Runs + p.Backfills + p.Steps + p.Events + p.Claims + p.Waits
}

// Prune deletes what is old and not needed, in transactions of at most [PruneBatch] rows, so that it can be stopped at any
// moment and continued later. It never deletes
//
//   - the state of a partition: what readers see, and the last verification with its versions;
//   - the publish of each run that published an item in its present state, which says since when a row exists;
//   - the last result of each check, publishes in progress, runs and backfills that have not ended;
//   - the newest materialization of all: the next ones are numbered after it, and tables contain its number;
//   - items, partitions, cursors and requests of automation.
func (l *Ledger) Prune(ctx context.Context, r Retention) (Pruned, error) {
	p := pruner{l: l, r: r, cutoff: micros(l.Now().Add(-r.Age))}
	tasks := []func(context.Context) error{p.events}
	if r.Age > 0 {
		tasks = append(tasks, p.lists, p.materializations, p.observations, p.checks, p.runs, p.backfills, p.leftovers)
	}
	for _, task := range tasks {
		if err := task(ctx); err != nil {
			return p.done, err
		}
	}
	return p.done, nil
}

// pruner is one Prune in progress.
type pruner struct {
	l      *Ledger
	r      Retention
	cutoff int64
	done   Pruned
}

// sweep goes over rows by an id that grows, a batch at a time. which is the condition on them, with the arguments from $3
// on; from names the table. The rows in the range of a batch are removed in a transaction with the same condition.
func (p *pruner) sweep(ctx context.Context, id, from, which string, args []any, count *int, remove func(ctx context.Context, tx *sql.Tx, which string, args []any) (int, error)) error {
	for after := int64(-1); ; {
		var ids []int64
		err := p.l.query(ctx, "find what is old", func(rows *sql.Rows) error {
			var found int64
			err := rows.Scan(&found)
			ids = append(ids, found)
			return err
		}, `SELECT `+id+` FROM `+from+` WHERE `+id+` > $1 AND `+which+` ORDER BY `+id+` LIMIT $2`, append([]any{after, PruneBatch}, args...)...)
		if err != nil || len(ids) == 0 {
			return err
		}
		first, last := ids[0], ids[len(ids)-1]
		after = last
		if p.r.DryRun {
			*count += len(ids)
			continue
		}
		err = p.l.write(ctx, "prune", func(tx *sql.Tx) error {
			n, err := remove(ctx, tx, id+` >= $1 AND `+id+` <= $2 AND `+which, append([]any{first, last}, args...))
			if err == nil {
				*count += n
			}
			return err
		})
		if err != nil {
			return err
		}
	}
}

// removed runs a statement and gives how many rows it changed.
func removed(ctx context.Context, tx *sql.Tx, query string, args ...any) (int, error) {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

func (p *pruner) lists(ctx context.Context) error {
	const old = `m.state <> 'publishing' AND m.moves <> '{}' AND m.finished > 0 AND m.finished < $3`
	return p.sweep(ctx, "m.id", "materializations m", old, []any{micros(p.l.Now().Add(-min(movesAge, p.r.Age)))}, &p.done.Lists,
		func(ctx context.Context, tx *sql.Tx, which string, args []any) (int, error) {
			return removed(ctx, tx, `UPDATE materializations AS m SET moves = '{}' WHERE `+which, args...)
		})
}

// neededMaterialization is of a materialization m that something refers to, or that names the publish of items as they stand.
const neededMaterialization = `(m.id = (SELECT MAX(id) FROM materializations)
	OR EXISTS (SELECT 1 FROM standings s WHERE s.asset = m.asset AND s.partition = m.partition AND (s.published = m.id OR s.look = m.id))
	OR EXISTS (SELECT 1 FROM checks c WHERE c.materialization = m.id)
	OR m.state = 'published' AND EXISTS (SELECT 1 FROM items i WHERE i.asset = m.asset AND i.partition = m.partition
		AND (i.run = m.run OR i.part <> '' AND i.state <> 'published')))`

func (p *pruner) materializations(ctx context.Context) error {
	const old = `m.finished > 0 AND m.finished < $3 AND m.state IN ('published', 'unchanged', 'failed')
		AND m.id < (SELECT n.id FROM materializations n WHERE n.asset = m.asset AND n.partition = m.partition AND n.state = m.state
			ORDER BY n.id DESC LIMIT 1 OFFSET $4) AND NOT ` + neededMaterialization
	return p.sweep(ctx, "m.id", "materializations m", old, []any{p.cutoff, max(p.r.Count-1, 0)}, &p.done.Materializations,
		func(ctx context.Context, tx *sql.Tx, which string, args []any) (int, error) {
			n, err := removed(ctx, tx, `DELETE FROM observations WHERE materialization IN (SELECT m.id FROM materializations m WHERE `+which+`)`, args...)
			if p.done.Observations += n; err != nil {
				return 0, err
			}
			return removed(ctx, tx, `DELETE FROM materializations AS m WHERE `+which, args...)
		})
}

// observations forgets what looks saw that another one has followed, where the look itself stays.
func (p *pruner) observations(ctx context.Context) error {
	const old = `NOT EXISTS (SELECT 1 FROM standings s WHERE s.look = o.materialization) AND EXISTS
		(SELECT 1 FROM materializations m WHERE m.id = o.materialization AND m.finished > 0 AND m.finished < $3)`
	return p.sweep(ctx, "o.materialization", "observations o", old, []any{p.cutoff}, &p.done.Observations,
		func(ctx context.Context, tx *sql.Tx, which string, args []any) (int, error) {
			return removed(ctx, tx, `DELETE FROM observations AS o WHERE `+which, args...)
		})
}

func (p *pruner) checks(ctx context.Context) error {
	const old = `c.at < $3 AND NOT EXISTS (SELECT 1 FROM check_standings s WHERE s.asset = c.asset AND s.partition = c.partition AND s.last = c.id)
		AND c.id <> (SELECT MAX(id) FROM checks) AND c.id < (SELECT n.id FROM checks n WHERE n.asset = c.asset AND n.partition = c.partition
			AND n.name = c.name ORDER BY n.id DESC LIMIT 1 OFFSET $4)`
	return p.sweep(ctx, "c.id", "checks c", old, []any{p.cutoff, max(p.r.Count-1, 0)}, &p.done.Checks,
		func(ctx context.Context, tx *sql.Tx, which string, args []any) (int, error) {
			return removed(ctx, tx, `DELETE FROM checks AS c WHERE `+which, args...)
		})
}
