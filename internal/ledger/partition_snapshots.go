package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// PartitionSnapshot is the state of a published partition, with the marks of its last changes.
type PartitionSnapshot struct {
	PublishedPartition
	Seq     int64 // when it was last published or found right
	Changed int64 // when it was last published
}

// keysAtOnce is how many keys one query asks about.
const keysAtOnce = 500

// queryKeys runs a query for keys, several hundred at a time: their placeholders take the place of %s, after $1.
func (l *Ledger) queryKeys(ctx context.Context, op, text, first string, keys []string, scan func(*sql.Rows) error) error {
	for len(keys) > 0 {
		n := min(len(keys), keysAtOnce)
		places := make([]string, n)
		args := []any{first}
		for i, key := range keys[:n] {
			args = append(args, key)
			places[i] = fmt.Sprintf("$%d", i+2)
		}
		if err := l.query(ctx, op, scan, fmt.Sprintf(text, strings.Join(places, ", ")), args...); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

const snapshotColumns = `s.partition, s.version, s.code_version, s.upstream, s.verified, s.rolled_back, COALESCE(t.seq, 0), COALESCE(t.changed, 0)
	FROM standings s LEFT JOIN touches t ON t.asset = s.asset AND t.partition = s.partition`

// PartitionSnapshots returns the states of published partitions of an asset; without partitions, of all.
func (l *Ledger) PartitionSnapshots(ctx context.Context, asset string, partitions []string) (map[string]PartitionSnapshot, error) {
	out := make(map[string]PartitionSnapshot, len(partitions))
	names := make(map[string]string)
	scan := func(rows *sql.Rows) error {
		var s PartitionSnapshot
		var upstream sql.RawBytes
		var verified int64
		if err := rows.Scan(&s.Partition, &s.Version, &s.CodeVersion, &upstream, &verified, &s.RolledBack, &s.Seq, &s.Changed); err != nil {
			return err
		}
		s.Verified = when(verified)
		var err error
		if s.Upstream, err = reads(nil, upstream, names); err != nil {
			return fmt.Errorf("inputs of %s[%s]: %w", asset, s.Partition, err)
		}
		out[s.Partition] = s
		return nil
	}
	const op = "read standings"
	if len(partitions) == 0 {
		return out, l.query(ctx, op, scan, `SELECT `+snapshotColumns+` WHERE s.asset = $1`, asset)
	}
	return out, l.queryKeys(ctx, op, `SELECT `+snapshotColumns+` WHERE s.asset = $1 AND s.partition IN (%s)`, asset, partitions, scan)
}

// MadeByOtherCode returns the published partitions of an asset that another code version made, in order.
func (l *Ledger) MadeByOtherCode(ctx context.Context, asset, codeVersion string) ([]string, error) {
	var out []string
	err := l.query(ctx, "read standings", func(rows *sql.Rows) error {
		var partition string
		err := rows.Scan(&partition)
		out = append(out, partition)
		return err
	}, `SELECT partition FROM standings WHERE asset = $1 AND code_version <> $2 ORDER BY partition`, asset, codeVersion)
	return out, err
}

// HasKeys says which keys a dynamic set has now.
func (l *Ledger) HasKeys(ctx context.Context, set string, keys []string) (map[string]bool, error) {
	out := make(map[string]bool, len(keys))
	err := l.queryKeys(ctx, "read partitions", `SELECT key FROM partitions WHERE kind = $1 AND NOT gone AND key IN (%s)`, set, keys, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		out[key] = true
		return err
	})
	return out, err
}

// HandledBefore returns the last requests of partitions of an asset by automation. A request for all partitions counts
// for each.
func (l *Ledger) HandledBefore(ctx context.Context, asset string, partitions []string) (map[string]Handled, error) {
	out := make(map[string]Handled)
	scan := func(rows *sql.Rows) error {
		var partition string
		var h Handled
		var at int64
		err := rows.Scan(&partition, &h.Seq, &h.CodeVersion, &at)
		h.At = when(at)
		out[partition] = h
		return err
	}
	err := l.queryKeys(ctx, "read automation", `SELECT partition, seq, code_version, at FROM automation_handled WHERE asset = $1 AND partition IN (%s)`,
		asset, append([]string{""}, partitions...), scan)
	if err != nil {
		return nil, err
	}
	whole, all := out[""]
	delete(out, "")
	for _, partition := range partitions {
		if h, known := out[partition]; all && (!known || h.At.Before(whole.At)) {
			out[partition] = whole
		}
	}
	return out, nil
}

// RunsAt returns the partitions of an asset that are in progress, and their runs: planned steps of running runs, and
// claimed partitions.
func (l *Ledger) RunsAt(ctx context.Context, asset string, partitions []string) (map[string]string, error) {
	out := make(map[string]string)
	err := l.queryKeys(ctx, "read runs under way", `SELECT w.partition, w.run FROM run_steps w JOIN runs r ON r.id = w.run
		WHERE w.asset = $1 AND r.state = 'running' AND w.state IN ('queued', 'running') AND NOT EXISTS (SELECT 1 FROM standings s JOIN materializations m ON m.id = s.look
		WHERE s.asset = w.asset AND s.partition = w.partition AND m.run = w.run) AND w.partition IN (%s)`, asset, partitions, func(rows *sql.Rows) error {
		var partition, run string
		err := rows.Scan(&partition, &run)
		out[partition] = run
		return err
	})
	if err != nil {
		return nil, err
	}
	err = l.queryKeys(ctx, "read claims", `SELECT partition, run FROM claims WHERE asset = $1 AND partition IN (%s)`, asset, partitions, func(rows *sql.Rows) error {
		var partition, run string
		err := rows.Scan(&partition, &run)
		out[partition] = run
		return err
	})
	return out, err
}

// Requests returns the last requests of automation, the newest first, of an asset, or with "" of all. Limit 0 means
// 1000.
func (l *Ledger) Requests(ctx context.Context, asset string, limit int) ([]AutomationRequest, error) {
	var out []AutomationRequest
	err := l.query(ctx, "read requests", func(rows *sql.Rows) error {
		var r AutomationRequest
		var tick int64
		var some string
		if err := rows.Scan(&r.ID, &r.Asset, &tick, &r.Partitions, &some, &r.Filter, &r.Cause); err != nil {
			return err
		}
		r.Tick = when(tick)
		out = append(out, r)
		return json.Unmarshal([]byte(some), &out[len(out)-1].Some)
	}, `SELECT id, asset, tick, partitions, some, filter, cause FROM automation_requests
		WHERE $1 = '' OR asset = $1 ORDER BY id DESC LIMIT $2`, asset, atMost(limit))
	return out, err
}

// OpenStarts returns the requested runs that were not started yet, the oldest first.
func (l *Ledger) OpenStarts(ctx context.Context, limit int) ([]AutomationStart, error) {
	return l.starts(ctx, `WHERE started = 0 ORDER BY tick, place LIMIT $1`, limit)
}

// StartsOf returns the runs that the requests of a tick start.
func (l *Ledger) StartsOf(ctx context.Context, tick time.Time) ([]AutomationStart, error) {
	return l.starts(ctx, `WHERE tick = $1 ORDER BY place`, micros(tick))
}

func (l *Ledger) starts(ctx context.Context, rest string, args ...any) ([]AutomationStart, error) {
	var out []AutomationStart
	err := l.query(ctx, "read starts", func(rows *sql.Rows) error {
		var s AutomationStart
		var tick, started int64
		var input string
		err := rows.Scan(&s.Run, &tick, &s.Steps, &input, &started)
		s.Tick, s.Started, s.Input = when(tick), when(started), bytesOf(input)
		out = append(out, s)
		return err
	}, `SELECT run, tick, steps, input, started FROM automation_starts `+rest, args...)
	return out, err
}

// keptStarts is how many runs are kept that were seen to.
const keptStarts = 1000

// MarkStarted records that runs were started, and deletes old records.
func (l *Ledger) MarkStarted(ctx context.Context, runs []string) error {
	return l.write(ctx, "record starts", func(tx *sql.Tx) error {
		at := micros(l.Now())
		for _, run := range runs {
			if _, err := tx.ExecContext(ctx, `UPDATE automation_starts SET started = $2 WHERE run = $1 AND started = 0`, run, at); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM automation_starts WHERE started > 0 AND tick <
			(SELECT tick FROM automation_starts WHERE started > 0 ORDER BY tick DESC LIMIT 1 OFFSET $1)`, keptStarts-1)
		return err
	})
}

// Overdue returns partitions that became due by a time, the longest due first.
func (l *Ledger) Overdue(ctx context.Context, at time.Time, limit int) ([]PartitionRef, []time.Time, error) {
	var slices []PartitionRef
	var dues []time.Time
	err := l.query(ctx, "read what is due", func(rows *sql.Rows) error {
		var s PartitionRef
		var due int64
		err := rows.Scan(&s.Asset, &s.Partition, &due)
		slices, dues = append(slices, s), append(dues, when(due))
		return err
	}, `SELECT asset, partition, due FROM automation_due WHERE due <= $1 ORDER BY due, asset, partition LIMIT $2`, micros(at), atMost(limit))
	return slices, dues, err
}
