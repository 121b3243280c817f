package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Known counts the items of every partition of some assets; of all assets without arguments. Vanished items are not
// counted.
func (l *Ledger) Known(ctx context.Context, assets ...string) (map[PartitionRef]int, error) {
	out := make(map[PartitionRef]int)
	add := func(sign int) func(*sql.Rows) error {
		return func(rows *sql.Rows) error {
			var s PartitionRef
			var n int
			err := rows.Scan(&s.Asset, &s.Partition, &n)
			out[s] += sign * n
			return err
		}
	}
	in, args := among(assets)
	err := l.query(ctx, "count items", add(1), `SELECT asset, partition, COUNT(*) FROM items WHERE `+in+` GROUP BY asset, partition`, args...)
	if err == nil {
		err = l.query(ctx, "count items", add(-1), `SELECT asset, partition, COUNT(*) FROM items WHERE `+in+
			` AND state = 'absent' AND kind = 'vanished' GROUP BY asset, partition`, args...)
	}
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
