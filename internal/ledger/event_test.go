package ledger

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// An id is a header of HTTP and part of what is signed, whatever a partition is called, and no two become one.
func FuzzEventID(f *testing.F) {
	for _, id := range []string{"run_failed/materialize-1", "check_failed/r/a/b[2026-11-25T00:00]/rows", "a.b\r\nX: y", "100%", "é\xff"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		spelt := eventID(id)
		require.Regexp(t, `^[A-Za-z0-9_/\[\]:%-]*$`, spelt)
		back, err := url.PathUnescape(spelt)
		require.NoError(t, err)
		require.Equal(t, id, back)
	})
}
