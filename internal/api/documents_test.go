package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/leaflet"
	"drugslm/internal/ledger"
)

// encoded gives a document as readers of JSON get it.
func encoded(t *testing.T, document any) map[string]any {
	t.Helper()
	text, err := json.Marshal(document)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(text, &fields))
	return fields
}

// later is how the ledger's clock is behind the wall clock.
func later(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.Add(time.Hour)
}

// TestDocuments holds what is promised of empty values: null for a time that is not known, and never null for a list.
func TestDocuments(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
	const stamp, shown = "2026-11-30T03:00:00Z", "2026-11-30T04:00:00Z"
	for name, tt := range map[string]struct {
		document any
		want     map[string]any
	}{
		"an attempt that never began has no times": {
			api.AttemptOf(ledger.Attempt{State: "queued", Run: "r"}, later), map[string]any{"state": "queued", "until": nil, "started": nil, "finished": nil},
		},
		"an attempt is tried again by the wall clock": {
			api.AttemptOf(ledger.Attempt{State: "waiting", Kind: "refused", Until: at, Started: at}, later),
			map[string]any{"state": "waiting", "kind": "refused", "until": shown, "started": stamp, "finished": nil},
		},
		"a wait without an end has none": {
			api.WaitOf(ledger.Wait{Asset: "anvisa/index", Since: at}, later), map[string]any{"asset": "anvisa/index", "until": nil, "since": shown},
		},
		"a step that has not ended has no end": {
			api.BackfillStepOf(ledger.BackfillStep{StepOutcome: ledger.StepOutcome{Counts: ledger.Counts{Discovered: 5, Published: 3, Absent: 1, Pending: 1}}, Started: at}),
			map[string]any{"started": stamp, "finished": nil, "items": map[string]any{"discovered": 5.0, "published": 3.0, "absent": 1.0, "quarantined": 0.0, "pending": 1.0}},
		},
		"a pending delivery has a next try": {
			api.DeliveryOf(ledger.Delivery{State: ledger.EventPending, Next: at, Settled: at}), map[string]any{"next": stamp, "settled": nil},
		},
		"a settled delivery has none": {
			api.DeliveryOf(ledger.Delivery{State: "delivered", Next: at, Settled: at}), map[string]any{"next": nil, "settled": stamp},
		},
		"a request for all has an empty list": {
			api.AutomationRequestOf(ledger.AutomationRequest{Partitions: 3, Filter: "stale"}), map[string]any{"partitions": 3.0, "some": []any{}, "filter": "stale"},
		},
		"a leaflet without sections has empty lists": {
			api.LeafletOf(leaflet.Leaflet{FirstPage: 2, LastPage: 3}),
			map[string]any{"sections": []any{}, "missing": []any{}, "history": []any{}, "warnings": []any{}, "pages": []any{2.0, 3.0}},
		},
		"a run that has begun has an id": {api.Started("manual-1"), map[string]any{"run_id": "manual-1"}},
		"a run that has not has none":    {api.RunStarted{}, map[string]any{"run_id": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := encoded(t, tt.document)
			for key, want := range tt.want {
				got, there := fields[key]
				require.True(t, there, "%s is there", key)
				require.Equal(t, want, got, key)
			}
		})
	}
}

func TestLeafletOf(t *testing.T) {
	t.Parallel()
	t.Run("keeps every section with its blocks", func(t *testing.T) {
		t.Parallel()
		l := leaflet.Leaflet{
			Sections: []leaflet.Section{{ID: "patient.1", Number: 1, FirstPage: 1, LastPage: 2, Start: 3, End: 9, Text: "Texto", Confidence: 0.9, Reason: "r",
				Blocks: []leaflet.Block{{Kind: leaflet.Paragraph, Text: "Texto"}}}, {ID: "patient.2"}},
			Absent: []leaflet.Absence{{SectionInfo: leaflet.SectionInfo{ID: "patient.3", Number: 3, Title: "T"}, Reason: "why"}},
		}
		got := api.LeafletOf(l)
		require.Equal(t, api.Section{ID: "patient.1", Number: 1, Pages: []int{1, 2}, Start: 3, End: 9, Text: "Texto", Confidence: 0.9, Reason: "r", Blocks: l.Sections[0].Blocks}, got.Sections[0])
		require.Equal(t, []leaflet.Block{}, got.Sections[1].Blocks, "an empty list, not null")
		require.Equal(t, []api.MissingSection{{ID: "patient.3", Number: 3, Title: "T", Reason: "why"}}, got.Missing)
	})
}

func TestItemCounts(t *testing.T) {
	t.Parallel()
	t.Run("adds each state of a partition", func(t *testing.T) {
		t.Parallel()
		one := ledger.Counts{Discovered: 15, Published: 1, Absent: 2, Quarantined: 4, Pending: 8}
		require.Equal(t, api.ItemCounts{Discovered: 30, Published: 2, Absent: 4, Quarantined: 8, Pending: 16}, api.ItemCounts{}.Plus(one).Plus(one))
	})
}
