package chaos

import (
	"fmt"
	"slices"
	"time"

	"drugslm/internal/sources/anvisa/simulator"
)

// counted are the requests that need permission: those to the API and for PDFs. A page's scripts and pictures are the browser's,
// and so is the list of categories, with which the page fills its form.
func counted(requests []simulator.Request) []simulator.Request {
	var found []simulator.Request
	for _, r := range requests {
		switch r.Kind {
		case simulator.KindList, simulator.KindHistory, simulator.KindDetail, simulator.KindPDF:
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b simulator.Request) int { return a.Time.Compare(b.Time) })
	return found
}

// Pace is what a source may be asked.
type Pace struct {
	RPS      float64
	Sessions int // requests that may be on their way at a time: each was granted its turn earlier than it arrived
}

// windows are the lengths over which the pace is checked.
func windows() []time.Duration {
	return []time.Duration{time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second}
}

// overBudget finds the windows in which more was asked than the pace allows: in d seconds RPS × d turns begin and end, one more
// stands at the window's edge, and what was granted before and was held up on its way may arrive within it, one a session.
func overBudget(requests []simulator.Request, pace Pace) error {
	sent := counted(requests)
	for _, d := range windows() {
		allowed := int(pace.RPS*d.Seconds()) + 1 + pace.Sessions
		first := 0
		for last := range sent {
			for sent[last].Time.Sub(sent[first].Time) > d {
				first++
			}
			if n := last - first + 1; n > allowed {
				return fmt.Errorf("%d requests within %s from %s, %g a second allow %d", n, d, sent[first].Time.UTC().Format(time.RFC3339Nano), pace.RPS, allowed)
			}
		}
	}
	return nil
}

// duringBans counts the requests that came although the source had asked to wait. One a session is allowed for each ban: it was on its
// way when the ban was pronounced.
func duringBans(requests []simulator.Request, sessions int) error {
	var until, since time.Time
	during := 0
	for _, r := range counted(requests) {
		if r.Time.Before(until) {
			during++
		} else {
			during = 0
		}
		if during > sessions {
			return fmt.Errorf("%d requests after the source had asked at %s to wait until %s, the last at %s for %s (%s)",
				during, since.UTC().Format(time.RFC3339Nano), until.UTC().Format(time.RFC3339Nano), r.Time.UTC().Format(time.RFC3339Nano), r.Path, r.Fault)
		}
		if end := r.Time.Add(r.RetryAfter); r.RetryAfter > 0 && end.After(until) {
			if !r.Time.Before(until) {
				since = r.Time
			}
			until = end
		}
	}
	return nil
}

// fetchedAgain finds PDFs that were sent whole after the ledger was known to have them. Slack is how long a request may have been on
// its way.
func fetchedAgain(requests []simulator.Request, stored map[string]time.Time, slack time.Duration) []simulator.Request {
	var found []simulator.Request
	for _, r := range requests {
		if at, ok := stored[r.SHA256]; ok && r.SHA256 != "" && r.Time.After(at.Add(slack)) {
			found = append(found, r)
		}
	}
	return found
}
