package asset

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"drugslm/internal/fault"
)

// Row is a row of an asset's table: it knows the item it is of, and which run made it.
type Row interface {
	ItemID() string
}

// Provenance says where a row came from. Embed it in every row type.
type Provenance struct {
	RunID       string    `parquet:"run_id,dict" doc:"The run that made the row"`
	TraceID     string    `parquet:"trace_id,dict" doc:"The OpenTelemetry trace in which it was made"`
	CodeVersion string    `parquet:"code_version,dict" doc:"The version of the code that made it"`
	FetchedAt   time.Time `parquet:"fetched_at,timestamp(microsecond)" doc:"When the source was asked, UTC"`
	SourceURL   string    `parquet:"source_url,dict" doc:"What the source was asked, without secrets"`
}

// Inputs reads the published rows of a partition of an asset.
type Inputs interface {
	Read(ctx context.Context, key Key, partition string) iter.Seq2[any, error]
}

// Run is what an asset's code is told of the run it works in.
type Run struct {
	ID        string
	TraceID   string
	Partition Partition
	Inputs    Inputs
	Now       func() time.Time
	Progress  func(done, total int) // may be called at any time; never nil in a run

	asset *Asset
}

// For binds the run to the asset whose code is about to be called.
func (r Run) For(a *Asset) Run {
	r.asset = a
	return r
}

// Provenance is the provenance of a row made now from what was fetched at a time from a URL.
func (r Run) Provenance(fetchedAt time.Time, sourceURL string) Provenance {
	return Provenance{
		RunID: r.ID, TraceID: r.TraceID, CodeVersion: r.asset.CodeVersion,
		FetchedAt: fetchedAt.UTC(), SourceURL: sourceURL,
	}
}

// Input reads the published rows of a dependency, in the partition of the run. A key that is not among the
// asset's Deps is refused.
func Input[T Row](ctx context.Context, run Run, dep Key) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if !slices.Contains(run.asset.Deps, dep) {
			yield(zero, fault.New(fault.Invalid, "read input", "%s does not declare %s in Deps", run.asset.Key, dep))
			return
		}
		for row, err := range run.Inputs.Read(ctx, dep, run.Partition.Key) {
			if err != nil {
				yield(zero, fmt.Errorf("input %s: %w", dep, err))
				return
			}
			typed, ok := row.(T)
			if !ok {
				yield(zero, fault.New(fault.Invalid, "read input", "%s has rows of type %T, not %T", dep, row, zero))
				return
			}
			if !yield(typed, nil) {
				return
			}
		}
	}
}
