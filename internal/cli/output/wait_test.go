package output

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/ledger"
)

func TestWait(t *testing.T) {
	t.Parallel()
	t.Run("is one line", waitIsOneLine)
}

func waitIsOneLine(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 11, 30, 14, 5, 0, 0, time.UTC)
	for want, w := range map[string]ledger.Wait{
		"waiting until 2026-11-30 14:05:00Z (source refused: 403)":                    {Kind: "refused", Reason: "403", Until: until},
		"waiting until 2026-11-30 14:05:00Z (source throttled: 429)":                  {Kind: "throttled", Reason: "429", Until: until},
		"waiting until 2026-11-30 14:05:00Z (another run: r1 is at it)":               {Kind: "busy", Reason: "r1 is at it", Until: until},
		"waiting until 2026-11-30 14:05:00Z (no room: 1 GiB free)":                    {Kind: "full", Reason: "1 GiB free", Until: until},
		"waiting until somebody acts (layout: the page has no table of the leaflets)": {Kind: "layout", Reason: "the page has no table of the leaflets"},
	} {
		require.Equal(t, want, Wait(api.WaitOf(w, func(t time.Time) time.Time { return t })))
	}
}
