package lake

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// tempSweeper is what a store may offer that leaves temporary files behind when its process is killed.
type tempSweeper interface {
	SweepTemp(ctx context.Context, prefix string, olderThan time.Duration) ([]string, error)
}

// Sweep removes the data files in the table's folder that no version mentions and that are older than olderThan, and
// the temporary files of killed writers; it names what it removed, files by their path in the table. keep, if not nil,
// protects a file that something outside the table still needs. olderThan must be longer than any run takes from
// closing a part to committing it.
func (t *Table) Sweep(ctx context.Context, olderThan time.Duration, keep func(path string) bool) ([]string, error) {
	swept, err := t.sweep(ctx, olderThan, keep)
	if err != nil {
		return swept, fmt.Errorf("sweep %s: %w", t.location, err)
	}
	return swept, nil
}

func (t *Table) sweep(ctx context.Context, olderThan time.Duration, keep func(string) bool) ([]string, error) {
	stale, err := t.stale(ctx, time.Now().Add(-olderThan))
	if err != nil {
		return nil, err
	}
	// The log is read after the folder: a file that was committed in between is seen.
	mentioned, err := t.mentioned(ctx)
	if err != nil {
		return nil, err
	}
	var swept []string
	for _, path := range stale {
		if mentioned[path] || keep != nil && keep(path) {
			continue
		}
		if err := t.store.Delete(ctx, t.name(path)); err != nil {
			return swept, err
		}
		swept = append(swept, path)
	}
	if s, ok := t.store.(tempSweeper); ok {
		temps, err := s.SweepTemp(ctx, t.location+"/", olderThan)
		return append(swept, temps...), err
	}
	return swept, nil
}

func (t *Table) stale(ctx context.Context, cutoff time.Time) ([]string, error) {
	var paths []string
	for info, err := range t.store.List(ctx, t.location+"/") {
		if err != nil {
			return nil, err
		}
		path := strings.TrimPrefix(info.Name, t.location+"/")
		if !strings.HasPrefix(path, logFolder+"/") && strings.HasSuffix(path, ".parquet") && !info.Modified.After(cutoff) {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// mentioned finds every file that some version has, also those of versions long past: they can still be read.
func (t *Table) mentioned(ctx context.Context) (map[string]bool, error) {
	newest, err := t.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	paths := map[string]bool{}
	for v := int64(0); v <= newest.Version; v++ {
		actions, err := t.readCommit(ctx, v)
		if err != nil {
			return nil, err
		}
		for _, a := range actions {
			if a.Add == nil {
				continue
			}
			path, err := decodePath(a.Add.Path)
			if err != nil {
				return nil, err
			}
			paths[path] = true
		}
	}
	return paths, nil
}
