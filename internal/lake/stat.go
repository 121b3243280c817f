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
