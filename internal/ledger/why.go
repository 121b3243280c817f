package ledger

import (
	"context"
	"database/sql"
	"slices"
	"unicode/utf8"
)

// PublishedBy returns the materialization with which a run published a partition last; false if it published none.
func (l *Ledger) PublishedBy(ctx context.Context, asset, partition, run string) (m Materialization, ok bool, err error) {
	err = l.query(ctx, "find publish", func(rows *sql.Rows) error {
		ok = true
		m, err = scanMaterialization(rows)
		return err
	}, `SELECT `+materializationColumns+` FROM materializations m WHERE m.asset = $1 AND m.partition = $2 AND m.state = 'published' AND m.run = $3
		ORDER BY m.id DESC LIMIT 1`, asset, partition, run)
	return m, ok, err
}

// maxNearest is how many ids Near looks at.
const maxNearest = 100

// NearestItems returns ids of items that share a prefix with a text, those with the longest prefix first.
func (l *Ledger) NearestItems(ctx context.Context, text string) ([]string, error) {
	var found []string
	for end := len(text); ; {
		prefix := text[:end]
		err := l.query(ctx, "find similar items", func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			if !slices.Contains(found, id) {
				found = append(found, id)
			}
			return err
		}, `SELECT DISTINCT id FROM items WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3`, prefix, prefix+"\U0010FFFF", maxNearest)
		if err != nil || len(found) >= maxNearest/2 || end == 0 {
			return found, err
		}
		_, size := utf8.DecodeLastRuneInString(prefix)
		end -= size
	}
}
