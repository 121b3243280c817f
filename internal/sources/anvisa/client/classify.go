package client

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"drugslm/internal/fault"
)

const (
	fallbackWait = time.Minute // when a 429 does not say how long
	longestWait  = 24 * time.Hour
	noHeader     = "MSG-004" // the portal's message for a request without "Authorization: Guest"
)

// classify says what an answer means that is not the one asked for; nil when it is.
func classify(r request, a answer, now time.Time) error {
	switch {
	case a.status == http.StatusTooManyRequests, a.status == http.StatusServiceUnavailable && a.retryAfter != "":
		err := fault.New(fault.Throttled, r.op, "the portal asks to slow down (%d)", a.status)
		err.After = a.wait(now)
		return err
	case a.status == http.StatusForbidden && a.looksHTML():
		return fault.New(fault.Refused, r.op, "the portal blocks us (403 with a page)")
	case r.pdf && (a.status == http.StatusBadRequest || a.status == http.StatusUnauthorized || a.status == http.StatusForbidden):
		return fault.New(fault.Internal, r.op, "answer %d: %w", a.status, ErrTokenExpired)
	case a.status == http.StatusForbidden:
		return fault.New(fault.Refused, r.op, "the portal forbids it (403)")
	case a.status == http.StatusNotFound && r.item != "":
		return fault.New(fault.NotFound, r.op, "the portal has none (404)")
	case a.status == http.StatusInternalServerError && bytes.Contains(a.body, []byte(noHeader)):
		return fault.New(fault.Layout, r.op, "the portal misses a header (500 with %s): expected to be content with Authorization: Guest", noHeader)
	case a.status >= http.StatusInternalServerError:
		return fault.New(fault.Unavailable, r.op, "the portal answers %d", a.status)
	case a.status == http.StatusNotModified && r.conditional:
		return nil
	case a.status != http.StatusOK:
		return fault.New(fault.Layout, r.op, "the portal answers %d, expected 200", a.status)
	}
	return judgeBody(r, a)
}

// judgeBody is judge for what came with 200.
func judgeBody(r request, a answer) error {
	broken, tooLong := fault.Unavailable, fault.Layout
	if r.pdf {
		broken, tooLong = fault.Corrupt, fault.Corrupt
	}
	switch {
	case a.looksHTML() && (!r.pdf || a.looksBlocked()):
		return fault.New(fault.Refused, r.op, "the portal sends a page instead of an answer: a challenge")
	case a.over:
		return fault.New(tooLong, r.op, "longer than %d bytes", r.bound)
	case a.declared >= 0 && int64(len(a.body)) != a.declared:
		return fault.New(broken, r.op, "truncated at %d of %d bytes", len(a.body), a.declared)
	case !a.whole:
		return fault.New(broken, r.op, "truncated at %d bytes", len(a.body))
	case len(a.body) == 0:
		return fault.New(broken, r.op, "the portal sends an empty answer")
	}
	return nil
}

// looksHTML reports whether the answer is a page. What it begins with counts for more than what it says it is.
func (a answer) looksHTML() bool {
	head := strings.ToLower(string(bytes.TrimLeft(a.body[:min(len(a.body), 256)], "\ufeff \t\r\n")))
	switch {
	case strings.HasPrefix(head, "<!doctype html"), strings.HasPrefix(head, "<html"):
		return true
	case strings.HasPrefix(head, "%pdf-"):
		return false
	default:
		return a.html
	}
}

// looksBlocked reports whether a page is one of the portal's protection. One leaflet whose file is a page by
// mistake is that leaflet's fault, and must not stop the others.
func (a answer) looksBlocked() bool {
	page := bytes.ToLower(a.body[:min(len(a.body), 64<<10)])
	for _, mark := range []string{"cloudflare", "attention required", "just a moment", "captcha", "challenge"} {
		if bytes.Contains(page, []byte(mark)) {
			return true
		}
	}
	return false
}

// isHTML reports whether a Content-Type is that of a page.
func isHTML(contentType string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(contentType)), "text/html")
}

// wait reads a Retry-After header, seconds or a date, to the second: at least one, as zero would say nothing, and a day at
// most. A date is compared with that of the answer, so that it does not matter what clock the server or we have.
func (a answer) wait(now time.Time) time.Duration {
	header := strings.TrimSpace(a.retryAfter)
	if header != "" && strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseUint(header, 10, 31)
		if err != nil {
			return longestWait // more digits than that
		}
		return min(max(time.Duration(seconds)*time.Second, time.Second), longestWait)
	}
	date, err := http.ParseTime(header)
	if err != nil {
		return fallbackWait
	}
	if answered, err := http.ParseTime(strings.TrimSpace(a.date)); err == nil {
		now = answered
	}
	return min(max(date.Sub(now), time.Second), longestWait)
}
