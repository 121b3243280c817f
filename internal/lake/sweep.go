package lake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// tempSweeper is what a store may offer that leaves temporary files behind when its process is killed.
type tempSweeper interface {
	SweepTemp(ctx context.Context, prefix string, olderThan time.Duration) ([]string, error)
}

// Sweep deletes the data files in the folder of the table that no version mentions and that are older than olderThan,
// and the temporary files of killed writers. It returns what it deleted, files by their path in the table. keep, if not
// nil, protects a file that something outside the table still needs. Files that only old versions need are not deleted:
// see [Table.PlanVacuum]. olderThan must be longer than any run takes from closing a part to committing it.
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
	swept, err := t.deleteFiles(ctx, slices.Sorted(maps.Keys(stored)), func(path string) bool {
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

// mentioned finds every file that some version has, also those of versions long past: they can still be read. Of versions
// whose commits were cleaned away, those that were removed lately are known.
func (t *Table) mentioned(ctx context.Context) (map[string]bool, error) {
	paths := map[string]bool{}
	newest, err := t.State(ctx)
	if err != nil {
		return nil, err
	}
	for path := range newest.files {
		paths[path] = true
	}
	for key := range newest.removed {
		path, _, _ := strings.Cut(key, "\x00")
		paths[path] = true
	}
	for c, err := range t.History(ctx) {
		if err != nil {
			return nil, err
		}
		for _, f := range slices.Concat(c.Before, c.Added) {
			paths[f.Path] = true
		}
		for _, path := range c.Removed {
			paths[path] = true
		}
	}
	return paths, nil
}
