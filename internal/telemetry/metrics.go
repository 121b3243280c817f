package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
)

// Metrics count what the activities do. A nil one counts nothing. Safe for concurrent use.
type Metrics struct {
	checks, items, deliveries metric.Int64Counter
}

// Metrics makes the instruments of the activities; they cost nothing where no metrics are sent.
func (t *Telemetry) Metrics() (*Metrics, error) {
	meter := t.meters.Meter("drugslm")
	var m Metrics
	var errs [3]error
	m.checks, errs[0] = meter.Int64Counter(AssetChecks, metric.WithUnit("{check}"), metric.WithDescription("Asset checks, by outcome."))
	m.items, errs[1] = meter.Int64Counter(AssetItems, metric.WithUnit("{item}"), metric.WithDescription("Items of batches and listings, by outcome."))
	m.deliveries, errs[2] = meter.Int64Counter(HookDeliveries, metric.WithUnit("{attempt}"), metric.WithDescription("Attempts to deliver an event, by outcome."))
	return &m, errors.Join(errs[:]...)
}

// TemporalMetrics makes the handler that takes the metrics of Temporal's client and workers, and those that workflows
// record.
func (t *Telemetry) TemporalMetrics() client.MetricsHandler {
	if !t.metered {
		return client.MetricsNopHandler
	}
	return opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter: t.meters.Meter("temporal-sdk-go"), UseMonotonicCounters: true,
		// A metric that cannot be made must not stop the work.
		OnError: func(err error) { t.log.Warn("metric not recorded", "error", err) },
	})
}

// RecordCheck counts one check.
func (m *Metrics) RecordCheck(ctx context.Context, asset, check string, blocking, passed bool) {
	if m == nil {
		return
	}
	outcome := CheckWarned
	switch {
	case passed:
		outcome = CheckPassed
	case blocking:
		outcome = CheckFailed
	}
	m.checks.Add(ctx, 1, metric.WithAttributes(
		AssetKey.String(asset), CheckName.String(check), CheckOutcome.String(outcome), CheckBlocking.Bool(blocking)))
}

// RecordItems counts what became of items of an asset.
func (m *Metrics) RecordItems(ctx context.Context, asset string, staged, absent, quarantined int) {
	if m == nil {
		return
	}
	for outcome, n := range map[string]int{ItemStaged: staged, ItemAbsent: absent, ItemQuarantined: quarantined} {
		if n > 0 {
			m.items.Add(ctx, int64(n), metric.WithAttributeSet(attribute.NewSet(AssetKey.String(asset), ItemOutcome.String(outcome))))
		}
	}
}

// RecordDelivery counts one attempt to deliver an event.
func (m *Metrics) RecordDelivery(ctx context.Context, target, outcome string) {
	if m == nil {
		return
	}
	m.deliveries.Add(ctx, 1, metric.WithAttributes(HookTarget.String(target), HookOutcome.String(outcome)))
}
