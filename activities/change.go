package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// change is what a publish does to the table and to the ledger.
type change struct {
	add    []lake.File
	remove []string
	moves  ledger.Moves
	base   *lake.Snapshot // what it was computed from
	rows   int64          // in the partition after it
	bytes  int64
}

func (c change) empty() bool { return len(c.add) == 0 && len(c.remove) == 0 }

// change collects the staged parts, and rewrites the published parts that hold rows which must go.
func (a *Activities) change(ctx context.Context, j job) (change, error) {
	c := change{moves: ledger.Moves{Rewritten: make(map[string]string)}}
	staged, _, err := a.Ledger.StagedParts(ctx, j.key(), j.partition())
	if err != nil {
		return c, err
	}
	for _, path := range staged {
		file, err := j.table.Stat(ctx, lake.File{Path: path, Partition: j.partition()})
		if err != nil {
			return c, fmt.Errorf("staged part %s: %w", path, err)
		}
		c.add = append(c.add, file)
		c.moves.Added = append(c.moves.Added, ledger.Part{Path: file.Path, Rows: file.Rows, Bytes: file.Bytes})
	}
	superseded, err := a.Ledger.Superseded(ctx, j.key(), j.partition())
	if err != nil {
		return c, err
	}
	snapshot, err := j.table.Snapshot(ctx)
	if err != nil {
		return c, err
	}
	c.base = snapshot
	if err := a.keep(ctx, j, &c, snapshot.Files(j.partition()), superseded); err != nil {
		return c, err
	}
	for _, file := range c.add {
		c.rows += file.Rows
		c.bytes += file.Bytes
	}
	return c, nil
}

// maxSmall is how many small parts a partition may have before a publish melts them into one.
const maxSmall = 16

// keep goes over the published parts: those with rows that must go, and small ones when there are many, are
// rewritten into one new part; the others stay as they are.
func (a *Activities) keep(ctx context.Context, j job, c *change, files []lake.File, superseded map[string][]string) error {
	small := 0
	for _, file := range files {
		if file.Rows < int64(j.asset.BatchSize) {
			small++
		}
	}
	fresh := stage{j: j, meta: partMeta(j.StepInput, j.run.TraceID)}
	defer fresh.abort()
	for _, file := range files {
		gone := superseded[file.Path]
		if len(gone) == 0 && (small < maxSmall || file.Rows >= int64(j.asset.BatchSize)) {
			c.rows += file.Rows
			c.bytes += file.Bytes
			continue
		}
		if err := fresh.copy(ctx, file, gone); err != nil {
			return err
		}
		c.remove = append(c.remove, file.Path)
		c.moves.Rewritten[file.Path] = ""
	}
	if fresh.part == nil {
		return nil
	}
	file, err := fresh.part.Close(ctx)
	if err != nil {
		return err
	}
	fresh.part = nil
	c.add = append(c.add, file)
	for _, old := range slices.Collect(maps.Keys(c.moves.Rewritten)) {
		c.moves.Rewritten[old] = file.Path
	}
	return nil
}

// copy stages the rows of a published part again, without those of the items that are gone.
func (s *stage) copy(ctx context.Context, file lake.File, gone []string) error {
	if int64(len(gone)) == file.Rows {
		return nil
	}
	for row, err := range s.j.table.Rows(ctx, file) {
		if err != nil {
			return fmt.Errorf("rewrite %s: %w", file.Path, err)
		}
		kept := row.(asset.Row)
		if slices.Contains(gone, kept.ItemID()) {
			continue
		}
		if err := s.add(ctx, kept.ItemID(), kept); err != nil {
			return err
		}
	}
	return nil
}
