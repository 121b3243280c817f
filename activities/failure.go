package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"

	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
)

// counted reports whether an attempt failed, rather than having to wait or being wanted no more.
func counted(err error) bool {
	kind := fault.KindOf(err)
	return !kind.Waits() && kind != fault.Superseded && !fault.Canceled(err)
}

// final reports whether no other attempt follows one that failed so. spent: it was the last one that may fail.
func final(err error, spent bool) bool {
	return !fault.KindOf(err).Retryable() || fault.IsFinal(err) || spent
}

// shortError is the text of an error without secrets, at most fault.MaxText bytes.
func shortError(err error) string { return fault.Shorten(telemetry.Redact(err.Error()), fault.MaxText) }

// maxLook bounds how long an attempt that waits sleeps, so that it continues soon when somebody lets it, as `starter budget
// close` does. Attempts that wait cost no event of the history.
const maxLook = 10 * time.Minute

// toTemporal is the only place where a kind of failure becomes Temporal's retry. Attempts are unlimited there:
// the limits are counted here, so that waiting for the source costs none. spent: this was the last attempt.
func toTemporal(err error, spent bool) error {
	if err == nil {
		return nil
	}
	text := shortError(err)
	if fault.Canceled(err) {
		return canceled(text)
	}
	kind := fault.KindOf(err)
	options := temporal.ApplicationErrorOptions{
		NonRetryable:   final(err, spent),
		NextRetryDelay: min(fault.AfterOf(err), maxLook),
	}
	if kind == fault.Paused {
		options.NextRetryDelay = fault.AfterOf(err) // starter resume wakes it
	}
	if !counted(err) {
		options.Category = temporal.ApplicationErrorCategoryBenign
	}
	return temporal.NewApplicationErrorWithOptions(text, string(kind), options)
}

// canceled is an error that says the work was stopped, in words of its own and without what it wraps.
type canceled string

func (c canceled) Error() string { return string(c) }

func (c canceled) Is(target error) bool { return target == context.Canceled }
