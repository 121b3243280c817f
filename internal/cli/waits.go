package cli

import (
	"fmt"
	"slices"

	"drugslm/internal/api"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// waitText is one line: "waiting until 2026-11-30 14:05:00Z (source refused: …)".
func waitText(v api.Wait) string {
	until := "until somebody acts"
	if v.Until != nil {
		until = "until " + when(*v.Until)
	}
	return fmt.Sprintf("waiting %s (%s: %s)", until, waitCause(v.Kind), v.Reason)
}

// waitCause names a kind of wait for people.
func waitCause(kind string) string {
	switch fault.Kind(kind) {
	case fault.Throttled:
		return "source throttled"
	case fault.Refused:
		return "source refused"
	case fault.Paused:
		return "paused, the source has changed"
	case fault.Busy:
		return "another run"
	case fault.Full:
		return "no room"
	default:
		return kind
	}
}

// discovering are the waits of runs that have no steps yet, since they ask the source for partitions: Partition names the set.
func discovering(found []ledger.Wait) []ledger.Wait {
	return slices.DeleteFunc(slices.Clone(found), func(w ledger.Wait) bool { return w.Asset != "" })
}

// waitsBySlice keeps of each partition the wait that matters: not one that is only for another run that waits itself.
func waitsBySlice(found []ledger.Wait) map[ledger.Slice]ledger.Wait {
	by := make(map[ledger.Slice]ledger.Wait, len(found))
	for _, w := range found {
		slice := ledger.Slice{Asset: w.Asset, Partition: w.Partition}
		if was, known := by[slice]; !known || was.Kind == string(fault.Busy) && w.Kind != string(fault.Busy) {
			by[slice] = w
		}
	}
	return by
}
