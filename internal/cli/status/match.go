package status

import (
	"slices"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
)

// keeper reports whether a partition of an asset is listed.
type keeper func(of *api.AssetStatus, p *api.PartitionStatus) bool

// attention keeps the partitions that somebody has to look at, now or soon.
func attention(_ *api.AssetStatus, p *api.PartitionStatus) bool {
	return p.State != asset.Fresh || p.Attempt != nil && p.Attempt.State != ledger.AttemptSucceeded || quarantined(p) > 0 ||
		p.Freshness == asset.FreshnessOverdue || len(p.Foreign) > 0 || p.Waiting != nil
}

// quarantined counts the quarantined items that nobody waived.
func quarantined(p *api.PartitionStatus) int { return p.Items.Quarantined - p.Items.Waived }

// combination is all of a partition that a status: asks for. There are few.
type combination struct {
	asset       asset.Key
	state       asset.State
	attempt     ledger.AttemptState
	quarantined bool
}

func combinationOf(of *api.AssetStatus, p *api.PartitionStatus) combination {
	c := combination{asset: of.Asset, state: p.State, quarantined: quarantined(p) > 0}
	if p.Attempt != nil {
		c.attempt = p.Attempt.State
	}
	return c
}

// statuses are the words that name a combination.
func (c combination) statuses() []asset.Status {
	return asset.PartitionStatuses(c.state, asset.Attempt(c.attempt), c.quarantined)
}

// keep is the filter that the selection and --state make, over what is known of all assets.
func (r *reader) keep(all []api.AssetStatus) (keeper, error) {
	holds := func(*asset.Asset, []asset.Status) bool { return true }
	if r.expression != nil {
		has := make(map[asset.Key][]asset.Status, len(all))
		for i := range all {
			has[all[i].Asset] = statusesOf(&all[i])
		}
		var err error
		selector := r.data.Graph.Selector(func(a *asset.Asset) []asset.Status { return has[a.Key] })
		if holds, err = selector.SelectPartitions(*r.expression); err != nil {
			return nil, err
		}
	}
	known := make(map[combination]bool)
	return func(of *api.AssetStatus, p *api.PartitionStatus) bool {
		c := combinationOf(of, p)
		kept, asked := known[c]
		if !asked {
			made, err := r.data.Graph.Get(of.Asset)
			kept = err == nil && holds(made, c.statuses()) && r.named(c)
			known[c] = kept
		}
		return kept
	}, nil
}

// named reports whether one of the words of --state names a combination.
func (r *reader) named(c combination) bool {
	return len(r.words) == 0 || slices.ContainsFunc(c.statuses(), func(s asset.Status) bool { return slices.Contains(r.words, string(s)) })
}

// statusesOf gives each status that a partition of an asset has. An asset of which no partition is known is missing.
func statusesOf(s *api.AssetStatus) []asset.Status {
	if len(s.Partitions) == 0 {
		return []asset.Status{asset.Status(asset.Missing)}
	}
	in := make(map[combination]bool)
	var found []asset.Status
	for i := range s.Partitions {
		c := combinationOf(s, &s.Partitions[i])
		if in[c] {
			continue
		}
		in[c] = true
		for _, word := range c.statuses() {
			if !slices.Contains(found, word) {
				found = append(found, word)
			}
		}
	}
	return found
}

// partitionWords are the keys and names of the partitions of an asset.
func partitionWords(s *api.AssetStatus) []string {
	words := make([]string, 0, 2*len(s.Partitions))
	for i := range s.Partitions {
		words = append(words, s.Partitions[i].Partition, s.Partitions[i].Label)
	}
	return words
}

// page leaves of each asset the partitions that are kept, from --after on and at most --limit. next names the last one if
// there are more.
func (q query) page(assets []api.AssetStatus, keep keeper) (next string, err error) {
	from, partition, skipping := q.cursor()
	left := q.limit
	full := false
	for i := range assets {
		s := &assets[i]
		listed := make([]api.PartitionStatus, 0, len(s.Partitions))
		begin := 0
		switch {
		case skipping && s.Asset != from:
			begin = len(s.Partitions)
		case skipping:
			skipping = false
			at := slices.IndexFunc(s.Partitions, func(p api.PartitionStatus) bool { return p.Partition == partition })
			if at < 0 {
				return "", nearest.Unknown("--after: partition", partition, partitionWords(s), "starter partitions list")
			}
			begin = at + 1
		}
		for j := begin; j < len(s.Partitions) && !full; j++ {
			p := &s.Partitions[j]
			if !keep(s, p) {
				continue
			}
			if q.limit > 0 && left == 0 {
				full = true
				break
			}
			listed = append(listed, *p)
			left--
			next = string(s.Asset) + "[" + p.Partition + "]"
		}
		s.Partitions = listed
	}
	if skipping {
		keys := make([]string, len(assets))
		for i := range assets {
			keys[i] = string(assets[i].Asset)
		}
		return "", nearest.Unknown("--after: selected asset", string(from), keys, "starter assets list")
	}
	if !full {
		next = ""
	}
	return next, nil
}
