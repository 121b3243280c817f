package client

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	const page = "<!DOCTYPE html><html><title>Attention Required! | Cloudflare</title></html>"
	listing, leaflet, product := request{op: "list"}, request{op: "fetch", pdf: true, item: "1/patient"}, request{op: "ask", item: "1"}
	tests := []struct {
		name   string
		r      request
		status int
		body   string
		kind   fault.Kind
		text   string
	}{
		{"json", listing, 200, `{"content":[]}`, "", ""},
		{"pdf", leaflet, 200, "%PDF-1.4 %%EOF", "", ""},
		{"slow down", listing, 429, page, fault.Throttled, "list: the portal asks to slow down (429)"},
		{"blocked", listing, 403, page, fault.Refused, "blocks us"},
		{"blocked from a leaflet", leaflet, 403, page, fault.Refused, "blocks us"},
		{"forbidden", listing, 403, `{}`, fault.Refused, "forbids"},
		{"token of a leaflet", leaflet, 403, `{}`, fault.Internal, ErrTokenExpired.Error()},
		{"token, another way", leaflet, 400, `{}`, fault.Internal, ErrTokenExpired.Error()},
		{"token, a third way", leaflet, 401, `{}`, fault.Internal, ErrTokenExpired.Error()},
		{"no such product", product, 404, `{}`, fault.NotFound, "none"},
		{"no such address", listing, 404, `{}`, fault.Layout, "expected 200"},
		{"no header", listing, 500, `{"error":"mensagens.MSG-004"}`, fault.Layout, "Authorization"},
		{"broken", listing, 500, `{}`, fault.Unavailable, "answers 500"},
		{"overloaded", listing, 503, page, fault.Unavailable, "answers 503"},
		{"moved", listing, 302, ``, fault.Layout, "answers 302"},
		{"challenge for json", listing, 200, "\ufeff\n " + page, fault.Refused, "challenge"},
		{"challenge for a leaflet", leaflet, 200, page, fault.Refused, "challenge"},
		{"another page for json", listing, 200, "<html>oops</html>", fault.Refused, "page"},
		{"another page for a leaflet is a matter for its reader", leaflet, 200, "<html>oops</html>", "", ""},
		{"nothing", listing, 200, ``, fault.Unavailable, "empty"},
		{"nothing for a leaflet", leaflet, 200, ``, fault.Corrupt, "empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := classify(tt.r, answer{status: tt.status, body: []byte(tt.body), declared: -1, whole: true}, time.Time{})
			require.Equal(t, tt.kind, fault.KindOf(err), err)
			if tt.kind != "" {
				require.ErrorContains(t, err, tt.text)
			}
		})
	}
	require.ErrorIs(t, classify(leaflet, answer{status: 403}, time.Time{}), ErrTokenExpired)
	require.NotErrorIs(t, classify(listing, answer{status: 403}, time.Time{}), ErrTokenExpired)
}

func TestJudgeLength(t *testing.T) {
	t.Parallel()
	body := []byte(strings.Repeat("x", 10))
	tests := []struct {
		name string
		a    answer
		json fault.Kind
		pdf  fault.Kind
		text string
	}{
		{"as declared", answer{declared: 10, whole: true}, "", "", ""},
		{"less than declared", answer{declared: 12, whole: true}, fault.Unavailable, fault.Corrupt, "truncated at 10 of 12 bytes"},
		{"cut off", answer{declared: -1}, fault.Unavailable, fault.Corrupt, "truncated at 10 bytes"},
		{"too long", answer{declared: 12, over: true}, fault.Layout, fault.Corrupt, "longer than 8 bytes"},
		{"says it is a page", answer{declared: 10, whole: true, html: true}, fault.Refused, "", "challenge"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.a.status, tt.a.body = http.StatusOK, body
			for kind, r := range map[fault.Kind]request{tt.json: {bound: 8}, tt.pdf: {bound: 8, pdf: true}} {
				err := classify(r, tt.a, time.Time{})
				require.Equal(t, kind, fault.KindOf(err))
				if kind != "" {
					require.ErrorContains(t, err, tt.text)
				}
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	tests := []struct {
		header, date string
		want         time.Duration
	}{
		{"600", "", 10 * time.Minute},
		{" 5 ", "", 5 * time.Second},
		{"37", "Mon, 23 Nov 2026 05:00:00 GMT", 37 * time.Second},
		{"0", "", time.Second},
		{"86400", "", day},
		{"86401", "", day},
		{"99999999999999999999", "", day},
		{"-5", "", time.Minute},
		{"1.5", "", time.Minute},
		{"", "", time.Minute},
		{"soon", "", time.Minute},
		{"Mon, 23 Nov 2026 06:02:00 GMT", "", 2 * time.Minute},
		{"Mon, 23 Nov 2026 05:00:00 GMT", "", time.Second},
		{"Wed, 25 Nov 2026 06:00:00 GMT", "", day},
		{"Mon, 23 Nov 2026 05:02:03 GMT", "Mon, 23 Nov 2026 05:00:00 GMT", 123 * time.Second}, // the server is an hour late
		{"Sun, 23 Nov 2036 05:02:03 GMT", "Sun, 23 Nov 2036 05:00:00 GMT", 123 * time.Second}, // or we are ten years
		{"Monday, 23-Nov-26 05:02:03 GMT", "Mon Nov 23 05:00:00 2026", 123 * time.Second},     // in the old forms
		{"Mon, 23 Nov 2026 06:02:00 GMT", "yesterday", 2 * time.Minute},                       // what is no date is no date
		{"Mon, 23 Nov 2026 05:00:00 GMT", "Mon, 23 Nov 2026 05:00:01 GMT", time.Second},       // it is over
	}
	for _, tt := range tests {
		t.Run(tt.header+" at "+tt.date, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, answer{retryAfter: tt.header, date: tt.date}.wait(now))
		})
	}
}

func TestAServerThatIsOverloadedMaySayHowLong(t *testing.T) {
	t.Parallel()
	err := classify(request{op: "list"}, answer{status: http.StatusServiceUnavailable, retryAfter: "37"}, time.Time{})
	require.Equal(t, fault.Throttled, fault.KindOf(err))
	require.Equal(t, 37*time.Second, fault.AfterOf(err))
	require.ErrorContains(t, err, "slow down (503)")
}
