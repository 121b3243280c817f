package command

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

func TestSinceText(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	t.Run("reads how long ago, a day or a time", func(t *testing.T) {
		t.Parallel()
		for text, want := range map[string]time.Time{
			"24h": now.Add(-24 * time.Hour), "90m": now.Add(-90 * time.Minute), "1h30m": now.Add(-90 * time.Minute), "0s": now,
			"7d": now.AddDate(0, 0, -7), "0d": now, "36500d": now.AddDate(0, 0, -36500),
			"2026-11-29":                time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC),
			"2026-11-30":                time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC),
			"2026-11-30T03:00":          time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC),
			"2026-11-30 03:00":          time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC),
			"2026-11-30T03:00:00Z":      time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC),
			"2026-11-30T03:00:00-03:00": time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC),
			"2026-11-30T12:00:00Z":      now,
		} {
			got, err := Since(text, now)
			require.NoError(t, err, text)
			require.True(t, want.Equal(got), "%s: %s", text, got)
		}
	})
	t.Run("refuses the future", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"2026-12-01", "2026-11-30T12:00:01Z", "2026-11-30T12:00:00-03:00"} {
			_, err := Since(text, now)
			require.ErrorContains(t, err, "yet to come", text)
			require.Equal(t, fault.Invalid, fault.KindOf(err), text)
		}
	})
	t.Run("refuses what is no time, and says what is one", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"", "yesterday", "-1h", "-7d", "7", "36501d", "99999999999999999999d", "1.5d", "d", "2026-02-30", "30/11/2026"} {
			_, err := Since(text, now)
			require.ErrorContains(t, err, "want how long ago, as 24h or 7d", text)
			require.Equal(t, fault.Invalid, fault.KindOf(err), text)
		}
	})
}
