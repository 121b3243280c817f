package ledger

import (
	"fmt"
	"slices"
)

// verdict is what an enrolment decides about one item.
type verdict int

const (
	unchanged verdict = iota
	fresh             // New
	changed
	recode
	forced
	retried
	resumed
	absent
)

// known is what the ledger holds of an item before an enrolment.
type known struct {
	fingerprint, code  string
	state              State
	kind, reason       string
	run, staged        string
	declared, vanished bool // absent, and how that was found
}

// decide says what becomes of an item that the enumeration names, and why. was is nil for an unknown item. It is the
// whole policy of an enrolment: everything else is bookkeeping. Enrolling twice in one run decides nothing anew, so
// that a retried activity neither forces nor retries an item twice.
func (e *Enrolment) decide(item Item, was *known) (verdict, string) {
	if item.Absent != "" && !e.Confirm {
		if was != nil && was.declared && was.fingerprint == item.Fingerprint {
			return unchanged, ""
		}
		return absent, item.Absent
	}
	switch {
	case was == nil:
		return fresh, "new"
	case was.vanished:
		return fresh, "listed again"
	case was.fingerprint != item.Fingerprint:
		return changed, "source changed"
	case was.declared:
		return changed, "no longer absent"
	case was.code != e.CodeVersion:
		return recode, fmt.Sprintf("code changed %s→%s", was.code, e.CodeVersion)
	case e.Mode == Force && was.run != e.Run:
		return forced, "forced"
	case was.state == Quarantined && was.run != e.Run && e.retries(was.kind):
		return retried, fmt.Sprintf("retried after %s: %s", was.kind, was.reason)
	case was.state == Pending, was.state == Made, was.state == Staged:
		return resumed, ""
	default:
		return unchanged, ""
	}
}

func (e *Enrolment) retries(kind string) bool {
	return e.Mode == Failed || slices.Contains(e.RetryKinds, kind)
}

// count adds a verdict to the sum.
func (n *Enrolled) count(v verdict) {
	n.Discovered++
	switch v {
	case fresh:
		n.New++
	case changed:
		n.Changed++
	case recode:
		n.Recode++
	case forced:
		n.Forced++
	case retried:
		n.Retried++
	case resumed:
		n.Resumed++
	case absent:
		n.Absent++
	case unchanged:
		n.Unchanged++
	}
}
