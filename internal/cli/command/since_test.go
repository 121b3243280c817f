package command_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli/command"
	"drugslm/internal/fault"
)

func TestSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"24h": now.Add(-24 * time.Hour), "90m": now.Add(-90 * time.Minute), "7d": now.AddDate(0, 0, -7), "0s": now,
		"2026-11-30": time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC), "2026-11-30T03:00:00-03:00": time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC),
	} {
		at, err := command.Since(text, now)
		require.NoError(t, err, text)
		require.True(t, want.Equal(at), "%s is %s", text, at)
	}
	for _, text := range []string{"", "yesterday", "-1h", "-3d", "36501d", "2026-11-31", "2026-12-01", "30/11/2026"} {
		_, err := command.Since(text, now)
		require.Equal(t, fault.Invalid, fault.KindOf(err), text)
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("-03", -3*3600)
	for text, want := range map[string]string{
		"2026-11-24": "2026-11-24T00:00:00-03:00", "2026-11-24T03:30": "2026-11-24T03:30:00-03:00", "2026-11-24 03:30": "2026-11-24T03:30:00-03:00",
		"2026-11-24T03:30:09": "2026-11-24T03:30:09-03:00", "2026-11-24 03:30:09": "2026-11-24T03:30:09-03:00", "2026-11-24T03:30:00Z": "2026-11-24T03:30:00Z",
	} {
		at, is := command.Moment(text, zone)
		require.True(t, is, text)
		require.Equal(t, want, at.Format(time.RFC3339))
	}
	for _, text := range []string{"", "24h", "2026-11-24T", "2026-11-24T25:00", "24.11.2026"} {
		_, is := command.Moment(text, zone)
		require.False(t, is, text)
	}
}
