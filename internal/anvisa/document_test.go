package anvisa

import (
	"bytes"
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

func TestCheckPDF(t *testing.T) {
	t.Parallel()
	middle := bytes.Repeat([]byte{7}, 4000)
	tests := []struct {
		name    string
		content []byte
		text    string
	}{
		{"whole", append(append([]byte("%PDF-1.7\n"), middle...), "%%EOF\r\n"...), ""},
		{"junk around it", append(append([]byte("\xef\xbb\xbf\n%PDF-1.4\n"), middle...), "%%EOF\n\x00\x00"...), ""},
		{"truncated", append([]byte("%PDF-1.7\n"), middle...), "truncated: 4009 bytes without %%EOF"},
		{"noise", middle, "not a PDF: 4000 bytes without %PDF-"},
		{"nothing", nil, "not a PDF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := checkPDF(tt.content)
			if tt.text == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.text)
		})
	}
}
