package ledger

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// recordPublished notes that a publish is what readers see of its partition, and the last look at it.
func recordPublished(ctx context.Context, tx *sql.Tx, id int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO standings (asset, partition, published, look, version, code_version, upstream, verified)
		SELECT asset, partition, id, id, version, code_version, upstream, finished FROM materializations WHERE id = $1
		ON CONFLICT (asset, partition) DO UPDATE SET published = excluded.published, look = excluded.look, version = excluded.version,
		code_version = excluded.code_version, upstream = excluded.upstream, verified = excluded.verified, rolled_back = -1`, id)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO touches (asset, partition, seq, changed)
		SELECT asset, partition, next.seq, next.seq FROM materializations, (SELECT COALESCE(MAX(seq), 0) + 1 AS seq FROM touches) next WHERE id = $1
		ON CONFLICT (asset, partition) DO UPDATE SET seq = excluded.seq, changed = excluded.changed`, id)
	return err
}

// recordUnchanged notes that a look found what is published right. A partition that was never published stays so.
func recordUnchanged(ctx context.Context, tx *sql.Tx, id int64, m Materialization) error {
	_, err := tx.ExecContext(ctx, `UPDATE standings SET look = $1,
		code_version = (SELECT code_version FROM materializations WHERE id = $1),
		upstream = (SELECT upstream FROM materializations WHERE id = $1),
		verified = (SELECT finished FROM materializations WHERE id = $1), rolled_back = -1 WHERE asset = $2 AND partition = $3`, id, m.Asset, m.Partition)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE touches SET seq = (SELECT MAX(seq) + 1 FROM touches) WHERE asset = $1 AND partition = $2`, m.Asset, m.Partition)
	return err
}

// PublishedPartitions calls fn with every published partition of an asset, in no order. It reads only what a plan needs, and keeps
// nothing: there may be 100,000 partitions. Stand.Upstream is valid until fn returns.
func (l *Ledger) PublishedPartitions(ctx context.Context, asset string, fn func(PublishedPartition) error) error {
	names := make(map[string]string)
	var code string // the last one: most are the same
	var buffer []Read
	return l.query(ctx, "read standings", func(rows *sql.Rows) error {
		var s PublishedPartition
		var made, upstream sql.RawBytes
		var verified int64
		if err := rows.Scan(&s.Partition, &s.Version, &made, &upstream, &verified, &s.RolledBack); err != nil {
			return err
		}
		if string(made) != code {
			code = string(made)
		}
		s.CodeVersion, s.Verified = code, when(verified)
		var err error
		if buffer, err = reads(buffer[:0], upstream, names); err != nil {
			return fmt.Errorf("inputs of %s[%s]: %w", asset, s.Partition, err)
		}
		s.Upstream = buffer
		return fn(s)
	}, `SELECT partition, version, code_version, upstream, verified, rolled_back FROM standings WHERE asset = $1`, asset)
}

// reads decodes the versions of inputs, after those found. What json.Marshal writes of a map of plain names is read without it, and names
// are kept once: a plan reads this 100,000 times.
func reads(found []Read, text []byte, names map[string]string) ([]Read, error) {
	if len(text) <= len("null") {
		return found, nil
	}
	for rest := bytes.TrimPrefix(text, []byte("{")); ; {
		name, tail, ok := bytes.Cut(bytes.TrimPrefix(rest, []byte(`"`)), []byte(`":`))
		end := bytes.IndexAny(tail, ",}")
		if !ok || end < 0 || bytes.ContainsAny(name, `"\`) || !utf8.Valid(name) {
			break
		}
		version, err := strconv.ParseInt(string(tail[:end]), 10, 64)
		if err != nil {
			break
		}
		kept, seen := names[string(name)]
		if !seen {
			kept = string(name)
			names[kept] = kept
		}
		found = append(found, Read{kept, version})
		if rest = tail[end+1:]; len(rest) == 0 && tail[end] == '}' {
			return found, nil
		}
	}
	var all map[string]int64
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	found = found[:0]
	for _, name := range slices.Sorted(maps.Keys(all)) {
		found = append(found, Read{name, all[name]})
	}
	return found, nil
}

// CountPublished returns how many partitions of an asset were ever published.
func (l *Ledger) CountPublished(ctx context.Context, asset string) (n int, err error) {
	err = l.query(ctx, "count standings", func(rows *sql.Rows) error { return rows.Scan(&n) },
		`SELECT COUNT(*) FROM standings WHERE asset = $1`, asset)
	return n, err
}

// EveryPartition returns the partitions of an asset with items or a publish in the ledger, in order, including those that are
// gone.
func (l *Ledger) EveryPartition(ctx context.Context, asset string) ([]string, error) {
	var out []string
	err := l.query(ctx, "read partitions", func(rows *sql.Rows) error {
		var partition string
		err := rows.Scan(&partition)
		out = append(out, partition)
		return err
	}, `SELECT partition FROM standings WHERE asset = $1 UNION SELECT partition FROM items WHERE asset = $1 ORDER BY partition`, asset)
	return out, err
}

// OpenItems counts, for every partition that has some, the items without a final outcome. retryable are the kinds of
// failure that are retried automatically.
func (l *Ledger) OpenItems(ctx context.Context, retryable []string) (map[PartitionRef]OpenItems, error) {
	out := make(map[PartitionRef]OpenItems)
	err := l.itemCounts(ctx, `pending > 0`, nil, func(s PartitionRef, c itemCounts) { out[s] = OpenItems{Pending: c.Pending} })
	if err != nil {
		return nil, err
	}
	err = l.query(ctx, "count quarantined items", func(rows *sql.Rows) error {
		var s PartitionRef
		var kind string
		var n int
		if err := rows.Scan(&s.Asset, &s.Partition, &kind, &n); err != nil {
			return err
		}
		u := out[s]
		u.Quarantined += n
		for _, k := range retryable {
			if k == kind {
				u.Retryable += n
			}
		}
		out[s] = u
		return nil
	}, `SELECT asset, partition, kind, COUNT(*) FROM items WHERE state = 'quarantined' GROUP BY asset, partition, kind`)
	if err != nil {
		return out, err
	}
	return out, l.excludeWaived(ctx, out, retryable)
}

// Lake returns the name of this ledger, generated at its first use. It identifies plans that were made with another
// ledger.
func (l *Ledger) Lake(ctx context.Context) (string, error) {
	var id string
	err := l.write(ctx, "read the lake's name", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO about (name, value) VALUES ('lake', $1) ON CONFLICT (name) DO NOTHING`,
			strings.ToLower(rand.Text())); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT value FROM about WHERE name = 'lake'`).Scan(&id)
	})
	return id, err
}

// AddPartitions adds keys to a dynamic set, or brings back keys that were gone; others are not changed.
func (l *Ledger) AddPartitions(ctx context.Context, set string, ps []Partition) error {
	return l.write(ctx, "add partitions", func(tx *sql.Tx) error { return l.putPartitions(ctx, tx, set, ps) })
}

// RemovePartitions marks keys of a dynamic set as gone and returns how many existed. Their tables and items stay.
func (l *Ledger) RemovePartitions(ctx context.Context, set string, keys []string) (removed int, err error) {
	err = l.write(ctx, "remove partitions", func(tx *sql.Tx) error {
		removed = 0
		for _, key := range keys {
			result, err := tx.ExecContext(ctx, `UPDATE partitions SET gone = TRUE WHERE kind = $1 AND key = $2 AND NOT gone`, set, key)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			removed += int(n)
		}
		return nil
	})
	return removed, err
}

// KnownPartitions returns the key and the label of the partitions of a set that are not gone, by key.
func (l *Ledger) KnownPartitions(ctx context.Context, set string) ([]Partition, error) {
	var out []Partition
	err := l.query(ctx, "read partitions", func(rows *sql.Rows) error {
		var p Partition
		err := rows.Scan(&p.Key, &p.Label)
		out = append(out, p)
		return err
	}, `SELECT key, label FROM partitions WHERE kind = $1 AND NOT gone ORDER BY key`, set)
	return out, err
}

// FindPartitions returns at most limit partitions of a set that are not gone and whose key begins with a text, short keys first so
// that 2 comes before 10. Partitions with a name of their own, of which there are few, are returned whatever their key.
func (l *Ledger) FindPartitions(ctx context.Context, set, prefix string, limit int) ([]Partition, error) {
	var out []Partition
	const named = 1000
	err := l.query(ctx, "find partitions", func(rows *sql.Rows) error {
		var p Partition
		err := rows.Scan(&p.Key, &p.Label)
		out = append(out, p)
		return err
	}, `SELECT * FROM (SELECT key, label FROM partitions WHERE kind = $1 AND NOT gone AND key >= $2 AND key < $3 ORDER BY LENGTH(key), key LIMIT $4)
		UNION SELECT * FROM (SELECT key, label FROM partitions WHERE kind = $1 AND NOT gone AND $2 <> '' AND label NOT IN ('', key) LIMIT $5)`,
		set, prefix, prefix+"\U0010FFFF", limit, named)
	return out, err
}

// RecordObservation stores what was observed of an external asset: a new version if its data has changed since the last
// observation (Snapshot identifies the data), otherwise that it was observed. It returns the version, which counts over
// all partitions. A stale token is refused as described at [Token]: a late observation must not hide a newer one.
func (l *Ledger) RecordObservation(ctx context.Context, m Materialization, metadata []byte) (version int64, changed bool, err error) {
	m.Finished = l.orNow(m.Finished)
	if m.Started.IsZero() {
		m.Started = m.Finished
	}
	err = l.write(ctx, "record observation", func(tx *sql.Tx) error {
		if err := m.mayWrite(ctx, tx, "record observation"); err != nil {
			return err
		}
		var last string
		err := tx.QueryRowContext(ctx, `SELECT s.version, m.snapshot FROM standings s JOIN materializations m ON m.id = s.published
			WHERE s.asset = $1 AND s.partition = $2`, m.Asset, m.Partition).Scan(&version, &last)
		switch {
		case err != nil && !isNoRows(err):
			return err
		case err == nil && last == m.Snapshot:
			changed = false
		default: // one count for all partitions, as a table has: what is made from several of them asks for the highest
			changed = true
			if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version) + 1, 0) FROM standings WHERE asset = $1`, m.Asset).Scan(&version); err != nil {
				return err
			}
		}
		m.Version, m.State = version, PhaseUnchanged
		if changed {
			m.State = PhasePublished
		}
		id, err := insertMaterialization(ctx, tx, m)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO observations (materialization, metadata) VALUES ($1, $2)`, id, string(metadata)); err != nil {
			return err
		}
		if changed {
			return recordPublished(ctx, tx, id)
		}
		return recordUnchanged(ctx, tx, id, m)
	})
	return version, changed, err
}

// Observation returns the metadata of the last observation of an external asset; nil if there was none.
func (l *Ledger) Observation(ctx context.Context, asset, partition string) (metadata []byte, err error) {
	err = l.query(ctx, "read observation", func(rows *sql.Rows) error { return rows.Scan(&metadata) },
		`SELECT o.metadata FROM standings s JOIN observations o ON o.materialization = s.look WHERE s.asset = $1 AND s.partition = $2`,
		asset, partition)
	return metadata, err
}
