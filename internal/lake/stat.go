package lake

import (
	"context"
	"fmt"

	"drugslm/internal/rows"
)

// Stat returns a closed part with its rows and bytes counted. It reads Path and Partition of f. A file that is not
// Parquet is fault.Corrupt.
func (t *Table) Stat(ctx context.Context, f File) (File, error) {
	o, err := t.store.Open(ctx, t.name(f.Path))
	if err != nil {
		return File{}, fmt.Errorf("stat %s: %w", t.name(f.Path), err)
	}
	defer o.Close()
	file, err := rows.Open(o, o.Size())
	if err != nil {
		return File{}, fmt.Errorf("stat %s: %w", t.name(f.Path), err)
	}
	f.Rows, f.Bytes = file.NumRows(), o.Size()
	return f, nil
}

// Has reports whether a data file exists, whether or not a version mentions it.
func (t *Table) Has(ctx context.Context, path string) (bool, error) {
	o, err := t.store.Open(ctx, t.name(path))
	if err != nil {
		return false, existing(err)
	}
	return true, o.Close()
}
