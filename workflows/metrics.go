package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/internal/engine/materialize"
	"drugslm/internal/telemetry"
)

// measure counts a step that ended, and how long it took since it began. It is done here and not in an activity because
// only the workflow knows of every end: published, failed for good, timed out or canceled. The handler records nothing
// during a replay.
func measure(ctx workflow.Context, in PartitionInput, began time.Time, made materialize.Result, err error) {
	outcome := telemetry.MaterializationUnchanged
	switch {
	case workflow.IsContinueAsNewError(err):
		return // it continues
	case temporal.IsCanceledError(err):
		outcome = telemetry.MaterializationCanceled
	case err != nil:
		outcome = telemetry.MaterializationFailed
	case made.Changed:
		outcome = telemetry.MaterializationPublished
	}
	handler := workflow.GetMetricsHandler(ctx).WithTags(map[string]string{
		string(telemetry.AssetKey): string(in.Step.Asset), string(telemetry.MaterializationOutcome): outcome,
	})
	handler.Counter(telemetry.AssetMaterializations).Inc(1)
	handler.Timer(telemetry.AssetDuration).Record(workflow.Now(ctx).Sub(began))
}
