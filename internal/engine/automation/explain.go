package automation

import (
	"context"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// Considered is a partition that was looked at, or asked about, and what its asset's condition says of it.
type Considered struct {
	Partition string                `json:"partition"`
	Changed   bool                  `json:"touched"`  // it changed since the last tick
	Requests  bool                  `json:"requests"` // it would be requested now
	Waits     bool                  `json:"waits"`    // it would be requested, but a run is at it or at an input
	Result    asset.ConditionResult `json:"truth"`
	Inputs    []asset.InputState    `json:"inputs"`
}

// Explanation is what the next tick would do with an asset.
type Explanation struct {
	Cursor     ledger.Cursor              // of the last tick; zero: there was none
	Requests   []ledger.AutomationRequest // that would be made
	Considered []Considered
}

// Explain says what a tick at a time would do with an asset, and why, without doing it. partitions are explained
// whether something happened to them or not. It reads nothing but the ledger.
func (v Evaluator) Explain(ctx context.Context, key asset.Key, partitions []string) (Explanation, error) {
	var x Explanation
	asked, err := v.Graph.Get(key)
	if err != nil {
		return x, err
	}
	e, err := v.begin(ctx)
	if err != nil {
		return x, err
	}
	e.watch = key
	if err := e.conditions(ctx); err != nil {
		return x, err
	}
	x.Cursor = e.cursor(key, ledger.ConditionCursor)
	for _, r := range e.record.Requests {
		if r.Asset == string(key) {
			x.Requests = append(x.Requests, r)
		}
	}
	if len(partitions) == 0 {
		x.Considered = e.considered
		return x, nil
	}
	seen := make(map[string]Considered)
	for _, c := range e.considered {
		seen[c.Partition] = c
	}
	var others []string
	for _, p := range partitions {
		if _, looked := seen[p]; !looked {
			others = append(others, p)
		}
	}
	e.considered = nil
	if err := e.consider(ctx, asked, others, x.Cursor); err != nil {
		return x, err
	}
	for _, c := range e.considered {
		c.Changed, c.Requests, c.Waits = false, false, false
		seen[c.Partition] = c
	}
	for _, p := range partitions {
		c, known := seen[p]
		if !known {
			return x, fault.New(fault.Invalid, "explain "+string(key), "partition %q is unknown", p)
		}
		x.Considered = append(x.Considered, c)
	}
	return x, nil
}
