package client

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHandleTellsNobody(t *testing.T) {
	t.Parallel()
	const secret = "eyJhbGciOiJIUzUxMiJ9.e30.c2ln"
	h, err := newHandle(secret)
	require.NoError(t, err)
	current := Current{Product: 1, Patient: h, Professional: h}
	inside := struct{ hidden Handle }{h}

	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&out, verb+verb+verb+verb, h, &h, current, inside)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "handle", h, "current", current)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "handle", h, "current", current)
	encoded, err := json.Marshal(current)
	require.NoError(t, err)
	out.Write(encoded)

	require.NotContains(t, out.String(), "eyJ")
	require.NotContains(t, out.String(), fmt.Sprintf("%x", secret))
	require.Contains(t, string(encoded), `"Patient":"redacted"`)
	require.Equal(t, "redacted", h.String())
	require.True(t, h.Present())
	require.False(t, Handle{}.Present())
}
