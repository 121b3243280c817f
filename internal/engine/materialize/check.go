package materialize

import (
	"context"
	"fmt"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/lake"
)

// CheckInput is a step whose rows are staged.
type CheckInput struct {
	StepInput
	Upstream map[string]int64 `json:"upstream,omitempty"` // the versions of the inputs it was made from: checks read those
}

// overrideHint says how what was refused can be published all the same; nothing if it cannot.
func overrideHint(j job, verdicts []asset.CheckResult) string {
	flags := ""
	for _, v := range verdicts {
		if !v.Stops() {
			continue
		}
		if v.Fault != "" || asset.Acceptable([]*asset.Asset{j.asset}, []string{v.Name}) != nil {
			return ""
		}
		flags += " --accept " + v.Name
	}
	return fmt.Sprintf(" (if that is right: starter materialize %s --partition '%s'%s)", j.key(), j.partition(), flags)
}

// before is the version of the partition that readers see.
func (eng *Engine) before(ctx context.Context, j job) (asset.Publication, error) {
	m, published, err := eng.Ledger.Latest(ctx, j.key(), j.partition())
	if err != nil || !published {
		return asset.Publication{}, err
	}
	return asset.Publication{Version: m.Version, Rows: m.Rows, At: m.Finished, Verified: m.Verified}, nil
}

// checkKept shows the probe the rows of a published part that stay.
func checkKept(ctx context.Context, j job, file lake.File, gone []string, probe *asset.CheckRunner) error {
	for row, err := range j.staying(ctx, file, gone) {
		if err != nil {
			return fmt.Errorf("read published %s: %w", file.Path, err)
		}
		probe.Kept(row)
	}
	return nil
}

// observations reads what was seen of external assets for checks.
type observations struct{ *Engine }

// Observation gives what was last seen of a partition, and when.
func (o observations) Observation(ctx context.Context, key asset.Key, partition string) (asset.Observation, time.Time, error) {
	m, seen, err := o.Ledger.Latest(ctx, string(key), partition)
	if err != nil || !seen {
		return asset.Observation{}, time.Time{}, err
	}
	metadata, err := o.Ledger.Observation(ctx, string(key), partition)
	return asset.Observation{DataVersion: m.Snapshot, Metadata: metadata}, m.Verified, err
}
