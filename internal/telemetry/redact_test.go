package telemetry_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/telemetry"
)

// token is a JWT as the portal makes them, with a worthless signature.
const token = "eyJhbGciOiJIUzUxMiJ9.eyJqdGkiOiIxMjM0NSIsIm5iZiI6MTc2MDAwMDAwMH0.c2lnbmF0dXJl-_x"

func TestRedact(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"nothing secret", "GET https://example.org/a?b=c: 404", "GET https://example.org/a?b=c: 404"},
		{"token in a path", "GET https://x.br/parecer/" + token + "/?a=1", "GET https://x.br/parecer/[redacted]/?a=1"},
		{"token cut off", "bad id " + token[:30], "bad id [redacted]"},
		{"two tokens", token + " " + token, "[redacted] [redacted]"},
		{"header", "Authorization: Bearer abc.def: refused", "Authorization: [redacted] refused"},
		{"header map", `map[Accept:[*/*] Authorization:[Basic dTpw]]`, `map[Accept:[*/*] Authorization:[[redacted]]]`},
		{"JSON", `{"authorization":"Guest","a":1}`, `{"authorization":"[redacted]","a":1}`},
		{"query", "/x?Authorization=Guest&y=1", "/x?Authorization=[redacted]&y=1"},
		{"token of a query", "GET https://x.br/a.csv?day=1&token=s3cret&X-Amz-Signature=ab12#f: 404", "GET https://x.br/a.csv?day=1&token=[redacted]&X-Amz-Signature=[redacted]#f: 404"},
		{"bearer alone", "sent bearer 0123456789abcdef today", "sent bearer [redacted] today"},
		{"cookies", "Set-Cookie: cf_clearance=a; path=/\nnext", "Set-Cookie: [redacted]\nnext"},
		{"URL password", "dial http://user:p@ss@hub:4444/x", "dial http://[redacted]@hub:4444/x"},
		{"URL user alone", "dial redis://key@host", "dial redis://[redacted]@host"},
		{"DSN", "host=db password=hunter2 user=me", "host=db password=[redacted] user=me"},
		{"mail address", "contact me@example.org", "contact me@example.org"},
		{"at sign in a path", "https://example.org/@user", "https://example.org/@user"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, telemetry.Redact(tt.in))
		})
	}
}

func FuzzRedact(f *testing.F) {
	jwt := regexp.MustCompile(`eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*`)
	for _, s := range []string{"", token, "x" + token + token, "Authorization: Bearer " + token, "http://a:" + token + "@b", "eyJCookie=;.eyJ."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := telemetry.Redact(s)
		require.NotRegexp(t, jwt, once)
		require.NotRegexp(t, jwt, telemetry.Redact(once))
	})
}
