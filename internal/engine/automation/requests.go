package automation

import (
	"encoding/json"
	"fmt"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// namedPartitions is how many partitions a request names for people.
const namedPartitions = 20

// ask takes down a request for partitions of an asset, and those for all of them.
func (e *evaluation) ask(a *asset.Asset, partitions []string, cause string) {
	handled := ledger.Handled{Seq: e.marks.Seq, CodeVersion: a.CodeVersion, At: e.now}
	for _, w := range e.assetRequests {
		if w.asset == a {
			e.granted = append(e.granted, w)
			e.record.Handled[ledger.PartitionRef{Asset: string(a.Key)}] = handled
			e.record.Requests = append(e.record.Requests, ledger.AutomationRequest{
				Asset: string(a.Key), Tick: e.now, Partitions: len(w.partitions), Filter: string(w.filter), Cause: w.cause,
			})
		}
	}
	if len(partitions) == 0 {
		return
	}
	e.requested[a.Key] = make(map[string]bool, len(partitions))
	for _, p := range partitions {
		e.requested[a.Key][p] = true
		e.record.Handled[ledger.PartitionRef{Asset: string(a.Key), Partition: p}] = handled
	}
	if others := len(partitions) - 1; others > 0 {
		cause = fmt.Sprintf("%s; and %d more", cause, others)
	}
	e.record.Requests = append(e.record.Requests, ledger.AutomationRequest{
		Asset: string(a.Key), Tick: e.now, Partitions: len(partitions), Some: partitions[:min(len(partitions), namedPartitions)], Cause: cause,
	})
}

// plan turns the requests into runs. Assets that are asked for in the same partitions go into one run, which does them
// in order.
func (e *evaluation) plan() error {
	type group struct {
		assets     []string
		partitions []string
	}
	var groups []*group
	byAssets := make(map[string]*group)
	wanted := make(map[*asset.Partitions]map[string][]string) // partition → assets, dependencies first
	var sets []*asset.Partitions
	for _, a := range e.graph.All() {
		if len(e.requested[a.Key]) > 0 && wanted[a.Partitions] == nil {
			wanted[a.Partitions] = make(map[string][]string)
			sets = append(sets, a.Partitions)
		}
		for p := range e.requested[a.Key] {
			wanted[a.Partitions][p] = append(wanted[a.Partitions][p], string(a.Key))
		}
	}
	for i, set := range sets {
		for p, assets := range wanted[set] {
			name := fmt.Sprint(i, assets)
			if byAssets[name] == nil {
				byAssets[name] = &group{assets: assets}
				groups = append(groups, byAssets[name])
			}
			byAssets[name].partitions = append(byAssets[name].partitions, p)
		}
	}
	slices.SortFunc(groups, func(a, b *group) int { return slices.Compare(a.assets, b.assets) })
	for _, w := range e.granted {
		if err := e.cut([]string{string(w.asset.Key)}, w.partitions, w.filter, true); err != nil {
			return err
		}
	}
	for _, g := range groups {
		slices.Sort(g.partitions)
		if err := e.cut(g.assets, g.partitions, asset.Without, false); err != nil {
			return err
		}
	}
	return nil
}

// maxNamed is how many partitions one backfill is asked for by name, and maxNames how many bytes of JSON they may take: they
// travel when it continues as new.
const (
	maxNamed = 5000
	maxNames = 256 << 10
)

// chunks cuts names into lists that are bounded in number and size.
func chunks(names []string) [][]string {
	var lists [][]string
	size := 0
	for _, name := range names {
		last := len(lists) - 1
		if size += fault.JSONSize(name) + 1; last < 0 || len(lists[last]) == maxNamed || size > maxNames {
			lists = append(lists, nil)
			last++
			size = fault.JSONSize(name) + 1
		}
		lists[last] = append(lists[last], name)
	}
	return lists
}

// cut makes the run that does some partitions of assets, or a backfill where they are more than a run takes. all says
// that the filter lets nothing else through, so that they need not be named.
func (e *evaluation) cut(assets, partitions []string, filter asset.Filter, all bool) error {
	steps := len(partitions) * len(assets)
	switch {
	case all && steps > planning.MaxSteps:
		return e.start(Start{Select: assets, Partitions: []string{asset.Everything}, Filter: filter, Steps: steps, Backfill: true})
	case all:
		return e.start(Start{Select: assets, Filter: filter, Steps: steps})
	case steps <= planning.MaxSteps:
		return e.start(Start{Select: assets, Partitions: partitions, Filter: filter, Steps: steps})
	}
	for _, part := range chunks(partitions) {
		// Not the filter of a run: a backfill that is forced makes every item again.
		if err := e.start(Start{Select: assets, Partitions: part, Steps: len(part) * len(assets), Backfill: true}); err != nil {
			return err
		}
	}
	return nil
}

// start takes down a run. Its id is that of the tick, and from the second on a number.
func (e *evaluation) start(s Start) error {
	s.Run = "automation-" + e.now.Format("20060102T150405.000Z")
	if n := len(e.record.Starts); n > 0 {
		s.Run = fmt.Sprintf("%s-%d", s.Run, n+1)
	}
	input, err := json.Marshal(s)
	if err != nil {
		return fault.Wrap(fault.Internal, "write start", err)
	}
	e.record.Starts = append(e.record.Starts, ledger.AutomationStart{Run: s.Run, Tick: e.now, Steps: s.Steps, Input: input})
	return nil
}
