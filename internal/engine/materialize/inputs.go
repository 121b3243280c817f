package materialize

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

// inputs reads published rows for the assets' code.
type inputs struct {
	*Engine
	at map[string]int64 // the versions to read, by asset; of any other the latest
}

// Read yields the rows of a partition as its version has them.
func (in inputs) Read(ctx context.Context, key asset.Key, partition string) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		upstream, err := in.Graph.Get(key)
		if err == nil && upstream.External() {
			err = fault.New(fault.Invalid, "read input", "%s is an external asset: it has no rows here", key)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		if _, published, err := in.Ledger.Latest(ctx, string(key), partition); err != nil || !published {
			// No rows would mean that there is nothing to do: everything made from it would vanish.
			missing := fault.New(fault.Invalid, "read input", "%s[%s] was never published: materialize it first", key, partition)
			yield(nil, cmp.Or[error](err, missing))
			return
		}
		table := in.Table(upstream)
		snapshot, err := in.snapshot(ctx, upstream, partition)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, file := range snapshot.Files(partition) {
			for row, err := range table.Rows(ctx, file) {
				if err != nil {
					err = fmt.Errorf("read %s: %w", file.Path, err)
				}
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}
