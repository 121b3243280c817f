// Package assettest runs an asset's own code in a test, without an engine, a ledger or a lake.
//
// Give [Run] the rows that the asset's dependencies hold ([Inputs]), and call the form that the asset has:
//
//	in := assettest.Inputs{anvisa.CatalogKey: {"5": assettest.Rows(product)}}
//	emitted, err := assettest.Derive[MakerRow](t.Context(), made, assettest.Run(made, "5", in))
//
// [List], [Items], [Make] and [Derive] give what the asset emitted, and return an error where the engine would refuse
// it: an item that comes twice, a batch that leaves an item out, a derivation that differs the second time.
// [Verdicts] asks the asset's checks about rows.
package assettest

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
)

// Inputs are published rows, by asset and partition. A partition without rows is published and empty; one that is not
// there was never published, and reading it is an error, as in a real run. An error among the rows ends the reading.
type Inputs map[asset.Key]map[string][]any

// Rows are the rows of a partition, for [Inputs].
func Rows[T asset.Row](rows ...T) []any {
	all := make([]any, len(rows))
	for i, row := range rows {
		all[i] = row
	}
	return all
}

// Read gives the rows of a partition.
func (in Inputs) Read(_ context.Context, key asset.Key, partition string) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		rows, published := in[key][partition]
		if !published {
			yield(nil, fault.New(fault.Invalid, "read input", "%s[%s] was never published: materialize it first", key, partition))
			return
		}
		for _, row := range rows {
			if err, bad := row.(error); bad {
				yield(nil, err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Now is the time in a [Run]: 21 August 2026, 12:00 UTC.
func Now() time.Time { return time.Date(2026, 8, 21, 12, 0, 0, 0, time.UTC) }

// Run is a run of one partition of an asset over inputs. A dependency is read in the partition of the same key if the
// inputs have it, else in all its partitions, in the order of their keys. Change what a test needs otherwise in the
// struct: set Upstream to test a mapping, Partition.Label for the name that a source gives the partition.
func Run(made *asset.Asset, partition string, in Inputs) asset.Run {
	return asset.Run{
		ID: "run-1", TraceID: "trace-1", Partition: asset.Partition{Key: partition, Label: partition},
		Inputs: in, Now: Now, Progress: func(int, int) {},
		Upstream: func(dep asset.Key) ([]string, error) {
			if _, same := in[dep][partition]; same || len(in[dep]) == 0 {
				return []string{partition}, nil
			}
			return slices.Sorted(maps.Keys(in[dep])), nil
		},
	}.For(made)
}

// Observations are what was last seen of external assets. Of one that is not there, nothing was seen yet.
type Observations map[asset.Key]asset.Observation

// Observation gives what was last seen of an asset, at the time that [Now] says.
func (o Observations) Observation(_ context.Context, key asset.Key, _ string) (asset.Observation, time.Time, error) {
	seen, ok := o[key]
	if !ok {
		return asset.Observation{}, time.Time{}, nil
	}
	return seen, Now(), nil
}
