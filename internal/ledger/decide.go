package ledger

import (
	"fmt"
	"maps"
	"slices"
)

// cause is what a sync decides about one item.
type cause int

const (
	unchanged cause = iota
	fresh           // New
	changed
	codeChanged
	forced
	retried
	resumed
	absent
)

// String names the verdict as SyncResult counts it.
func (v cause) String() string {
	return [...]string{"unchanged", "new", "changed", "recode", "forced", "retried", "resumed", "absent"}[v]
}

// known is what the ledger holds of an item before a sync.
type known struct {
	fingerprint, code  string
	state              State
	kind, reason       string
	run, staged        string
	declared, vanished bool // absent, and how that was found
	row                bool // a row of it is in the table
	codeOnly           bool // that row is of its present fingerprint, though it is to be done

	missing string // the day of the first listing that did not name it; "": the last one did
	waived  bool   // a person let it stay quarantined as it is
}

// decide says what becomes of an item that the enumeration names, and why. was is nil for an unknown item. It is the
// whole policy of a sync: everything else is bookkeeping. Syncing twice in one run decides nothing again, so
// that a retried activity neither forces nor retries an item twice.
func (e *Enumeration) decide(item Item, was *known) (cause, string) {
	if item.Absent != "" && !e.Confirm {
		if was != nil && was.declared && was.fingerprint == item.Fingerprint {
			return unchanged, ""
		}
		return absent, item.Absent
	}
	switch {
	case was == nil:
		return fresh, "new"
	case was.vanished, was.state == Absent && was.kind == KindMissing:
		return fresh, "listed again"
	case was.fingerprint != item.Fingerprint:
		return changed, "source changed"
	case was.declared:
		return changed, "no longer absent"
	case was.waived && e.Mode != Force:
		return unchanged, ""
	case was.code != e.CodeVersion:
		return codeChanged, fmt.Sprintf("code changed %s→%s", was.code, e.CodeVersion)
	case e.Mode == Force && was.run != e.Run && (was.state == Quarantined || !e.retried[was.run]):
		return forced, "forced"
	case was.state == Quarantined && was.run != e.Run && e.retries(was.kind):
		return retried, fmt.Sprintf("retried after %s: %s", was.kind, was.reason)
	case was.state == Pending, was.state == Made, was.state == Staged:
		return resumed, ""
	default:
		return unchanged, ""
	}
}

func (e *Enumeration) retries(kind string) bool {
	return e.Mode == Failed || slices.Contains(e.RetryKinds, kind)
}

// count adds a verdict to the sum.
func (n *SyncResult) count(v cause) {
	n.Discovered++
	switch v {
	case fresh:
		n.New++
	case changed:
		n.Changed++
	case codeChanged:
		n.CodeChanged++
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

// decision is what becomes of one item of an enumeration.
type decision struct {
	cause    cause
	why      string
	batch    int  // 0: it is not to be done
	codeOnly bool // the row it has in the table is of its present fingerprint: only the code is newer
}

// decisions is what a sync decides, all of it, before anything is written.
type decisions struct {
	items        []Item
	of           []decision
	invalidFiles []string // staged parts that hold a row which must not be published any more
	lost         []string // items that are not named any more
	sum          SyncResult

	kept, missing, keptPending, listed []string // items not named and kept, of them those newly so and those to be done; items named again
}

// judge decides about every item, and counts. A staged part of which a row is no longer wanted is given up, for a part
// is published whole or not at all: its other items are to be done again, which is noted in was.
func (e *Enumeration) judge(items []Item, was map[string]*known) decisions {
	d := decisions{items: items, of: make([]decision, len(items))}
	named := make(map[string]bool, len(items))
	invalid := make(map[string]bool)
	for i, item := range items {
		k := was[item.ID]
		one := decision{}
		one.cause, one.why = e.decide(item, k)
		one.codeOnly = k != nil && e.Mode != Force && k.wasCodeOnly(one.cause)
		d.of[i] = one
		d.sum.count(one.cause)
		named[item.ID] = true
		d.found(item.ID, k)
		if k != nil && k.state == Staged && one.cause != resumed {
			invalid[k.staged] = true
		}
	}
	for id, k := range was {
		if e.Partial || named[id] || k.vanished || d.keepMissing(id, k, e.Day) {
			continue
		}
		d.lost = append(d.lost, id)
		if k.state == Staged {
			invalid[k.staged] = true
		}
	}
	slices.Sort(d.lost)
	d.invalidFiles, d.sum.Vanished = slices.Sorted(maps.Keys(invalid)), len(d.lost)
	for _, k := range was {
		if k.state == Staged && invalid[k.staged] {
			k.state, k.staged = Pending, ""
		}
	}
	d.listKept(was)
	for i, item := range items {
		if d.of[i].cause.todo(was[item.ID]) {
			d.of[i].batch = d.sum.next(e.BatchSize)
		}
	}
	return d
}

// todo reports whether an item is to be made. One that is staged is done but for the publish.
func (v cause) todo(was *known) bool {
	switch v {
	case unchanged, absent:
		return false
	case resumed:
		return was.state != Staged
	default:
		return true
	}
}

// wasCodeOnly reports whether the row that an item has in the table is of its present fingerprint, so that it can be made
// from that. An item that changed at the source, and was not done before the code changed too, has an older one.
func (k *known) wasCodeOnly(v cause) bool {
	switch {
	case !k.row:
		return false
	case v == codeChanged && k.state == Published:
		return true
	case v == codeChanged || v == resumed:
		return k.codeOnly && (k.state == Pending || k.state == Made || k.state == Staged)
	default:
		return false
	}
}

// next counts one more item to be done and gives its batch.
func (n *SyncResult) next(size int) int {
	if n.Batches == 0 || size > 0 && n.Todo%size == 0 {
		n.Batches++
	}
	n.Todo++
	return n.Batches
}
