package grid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tebeka/selenium"

	"drugslm/internal/fault"
)

// probeTimeout is how long a session that may be stuck has to tell its title.
const probeTimeout = 2 * time.Second

// Session is one browser, leased by [Pool.With].
type Session struct {
	wire   *connection
	driver *driver // of ours; nil with a hub
	wd     selenium.WebDriver
	id     string
	owner  string // as which it was made

	browser   string
	limits    timeouts // as the options say
	set       timeouts // as the browser was last told
	born      time.Time
	uses      int
	suspect   atomic.Bool     // a command failed in a way that leaves the session in doubt
	origins   map[string]bool // places that may have stored something
	announced string          // the traceparent that the page's requests carry
	agent     string
	download  http.RoundTripper
}

// timeouts are those that the browser enforces.
type timeouts struct{ page, script time.Duration }

func (t timeouts) capability() map[string]int64 {
	return map[string]int64{"pageLoad": t.page.Milliseconds(), "script": t.script.Milliseconds()}
}

// ID returns the identifier of the session at the hub or driver.
func (s *Session) ID() string { return s.id }

// Uses counts the leases of the session, this one included.
func (s *Session) Uses() int { return s.uses }

// answerGrace is how much longer than the limits of the browser a command may take: after that the other side hangs.
const answerGrace = 30 * time.Second

// errNoAnswer is the cause of the end of a command that nobody answers.
var errNoAnswer = errors.New("neither browser nor driver answers")

// call runs one command of the library under ctx and gives its error a kind.
func (s *Session) call(ctx context.Context, op string, command func() error) error {
	limited, cancel := context.WithTimeoutCause(ctx, max(s.limits.page, s.limits.script)+answerGrace, errNoAnswer)
	defer cancel()
	err := s.wire.during(limited, command)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		s.suspect.Store(true) // the command continues in the browser although nobody waits for it
		return fmt.Errorf("%s: %w", op, context.Cause(ctx))
	}
	kind := fault.Internal
	switch verdict := classify(err); {
	case limited.Err() != nil:
		kind, err = fault.Session, errNoAnswer
	case verdict == hubGone && s.driver == nil:
		kind = fault.Offline // and the session is lost, also where the hub comes back: it has forgotten all it had
	case verdict == dead, verdict == hubGone:
		kind = fault.Session
	case verdict == doubt:
		if s.probe(ctx) != nil {
			kind = fault.Session
		}
	case errors.Is(err, errTooLarge):
		kind = fault.Corrupt
	}
	if kind == fault.Session || kind == fault.Offline {
		s.suspect.Store(true)
	}
	return fault.Wrap(kind, op, explain(err))
}

// probe asks the session for its title; any error means that it is of no more use.
func (s *Session) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return s.wire.during(ctx, func() error {
		_, err := s.wd.Title()
		return err
	})
}

// Eval runs script as the body of an async function of the page: it may await and return, and finds args in
// `arguments`. The result goes through JSON into out, unless that is nil; undefined is null. A script that throws, or
// whose promise is rejected, is a [*ScriptError].
//
// Where Open has announced a trace, the page's requests carry the caller's span from here on.
func (s *Session) Eval(ctx context.Context, script string, out any, args ...any) error {
	caller := ctx
	ctx, end := startSpan(ctx, "run script", s.id, "")
	err := s.announceAgain(caller)
	if err == nil {
		err = s.eval(ctx, script, out, args)
	}
	end(err)
	return err
}

// ScriptError is what a script threw.
type ScriptError struct{ Message string }

// Error gives the message.
func (e *ScriptError) Error() string { return "script: " + e.Message }

// The result travels as text inside an object of ours: the library takes an object with a text "error" for a failure of
// its own, and the driver's own copying of large results is slow.
const evalWrapper = `return (async function() {
%s
}).apply(window, arguments).then(
  value => ({done: true, json: JSON.stringify(value === undefined ? null : value)}),
  error => ({done: false, message: String((error && error.message) || error)}));`

func (s *Session) eval(ctx context.Context, script string, out any, args []any) error {
	const op = "run script"
	if args == nil {
		args = []any{}
	}
	if err := s.fit(ctx); err != nil {
		return err
	}
	var reply struct {
		Value struct {
			Done          bool
			JSON, Message string
		}
	}
	err := s.call(ctx, op, func() error {
		raw, err := s.wd.ExecuteScriptRaw(fmt.Sprintf(evalWrapper, script), args)
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, &reply)
	})
	switch {
	case err != nil:
		return err
	case !reply.Value.Done:
		return &ScriptError{Message: reply.Value.Message}
	case out == nil:
		return nil
	}
	if err := json.Unmarshal([]byte(reply.Value.JSON), out); err != nil {
		return fmt.Errorf("%s: result: %w", op, err)
	}
	return nil
}

// fit keeps the browser's own timeouts below what is left of ctx: a command that the browser continues with after its
// client has left blocks every later one.
func (s *Session) fit(ctx context.Context) error {
	want := s.limits
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline) * 4 / 5
		if left <= 0 {
			s.suspect.Store(true)
			return context.Cause(ctx)
		}
		left = max(left.Truncate(100*time.Millisecond), 100*time.Millisecond)
		want = timeouts{page: min(want.page, left), script: min(want.script, left)}
	}
	if want == s.set {
		return nil
	}
	err := s.call(ctx, "set timeouts", func() error {
		return s.wire.command(ctx, http.MethodPost, s.path("/timeouts"), want.capability(), nil)
	})
	if err == nil {
		s.set = want
	}
	return err
}

// Click clicks the first element that matches a CSS selector, as a user would: it must be visible and not covered.
func (s *Session) Click(ctx context.Context, css string) error {
	return s.call(ctx, "click "+css, func() error {
		e, err := s.wd.FindElement(selenium.ByCSSSelector, css)
		if err != nil {
			return err
		}
		return e.Click()
	})
}

// Screenshot is the visible part of the page as PNG.
func (s *Session) Screenshot(ctx context.Context) ([]byte, error) {
	var png []byte
	err := s.call(ctx, "take screenshot", func() (err error) {
		png, err = s.wd.Screenshot()
		return err
	})
	return png, err
}

// UserAgent is what the browser calls itself.
func (s *Session) UserAgent(ctx context.Context) (string, error) {
	if s.agent != "" {
		return s.agent, nil
	}
	err := s.eval(ctx, "return navigator.userAgent", &s.agent, nil)
	return s.agent, err
}

// Open loads a page and returns when its document is complete enough for scripts; images may still be loading. Refused
// is 403, Throttled 429, NotFound 404. Other status codes of 400 and more, and pages that did not load, are Internal. In
// Chromium every request of the page carries the trace context of ctx.
func (s *Session) Open(ctx context.Context, address string) error {
	ctx, end := startSpan(ctx, "open page", s.id, address)
	err := s.open(ctx, address)
	end(err)
	return err
}

func (s *Session) open(ctx context.Context, address string) error {
	if err := s.fit(ctx); err != nil {
		return err
	}
	if err := s.announce(ctx); err != nil {
		return err
	}
	s.visited(address)
	err := s.call(ctx, "open page", func() error { return s.wd.Get(address) })
	if err != nil {
		return err
	}
	return s.arrived(ctx, address)
}

// arrived checks where a navigation ended: browsers report error pages and refusals as successes.
func (s *Session) arrived(ctx context.Context, address string) error {
	var at struct {
		Href   string
		Status int
	}
	const script = `const n = performance.getEntriesByType('navigation')[0];
return {href: location.href, status: (n && n.responseStatus) || 0}`
	if err := s.eval(ctx, script, &at, nil); err != nil {
		return err
	}
	s.visited(at.Href)
	const op = "open page"
	switch {
	case strings.HasPrefix(at.Href, "chrome-error:"), strings.HasPrefix(at.Href, "about:neterror"):
		return fault.New(fault.Internal, op, "%s did not load", bare(address))
	case at.Status < http.StatusBadRequest:
		return nil
	}
	kind := fault.Internal
	switch at.Status {
	case http.StatusForbidden:
		kind = fault.Refused
	case http.StatusTooManyRequests:
		kind = fault.Throttled
	case http.StatusNotFound:
		kind = fault.NotFound
	}
	return fault.New(kind, op, "%s answered %d", bare(address), at.Status)
}

// address is that of the page that is open.
func (s *Session) address(ctx context.Context) (here string, err error) {
	err = s.call(ctx, "ask for address", func() error {
		return s.wire.command(ctx, http.MethodGet, s.path("/url"), nil, &here)
	})
	return here, err
}

// visited remembers a place that must be wiped.
func (s *Session) visited(address string) {
	if o := origin(address); o != "" {
		s.origins[o] = true
	}
}

// path is the path of one of the session's commands.
func (s *Session) path(suffix string) string { return "/session/" + s.id + suffix }

// cdp sends a command of the Chrome DevTools protocol.
func (s *Session) cdp(ctx context.Context, method string, params any) error {
	return s.call(ctx, method, func() error {
		return s.wire.command(ctx, http.MethodPost, s.path("/goog/cdp/execute"),
			map[string]any{"cmd": method, "params": params}, nil)
	})
}
