package cli

import (
	"fmt"
	"slices"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// waitView is why a step does nothing now, as status, runs show and backfill show print it.
type waitView struct {
	Asset     string     `json:"asset"`
	Partition string     `json:"partition"`
	RunID     string     `json:"run_id"`
	Kind      string     `json:"kind"`
	Reason    string     `json:"reason"`
	Until     *time.Time `json:"until"` // null: until somebody acts
	Since     time.Time  `json:"since"`
	Evidence  string     `json:"evidence,omitempty"` // object of the lake
}

// viewWait shows a wait; shown gives times of the ledger's clock as those of the wall clock.
func viewWait(w ledger.Wait, shown func(time.Time) time.Time) waitView {
	return waitView{
		Asset: w.Asset, Partition: w.Partition, RunID: w.Run, Kind: w.Kind, Reason: w.Reason, Until: instant(shown(w.Until)), Since: shown(w.Since), Evidence: w.Evidence,
	}
}

func viewWaits(found []ledger.Wait, shown func(time.Time) time.Time) []waitView {
	views := make([]waitView, len(found))
	for i, w := range found {
		views[i] = viewWait(w, shown)
	}
	return views
}

// String is one line: "waiting until 2026-11-30 14:05:00Z (source refused: …)".
func (v waitView) String() string {
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
