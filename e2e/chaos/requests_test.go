package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/sources/anvisa/simulator"
)

func at(seconds float64) time.Time {
	return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

// asked makes requests of a kind at these seconds.
func asked(kind string, seconds ...float64) []simulator.Request {
	var found []simulator.Request
	for _, s := range seconds {
		found = append(found, simulator.Request{Kind: kind, Time: at(s)})
	}
	return found
}

// steady makes n requests, so many a second.
func steady(n int, rps float64) []simulator.Request {
	var found []simulator.Request
	for i := range n {
		found = append(found, asked(simulator.KindHistory, float64(i)/rps)...)
	}
	return found
}

func TestOverBudget(t *testing.T) {
	t.Parallel()
	pace := Pace{RPS: 4, Sessions: 2}
	tests := []struct {
		name     string
		requests []simulator.Request
		over     string
	}{
		{"none", nil, ""},
		{"at the pace for long", steady(400, 4), ""},
		{"one a session held up on its way", append(steady(40, 4), asked(simulator.KindPDF, 5.01, 5.02)...), ""},
		{"more than were on their way", append(steady(40, 4), asked(simulator.KindPDF, 5.01, 5.02, 5.03)...), "8 requests within 1s"},
		{"a burst after a lock", asked(simulator.KindPDF, 0, .1, .2, .3, .4, .5, .6, .7, .8), "within 1s"},
		{"a little more for long", steady(200, 4.15), "within 30s"},
		{"what needs no permission", append(steady(40, 4), asked(simulator.KindAsset, 1, 1, 1, 1, 1, 1)...), ""},
		{"in another order than they came", append(asked(simulator.KindPDF, 9, 9.1, 9.2, 9.3, 9.4), asked(simulator.KindPDF, 8.9, 9.5, 9.6)...), "within 1s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := overBudget(tt.requests, pace)
			if tt.over == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.over)
		})
	}
}

func TestDuringBans(t *testing.T) {
	t.Parallel()
	banned := func(s, wait float64) simulator.Request {
		return simulator.Request{Kind: simulator.KindPDF, Time: at(s), Status: 429, Fault: "ban", RetryAfter: time.Duration(wait * float64(time.Second))}
	}
	tests := []struct {
		name     string
		requests []simulator.Request
		bad      bool
	}{
		{"after the ban", append([]simulator.Request{banned(0, 10)}, asked(simulator.KindPDF, 10, 10.1, 10.2)...), false},
		{"two were on their way", append([]simulator.Request{banned(0, 10)}, asked(simulator.KindPDF, .1, .2, 10.1)...), false},
		{"a third", append([]simulator.Request{banned(0, 10)}, asked(simulator.KindPDF, .1, .2, 9.9)...), true},
		{"each ban allows its own", append([]simulator.Request{banned(0, 1), banned(1.5, 1)}, asked(simulator.KindPDF, .1, .2, 1.6, 1.7)...), false},
		{"answers within a ban make no new one", []simulator.Request{banned(0, 10), banned(1, 9), banned(2, 8), banned(3, 7)}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.bad, duringBans(tt.requests, 2) != nil)
		})
	}
}

func TestFetchedAgain(t *testing.T) {
	t.Parallel()
	stored := map[string]time.Time{"a": at(10), "b": at(20)}
	sent := func(sum string, s float64) simulator.Request {
		return simulator.Request{Kind: simulator.KindPDF, SHA256: sum, Time: at(s)}
	}
	require.Empty(t, fetchedAgain([]simulator.Request{sent("a", 9), sent("a", 9.5), sent("b", 19), sent("", 30), sent("c", 99), sent("a", 10.5)}, stored, time.Second))
	require.Equal(t, []simulator.Request{sent("a", 12)}, fetchedAgain([]simulator.Request{sent("a", 9), sent("b", 12), sent("a", 12)}, stored, time.Second))
}
