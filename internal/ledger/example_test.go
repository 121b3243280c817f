package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"drugslm/internal/ledger"
)

// A partition is synced, done in batches, and published.
func Example() {
	if err := fill(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 2 to do in 1 batches
	// {Discovered:2 Published:1 Absent:1 Quarantined:0 Pending:0 Waived:0}
}

func fill(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := ledger.Open(ctx, filepath.Join(dir, "ledger.db"))
	if err != nil {
		return err
	}
	defer l.Close()

	const asset, category, run = "anvisa/download", "5", "run-1"
	sum, err := l.SyncItems(ctx, ledger.Enumeration{Asset: asset, Partition: category, Run: run, CodeVersion: "1", BatchSize: 100,
		Items: enumerate(ledger.Item{ID: "101-patient", Fingerprint: "v7"}, ledger.Item{ID: "101-professional", Fingerprint: "v7"})})
	if err != nil {
		return err
	}
	fmt.Println(sum.Todo, "to do in", sum.Batches, "batches")

	// From here on every write says for whom it is: the run, and its sync, the first of the partition.
	by := ledger.Token{Asset: asset, Partition: category, Run: run, Generation: 1, CodeVersion: "1"}
	batch, err := l.ClaimItems(ctx, by, 1, "1")
	if err != nil {
		return err
	}
	// The work: one leaflet's row went into a staged part, of the other the source says that there is none.
	if err := l.RecordOutcomes(ctx, by, []ledger.Outcome{
		{ID: batch[0].ID, State: ledger.Staged, Staged: "staged/run-1-1.parquet"},
		{ID: batch[1].ID, State: ledger.Absent, Kind: "not_found", Reason: "404, asked twice"},
	}); err != nil {
		return err
	}

	id, err := l.BeginPublish(ctx, ledger.Materialization{Asset: asset, Partition: category, Run: run, CodeVersion: "1", By: by,
		Moves: ledger.Moves{Added: []ledger.DataFile{{Path: "staged/run-1-1.parquet", Rows: 1, Bytes: 4096}}}})
	if err != nil {
		return err
	}
	// Here the lake commits, as version 1. A process that was killed before the next line finds the publish with Unfinished.
	if err := l.FinishPublish(ctx, id, 1, 1, 4096); err != nil {
		return err
	}
	counts, err := l.Counts(ctx, asset, category)
	fmt.Printf("%+v\n", counts)
	return err
}
