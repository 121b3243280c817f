package automation

import (
	"context"
	"slices"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// snapshot is what the ledger knows of the partitions of an asset that are looked at, and of their inputs.
type snapshot struct {
	asset      *asset.Asset
	partitions []string // those that the asset has
	published  map[string]ledger.PartitionSnapshot
	handled    map[string]ledger.Handled
	working    map[string]bool
	upstream   map[asset.Key]map[string][]string // by dependency and partition
	inputs     map[asset.Key]*inputRecords
}

// inputRecords is what is known of partitions of a dependency.
type inputRecords struct {
	published map[string]ledger.PartitionSnapshot
	working   map[string]bool
	sum       *inputSum // of all of them, for mappings that read whole assets
}

// maxInputs is how many partitions of a dependency are read by their names; more are read as a whole.
const maxInputs = 20_000

// readSnapshot reads all that is needed of the partitions of an asset.
func (e *evaluation) readSnapshot(ctx context.Context, a *asset.Asset, partitions []string) (*snapshot, error) {
	s := &snapshot{asset: a, upstream: make(map[asset.Key]map[string][]string), inputs: make(map[asset.Key]*inputRecords)}
	var err error
	if s.partitions, err = e.existing(ctx, a, partitions); err != nil || len(s.partitions) == 0 {
		return s, err
	}
	if s.published, err = e.ledger.PartitionSnapshots(ctx, string(a.Key), s.partitions); err != nil {
		return nil, err
	}
	if s.handled, err = e.ledger.HandledBefore(ctx, string(a.Key), s.partitions); err != nil {
		return nil, err
	}
	if s.working, err = e.working(ctx, a.Key, s.partitions); err != nil {
		return nil, err
	}
	for _, dep := range a.Deps {
		if err := e.readInput(ctx, s, dep.Key); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// readInput reads what is needed of a dependency.
func (e *evaluation) readInput(ctx context.Context, s *snapshot, dep asset.Key) error {
	if e.deps.AllToAll(s.asset, dep) {
		if e.wide[dep] == nil {
			up, err := e.graph.Get(dep)
			if err != nil {
				return err
			}
			keys, err := e.deps.Keys(up)
			if err != nil {
				return err
			}
			names := make([]string, len(keys.All()))
			for i, p := range keys.All() {
				names[i] = p.Key
			}
			if e.wide[dep], err = e.readInputs(ctx, dep, names); err != nil {
				return err
			}
			sum := e.wide[dep].sumOf(names)
			if len(names) == 0 {
				sum.missing = "*" // nobody has asked the source yet
			}
			e.wide[dep].sum = &sum
		}
		s.inputs[dep] = e.wide[dep]
		return nil
	}
	ups := make(map[string][]string, len(s.partitions))
	var names []string
	seen := make(map[string]bool)
	for _, p := range s.partitions {
		found, err := e.deps.Upstream(s.asset, p, dep)
		if err != nil {
			return err
		}
		ups[p] = found
		for _, up := range found {
			if !seen[up] {
				seen[up] = true
				names = append(names, up)
			}
		}
	}
	s.upstream[dep] = ups
	var err error
	s.inputs[dep], err = e.readInputs(ctx, dep, names)
	return err
}

func (e *evaluation) readInputs(ctx context.Context, dep asset.Key, names []string) (in *inputRecords, err error) {
	in = &inputRecords{published: make(map[string]ledger.PartitionSnapshot), working: make(map[string]bool)}
	if len(names) == 0 {
		return in, nil
	}
	asked := names
	if len(names) > maxInputs {
		asked = nil
	}
	if in.published, err = e.ledger.PartitionSnapshots(ctx, string(dep), asked); err != nil {
		return nil, err
	}
	in.working, err = e.working(ctx, dep, names)
	return in, err
}

// working says at which partitions a run is at work, leaving out runs that are no more.
func (e *evaluation) working(ctx context.Context, key asset.Key, partitions []string) (map[string]bool, error) {
	runs, err := e.ledger.RunsAt(ctx, string(key), partitions)
	if err != nil {
		return nil, err
	}
	found := make(map[string]bool, len(runs))
	for p, run := range runs {
		lives, asked := e.lives[run]
		if !asked {
			if lives = true; e.alive != nil {
				if lives, err = e.alive(ctx, run); err != nil {
					return nil, err
				}
			}
			e.lives[run] = lives
		}
		if lives {
			found[p] = true
		}
	}
	return found, nil
}

// existing leaves out what is no partition of the asset (any more).
func (e *evaluation) existing(ctx context.Context, a *asset.Asset, partitions []string) ([]string, error) {
	asked := make(map[string][]string)
	for _, p := range partitions {
		for set, key := range a.Partitions.Stored(p) {
			asked[set] = append(asked[set], key)
		}
	}
	known := make(map[string]map[string]bool, len(asked))
	for set, keys := range asked {
		slices.Sort(keys)
		var err error
		if known[set], err = e.ledger.HasKeys(ctx, set, slices.Compact(keys)); err != nil {
			return nil, err
		}
	}
	var found []string
	for _, p := range partitions {
		if a.Partitions.Has(p, e.now, func(set, key string) bool { return known[set][key] }) {
			found = append(found, p)
		}
	}
	return found, nil
}

// conditionInput is what a condition is asked about.
func (s *snapshot) conditionInput(e *evaluation, p string, cursor ledger.Cursor) asset.ConditionInput {
	stand, published := s.published[p]
	handled := s.handled[p]
	_, newest := s.asset.Partitions.Newest(p, e.now)
	now := asset.ConditionInput{
		Now: e.now, Began: cursor.Began, Missing: !published, Newest: newest, Requested: handled.At, Verified: stand.Verified,
	}
	if published && stand.CodeVersion != s.asset.CodeVersion && handled.CodeVersion != s.asset.CodeVersion {
		now.Code = stand.CodeVersion + " → " + s.asset.CodeVersion
	}
	fact := asset.PartitionRecord{Version: -1, Upstream: make(asset.Versions, len(stand.Upstream))}
	for i, read := range stand.Upstream {
		fact.Upstream[i] = asset.Version{Key: asset.Key(read.Asset), Version: read.Version}
	}
	for _, dep := range s.asset.Deps {
		in := s.inputs[dep.Key]
		sum := in.sum
		if sum == nil {
			of := in.sumOf(s.upstream[dep.Key][p])
			sum = &of
		}
		updated := fact.Outdated(dep.Key, sum.version) && sum.changed > handled.Seq
		now.Inputs = append(now.Inputs, sum.states(dep.Key, updated, func(up string) bool {
			return up == p && e.deps.Alike(s.asset, dep.Key) && e.requested[dep.Key][up]
		})...)
	}
	return now
}

// inputSum is what matters of the partitions of a dependency that one partition is made from: the newest, the first that
// is missing, the first that a run is at, and the one that was verified the longest ago.
type inputSum struct {
	version, changed int64
	newest           string
	missing          string
	working          string
	oldest           string
	verified         map[string]time.Time // of those named above
}

func (in *inputRecords) sumOf(partitions []string) inputSum {
	sum := inputSum{version: -1, changed: -1, verified: make(map[string]time.Time)}
	var least time.Time
	for _, p := range partitions {
		stand, published := in.published[p]
		if !published {
			if sum.missing == "" {
				sum.missing = p
			}
			continue
		}
		sum.version = max(sum.version, stand.Version)
		if stand.Changed > sum.changed {
			sum.changed, sum.newest = stand.Changed, p
		}
		if sum.oldest == "" || stand.Verified.Before(least) {
			sum.oldest, least = p, stand.Verified
		}
		if sum.working == "" && in.working[p] {
			sum.working = p
		}
	}
	for _, p := range []string{sum.newest, sum.oldest, sum.working} {
		if p != "" {
			sum.verified[p] = in.published[p].Verified
		}
	}
	return sum
}

// states tells them to a condition.
func (s inputSum) states(dep asset.Key, updated bool, requested func(string) bool) []asset.InputState {
	var states []asset.InputState
	for _, p := range []string{s.newest, s.oldest, s.working, s.missing} {
		if p == "" || slices.ContainsFunc(states, func(in asset.InputState) bool { return in.Partition == p }) {
			continue
		}
		states = append(states, asset.InputState{
			Asset: dep, Partition: p, Missing: p == s.missing, Updated: updated && p == s.newest,
			Requested: requested(p), Working: p == s.working, Verified: s.verified[p],
		})
	}
	return states
}
