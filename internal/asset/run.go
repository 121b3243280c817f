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
	Fingerprint string    `parquet:"fingerprint,dict" rows:"added" doc:"Of what the source, or the input, showed of the item when the row was made"`
}

// Traced is a row that says where it came from. Every row type that embeds Provenance is one.
type Traced interface {
	Trace() Provenance
}

// Trace gives the provenance itself.
func (p Provenance) Trace() Provenance { return p }

// bind notes which state of the item a row is of: that is known to the caller, not to the code that made it.
func (p *Provenance) bind(fingerprint string) { p.Fingerprint = fingerprint }

// boundTo is a row with the fingerprint of its item.
func boundTo[T Row](row T, fingerprint string) T {
	if p, ok := any(&row).(interface{ bind(fingerprint string) }); ok {
		p.bind(fingerprint)
	}
	return row
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
	// Upstream gives the partitions of a dependency that this one is made from; nil: the one with the same key.
	Upstream func(dep Key) ([]string, error)

	asset *Asset
	also  []Dep // what a check reads beside the asset's dependencies
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

// Input reads the published rows of a dependency, in the partitions that the partition of the run is made from. A key
// that is not among the asset's Deps is refused.
func Input[T Row](ctx context.Context, run Run, dep Key) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		partitions, err := run.upstream(dep)
		if err != nil {
			yield(zero, err)
			return
		}
		for _, partition := range partitions {
			for row, err := range run.Inputs.Read(ctx, dep, partition) {
				typed, err := typed[T](dep, row, err)
				if !yield(typed, err) || err != nil {
					return
				}
			}
		}
	}
}

// upstream gives the partitions of a dependency to read.
func (r Run) upstream(dep Key) ([]string, error) {
	switch {
	case !declares(r.asset.Deps, dep) && !declares(r.also, dep):
		return nil, fault.New(fault.Invalid, "read input", "%s does not declare %s in Deps", r.asset.Key, dep)
	case r.Upstream == nil:
		return []string{r.Partition.Key}, nil
	default:
		return r.Upstream(dep)
	}
}

func declares(deps []Dep, key Key) bool {
	return slices.ContainsFunc(deps, func(d Dep) bool { return d.Key == key })
}

// typed is a row that was read as what its reader expects.
func typed[T Row](dep Key, row any, err error) (T, error) {
	expected, ok := row.(T)
	switch {
	case err != nil:
		return expected, fmt.Errorf("input %s: %w", dep, err)
	case !ok:
		return expected, fault.New(fault.Invalid, "read input", "%s has rows of type %T, not %T", dep, row, expected)
	default:
		return expected, nil
	}
}
