package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
	"drugslm/internal/schedule"
)

func TestTicks(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return parsed
	}
	since, until := at("2026-11-29T12:00:00Z"), at("2026-11-30T12:00:00Z")
	of := func(recent ...schedule.Run) schedule.Entry {
		return schedule.Entry{Definition: schedule.Definition{Name: "nightly", Cron: []string{"30 3 * * *"}}, Created: at("2026-01-01T00:00:00Z"), Recent: recent}
	}
	fired := schedule.Run{RunID: "nightly-30", Scheduled: at("2026-11-30T03:30:00Z"), Started: at("2026-11-30T03:30:01Z")}
	before := schedule.Run{RunID: "nightly-29", Scheduled: at("2026-11-29T03:30:00Z"), Started: at("2026-11-29T03:30:01Z")}
	tests := map[string]struct {
		entry           schedule.Entry
		ended           time.Time // of the run before
		fired           []string
		skipped, missed int
	}{
		"a run at its tick is one that fired":         {entry: of(fired, before), ended: before.Started, fired: []string{"nightly-30"}},
		"a tick without a run is missed":              {entry: of(before), ended: before.Started, missed: 1},
		"a tick while a run was at work is skipped":   {entry: of(before), skipped: 1},
		"a tick before the schedule was made is none": {entry: func() schedule.Entry { e := of(); e.Created = at("2026-11-30T11:00:00Z"); return e }()},
		"a tick of a paused schedule is none":         {entry: func() schedule.Entry { e := of(); e.Paused = true; return e }()},
		"a run that jitter delayed fired all the same": {entry: func() schedule.Entry {
			late := fired
			late.Scheduled = late.Scheduled.Add(5 * time.Minute)
			e := of(late)
			e.Definition.Jitter = "10m"
			return e
		}(), fired: []string{"nightly-30"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := ticks(tt.entry, since, until, func(id string) (ledger.Run, bool, error) { return ledger.Run{ID: id, Finished: tt.ended}, true, nil })
			require.NoError(t, err)
			require.Len(t, v.Skipped, tt.skipped)
			require.Len(t, v.Missed, tt.missed)
			require.ElementsMatch(t, tt.fired, v.Fired)
			require.Equal(t, tt.missed > 0, finding(v).Needs)
		})
	}
}
