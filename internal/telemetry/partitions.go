package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// PartitionCounts are the partitions of one asset by the two facts that are known of each, and its items in quarantine.
type PartitionCounts struct {
	Asset       string
	States      map[string]int // by what is published: "fresh"
	Attempts    map[string]int // by the last attempt: "failed"; partitions that were never tried are in none
	Quarantined int            // items
}

// ObservePartitions reports what read gives as gauges each time metrics are sent, until stop is called; where no metrics
// are sent, read is never called. If read fails, the gauges are left out of what is sent, and the error is logged.
func (t *Telemetry) ObservePartitions(read func(ctx context.Context) ([]PartitionCounts, error)) (stop func(), err error) {
	if !t.metered {
		return func() {}, nil
	}
	meter := t.meters.Meter("drugslm")
	var errs [3]error
	var states, attempts, quarantined metric.Int64ObservableGauge
	states, errs[0] = meter.Int64ObservableGauge(AssetPartitions, metric.WithUnit("{partition}"), metric.WithDescription("Partitions, by what is published."))
	attempts, errs[1] = meter.Int64ObservableGauge(AssetAttempts, metric.WithUnit("{partition}"), metric.WithDescription("Partitions, by their last attempt."))
	quarantined, errs[2] = meter.Int64ObservableGauge(AssetQuarantined, metric.WithUnit("{item}"), metric.WithDescription("Items in quarantine."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	observer, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		found, err := read(ctx)
		for _, c := range found {
			key := AssetKey.String(c.Asset)
			observe(o, states, c.States, key, AssetState)
			observe(o, attempts, c.Attempts, key, AttemptState)
			o.ObserveInt64(quarantined, int64(c.Quarantined), metric.WithAttributes(key))
		}
		return err
	}, states, attempts, quarantined)
	if err != nil {
		return nil, err
	}
	return func() { _ = observer.Unregister() }, nil // it always succeeds
}

func observe(o metric.Observer, gauge metric.Int64Observable, counts map[string]int, asset attribute.KeyValue, by attribute.Key) {
	for word, n := range counts {
		o.ObserveInt64(gauge, int64(n), metric.WithAttributes(asset, by.String(word)))
	}
}
