package status

import (
	"slices"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// discovering are the waits of runs that have no steps yet, since they ask the source for partitions: Partition names the set.
func discovering(found []ledger.Wait) []ledger.Wait {
	return slices.DeleteFunc(slices.Clone(found), func(w ledger.Wait) bool { return w.Asset != "" })
}

// waitsByPartition keeps of each partition the wait that matters: not one that is only for another run that waits itself.
func waitsByPartition(found []ledger.Wait) map[ledger.PartitionRef]ledger.Wait {
	by := make(map[ledger.PartitionRef]ledger.Wait, len(found))
	for _, w := range found {
		slice := ledger.PartitionRef{Asset: w.Asset, Partition: w.Partition}
		if was, known := by[slice]; !known || was.Kind == string(fault.Busy) && w.Kind != string(fault.Busy) {
			by[slice] = w
		}
	}
	return by
}
