package grid

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/tebeka/selenium"

	"drugslm/internal/fault"
)

// sessionState is what a failed command says about its session.
type sessionState int

const (
	alive   sessionState = iota // the failure is the page's or the caller's: the session is as good as before
	doubt                       // a timeout: the session may live, one quick question tells
	dead                        // the session will not answer again
	hubGone                     // the hub or driver itself does not answer
)

// classify reads the error of a command on an existing session.
func classify(err error) sessionState {
	if errors.Is(err, errTooLarge) {
		return alive
	}
	e, ok := errors.AsType[*selenium.Error](err)
	if !ok {
		var network net.Error
		if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return hubGone
		}
		return alive
	}
	text := e.Err + ": " + e.Message
	for _, sign := range []string{
		"invalid session id", "no such window", "tab crashed", "Connection error", "Failed to execute request",
		"TimeoutException", "chrome not reachable", "disconnected", "target frame detached", "browsing context has been discarded",
	} {
		if strings.Contains(text, sign) {
			return dead
		}
	}
	switch e.Err {
	case "timeout", "script timeout":
		return doubt
	case codeUnauthorized, codeNotWebDriver:
		return hubGone
	}
	return alive
}

// explain gives an error its plain text: the first line of what the driver says, never an address of the library's.
func explain(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*selenium.Error](err); ok {
		line, _, _ := strings.Cut(e.Message, "\n")
		return fmt.Errorf("%s: %s", e.Err, line)
	}
	return err
}

// notCreated says why there is no new session. All of it can pass (a node comes back, a queue moves on), except what
// the hub's guard says. A hub that is gone is fault.Offline: that is nobody's failed attempt.
func notCreated(ctx context.Context, err error) error {
	const op = "start browser"
	e, ok := errors.AsType[*selenium.Error](err)
	switch {
	case errors.Is(context.Cause(ctx), errNotStarted):
		return fault.Wrap(fault.Unavailable, op, errNotStarted)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", op, context.Cause(ctx))
	case ok && (e.Err == codeUnauthorized || e.HTTPCode == http.StatusUnauthorized):
		return fault.New(fault.Invalid, op, "the hub refuses the user and password in HUB_URL")
	case fault.KindOf(err) == fault.Offline:
		return err
	case classify(err) == hubGone || nodeGone(e):
		return fault.Wrap(fault.Offline, op, explain(err))
	default:
		return fault.Wrap(fault.Unavailable, op, explain(err))
	}
}

// nodeGone reports whether a hub could not make a session because the node it chose has died.
func nodeGone(e *selenium.Error) bool {
	if e == nil {
		return false
	}
	for _, sign := range []string{"Connection error", "Failed to execute request", "Unable to execute request"} {
		if strings.Contains(e.Message, sign) {
			return true
		}
	}
	return false
}
