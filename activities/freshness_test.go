package activities_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/automation"
	"drugslm/internal/ledger"
)

func TestFreshness(t *testing.T) {
	t.Parallel()
	t.Run("reports an overdue partition once", freshnessReportsOverduePartitionOnce)
	t.Run("is evaluated without requests", freshnessIsEvaluatedWithoutRequests)
}

func freshnessReportsOverduePartitionOnce(t *testing.T) {
	t.Parallel()
	daily := asset.New(asset.Spec[row]{
		Key: "t/day", Location: "d", CodeVersion: "1", Queue: asset.QueueExtract, Partitions: asset.Daily("day", "", "2026-08-01"), Freshness: asset.Within(6 * time.Hour),
		List: func(context.Context, asset.Run, func(asset.Item, row) error) (asset.Listing, error) {
			return asset.Listing{}, nil
		},
	})
	letters := asset.New(asset.Spec[row]{
		Key: "t/letter", Location: "l", CodeVersion: "1", Queue: asset.QueueExtract, Partitions: asset.Dynamic("letter"), Freshness: asset.Within(48 * time.Hour),
		List: func(context.Context, asset.Run, func(asset.Item, row) error) (asset.Listing, error) {
			return asset.Listing{}, nil
		},
	})
	w := newAuto(t, daily, letters)
	w.keys("letter", "a", "b")
	w.publish("t/letter", "a", 1, nil)
	w.publish("t/day", "2026-08-08", 1, nil)
	w.now = time.Date(2026, 8, 10, 1, 0, 0, 0, time.UTC)
	w.verify("t/letter", "a", nil)
	told := func(at time.Time) []string {
		w.now = at
		require.Empty(t, w.tick())
		return w.payloads()
	}
	require.Empty(t, told(w.now), "the newest day has six hours")
	require.Empty(t, told(w.now.Add(4*time.Hour)))
	events := told(w.now.Add(90 * time.Minute))
	require.Len(t, events, 1)
	require.Contains(t, events[0], `"asset":"t/day","partition":"2026-08-09","policy":"within 6h","due":"2026-08-10T06:00:00Z","verified":null,"attempt":null`)
	require.Empty(t, told(w.now.Add(time.Hour)))
	require.NoError(t, w.ledger.StartRun(t.Context(), ledger.Run{ID: "refresh"}))
	require.NoError(t, w.ledger.PlanRun(t.Context(), "refresh", []ledger.RunStep{{Asset: "t/day", Partition: "2026-08-10"}}))
	require.NoError(t, w.ledger.FinishRun(t.Context(), "refresh", ledger.RunFailed, "the site refused"))
	events = told(time.Date(2026, 8, 12, 5, 0, 0, 0, time.UTC))
	require.Len(t, events, 3, "the day before yesterday is due, and a letter; and the run failed")
	require.Contains(t, strings.Join(events, "\n"), `"attempt":{"state":"interrupted","run_id":"refresh","reason":"the site refused"`)
	require.Contains(t, strings.Join(events, "\n"), "t/letter[a]")
	require.Contains(t, strings.Join(events, "\n"), "t/day[2026-08-10]")
	w.verify("t/letter", "a", nil)
	require.Empty(t, told(w.now))
	require.Contains(t, strings.Join(told(w.now.Add(49*time.Hour)), "\n"), "t/letter[a]")
}

func freshnessIsEvaluatedWithoutRequests(t *testing.T) {
	t.Parallel()
	set := asset.Dynamic("letter")
	s := promised("t/one", set)
	s.Automation = asset.OnMissing()
	w := newAuto(t, asset.New(s))
	w.keys("letter", "a", "b")
	w.publish("t/one", "a", 1, nil)
	watch := func(at time.Time) automation.Evaluation {
		w.now = at
		out, err := call(&fixture{tb: t}, w.acts.Evaluate, activities.EvaluateInput{})
		require.NoError(t, err)
		return out
	}
	watch(time.Now())
	out := watch(time.Now().Add(49 * time.Hour))
	require.Equal(t, 1, out.Overdue)
	require.Zero(t, out.Requests)
	require.Len(t, w.payloads(), 1)
	w.now = time.Now().Add(50 * time.Hour)
	require.Equal(t, []string{"t/one: b"}, w.tick(), "what was watched only is asked for from the start")

	removed, err := w.ledger.RemovePartitions(t.Context(), "letter", []string{"a"})
	require.NoError(t, err)
	require.Equal(t, 1, removed)
	w.publish("t/one", "a", 2, nil)
	require.Zero(t, watch(time.Now().Add(200*time.Hour)).Overdue, "nobody waits for a partition that is gone")
}
