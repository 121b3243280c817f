package simulator_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/simulator"
)

func TestParseFaults(t *testing.T) {
	t.Parallel()
	tests := []struct{ spec, want string }{
		{"", ""},
		{" , ", ""},
		{"ban", "ban=25"},
		{"lost-page=0.05,ban,truncated-pdf", "ban=25,lost-page=0.05,truncated-pdf=0.1"},
		{" slow=3s , require-cookie ", "require-cookie,slow=3s"},
		{"error=0", ""},
		{"error=1", "error=1"},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, faults(t, tt.spec).String(), tt.spec)
	}
	all := faults(t, "all,error=0").String()
	for _, help := range simulator.FaultNames() {
		require.NotEmpty(t, help.Help)
		if help.Name != "all" && help.Name != "ban-403" {
			named := help.Name != "error" && help.Name != "odd-json" && help.Name != "odd-page"
			require.Equal(t, named, strings.Contains(all, help.Name+"=") || strings.Contains(all, help.Name+","), help.Name)
			_, err := simulator.ParseFaults(help.Name)
			require.NoError(t, err)
		}
	}
}

func TestParseFaultsSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := simulator.ParseFaults("bane,error=2,slow=0.1,ban=0,require-cookie=1,=3")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	for _, want := range []string{`unknown fault "bane"`, "throttle-date", "error=2: want a rate", "slow=0.1: want a duration", "ban=0: want a whole number",
		"require-cookie=1: takes no value", `unknown fault ""`} {
		require.ErrorContains(t, err, want)
	}
}

func FuzzParseFaults(f *testing.F) {
	for _, spec := range []string{"", "all", "ban=3,slow=1s", "error=NaN", "error=1e-9", "slow=-1s", "=,=", "x"} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		got, err := simulator.ParseFaults(spec)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			return
		}
		again, err := simulator.ParseFaults(got.String())
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

// faultOf is the fault of the latest request.
func (c *client) faultOf() string {
	requests := c.portal.Requests()
	return requests[len(requests)-1].Fault
}

const listPath = "/api/consulta/bulario?count=1000"

func TestThrottling(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20, Faults: faults(t, "throttle=1")})
	r := c.get(listPath)
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.Equal(t, "600", r.header.Get("Retry-After"))
	require.Equal(t, "throttle", c.faultOf())

	c.portal.SetFaults(faults(t, "throttle-date=1"))
	r = c.get(listPath)
	require.Equal(t, http.StatusTooManyRequests, r.status)
	at, err := http.ParseTime(r.header.Get("Retry-After"))
	require.NoError(t, err)
	require.WithinDuration(t, day0().Add(10*time.Minute), at, 0)
	require.Equal(t, http.StatusOK, c.get("/").status, "the page itself is not throttled")
}

func TestBan(t *testing.T) {
	t.Parallel()
	clock := newClock()
	c := open(t, simulator.Options{Products: 20, Clock: clock.Now, RetryAfter: time.Minute, Faults: faults(t, "ban")})
	for range 100 {
		require.Equal(t, http.StatusOK, c.get(listPath).status, "one request a second is always welcome")
		clock.Advance(time.Second)
	}
	for range 25 {
		require.Equal(t, http.StatusOK, c.get(listPath).status)
	}
	require.Equal(t, "60", c.get(listPath).header.Get("Retry-After"))
	clock.Advance(59500 * time.Millisecond)
	r := c.get(listPath)
	require.Equal(t, http.StatusTooManyRequests, r.status, "an early request is still banned")
	require.Equal(t, "1", r.header.Get("Retry-After"))
	require.Equal(t, "ban", c.faultOf())
	clock.Advance(500 * time.Millisecond)
	require.Equal(t, http.StatusOK, c.get(listPath).status)
}

func TestErrorsAndChallenges(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20, Faults: faults(t, "error=1")})
	seen := map[int]bool{}
	for range 50 {
		seen[c.get(listPath).status] = true
	}
	require.Equal(t, map[int]bool{500: true, 502: true, 503: true, 504: true}, seen)

	for name, status := range map[string]int{"challenge": 200, "challenge-403": 403} {
		c.portal.SetFaults(faults(t, name+"=1"))
		r := c.get(listPath)
		require.Equal(t, status, r.status)
		require.Equal(t, "text/html; charset=UTF-8", r.header.Get("Content-Type"))
		require.Contains(t, string(r.body), "Cloudflare")
		require.Equal(t, name, c.faultOf())
	}
}

func TestRequireCookie(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20, Faults: faults(t, "require-cookie")})
	require.Equal(t, http.StatusForbidden, c.get(listPath).status)
	require.Equal(t, "require-cookie", c.faultOf())

	cookies, err := http.ParseSetCookie(c.get("/").header.Get("Set-Cookie"))
	require.NoError(t, err)
	require.True(t, cookies.HttpOnly)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+listPath, nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Guest")
	request.AddCookie(cookies)
	require.Equal(t, http.StatusOK, c.do(request).status)
}

func TestSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, err := simulator.New(simulator.Options{Products: 10, Faults: faults(t, "slow=3s")})
		require.NoError(t, err)
		var slow time.Duration
		before := time.Now()
		for range 200 {
			serve(p, listPath)
		}
		for _, r := range p.Requests() {
			if r.Fault == "slow" {
				slow += 3 * time.Second
			}
		}
		require.Positive(t, slow)
		require.Equal(t, slow, time.Since(before))
	})
}

func TestListingFaults(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 120})
	whole, inventory := c.list("count=50&page=2"), c.all()

	c.portal.SetFaults(faults(t, "empty-page=1"))
	empty := c.list("count=50&page=2")
	require.Empty(t, empty.Content)
	require.Zero(t, empty.NumberOfElements)
	require.Equal(t, 120, empty.TotalElements)

	c.portal.SetFaults(faults(t, "moving-total=1"))
	moved := c.list("count=50&page=2")
	require.Equal(t, whole.ids(), moved.ids())
	require.NotEqual(t, 120, moved.TotalElements)

	c.portal.SetFaults(faults(t, "lost-page=1"))
	var short, other int
	for range 20 {
		lost := c.list("count=50&page=2")
		require.NotEqual(t, whole.ids(), lost.ids())
		require.Equal(t, 120, lost.TotalElements, "the total betrays nothing")
		require.Equal(t, 1, lost.Number)
		if len(difference(lost.ids(), whole.ids())) > 0 {
			other++
			require.Empty(t, difference(lost.ids(), inventory.ids()))
		} else {
			short++
		}
	}
	require.Positive(t, short, "rows left out")
	require.Positive(t, other, "another page's rows")
}

func TestDaySwitch(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 40, Faults: faults(t, "day-switch=3")})
	var days []string
	for range 10 {
		days = append(days, c.all().Content[0].Updated[:10])
	}
	require.Equal(t, []string{"2026-08-27", "2026-08-27", "2026-08-27", "2026-08-28", "2026-08-28"}, days[:5])
	require.Equal(t, "2026-08-28", days[9], "it happens once")
	require.Equal(t, 1, c.portal.Report().Faults["day-switch"])
}

func TestFalseNegative(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 40, Faults: faults(t, "false-negative=0.5")})
	total := func(id int) int {
		var h struct{ Historico page }
		require.NoError(t, json.Unmarshal(c.get("/api/consulta/bulario/"+strconv.Itoa(id)).body, &h))
		return h.Historico.TotalElements
	}
	var denied int
	for _, p := range c.portal.Inventory().Products {
		if total(p.ID) == 0 {
			denied++
		}
		require.Positive(t, total(p.ID), "only once")
	}
	require.InDelta(t, 20, denied, 12)
}

func TestDamagedLeaflets(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20})
	row := c.all().Content[0]
	path := leafletPath(*row.Professional)
	whole := c.get(path)
	require.Equal(t, "application/force-download", whole.header.Get("Content-Type"))

	c.portal.SetFaults(faults(t, "truncated-pdf=1"))
	var labelled, silent int
	for range 20 {
		r := c.get(path)
		require.Less(t, len(r.body), len(whole.body))
		require.Equal(t, whole.body[:len(r.body)], r.body)
		if r.header.Get("Content-Length") == "" {
			silent++
			require.NoError(t, r.err)
		} else {
			labelled++
			require.Error(t, r.err)
		}
	}
	require.Positive(t, labelled)
	require.Positive(t, silent)

	c.portal.SetFaults(faults(t, "wrong-pdf=1"))
	for range 10 {
		r := c.get(path)
		require.Equal(t, http.StatusOK, r.status)
		require.Equal(t, "application/force-download", r.header.Get("Content-Type"))
		require.False(t, strings.HasPrefix(string(r.body), "%PDF-"))
	}
}

func TestStaleTableIsAnnounced(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 20})
	require.Empty(t, c.get(listPath).header.Get("X-Portal-Stale"))
	c.portal.SetFaults(faults(t, "stale-table=250ms"))
	require.Equal(t, "250", c.get(listPath).header.Get("X-Portal-Stale"))
}

// With everything switched on, a client that compares and tries again still gets it all.
func TestAllFaultsCanBeSurvived(t *testing.T) {
	t.Parallel()
	clock := newClock()
	c := open(t, simulator.Options{Products: 120, Clock: clock.Now, Faults: faults(t, "all")})
	cookie, err := http.ParseSetCookie(c.get("/").header.Get("Set-Cookie"))
	require.NoError(t, err)
	complete := 0
	for range 60 {
		clock.Advance(20 * time.Minute)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+listPath, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Guest")
		request.AddCookie(cookie)
		var p page
		if r := c.do(request); r.status == http.StatusOK && json.Unmarshal(r.body, &p) == nil && len(p.Content) == p.TotalElements && p.TotalElements > 0 {
			complete++
		}
	}
	require.Greater(t, complete, 40)
}
