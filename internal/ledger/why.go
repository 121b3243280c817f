package ledger

import (
	"context"
	"database/sql"
	"slices"
	"time"
	"unicode/utf8"
)

// PublishedBy returns the version of a partition that a run published last, and when; false if it published none.
func (l *Ledger) PublishedBy(ctx context.Context, asset, partition, run string) (version int64, at time.Time, ok bool, err error) {
	err = l.query(ctx, "find publish", func(rows *sql.Rows) error {
		var finished int64
		ok = true
		err := rows.Scan(&version, &finished)
		at = when(finished)
		return err
	}, `SELECT version, finished FROM materializations WHERE asset = $1 AND partition = $2 AND state = 'published' AND run = $3
		ORDER BY id DESC LIMIT 1`, asset, partition, run)
	return version, at, ok, err
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
