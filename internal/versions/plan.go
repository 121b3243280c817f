package versions

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// RollbackPlan is what a rollback means for one partition.
type RollbackPlan struct {
	Partition    string `json:"partition"`
	From         int64  `json:"from"` // the version that readers see now
	To           int64  `json:"to"`   // the version asked for
	Maker        int64  `json:"made"` // the version that made the partition what it was then
	MakerRun     string `json:"made_by"`
	RowsNow      int64  `json:"rows_now"`
	RowsThen     int64  `json:"rows_then"`
	BytesThen    int64  `json:"bytes_then"`
	FilesBack    int    `json:"files_back"`    // that join the table again
	FilesRemoved int    `json:"files_removed"` // that leave it
	Same         int    `json:"same"`          // items in files that come back, with the very row they have now
	Older        int    `json:"older"`         // items with another row than now; the next run brings them forward
	ItemsBack    int    `json:"returning"`     // of those: items without a row now, because absent, quarantined or pending
	Pending      int    `json:"pending"`       // items that have a row now and had none then: they become pending
	Unchanged    bool   `json:"unchanged"`     // readers see the files of that version already; nothing is done

	Version *int64 `json:"version,omitempty"` // the new one, once it is done

	add, remove []lake.File
	base        *lake.Snapshot
	maker       Version
	moves       ledger.Moves
	then        *lake.Snapshot // whose schema and properties the table has again; nil: they stay
}

// PlanRollback says what a rollback to a version would mean for partitions, by key or label; none: all. It reads the
// rows of the files that differ, and changes nothing. It returns one error for the problems of all partitions.
func (k Maintainer) PlanRollback(ctx context.Context, a *asset.Asset, to int64, partitions []string) ([]RollbackPlan, error) {
	table := k.Table(a)
	then, err := at(ctx, a, table, to)
	if err != nil {
		return nil, err
	}
	now, err := table.State(ctx) // whether its rows can be read does not matter
	if err != nil {
		return nil, err
	}
	all, err := k.history(ctx, a)
	if err != nil {
		return nil, err
	}
	keys := keysOf(all)
	for _, key := range then.Partitions() {
		keys[key] = true
	}
	chosen, err := k.choose(ctx, a, partitions, keys)
	if err != nil {
		return nil, err
	}
	touched, err := k.Ledger.EveryPartition(ctx, string(a.Key))
	if err != nil {
		return nil, err
	}
	if len(partitions) == 0 { // what other programs put elsewhere is nobody's: see strangers
		chosen = slices.DeleteFunc(chosen, func(key string) bool { return !slices.Contains(touched, key) })
	}
	stored, err := table.Stored(ctx)
	if err != nil {
		return nil, err
	}
	r, err := newReader(a, table, true)
	if err != nil {
		return nil, err
	}
	p := planner{Maintainer: k, asset: a, reader: r, to: to, now: now, then: then, all: all, stored: stored}
	found, problems := []RollbackPlan{}, []error{}
	for _, key := range chosen {
		one, err := p.plan(ctx, key)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			return nil, err
		}
		found, problems = append(found, one), append(problems, err)
	}
	return found, errors.Join(problems...)
}

// planner plans the partitions of one rollback.
type planner struct {
	Maintainer
	reader
	asset     *asset.Asset
	to        int64
	now, then *lake.Snapshot
	all       []Version
	stored    map[string]lake.Info
}

func (p *planner) plan(ctx context.Context, key string) (RollbackPlan, error) {
	out := RollbackPlan{Partition: key, From: -1, To: p.to, Maker: -1, base: p.now}
	for _, v := range p.all {
		if !slices.Contains(v.about, key) || v.Operation == lake.OperationFence {
			continue
		}
		out.From = v.Version
		if v.Version <= p.to && v.Writer == "" {
			out.Maker, out.MakerRun, out.maker = v.Version, v.RunID, v
		}
	}
	if out.Maker < 0 && len(p.then.Files(key)) > 0 { // its commit was cleaned away
		out.Maker = p.to
		if m, published, err := p.Ledger.Latest(ctx, string(p.asset.Key), key); err != nil {
			return out, err
		} else if published && m.Version <= p.to {
			out.Maker, out.MakerRun = m.Version, m.Run
			out.maker = Version{Version: m.Version, RunID: m.Run, CodeVersion: m.CodeVersion, Snapshot: m.Snapshot, Upstream: m.Upstream}
		}
		out.From = max(out.From, out.Maker)
	}
	if out.Maker < 0 {
		return out, fault.New(fault.Invalid, "roll back", "%s was not published yet at version %d: choose a later version, or other partitions with --partition",
			name(p.asset, key), p.to)
	}
	if err := p.free(ctx, key); err != nil {
		return out, err
	}
	current, earlier := p.now.Files(key), p.then.Files(key)
	out.add, out.remove = only(earlier, current), only(current, earlier)
	out.FilesBack, out.FilesRemoved = len(out.add), len(out.remove)
	out.RowsNow, out.RowsThen, out.BytesThen = rowsIn(current), rowsIn(earlier), bytesIn(earlier)
	if out.FilesBack+out.FilesRemoved == 0 {
		out.Unchanged = true
		return out, nil
	}
	if err := whole(p.asset, key, p.to, earlier, p.stored); err != nil {
		return out, err
	}
	return out, p.move(ctx, key, earlier, &out)
}

// free refuses a partition that somebody is at work on.
func (p *planner) free(ctx context.Context, key string) error {
	open, err := p.Ledger.Unfinished(ctx, string(p.asset.Key), key)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		what, cure := "publish", "the next run of it, if that one was cut short, puts it right: materialize it first"
		if open[0].Moves.Rollback != nil {
			what, cure = "rollback", "if it was cut short, the next rollback or run of the partition puts it right"
		}
		return fault.New(fault.Invalid, "roll back", "%s has a %s open, which run %s began at %s and neither finished nor abandoned: %s",
			name(p.asset, key), what, open[0].Run, open[0].Started.Format(time.RFC3339), cure)
	}
	runs, err := p.Ledger.RunsWorkingOn(ctx, string(p.asset.Key), key)
	if err == nil && len(runs) > 0 {
		err = ledger.Busy(string(p.asset.Key), key, runs)
	}
	return err
}

// place is where the row of an item was in the earlier version.
type place struct {
	part   string
	digest digest
	again  bool // it is the very row the item has now
}

// move finds what becomes of each item.
func (p *planner) move(ctx context.Context, key string, earlier []lake.File, out *RollbackPlan) error {
	places := make(map[string]*place)
	for row, err := range p.rows(ctx, out.add) {
		if err != nil {
			return err
		}
		places[row.id] = &place{part: out.add[row.file].Path, digest: p.digest(row.values)}
	}
	for _, f := range out.remove {
		for row, err := range p.rows(ctx, []lake.File{f}) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				break // what came later need not be read: its items are brought forward by the next run
			}
			if was := places[row.id]; was != nil {
				was.again = was.digest == p.digest(row.values)
			}
		}
	}
	out.moves = ledger.Moves{
		Rewritten: make(map[string]string), Dropped: make(map[string][]string),
		Rollback: &ledger.Rollback{From: out.From, To: p.to, Files: make(map[string]ledger.Restored)},
	}
	for _, f := range out.remove {
		out.moves.Rewritten[f.Path] = ""
	}
	for _, f := range out.add {
		out.moves.Rollback.Files[f.Path] = ledger.Restored{}
	}
	stays := make(map[string]bool)
	for _, f := range only(earlier, out.add) {
		stays[f.Path] = true
	}
	if err := p.items(ctx, key, func(e ledger.Entry) error { return out.item(e, places, stays) }); err != nil {
		return err
	}
	if len(places) > 0 {
		id := slices.Min(slices.Collect(maps.Keys(places)))
		return fault.New(fault.Invalid, "roll back", "version %d of %s has rows of %d items that the ledger does not know, %q among them: it was written with another ledger",
			p.to, name(p.asset, key), len(places), id)
	}
	return nil
}

// item decides what becomes of one item, and crosses its row off.
func (r *RollbackPlan) item(e ledger.Entry, places map[string]*place, stays map[string]bool) error {
	_, leaves := r.moves.Rewritten[e.File]
	if _, joins := r.moves.Rollback.Files[e.File]; !leaves && !joins && e.File != "" && !stays[e.File] {
		r.moves.Rewritten[e.File], leaves = "", true // another program took it away
	}
	if leaves {
		r.moves.Dropped[e.File] = append(r.moves.Dropped[e.File], e.ID)
	}
	was, back := places[e.ID]
	delete(places, e.ID)
	switch {
	case back && stays[e.File]:
		return fault.New(fault.Corrupt, "roll back", "item %q of %s has two rows in version %d", e.ID, r.Partition, r.To)
	case back && (was.again || was.part == e.File) && !e.Returns():
		r.Same++
		r.restore(was.part, e.ID, true)
	case back:
		r.Older++
		if e.State != ledger.Published {
			r.ItemsBack++
		}
		r.restore(was.part, e.ID, false)
	case stays[e.File] && e.Returns(): // its outcome is newer, but its row was not removed yet
		r.Older, r.ItemsBack = r.Older+1, r.ItemsBack+1
		r.restore(e.File, e.ID, false)
	case leaves && e.State == ledger.Published:
		r.Pending++
	}
	return nil
}

func (r *RollbackPlan) restore(part, id string, same bool) {
	rows := r.moves.Rollback.Files[part]
	if same {
		rows.Same = append(rows.Same, id)
	} else {
		rows.Older = append(rows.Older, id)
	}
	r.moves.Rollback.Files[part] = rows
}

// page is how many items are read from the ledger at a time.
const page = 10_000

func (p *planner) items(ctx context.Context, key string, each func(ledger.Entry) error) error {
	filter := ledger.Filter{Asset: string(p.asset.Key), Partition: key, Limit: page}
	for {
		entries, err := p.Ledger.Items(ctx, filter)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := each(e); err != nil {
				return err
			}
			filter.After = e.ID
		}
		if len(entries) < page {
			return nil
		}
	}
}
