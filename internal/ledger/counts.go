package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// itemCounts are the counts of the items of a partition.
type itemCounts struct {
	Counts

	vanished int // of those absent
}

// The columns of itemCounts, as they are kept, and as they are counted. Each is counted by itself, so that the law is a fact about
// the data: an item in an unknown state is discovered and nothing else.
const (
	keptCounts = `discovered, published, absent, vanished, quarantined, pending`
	liveCounts = `COUNT(*) AS discovered, COUNT(CASE WHEN state = 'published' THEN 1 END) AS published,
	COUNT(CASE WHEN state = 'absent' THEN 1 END) AS absent, COUNT(CASE WHEN state = 'absent' AND kind = 'vanished' THEN 1 END) AS vanished,
	COUNT(CASE WHEN state = 'quarantined' THEN 1 END) AS quarantined, COUNT(CASE WHEN state IN ('pending', 'made', 'staged') THEN 1 END) AS pending`
)

// itemCounts calls fn with the counts of each partition that has items, of some assets (all without), and for which a condition
// over keptCounts holds.
func (l *Ledger) itemCounts(ctx context.Context, condition string, assets []string, fn func(PartitionRef, itemCounts)) error {
	in, args := among(assets)
	return l.query(ctx, "count items", scanCounts(fn), countsQuery(in+` AND (`+condition+`)`), args...)
}

// countsQuery selects the counts of the partitions that have items and for which a condition over keptCounts, asset and
// partition holds. A partition whose items change now is counted, the others were.
func countsQuery(condition string) string {
	return `SELECT asset, partition, ` + keptCounts + ` FROM item_counts WHERE counted AND discovered > 0 AND ` + condition + `
		UNION ALL SELECT * FROM (SELECT c.asset, c.partition, ` + liveCounts + `
		FROM item_counts c CROSS JOIN items i ON i.asset = c.asset AND i.partition = c.partition WHERE NOT c.counted
		GROUP BY c.asset, c.partition) WHERE ` + condition
}

// scanCounts calls fn with what a row of countsQuery says.
func scanCounts(fn func(PartitionRef, itemCounts)) func(*sql.Rows) error {
	var asset string // the last one: a string for each would be most of the work
	return func(rows *sql.Rows) error {
		var of sql.RawBytes
		var s PartitionRef
		var c itemCounts
		if err := rows.Scan(&of, &s.Partition, &c.Discovered, &c.Published, &c.Absent, &c.vanished, &c.Quarantined, &c.Pending); err != nil {
			return err
		}
		if asset != string(of) {
			asset = string(of)
		}
		s.Asset = asset
		fn(s, c)
		return nil
	}
}

// uncount notes that the items of a partition have changed.
func uncount(ctx context.Context, tx *sql.Tx, asset, partition string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO item_counts (asset, partition, counted, `+keptCounts+`) VALUES ($1, $2, FALSE, 0, 0, 0, 0, 0, 0)
		ON CONFLICT (asset, partition) DO UPDATE SET counted = FALSE WHERE counted`, asset, partition)
	return err
}

// recount is uncount, and counts the items again unless the partition is claimed: then the release does.
func recount(ctx context.Context, tx *sql.Tx, asset, partition string) error {
	if err := uncount(ctx, tx, asset, partition); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE item_counts SET (counted, `+keptCounts+`) = (SELECT TRUE, `+liveCounts+` FROM items WHERE asset = $1 AND partition = $2)
		WHERE asset = $1 AND partition = $2 AND NOT EXISTS (SELECT 1 FROM claims WHERE asset = $1 AND partition = $2)`, asset, partition)
	return err
}

// AllCounts gives the counts of every partition that has items, of some assets; of all assets without arguments.
func (l *Ledger) AllCounts(ctx context.Context, assets ...string) (map[PartitionRef]Counts, error) {
	out := make(map[PartitionRef]Counts)
	if err := l.itemCounts(ctx, `TRUE`, assets, func(s PartitionRef, c itemCounts) { out[s] = c.Counts }); err != nil {
		return out, err
	}
	return out, l.addWaived(ctx, "", out)
}

// addWaived adds to counts how many items are waived, of one asset or of all.
func (l *Ledger) addWaived(ctx context.Context, asset string, counts map[PartitionRef]Counts) error {
	waived, err := l.waived(ctx, asset, "")
	for s, kinds := range waived {
		if c, asked := counts[s]; asked {
			c.Waived = kinds.sum()
			counts[s] = c
		}
	}
	return err
}

// Known counts the items of every partition of some assets; of all assets without arguments. Vanished items are not
// counted.
func (l *Ledger) Known(ctx context.Context, assets ...string) (map[PartitionRef]int, error) {
	out := make(map[PartitionRef]int)
	err := l.itemCounts(ctx, `TRUE`, assets, func(s PartitionRef, c itemCounts) { out[s] = c.Discovered - c.vanished })
	return out, err
}

// Miscount is a partition whose items are not as many as the ledger has counted.
type Miscount struct {
	PartitionRef

	Kept, Found Counts
}

// Miscounts counts every item of some assets (all without) and gives the partitions where the counts that are kept are others. It
// is a fault of the ledger, or of what wrote to it.
func (l *Ledger) Miscounts(ctx context.Context, assets ...string) ([]Miscount, error) {
	in, args := among(assets)
	var out []Miscount
	err := l.query(ctx, "count items", func(rows *sql.Rows) error {
		var m Miscount
		var kept, found itemCounts
		err := rows.Scan(&m.Asset, &m.Partition, &kept.Discovered, &kept.Published, &kept.Absent, &kept.vanished, &kept.Quarantined, &kept.Pending,
			&found.Discovered, &found.Published, &found.Absent, &found.vanished, &found.Quarantined, &found.Pending)
		if m.Kept, m.Found = kept.Counts, found.Counts; kept != found {
			out = append(out, m)
		}
		return err
	}, `WITH found AS (SELECT asset, partition, `+liveCounts+` FROM items WHERE `+in+` GROUP BY asset, partition)
		SELECT f.asset, f.partition, COALESCE(c.discovered, 0), COALESCE(c.published, 0), COALESCE(c.absent, 0), COALESCE(c.vanished, 0),
		COALESCE(c.quarantined, 0), COALESCE(c.pending, 0), f.discovered, f.published, f.absent, f.vanished, f.quarantined, f.pending
		FROM found f LEFT JOIN item_counts c ON c.asset = f.asset AND c.partition = f.partition WHERE c.counted IS NOT FALSE`, args...)
	return out, err
}

// among is the condition that an asset is one of some, with its arguments from $1 on; none means any.
func among(assets []string) (condition string, args []any) {
	if len(assets) == 0 {
		return "1 = 1", nil
	}
	marks := make([]string, len(assets))
	for i, a := range assets {
		marks[i] = fmt.Sprintf("$%d", i+1)
		args = append(args, a)
	}
	return "asset IN (" + strings.Join(marks, ", ") + ")", args
}
