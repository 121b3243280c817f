package versions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

// Retention says what a vacuum keeps readable, besides the newest version and versions that something depends on.
type Retention struct {
	Versions  int           // the last ones of each partition, at least 1
	OlderThan time.Duration // versions that readers saw within this time
	DryRun    bool          // says what would go, and removes nothing
}

// DefaultVersions and DefaultAge are the defaults of a vacuum.
const (
	DefaultVersions = 10
	DefaultAge      = 30 * 24 * time.Hour
)

// Vacuumed is what a vacuum did, or would do, to the table of an asset.
type Vacuumed struct {
	Asset      asset.Key              `json:"asset"`
	Location   string                 `json:"location"`
	Files      []Expired              `json:"files"`      // removed, or to be removed; by path
	Bytes      int64                  `json:"bytes"`      // of those
	Unreadable int                    `json:"unreadable"` // versions that cannot be read any more because of it
	Kept       map[string]lake.Amount `json:"kept"`       // by reason
}

// Expired is a data file that no retained version needs.
type Expired struct {
	Path        string    `json:"path"` // in the data folder
	Partition   string    `json:"partition"`
	Bytes       int64     `json:"bytes"`
	LastVersion int64     `json:"last_version"` // the newest that has it
	Replaced    time.Time `json:"replaced"`     // when readers saw that one last
}

// Vacuum deletes, or with DryRun lists, the data files of assets' tables that no retained version needs. It skips
// external assets, which have no table.
func (k Maintainer) Vacuum(ctx context.Context, assets []*asset.Asset, r Retention) ([]Vacuumed, error) {
	if r.Versions < 1 || r.OlderThan < 0 {
		return nil, fault.New(fault.Invalid, "vacuum", "keeping %d versions, and those younger than %s, cannot work: at least one is always kept, and no age is below 0",
			r.Versions, r.OlderThan)
	}
	done := []Vacuumed{}
	for _, a := range assets {
		if a.External() {
			continue
		}
		one, err := k.vacuum(ctx, a, r)
		if err != nil {
			return done, fmt.Errorf("vacuum %s: %w", a.Key, err)
		}
		done = append(done, one)
	}
	return done, nil
}

func (k Maintainer) vacuum(ctx context.Context, a *asset.Asset, r Retention) (Vacuumed, error) {
	out := Vacuumed{Asset: a.Key, Location: a.Location, Files: []Expired{}, Kept: map[string]lake.Amount{}}
	table := k.Table(a)
	holding, err := k.planVacuum(ctx, a, r)
	if err != nil {
		return out, err
	}
	out.Kept = holding.Kept
	before, err := k.readable(ctx, a, nil)
	if err != nil {
		return out, err
	}
	gone := paths(holding.Expired)
	if !r.DryRun {
		if gone, err = k.deleteFiles(ctx, a, table, gone); err != nil {
			return out, err
		}
	}
	removed := make(map[string]bool, len(gone))
	for _, path := range gone {
		removed[path] = true
	}
	for _, f := range holding.Expired {
		if removed[f.Path] {
			out.Files = append(out.Files, Expired{a.Location + "/" + f.Path, f.Partition, f.Bytes, f.Last, f.Until})
			out.Bytes += f.Bytes
		}
	}
	after, err := k.readable(ctx, a, removed)
	out.Unreadable = before - after
	return out, err
}

// planVacuum separates expired files from the others.
func (k Maintainer) planVacuum(ctx context.Context, a *asset.Asset, r Retention) (lake.VacuumPlan, error) {
	pinned, err := k.pinned(ctx, a.Key)
	if err != nil {
		return lake.VacuumPlan{}, err
	}
	needed, err := k.needed(ctx, a)
	if err != nil {
		return lake.VacuumPlan{}, err
	}
	return k.Table(a).PlanVacuum(ctx, lake.Retention{
		Versions: r.Versions, Since: k.Now().Add(-r.OlderThan), Pinned: pinned, Needed: func(path string) bool { return needed[path] },
	})
}

// pinned gives the versions of an asset's table that the published partitions downstream were made from. All
// partitions are kept as of each: how those downstream map to them is the asset's own business.
func (k Maintainer) pinned(ctx context.Context, key asset.Key) ([]int64, error) {
	latest, err := k.Ledger.Materializations(ctx)
	if err != nil {
		return nil, err
	}
	versions := make(map[int64]bool)
	for _, m := range latest {
		if v, ok := m.Upstream[string(key)]; ok {
			versions[v] = true
		}
	}
	return slices.Sorted(maps.Keys(versions)), nil
}

// needed gives the files of an asset's table that the ledger needs: staged ones, and those of open publishes.
func (k Maintainer) needed(ctx context.Context, a *asset.Asset) (map[string]bool, error) {
	needed := make(map[string]bool)
	partitions, err := k.Ledger.EveryPartition(ctx, string(a.Key))
	if err != nil {
		return nil, err
	}
	for _, partition := range partitions {
		staged, _, err := k.Ledger.StagedFiles(ctx, string(a.Key), partition)
		if err != nil {
			return nil, err
		}
		for _, path := range staged {
			needed[path] = true
		}
	}
	parts, err := k.Ledger.AllDataFiles(ctx, string(a.Key))
	if err != nil {
		return nil, err
	}
	for _, of := range parts { // also those that another program took out of the table: a run puts their rows back
		for path := range of {
			needed[path] = true
		}
	}
	open, err := k.Ledger.Unfinished(ctx, string(a.Key), "")
	for _, m := range open {
		for _, path := range m.Moves.Paths() {
			needed[path] = true
		}
	}
	return needed, err
}

// deleteFiles removes files. They are marked for deletion in the ledger before, so that no rollback brings one back meanwhile: one
// that began before is spared, whether or not it has committed; one that comes later is refused.
func (k Maintainer) deleteFiles(ctx context.Context, a *asset.Asset, table *lake.Table, expired []string) ([]string, error) {
	earlier, err := k.Ledger.MarkedForDeletion(ctx, string(a.Key)) // by a vacuum that was killed, or that is at work
	if err != nil || len(expired)+len(earlier) == 0 {
		return nil, err
	}
	doomed, err := k.Ledger.MarkForDeletion(ctx, string(a.Key), expired)
	if err != nil {
		return nil, err
	}
	gone, err := table.DeleteFiles(ctx, doomed)
	if err != nil {
		return gone, err // the rest stays marked, for the next vacuum
	}
	stored, err := table.Stored(ctx)
	if err != nil {
		return gone, err
	}
	over := slices.DeleteFunc(earlier, func(path string) bool { _, there := stored[path]; return there })
	return gone, k.Ledger.UnmarkForDeletion(ctx, string(a.Key), slices.Concat(doomed, over))
}

// readable counts the versions of a table that can be read, taking the files in gone for removed.
func (k Maintainer) readable(ctx context.Context, a *asset.Asset, gone map[string]bool) (int, error) {
	all, err := k.historyWithout(ctx, a, gone)
	n := 0
	for _, v := range all {
		if v.Readable {
			n++
		}
	}
	return n, err
}

func paths(expired []lake.Expired) []string {
	found := make([]string, len(expired))
	for i, f := range expired {
		found[i] = f.Path
	}
	return found
}
