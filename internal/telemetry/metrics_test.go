package telemetry_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"drugslm/internal/telemetry"
	"drugslm/internal/telemetry/telemetrytest"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	t.Run("arrive at the collector", metricsArriveAtCollector)
	t.Run("are sent at their interval", metricsAreSentAtTheirInterval)
	t.Run("observe partitions until stopped", metricsObservePartitionsUntilStopped)
	t.Run("are off without an endpoint", metricsAreOffWithoutEndpoint)
	t.Run("are mentioned once when the collector refuses them", metricsAreMentionedOnceWhenCollectorRefusesThem)
}

func metricsArriveAtCollector(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			r := telemetrytest.Start(t)
			tel := start(t, r.Env(protocol))
			m, err := tel.Metrics()
			require.NoError(t, err)
			m.RecordCheck(t.Context(), "a/b", "rows", true, true)
			m.RecordCheck(t.Context(), "a/b", "rows", true, false)
			m.RecordCheck(t.Context(), "a/b", "band", false, false)
			m.RecordItems(t.Context(), "a/b", 40, 3, 0)
			m.RecordItems(t.Context(), "a/b", 2, 0, 1)
			m.RecordDelivery(t.Context(), "webhook", telemetry.DeliveryFailed)
			temporal := tel.TemporalMetrics().WithTags(map[string]string{"drugslm.asset.key": "a/b"})
			temporal.Counter(telemetry.AssetMaterializations).Inc(1)
			temporal.Timer(telemetry.AssetDuration).Record(1500 * time.Millisecond)
			require.NoError(t, tel.Shutdown(t.Context()))

			for outcome, blocking := range map[string]string{"passed": "true", "failed": "true", "warned": "false"} {
				require.EqualValues(t, 1, r.Sum("drugslm.asset.checks", "drugslm.asset.key", "a/b", "drugslm.check.outcome", outcome, "drugslm.check.blocking", blocking), outcome)
			}
			require.EqualValues(t, 42, r.Sum("drugslm.asset.items", "drugslm.item.outcome", "staged"))
			require.EqualValues(t, 3, r.Sum("drugslm.asset.items", "drugslm.item.outcome", "absent"))
			require.EqualValues(t, 1, r.Sum("drugslm.asset.items", "drugslm.item.outcome", "quarantined"))
			require.EqualValues(t, 1, r.Sum("drugslm.hook.deliveries", "drugslm.hook.target", "webhook", "drugslm.hook.outcome", "failed"))
			require.EqualValues(t, 1, r.Sum("drugslm.asset.materializations", "drugslm.asset.key", "a/b"))
			took := r.Points("drugslm.asset.materialization.duration")
			require.Len(t, took, 1)
			require.EqualValues(t, 1, took[0].Count)
			require.InDelta(t, 1.5, took[0].Value, 1e-9)
			require.Equal(t, "s", took[0].Unit)
			require.Equal(t, "test", took[0].Resource["service.name"])
		})
	}
}

func metricsAreSentAtTheirInterval(t *testing.T) {
	t.Parallel()
	r := telemetrytest.Start(t)
	tel := start(t, r.Env("http/protobuf", "OTEL_METRIC_EXPORT_INTERVAL", "20", "OTEL_TRACES_EXPORTER", "none"))
	require.False(t, tel.Enabled(), "traces and metrics are set up apart")
	m, err := tel.Metrics()
	require.NoError(t, err)
	m.RecordDelivery(t.Context(), "command", telemetry.DeliveryDelivered)
	require.Eventually(t, func() bool { return r.Sum("drugslm.hook.deliveries") == 1 }, time.Minute, 10*time.Millisecond)
}

func metricsObservePartitionsUntilStopped(t *testing.T) {
	t.Parallel()
	r := telemetrytest.Start(t)
	tel := start(t, r.Env("http/protobuf", "OTEL_METRIC_EXPORT_INTERVAL", "20"))
	var asked atomic.Int64
	stop, err := tel.ObservePartitions(func(context.Context) ([]telemetry.PartitionCounts, error) {
		asked.Add(1)
		return []telemetry.PartitionCounts{{
			Asset: "a/b", States: map[string]int{"fresh": 3, "missing": 0}, Attempts: map[string]int{"failed": 2}, Quarantined: 7,
		}}, nil
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return r.Sum("drugslm.asset.partitions", "drugslm.asset.key", "a/b", "drugslm.asset.state", "fresh") == 3 &&
			len(r.Points("drugslm.asset.partitions", "drugslm.asset.state", "missing")) == 1 &&
			r.Sum("drugslm.asset.attempts", "drugslm.asset.key", "a/b", "drugslm.attempt.state", "failed") == 2 &&
			r.Sum("drugslm.asset.items.quarantined", "drugslm.asset.key", "a/b") == 7
	}, time.Minute, 10*time.Millisecond)
	stop()
	before := asked.Load()
	require.NoError(t, tel.Shutdown(t.Context()), "which sends once more")
	require.Equal(t, before, asked.Load())

	off, err := start(t, envOf()).ObservePartitions(func(context.Context) ([]telemetry.PartitionCounts, error) {
		t.Error("asked although no metrics are sent")
		return nil, nil
	})
	require.NoError(t, err)
	off()
}

func metricsAreOffWithoutEndpoint(t *testing.T) {
	t.Parallel()
	r := telemetrytest.Start(t)
	for name, env := range map[string]func(string) string{
		"no endpoint": envOf(), "exporter none": r.Env("grpc", "OTEL_METRICS_EXPORTER", "none"), "SDK disabled": r.Env("grpc", "OTEL_SDK_DISABLED", "true"),
	} {
		tel := start(t, env)
		m, err := tel.Metrics()
		require.NoError(t, err, name)
		m.RecordCheck(t.Context(), "a/b", "rows", true, true)
		require.Equal(t, client.MetricsNopHandler, tel.TemporalMetrics(), name)
		require.NoError(t, tel.Shutdown(t.Context()), name)
	}
	require.Empty(t, r.Points("drugslm.asset.checks"))
	var none *telemetry.Metrics
	none.RecordCheck(t.Context(), "", "", true, true)
	none.RecordItems(t.Context(), "", 1, 1, 1)
	none.RecordDelivery(t.Context(), "", "")
}

func metricsAreMentionedOnceWhenCollectorRefusesThem(t *testing.T) {
	t.Parallel()
	r := telemetrytest.Start(t)
	var log bytes.Buffer
	tel, err := telemetry.Start(t.Context(), telemetry.Options{
		Env: envOf("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", r.HTTP+"/elsewhere"), Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	m, err := tel.Metrics()
	require.NoError(t, err)
	m.RecordDelivery(t.Context(), "webhook", telemetry.DeliveryDelivered)
	require.NoError(t, tel.Shutdown(t.Context()), "it never stops the work")
	require.Contains(t, log.String(), "metrics not delivered")
}
