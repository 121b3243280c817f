package status

import (
	"context"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/engine/planning"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/versions"
)

// reader is what was read for a status.
type reader struct {
	data       *host.Data
	selected   []*asset.Asset
	expression *asset.Expression // that asks for a status; nil: the selection asks for none
	words      []string
	chosen     map[asset.Key]map[string]bool // partitions that were named; nil: all
	view       *asset.View

	attempts    map[ledger.PartitionRef]ledger.Attempt // but those that succeeded
	succeeded   api.Attempt                            // stands for them until they are listed
	foreign     map[asset.Key]foreign                  // what other programs did
	waits       map[ledger.PartitionRef]ledger.Wait
	discovering []api.Wait
}

// read reads what a status shows. If the selection asks for a status, every asset is read, as what is selected of one may
// depend on another.
func read(ctx context.Context, d *host.Data, q query) (*reader, error) {
	r := &reader{
		data: d, words: q.words, selected: d.Graph.All(),
		foreign: make(map[asset.Key]foreign), succeeded: api.Attempt{State: ledger.AttemptSucceeded},
	}
	e, err := asset.Parse(strings.Join(q.selection, " "))
	if err == nil && e.AsksStatus() {
		r.expression = &e
	} else if r.selected, err = planning.Select(ctx, d.Graph, d.Ledger, q.selection...); err != nil {
		return nil, err
	}
	state, err := r.gather(ctx)
	if err != nil {
		return nil, err
	}
	r.view = d.Graph.View(state)
	found, err := d.Ledger.Waits(ctx)
	if err != nil {
		return nil, err
	}
	r.discovering, r.waits = api.WaitsOf(discovering(found), d.Ledger.WallTime), waitsByPartition(found)
	return r, r.choose(q.partitions)
}

// choose resolves what was typed after --partition.
func (r *reader) choose(typed []string) error {
	if len(typed) == 0 {
		return nil
	}
	found, err := r.view.Choose(r.selected, typed)
	if err != nil {
		return err
	}
	r.chosen = make(map[asset.Key]map[string]bool, len(found))
	for key, partitions := range found {
		r.chosen[key] = make(map[string]bool, len(partitions))
		for _, p := range partitions {
			r.chosen[key][p] = true
		}
	}
	return nil
}

// gather reads what is known of the selected assets, side by side: there may be 100,000 partitions.
func (r *reader) gather(ctx context.Context) (state asset.GraphState, err error) {
	var mu sync.Mutex
	group, within := errgroup.WithContext(ctx)
	for _, made := range r.selected {
		group.Go(func() error {
			others, err := othersOf(within, r.data, made)
			mu.Lock()
			defer mu.Unlock()
			r.foreign[made.Key] = others
			return err
		})
	}
	group.Go(func() (err error) {
		if r.attempts, err = r.data.Ledger.OpenAttempts(within); err != nil {
			return err
		}
		state, err = planning.StateWith(within, r.data.Graph, r.data.Ledger, r.attempts)
		return err
	})
	err = group.Wait()
	return state, err
}

// details adds to the partitions that are listed what was published of them, their items and the attempts that succeeded.
func (r *reader) details(ctx context.Context, assets []api.AssetStatus) error {
	group, within := errgroup.WithContext(ctx)
	for i := range assets {
		group.Go(func() error { return r.detailsOf(within, &assets[i]) })
	}
	return group.Wait()
}

func (r *reader) detailsOf(ctx context.Context, s *api.AssetStatus) error {
	const many = 2 // a half of them: then all are read in their order
	var keys []string
	if len(s.Partitions) <= s.Total/many {
		keys = make([]string, len(s.Partitions))
		for i := range s.Partitions {
			keys[i] = s.Partitions[i].Partition
		}
	}
	details, err := r.data.Ledger.PartitionDetails(ctx, string(s.Asset), keys)
	if err != nil {
		return err
	}
	for i := range s.Partitions {
		p := &s.Partitions[i]
		p.Items = api.ItemCounts(details.Counts[p.Partition])
		if m, ok := details.Latest[p.Partition]; ok {
			published(p, m)
		}
		if a, ok := details.Succeeded[p.Partition]; ok && p.Attempt != nil && p.Attempt.State == ledger.AttemptSucceeded {
			shown := api.AttemptOf(a, r.data.Ledger.WallTime)
			p.Attempt = &shown
		}
	}
	return nil
}

// asset says how the partitions of an asset stand. shown is false if partitions were named, and the asset has none of them.
func (r *reader) asset(made *asset.Asset) (s api.AssetStatus, shown bool, err error) {
	others, refused := r.foreign[made.Key].changes, r.foreign[made.Key].refused
	keys := r.view.Keys(made).All()
	s = api.AssetStatus{
		Asset: made.Key, Location: command.TableFolder(r.data, made), Windowed: made.Partitions.Windowed(), Set: made.Partitions,
		Partitions: make([]api.PartitionStatus, 0, len(keys)),
		States:     make(map[asset.State]int), Attempts: make(map[ledger.AttemptState]int),
	}
	for _, p := range keys {
		if r.chosen != nil && !r.chosen[made.Key][p.Key] {
			continue
		}
		one, err := r.partition(made, p, others, refused)
		if err != nil {
			return s, false, err
		}
		s.Partitions = append(s.Partitions, one)
	}
	for _, p := range keys {
		delete(others, p.Key)
	}
	if r.chosen == nil {
		s.Partitions = append(s.Partitions, strangers(others)...)
	}
	for i := range s.Partitions {
		count(&s, &s.Partitions[i])
	}
	return s, r.chosen == nil || len(s.Partitions) > 0, nil
}

// count adds a partition to what an asset has in sum.
func count(s *api.AssetStatus, p *api.PartitionStatus) {
	s.Total++
	s.States[p.State]++
	if p.Attempt != nil {
		s.Attempts[p.Attempt.State]++
	}
	if p.Freshness == asset.FreshnessOverdue {
		s.Overdue++
	}
	if quarantined(p) > 0 {
		s.Quarantined++
	}
}

func (r *reader) partition(made *asset.Asset, p asset.Partition, others map[string]versions.ForeignChange, refused string) (api.PartitionStatus, error) {
	slice := ledger.PartitionRef{Asset: string(made.Key), Partition: p.Key}
	one := api.PartitionStatus{Partition: p.Key, Label: p.Label}
	standing := r.view.Status(made, p.Key)
	one.State, one.Axis, one.Reason = standing.State, standing.Axis, standing.Reason
	record := r.view.Record(made.Key, p.Key)
	one.Items.Quarantined = record.Quarantined // until it is listed
	one.RolledBackTo = record.RolledBack
	if version := record.Version; version >= 0 {
		one.Version = &version
	}
	timely, err := r.view.Freshness(made, p.Key)
	if err != nil {
		return one, err
	}
	one.Freshness, one.Due = timely.Status, api.Instant(timely.Due)
	if a, tried := r.attempts[slice]; tried {
		shown := api.AttemptOf(a, r.data.Ledger.WallTime)
		one.Attempt = &shown
	} else if record.Attempt == asset.AttemptSucceeded {
		one.Attempt = &r.succeeded
	}
	if w, waiting := r.waits[slice]; waiting {
		shown := api.WaitOf(w, r.data.Ledger.WallTime)
		one.Waiting = &shown
	}
	drift, changed := others[p.Key]
	changedBy(&one, drift, changed, refused)
	return one, nil
}

func published(p *api.PartitionStatus, m ledger.Materialization) {
	p.Version, p.Rows, p.Bytes, p.Snapshot = &m.Version, m.Rows, m.Bytes, m.Snapshot
	p.RunID, p.TraceID, p.CodeVersion = m.Run, m.Trace, m.CodeVersion
	p.MaterializedAt, p.VerifiedAt = &m.Finished, &m.Verified
}
