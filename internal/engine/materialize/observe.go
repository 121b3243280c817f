package materialize

import (
	"context"
	"encoding/json"
	"errors"

	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// Observe looks at an external asset and keeps what it saw: a new version when the data is another than before. However
// that ends, the partition is free again: an attempt leaves nothing behind that the next one would continue with.
func (eng *Engine) Observe(ctx context.Context, at Attempt, in StepInput) (out Result, err error) {
	err = eng.within(ctx, at, in, phase{span: telemetry.ObserveAsset}, func(ctx context.Context, j job) error {
		if out, err = eng.observe(ctx, j); err == nil {
			return eng.succeeded(ctx, j.at, j.owner, out)
		}
		return errors.Join(err, eng.Ledger.Unclaim(context.WithoutCancel(ctx), j.owner))
	})
	return out, err
}

func (eng *Engine) observe(ctx context.Context, j job) (out Result, err error) {
	started := eng.Now()
	seen, err := j.asset.Observe(ctx, j.run)
	if err != nil {
		return out, err
	}
	if err := checkObservation(j.asset.Key, seen); err != nil {
		return out, err
	}
	m := ledger.Materialization{
		Asset: j.key(), Partition: j.partition(), Run: j.Run, Trace: j.run.TraceID, CodeVersion: j.asset.CodeVersion,
		Snapshot: seen.DataVersion, Started: started, Finished: eng.Now(), By: j.token(),
	}
	out.Version, out.Changed, err = eng.Ledger.RecordObservation(ctx, m, seen.Metadata)
	trace.SpanFromContext(ctx).SetAttributes(telemetry.LakeVersion.Int64(out.Version))
	return out, err
}

func checkObservation(key asset.Key, seen asset.Observation) error {
	op := "observe " + string(key)
	switch {
	case seen.DataVersion == "":
		return fault.New(fault.Invalid, op, "it says no data version")
	case len(seen.Metadata) > asset.MaxMetadata:
		return fault.New(fault.Invalid, op, "its metadata has %d bytes, at most %d are kept", len(seen.Metadata), asset.MaxMetadata)
	case len(seen.Metadata) > 0 && !json.Valid(seen.Metadata):
		return fault.New(fault.Invalid, op, "its metadata is no JSON")
	default:
		return nil
	}
}
