package materialize

import (
	"context"
	"fmt"
	"iter"

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
func (eng *Engine) change(ctx context.Context, j job) (change, error) {
	c := change{moves: ledger.Moves{Rewritten: make(map[string]string)}}
	staged, _, err := eng.Ledger.StagedFiles(ctx, j.key(), j.partition())
	if err != nil {
		return c, err
	}
	for _, path := range staged {
		file, err := j.table.Stat(ctx, lake.File{Path: path, Partition: j.partition()})
		if err != nil {
			return c, fmt.Errorf("staged part %s: %w", path, err)
		}
		c.add = append(c.add, file)
		c.moves.Added = append(c.moves.Added, ledger.DataFile{Path: file.Path, Rows: file.Rows, Bytes: file.Bytes})
	}
	superseded, err := eng.Ledger.Superseded(ctx, j.key(), j.partition())
	if err != nil {
		return c, err
	}
	snapshot, err := j.table.Snapshot(ctx)
	if err != nil {
		return c, err
	}
	c.base = snapshot
	c.moves.Dropped = superseded // as read here; outcomes recorded later do not count
	if err := copyKept(ctx, j, &c, snapshot.Files(j.partition()), superseded); err != nil {
		return c, err
	}
	for _, file := range c.add {
		c.rows += file.Rows
		c.bytes += file.Bytes
	}
	return c, nil
}

// maxSmall is how many small parts a partition may have before a publish that changes it anyway compacts them. Small
// is a part with less than a batch; what they are compacted into holds about as many batches.
const maxSmall = 16

// copyKept goes over the published parts: those with rows that must go, and small ones when there are many, are
// rewritten; the others stay as they are.
func copyKept(ctx context.Context, j job, c *change, files []lake.File, superseded map[string][]string) error {
	batch := int64(j.asset.BatchSize)
	small := 0
	for _, file := range files {
		if file.Rows < batch {
			small++
		}
	}
	// Without anything else to publish there is no new version, however small the parts are.
	compact := small >= maxSmall && len(c.add)+len(superseded) > 0
	r := rewrite{stage: stage{j: j, meta: partMeta(j)}, change: c}
	defer r.abort()
	for _, file := range files {
		gone := superseded[file.Path]
		if len(gone) == 0 && (!compact || file.Rows >= batch) {
			c.rows += file.Rows
			c.bytes += file.Bytes
			continue
		}
		if err := r.add(ctx, file, gone); err != nil {
			return err
		}
	}
	return r.flush(ctx)
}

// rewrite puts rows of published parts into new ones. All rows of an old part go into the same new part, and a new
// one is closed once it holds enough: a row that changes later must not cost a copy of the whole partition.
type rewrite struct {
	stage
	change *change
	from   []string // the old parts of the open new one
}

func (r *rewrite) add(ctx context.Context, file lake.File, gone []string) error {
	if err := r.copy(ctx, file, gone); err != nil {
		return err
	}
	r.change.remove = append(r.change.remove, file.Path)
	r.change.moves.Rewritten[file.Path] = "" // until flush, if it has rows left
	r.from = append(r.from, file.Path)
	if len(r.outcomes) >= maxSmall*r.j.asset.BatchSize {
		return r.flush(ctx)
	}
	return nil
}

func (r *rewrite) flush(ctx context.Context) error {
	if r.file == nil {
		return nil
	}
	file, err := r.file.Close(ctx)
	if err != nil {
		return err
	}
	r.change.add = append(r.change.add, file)
	for _, old := range r.from {
		r.change.moves.Rewritten[old] = file.Path
	}
	r.file, r.outcomes, r.from = nil, nil, nil
	return nil
}

// copy stages the rows of a published part again, without those of the items that are gone.
func (s *stage) copy(ctx context.Context, file lake.File, gone []string) error {
	for row, err := range s.j.staying(ctx, file, gone) {
		if err != nil {
			return fmt.Errorf("rewrite %s: %w", file.Path, err)
		}
		if err := s.add(ctx, row.ItemID(), row); err != nil {
			return err
		}
	}
	return nil
}

// staying reads the rows of a published part but for those of the items that are gone. A part of which all are gone is not
// opened: code of before may have written it.
func (j job) staying(ctx context.Context, file lake.File, gone []string) iter.Seq2[asset.Row, error] {
	return func(yield func(asset.Row, error) bool) {
		if int64(len(gone)) == file.Rows {
			return
		}
		left := make(map[string]bool, len(gone))
		for _, id := range gone {
			left[id] = true
		}
		for row, err := range j.table.Rows(ctx, file) {
			if err != nil {
				yield(nil, err)
				return
			}
			if kept := row.(asset.Row); !left[kept.ItemID()] && !yield(kept, nil) {
				return
			}
		}
	}
}
