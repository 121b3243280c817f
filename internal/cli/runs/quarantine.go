package runs

import (
	"context"
	"fmt"

	"drugslm/internal/cli/command"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// ownTimes gives each step the time that it took itself, from the ledger: not what it waited for its needs.
func ownTimes(ctx context.Context, d *host.Data, run string, r workflows.MaterializeResult) error {
	steps, err := d.Ledger.RunSteps(ctx, run)
	if err != nil {
		return err
	}
	own := make(map[ledger.PartitionRef]ledger.RunStep, len(steps))
	for _, s := range steps {
		own[ledger.PartitionRef{Asset: s.Asset, Partition: s.Partition}] = s
	}
	for i := range r.Steps {
		s, known := own[ledger.PartitionRef{Asset: string(r.Steps[i].Asset), Partition: r.Steps[i].Partition.Key}]
		if !known || s.Finished.IsZero() {
			continue
		}
		r.Steps[i].Took = 0 // it never began
		if !s.Started.IsZero() {
			r.Steps[i].Took = s.Finished.Sub(s.Started)
		}
	}
	return nil
}

// quarantined counts the quarantined items of the partitions of a run that nobody waived.
func quarantined(ctx context.Context, d *host.Data, r workflows.MaterializeResult) (items, partitions int, err error) {
	var assets []string
	seen := make(map[string]bool)
	for _, s := range r.Steps {
		if key := string(s.Asset); !seen[key] {
			seen[key] = true
			assets = append(assets, key)
		}
	}
	if len(assets) == 0 {
		return 0, 0, nil
	}
	counts, err := d.Ledger.AllCounts(ctx, assets...)
	for _, s := range r.Steps {
		if c := counts[ledger.PartitionRef{Asset: string(s.Asset), Partition: s.Partition.Key}]; c.Quarantined > c.Waived {
			items, partitions = items+c.Quarantined-c.Waived, partitions+1
		}
	}
	return items, partitions, err
}

// tellQuarantine says below the table of a run what is quarantined in its partitions, and where to see it. With fail it is
// an error.
func tellQuarantine(ctx context.Context, a *command.App, d *host.Data, r workflows.MaterializeResult, fail bool) error {
	items, partitions, err := quarantined(ctx, d, r)
	if err != nil || items == 0 {
		return err
	}
	const look = "starter items list --state quarantined"
	text := fmt.Sprintf("%d items are quarantined in %d partitions", items, partitions)
	if fail {
		return fault.New(fault.Incomplete, "", "%s, and --fail-on-quarantine was given; to see them: %s", text, look)
	}
	a.Note("%s: %s", text, look)
	return nil
}
