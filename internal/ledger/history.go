package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
)

const materializationColumns = `m.id, m.asset, m.partition, m.run, m.trace, m.state, m.version, m.rows, m.bytes, m.code_version,
	m.upstream, m.snapshot, m.requests, m.workflow, m.execution, m.started, m.finished, m.reason`

// scanMaterialization reads the columns above, then whatever more the query selects.
func scanMaterialization(rows *sql.Rows, more ...any) (Materialization, error) {
	var m Materialization
	var upstream string
	var started, finished int64
	err := rows.Scan(append([]any{&m.ID, &m.Asset, &m.Partition, &m.Run, &m.Trace, &m.State, &m.Version, &m.Rows, &m.Bytes,
		&m.CodeVersion, &upstream, &m.Snapshot, &m.Requests, &m.Workflow, &m.Execution, &started, &finished, &m.Reason}, more...)...)
	if err != nil {
		return m, err
	}
	m.Started, m.Finished = when(started), when(finished)
	return m, json.Unmarshal([]byte(upstream), &m.Upstream)
}

// insertMaterialization takes the next id. Write transactions run one at a time, so no two take the same.
func insertMaterialization(ctx context.Context, tx *sql.Tx, m Materialization) (int64, error) {
	upstream, err := json.Marshal(m.Upstream)
	if err != nil {
		return 0, err
	}
	moves, err := json.Marshal(m.Moves)
	if err != nil {
		return 0, err
	}
	var id int64
	err = tx.QueryRowContext(ctx, `INSERT INTO materializations (id, asset, partition, run, trace, state, version, rows, bytes,
		code_version, upstream, snapshot, moves, requests, started, finished, reason, workflow, execution)
		VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM materializations), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		RETURNING id`, m.Asset, m.Partition, m.Run, m.Trace, string(m.State), m.Version, m.Rows, m.Bytes, m.CodeVersion, string(upstream),
		m.Snapshot, string(moves), m.Requests, micros(m.Started), micros(m.Finished), m.Reason, m.By.Workflow, m.By.Execution).Scan(&id)
	return id, err
}

// RecordUnchanged records that a partition was verified and its published state is still right. Zero times mean now. If
// the partition was rolled back since the run began, and not synced since, it is fault.Invalid. A stale token is
// refused as described at [Token].
func (l *Ledger) RecordUnchanged(ctx context.Context, m Materialization) error {
	m.State, m.Finished = PhaseUnchanged, l.orNow(m.Finished)
	if m.Started.IsZero() {
		m.Started = m.Finished
	}
	return l.write(ctx, "record unchanged", func(tx *sql.Tx) error {
		if err := m.mayWrite(ctx, tx, "record unchanged"); err != nil {
			return err
		}
		if err := notRolledBack(ctx, tx, m); err != nil {
			return err
		}
		id, err := insertMaterialization(ctx, tx, m)
		if err != nil {
			return err
		}
		return recordUnchanged(ctx, tx, id, m)
	})
}

// Unfinished returns the open publishes of a partition, with their moves; only the lake knows which of them it holds.
// partition "": those of all partitions.
func (l *Ledger) Unfinished(ctx context.Context, asset, partition string) ([]Materialization, error) {
	out, err := unfinished(ctx, l.reader, asset, partition)
	return out, l.explain(ctx, "read unfinished publishes", err)
}

// unfinished is Unfinished, with partition "" for those of every partition.
func unfinished(ctx context.Context, q querier, asset, partition string) ([]Materialization, error) {
	var out []Materialization
	rows, err := q.QueryContext(ctx, `SELECT `+materializationColumns+`, m.moves FROM materializations m
		WHERE m.asset = $1 AND (m.partition = $2 OR $2 = '') AND m.state = 'publishing' ORDER BY m.id`, asset, partition)
	err = each(rows, err, func(rows *sql.Rows) error {
		var moves string
		m, err := scanMaterialization(rows, &moves)
		if err != nil {
			return err
		}
		out = append(out, m)
		return json.Unmarshal([]byte(moves), &out[len(out)-1].Moves)
	})
	return out, err
}

// Latest returns the newest published materialization of a partition, without its moves, and false if there is none.
// Verified is when it was published, or last found unchanged; CodeVersion, Upstream and Snapshot are of that moment.
func (l *Ledger) Latest(ctx context.Context, asset, partition string) (Materialization, bool, error) {
	found, err := l.latest(ctx, `WHERE s.asset = $1 AND s.partition = $2`, asset, partition)
	m, ok := found[PartitionRef{asset, partition}]
	return m, ok, err
}

// Materializations returns what Latest returns, for every published partition of some assets; of all assets without
// arguments.
func (l *Ledger) Materializations(ctx context.Context, assets ...string) (map[PartitionRef]Materialization, error) {
	in, args := among(assets)
	return l.latest(ctx, "WHERE "+strings.ReplaceAll(in, "asset IN", "s.asset IN"), args...)
}

func scanLatest(out map[PartitionRef]Materialization) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var verified int64
		m, err := scanMaterialization(rows, &verified)
		m.Verified = when(verified)
		out[PartitionRef{m.Asset, m.Partition}] = m
		return err
	}
}

func (l *Ledger) latest(ctx context.Context, where string, args ...any) (map[PartitionRef]Materialization, error) {
	out := make(map[PartitionRef]Materialization)
	err := l.query(ctx, "read materializations", scanLatest(out), `SELECT `+standingColumns+` FROM standings s JOIN materializations m ON m.id = s.published `+where, args...)
	return out, err
}

// standingColumns are the materializationColumns of what is published, with what the last look at it says instead of
// what its publish did. Most of 100,000 have no other look than their publish: it is read once.
const standingColumns = `m.id, s.asset, s.partition, m.run, m.trace, m.state, m.version, m.rows, m.bytes, s.code_version,
	s.upstream, CASE WHEN s.look = s.published THEN m.snapshot ELSE (SELECT snapshot FROM materializations WHERE id = s.look) END,
	m.requests, m.workflow, m.execution, m.started, m.finished, m.reason, s.verified`
