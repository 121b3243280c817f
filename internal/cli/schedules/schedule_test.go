package schedules

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/schedule"
)

func TestMoment(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	t.Run("reads times in the zone of the schedule unless they have an offset", func(t *testing.T) {
		t.Parallel()
		for text, want := range map[string]time.Time{
			"2026-11-24":                time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC),
			"2026-11-24T03:30":          time.Date(2026, 11, 24, 6, 30, 0, 0, time.UTC),
			"2026-11-24T03:30:15":       time.Date(2026, 11, 24, 6, 30, 15, 0, time.UTC),
			"2026-11-24T03:30:00Z":      time.Date(2026, 11, 24, 3, 30, 0, 0, time.UTC),
			"2026-11-24T03:30:00-05:00": time.Date(2026, 11, 24, 8, 30, 0, 0, time.UTC),
			"":                          now,
		} {
			got, err := moment("--to", text, zone, now)
			require.NoError(t, err, text)
			require.True(t, want.Equal(got), "%s: %s", text, got)
		}
	})
	t.Run("refuses what is no time", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"", "yesterday", "2026-02-30", "24/11/2026"} {
			_, err := moment("--from", text, zone, time.Time{})
			require.ErrorContains(t, err, "--from \""+text+"\" is no time")
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		}
	})
}

func TestUntil(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	t.Run("includes the whole day, up to now", func(t *testing.T) {
		t.Parallel()
		for text, want := range map[string]time.Time{
			"2026-11-24":       time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC).Add(-time.Nanosecond),
			"2026-11-30":       now,
			"":                 now,
			"2026-11-24T03:30": time.Date(2026, 11, 24, 6, 30, 0, 0, time.UTC),
			"2026-12-01":       time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC), // which is refused as yet to come
		} {
			got, err := until(text, zone, now)
			require.NoError(t, err, text)
			require.True(t, want.Equal(got), "%s: %s", text, got)
		}
	})
	t.Run("refuses what is no time", func(t *testing.T) {
		t.Parallel()
		_, err := until("tomorrow", zone, now)
		require.ErrorContains(t, err, "--to \"tomorrow\" is no time")
	})
}

func TestPrint(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 6, 30, 0, 0, time.UTC)
	nightly := func() api.Schedule {
		d := schedule.Define(config.Schedule{Name: "nightly", Select: []string{"anvisa/*"}, Cron: []string{"30 3 * * *"}, TZ: "America/Sao_Paulo"})
		return api.Schedule{Name: "nightly", Definition: d, Next: []time.Time{at, at.AddDate(0, 0, 1)}}
	}
	printed := func(t *testing.T, v api.Schedule) string {
		t.Helper()
		var b bytes.Buffer
		require.NoError(t, printSchedule(&b, v))
		return b.String()
	}
	t.Run("shows times in the zone of the schedule", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, printed(t, nightly()), "next       2026-11-30 03:30:00 -03:00\n           2026-12-01 03:30:00 -03:00\n")
		require.Equal(t, "2026-11-30 03:30:00 -03:00", listed(nightly())[4])
		unknown := nightly()
		unknown.Definition.TZ = "Nowhere/Land"
		require.Contains(t, printed(t, unknown), "2026-11-30 06:30:00 +00:00", "in UTC where the machine does not know the zone")
	})
	t.Run("a paused schedule has no next run", func(t *testing.T) {
		t.Parallel()
		v := nightly()
		v.Paused, v.Note, v.Running = true, "by hand", []string{"r"}
		text := printed(t, v)
		require.Contains(t, text, "state      paused\n")
		require.Contains(t, text, "would fire 2026-11-30")
		require.NotContains(t, text, "\nnext")
		require.Equal(t, []string{"paused", "–"}, []string{listed(v)[1], listed(v)[4]})
	})
	t.Run("says what is at work and where it was made", func(t *testing.T) {
		t.Parallel()
		v := nightly()
		require.Equal(t, []string{"active", "hand"}, []string{scheduleState(v), scheduleOrigin(v)})
		v.Running, v.Declared, v.Edited = []string{"r"}, true, true
		require.Equal(t, []string{"running", "configuration, changed elsewhere"}, []string{scheduleState(v), scheduleOrigin(v)})
	})
	t.Run("lists the last run with its outcome", func(t *testing.T) {
		t.Parallel()
		v := nightly()
		require.Equal(t, []string{"–", "–"}, listed(v)[5:7])
		v.Runs = []api.ScheduledRun{{RunID: "newest", State: "failed", Started: at, Error: "layout"}, {RunID: "older", State: "succeeded", Started: at}}
		require.Equal(t, []string{"newest", "failed"}, listed(v)[5:7])
		require.Regexp(t, `newest +failed +2026-11-30 03:30:00 -03:00 +layout`, printed(t, v))
	})
}

func TestMode(t *testing.T) {
	t.Parallel()
	t.Run("is that of the flag", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, []string{"missing", "stale", "failed", "force", config.Needed}, []string{
			scheduleMode(true, false, false, false), scheduleMode(false, true, false, false), scheduleMode(false, false, true, false),
			scheduleMode(false, false, false, true), scheduleMode(false, false, false, false),
		})
	})
}

func TestTyped(t *testing.T) {
	t.Parallel()
	t.Run("names a field as it is typed", func(t *testing.T) {
		t.Parallel()
		for field, want := range map[string]string{
			"name": "NAME", "select[0]": "SELECT", "partitions[1]": "--partition", "tz": "--tz", "pause_on_failure": "--pause-on-failure", "every[0]": "--every",
		} {
			require.Equal(t, want, typed(field))
		}
	})
}
