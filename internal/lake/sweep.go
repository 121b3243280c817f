package lake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// tempSweeper is what a store may offer that leaves temporary files behind when its process is killed.
type tempSweeper interface {
	SweepTemp(ctx context.Context, prefix string, olderThan time.Duration) ([]string, error)
}

// Sweep removes the data files in the table's folder that no version mentions and that are older than olderThan, and
// the temporary files of killed writers; it names what it removed, files by their path in the table. keep, if not nil,
// protects a file that something outside the table still needs. Files that only old versions have are none of its
// business: see [Table.Hold]. olderThan must be longer than any run takes from
// closing a part to committing it.
func (t *Table) Sweep(ctx context.Context, olderThan time.Duration, keep func(path string) bool) ([]string, error) {
	swept, err := t.sweep(ctx, olderThan, keep)
	if err != nil {
		return swept, fmt.Errorf("sweep %s: %w", t.location, err)
	}
	return swept, nil
}

func (t *Table) sweep(ctx context.Context, olderThan time.Duration, keep func(string) bool) ([]string, error) {
	cutoff := time.Now().Add(-olderThan)
	stored, err := t.Stored(ctx)
	if err != nil {
		return nil, err
	}
	// The log is read after the folder: a file that was committed in between is seen.
	mentioned, err := t.mentioned(ctx)
	if err != nil {
		return nil, err
	}
	swept, err := t.discard(ctx, slices.Sorted(maps.Keys(stored)), func(path string) bool {
		return stored[path].Modified.After(cutoff) || mentioned[path] || keep != nil && keep(path)
	})
	if err != nil {
		return swept, err
	}
	if s, ok := t.store.(tempSweeper); ok {
		temps, err := s.SweepTemp(ctx, t.location+"/", olderThan)
		return append(swept, temps...), err
	}
	return swept, nil
}

// mentioned finds every file that some version has, also those of versions long past: they can still be read.
func (t *Table) mentioned(ctx context.Context) (map[string]bool, error) {
	paths := map[string]bool{}
	for c, err := range t.History(ctx) {
		if err != nil {
			return nil, err
		}
		for _, f := range c.Added {
			paths[f.Path] = true
		}
	}
	return paths, nil
}
