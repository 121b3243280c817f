package lake

import (
	"context"
	"fmt"

	"drugslm/internal/rows"
)

// Stat gives a closed part again, with its rows and bytes counted: of f, Path and Partition are read. A file that is
// no Parquet is fault.Corrupt.
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

// Has reports whether a data file is there, whether or not a version mentions it.
func (t *Table) Has(ctx context.Context, path string) (bool, error) {
	o, err := t.store.Open(ctx, t.name(path))
	if err != nil {
		return false, existing(err)
	}
	return true, o.Close()
}
