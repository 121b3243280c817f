package ledger

import (
	"context"
	"database/sql"
	"strings"
)

// PartitionDetails are what a list of partitions of an asset shows of each, by partition.
type PartitionDetails struct {
	Latest    map[string]Materialization // what is published
	Counts    map[string]Counts          // of those that have items
	Succeeded map[string]Attempt         // the last attempts, of those that succeeded
}

// PartitionDetails reads some partitions of an asset; without partitions, all.
func (l *Ledger) PartitionDetails(ctx context.Context, asset string, partitions []string) (d PartitionDetails, err error) {
	d = PartitionDetails{make(map[string]Materialization), make(map[string]Counts), make(map[string]Attempt)}
	if err := l.latestOf(ctx, asset, partitions, d.Latest); err != nil {
		return d, err
	}
	if err := l.countsOf(ctx, asset, partitions, d.Counts); err != nil {
		return d, err
	}
	return d, l.queryPartitions(ctx, "read attempts", `SELECT asset, partition, run, state, kind, reason, started, finished FROM attempts
		WHERE asset = $1 AND state = 'succeeded' AND %s`, `partition`, asset, partitions, func(rows *sql.Rows) error {
		a, err := scanAttempt(rows)
		d.Succeeded[a.Partition] = a
		return err
	})
}

func (l *Ledger) latestOf(ctx context.Context, asset string, partitions []string, into map[string]Materialization) error {
	found := make(map[PartitionRef]Materialization)
	err := l.queryPartitions(ctx, "read materializations", `SELECT `+standingColumns+` FROM standings s JOIN materializations m ON m.id = s.published
		WHERE s.asset = $1 AND %s`, `s.partition`, asset, partitions, scanLatest(found))
	for ref, m := range found {
		into[ref.Partition] = m
	}
	return err
}

func (l *Ledger) countsOf(ctx context.Context, asset string, partitions []string, into map[string]Counts) error {
	found := make(map[PartitionRef]Counts)
	err := l.queryPartitions(ctx, "count items", countsQuery(`asset = $1 AND %s`), `partition`, asset, partitions,
		scanCounts(func(s PartitionRef, c itemCounts) { found[s] = c.Counts }))
	if err != nil {
		return err
	}
	if err := l.addWaived(ctx, asset, found); err != nil {
		return err
	}
	for ref, c := range found {
		into[ref.Partition] = c
	}
	return nil
}

// queryPartitions is queryKeys for the partitions of an asset, whose condition takes the place of %s; without partitions it
// is one query for all.
func (l *Ledger) queryPartitions(ctx context.Context, op, text, column, asset string, partitions []string, scan func(*sql.Rows) error) error {
	if partitions == nil {
		return l.query(ctx, op, scan, strings.ReplaceAll(text, "%s", "TRUE"), asset)
	}
	return l.queryKeys(ctx, op, strings.ReplaceAll(text, "%s", column+" IN (%[1]s)"), asset, partitions, scan)
}
