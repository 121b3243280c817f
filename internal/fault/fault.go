// Package fault names the few ways in which work can fail, so that every layer above can decide what to do
// without reading error texts.
//
// Code that talks to the source, to a browser or to a PDF returns an [Error] with a [Kind]; code that only passes
// errors on wraps them with %w and what it was doing. [KindOf] finds the kind again, however deep it lies.
// One place (package activities) translates kinds into Temporal's retries, another into what becomes
// of an item. Kinds are written into histories and into the ledger: add one, never rename one.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind says what went wrong, and so what is done about it.
type Kind string

// The kinds, with what follows from each.
const (
	// Layout: the page, the JSON or the file no longer looks as expected. No retry; a person must look. When it is the
	// source as a whole and not one item, the step is Paused instead.
	Layout Kind = "layout"
	// Paused: the source as a whole no longer has a form that is known. The step waits with the evidence until it has, or
	// until a worker knows the new one; costs no attempt.
	Paused Kind = "paused"
	// NotFound: the source says there is none. Recorded as absent once it has been asked again.
	NotFound Kind = "not_found"
	// Session: the browser is gone or stuck. Tried again with another one.
	Session Kind = "session"
	// Throttled: the source asks us to slow down. Waits as long as it says; costs no attempt.
	Throttled Kind = "throttled"
	// Refused: the source blocks us. Everything for that host waits; a person is told.
	Refused Kind = "refused"
	// Corrupt: the bytes are truncated, encrypted, or not what they claim to be. Fetched again, then quarantined.
	Corrupt Kind = "corrupt"
	// Incomplete: the source showed less than it claims to hold, or changed while it was read. Listed again.
	Incomplete Kind = "incomplete"
	// Busy: another run works on the same partition. Waits until it has ended; costs no attempt.
	Busy Kind = "busy"
	// Crash: its processing ends the process that does it, again and again. No retry; a person must look.
	Crash Kind = "crash"
	// Slow: its processing used up the time of an activity. Tried again after the others, then quarantined.
	Slow Kind = "slow"
	// Superseded: another run has synced the partition again since, or the code is another. Nothing was written; the step
	// ends, and what it began is in the other's hands.
	Superseded Kind = "superseded"
	// CodeVersion: this worker's code is another version than the step's. Left to another worker; costs no attempt.
	CodeVersion Kind = "code_version"
	// Invalid: what the user typed or configured cannot work. No retry; exit code 2.
	Invalid Kind = "invalid"
	// Offline: the browsers' hub or driver is gone, and may come back. Waits for it; costs no attempt.
	Offline Kind = "offline"
	// Full: the disk has no room left for it, or a run has stored all that it may. Waits for room; costs no attempt.
	Full Kind = "full"
	// Unavailable: a server of ours (Temporal, the hub, the disk) cannot be reached or used now.
	Unavailable Kind = "unavailable"
	// Internal: nobody classified it. Tried again as the policy says.
	Internal Kind = "internal"
)

// Retryable reports whether trying the same thing again can help.
func (k Kind) Retryable() bool {
	switch k {
	case Layout, NotFound, Crash, Invalid, Superseded:
		return false
	default:
		return true
	}
}

// Waits reports whether work that fails so has to wait for something else: the source, another run, a hub. It costs no
// attempt, is listed with the steps that wait, and continues by itself.
func (k Kind) Waits() bool {
	switch k {
	case Throttled, Refused, Busy, Offline, Paused, Full, CodeVersion:
		return true
	default:
		return false
	}
}

// Error is a failure with its kind.
type Error struct {
	Kind  Kind
	Op    string        // what was being done: "list category", "fetch leaflet"
	After time.Duration // how long to wait before trying again; zero: the policy decides
	Err   error         // the cause, never with a token, a cookie or a password in its text

	Final    bool   // nothing more is to be tried, whatever the kind says: it was tried often enough
	Evidence string // where what was seen is kept (an object's name in the lake), if it is
}

// Error gives the operation and its cause: "fetch leaflet: truncated at 4096 of 81920 bytes".
func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.Op + ": " + string(e.Kind)
	case e.Op == "":
		return e.Err.Error()
	default:
		return e.Op + ": " + e.Err.Error()
	}
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind from a format, as fmt.Errorf does.
func New(kind Kind, op, format string, args ...any) *Error {
	return &Error{Kind: kind, Op: op, Err: fmt.Errorf(format, args...)}
}

// Wrap gives err a kind and an operation. A nil err stays nil.
func Wrap(kind Kind, op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Op: op, Err: err}
}

// KindOf finds the kind of the outermost [Error] in err's chain; Internal when there is none, "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// AfterOf is how long err asks to wait before another try; zero when it does not say.
func AfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.After
	}
	return 0
}

// EvidenceOf is the name of the object in which err's evidence is kept; "" when there is none.
func EvidenceOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Evidence
	}
	return ""
}

// IsFinal reports whether err says that it was tried often enough.
func IsFinal(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Final
}

// Canceled reports whether err only says that somebody stopped the work.
func Canceled(err error) bool { return errors.Is(err, context.Canceled) }

// SessionLost reports whether work failed because its browser session was lost.
func SessionLost(err error) bool { return KindOf(err) == Session && !Canceled(err) }
