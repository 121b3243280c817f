package versions

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"drugslm/internal/asset"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// ForeignChanges finds the partitions of the table of an asset whose files are not those that the ledger knows, without reading
// a row. It skips a partition with an open publish: the process that ends the publish checks again. It includes
// partitions that the ledger does not know at all.
func (k Maintainer) ForeignChanges(ctx context.Context, a *asset.Asset) ([]ForeignChange, error) {
	now, err := k.Table(a).State(ctx)
	if err != nil {
		return nil, err
	}
	files, known, err := k.unmatched(ctx, a, now)
	if err != nil {
		return nil, err
	}
	keys := make(map[string]bool, len(files)+len(known))
	for key := range files {
		keys[key] = true
	}
	for key := range known {
		keys[key] = true
	}
	var found []ForeignChange
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if fresh, gone := differ(files[key], known[key]); len(fresh)+len(gone) > 0 {
			d := ForeignChange{Asset: a.Key, Partition: key}
			d.count(fresh, gone, known[key])
			found = append(found, d)
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	open, err := k.Ledger.Unfinished(ctx, string(a.Key), "")
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(d ForeignChange) bool {
		return slices.ContainsFunc(open, func(m ledger.Materialization) bool { return m.Partition == d.Partition })
	})
	return found, k.commitsOf(ctx, a, found)
}

// unmatched gives, by partition, the files of the table that the ledger does not know so, and those of the ledger that are not
// in the table so. Most of the time there are none.
func (k Maintainer) unmatched(ctx context.Context, a *asset.Asset, now *lake.Snapshot) (map[string][]lake.File, map[string]map[string]int64, error) {
	all := now.Files("")
	left := make(map[string]lake.File, len(all))
	for _, f := range all {
		left[f.Path] = f
	}
	known := make(map[string]map[string]int64)
	err := k.Ledger.EachDataFile(ctx, string(a.Key), func(partition, path string, rows int64) {
		if f, there := left[path]; there && f.Partition == partition && f.Rows == rows {
			delete(left, path)
			return
		}
		if known[partition] == nil {
			known[partition] = make(map[string]int64)
		}
		known[partition][path] = rows
	})
	files := make(map[string][]lake.File)
	for _, f := range all {
		if _, unknown := left[f.Path]; unknown {
			files[f.Partition] = append(files[f.Partition], f)
		}
	}
	return files, known, err
}

// commitsOf gives each of some changes of an asset its commits of other programs. The log is read once.
func (k Maintainer) commitsOf(ctx context.Context, a *asset.Asset, changes []ForeignChange) error {
	since := make(map[string]int64, len(changes))
	at := make(map[string]int, len(changes))
	for i, d := range changes {
		since[d.Partition], at[d.Partition] = -1, i
		changes[i].Commits = []ledger.ForeignCommit{}
	}
	err := k.Ledger.PublishedPartitions(ctx, string(a.Key), func(p ledger.PublishedPartition) error {
		if _, asked := since[p.Partition]; asked {
			since[p.Partition] = p.Version
		}
		return nil
	})
	if err != nil {
		return err
	}
	looked, err := k.Ledger.ForeignCommits(ctx, string(a.Key), "")
	if err != nil {
		return err
	}
	for _, c := range looked {
		if _, asked := since[c.Partition]; asked {
			since[c.Partition] = max(since[c.Partition], c.Version)
		}
	}
	for c, err := range k.Table(a).History(ctx) {
		if err != nil {
			return err
		}
		if !c.Foreign() {
			continue
		}
		for _, key := range c.Partitions {
			if i, asked := at[key]; asked && c.Version > since[key] {
				changes[i].Commits = append(changes[i].Commits, foreignCommit(a, key, c))
			}
		}
	}
	return nil
}

// differ gives the files that the ledger does not know, or knows with another number of rows, and the parts that the table
// does not have.
func differ(files []lake.File, parts map[string]int64) (fresh []lake.File, gone map[string]bool) {
	gone = make(map[string]bool)
	for part := range parts {
		gone[part] = true
	}
	for _, f := range files {
		delete(gone, f.Path)
		if n, known := parts[f.Path]; !known || n != f.Rows {
			fresh = append(fresh, f)
		}
	}
	return fresh, gone
}

// foreign gives the commits of other programs that are about a partition, since the last one that was published or
// looked into.
func (k Maintainer) foreign(ctx context.Context, a *asset.Asset, key string) ([]ledger.ForeignCommit, error) {
	since := int64(-1)
	if m, published, err := k.Ledger.Latest(ctx, string(a.Key), key); err != nil {
		return nil, err
	} else if published {
		since = m.Version
	}
	looked, err := k.Ledger.ForeignCommits(ctx, string(a.Key), key)
	if err != nil {
		return nil, err
	}
	for _, c := range looked {
		since = max(since, c.Version)
	}
	found := []ledger.ForeignCommit{}
	for c, err := range k.Table(a).History(ctx) {
		if err != nil {
			return nil, err
		}
		if c.Foreign() && c.Version > since && slices.Contains(c.Partitions, key) {
			found = append(found, foreignCommit(a, key, c))
		}
	}
	return found, nil
}

func foreignCommit(a *asset.Asset, key string, c lake.Commit) ledger.ForeignCommit {
	return ledger.ForeignCommit{
		Asset: string(a.Key), Partition: key, Version: c.Version, Operation: c.Info.Operation, Writer: c.Info.Engine, Class: classOf(c), At: c.Info.Time,
	}
}

func classOf(c lake.Commit) string {
	switch {
	case strings.HasPrefix(strings.ToUpper(c.Info.Operation), "RESTORE"):
		return ClassRestore
	case len(c.Added)+len(c.Removed) == 0 && c.Schema:
		return ClassSchema
	case c.DataChange:
		return ClassRows
	default:
		return ClassRewrite
	}
}

// Examine reads the rows in the files of a partition that the ledger does not know, and compares them with the rows that
// the ledger expects. It returns nil if all files are known.
func (k Maintainer) Examine(ctx context.Context, a *asset.Asset, key string) (*ForeignChange, error) {
	now, err := k.Table(a).Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := k.Ledger.DataFiles(ctx, string(a.Key), key)
	if err != nil {
		return nil, err
	}
	d := &ForeignChange{Asset: a.Key, Partition: key, base: now}
	if d.files, d.gone = differ(now.Files(key), parts); len(d.files)+len(d.gone) == 0 {
		return nil, nil
	}
	d.count(d.files, d.gone, parts)
	if d.Commits, err = k.foreign(ctx, a, key); err != nil {
		return nil, err
	}
	r, err := newReader(a, k.Table(a), true)
	if err != nil {
		return nil, err
	}
	x := examination{Maintainer: k, reader: r, asset: a, change: d}
	return d, x.run(ctx)
}

// expected is an item whose row is to be found.
type expected struct {
	part   string
	digest digest
	known  bool   // the row it should have can be told
	row    []byte // as the ledger has it
	shown  bool   // readers are to see its row
	found  string // the file that has it
	other  bool   // a file has a row of it with other values
}

// examination is the look at one partition.
type examination struct {
	Maintainer
	reader
	asset     *asset.Asset
	change    *ForeignChange
	items     map[string]*expected
	unchanged map[string]bool // items whose row is in a file that the ledger knows
}

func (x *examination) run(ctx context.Context) error {
	d := x.change
	d.clean, d.dirty, d.back, d.kept = map[string][]string{}, map[string]map[string]bool{}, map[string]map[string]bool{}, map[string][]byte{}
	d.right = map[string]digest{}
	if err := x.readExpected(ctx); err != nil {
		return err
	}
	if err := x.before(ctx); err != nil {
		return err
	}
	if err := x.look(ctx); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(x.items)) {
		x.addMissing(id, x.items[id])
	}
	return nil
}

// readExpected reads the items whose row is in none of the files that the ledger knows.
func (x *examination) readExpected(ctx context.Context) error {
	x.items, x.unchanged = make(map[string]*expected), make(map[string]bool)
	again := make(map[string]bool)
	for _, f := range x.change.files {
		again[f.Path] = true
	}
	p := planner{Maintainer: x.Maintainer, asset: x.asset}
	return p.items(ctx, x.change.Partition, func(e ledger.Entry) error {
		switch {
		case e.File == "":
		case x.change.gone[e.File] || again[e.File]:
			x.items[e.ID] = &expected{part: e.File, row: e.Row, shown: e.State != ledger.Absent && e.State != ledger.Quarantined && e.State != ledger.Staged}
			if e.State != ledger.Published {
				x.items[e.ID].row = nil // it is of the row that is to come
			}
		default:
			x.unchanged[e.ID] = true
		}
		return nil
	})
}

// before reads the rows as they were, from files that are no longer in the table: they stay until a vacuum.
func (x *examination) before(ctx context.Context) error {
	parts := make(map[string]bool)
	for _, e := range x.items {
		parts[e.part] = true
	}
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		for row, err := range x.rows(ctx, []lake.File{{Path: part, Partition: x.change.Partition}}) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				break // gone or damaged: the ledger may have its rows
			}
			if e := x.items[row.id]; e != nil && e.part == part {
				e.digest, e.known = x.digest(row.values), true
				e.row = nil
			}
		}
	}
	for _, e := range x.items {
		if e.known || len(e.row) == 0 {
			continue
		}
		if values, err := x.codec.Decode(e.row); err == nil {
			e.digest, e.known = x.digest(values), true
		}
	}
	return nil
}

// look reads the files that the ledger does not know.
func (x *examination) look(ctx context.Context) error {
	d := x.change
	trusted := len(d.Commits) > 0 && !slices.ContainsFunc(d.Commits, func(c ledger.ForeignCommit) bool { return c.Class != ClassRewrite })
	for _, f := range d.files {
		ours, others := make(map[string]bool), 0
		for row, err := range x.rows(ctx, []lake.File{f}) {
			if errors.Is(err, fs.ErrNotExist) {
				others++ // the table names a file that is not there: it goes
				break
			}
			if err != nil {
				return err
			}
			e := x.items[row.id]
			switch {
			case e == nil, e.found != "":
				d.Unknown++
				others++
			case e.known && e.digest == x.digest(row.values), !e.known && trusted:
				e.found = f.Path
				ours[row.id] = true
				d.right[row.id] = x.digest(row.values)
				d.Followed++
			default:
				e.other = true
				others++
			}
		}
		if others > 0 {
			d.dirty[f.Path] = ours
			continue
		}
		d.clean[f.Path] = slices.Sorted(maps.Keys(ours))
	}
	return nil
}

// addMissing decides about an item whose row was perhaps not found.
func (x *examination) addMissing(id string, e *expected) {
	d := x.change
	if e.found != "" {
		if e.other {
			d.Unknown++
		}
		return
	}
	if e.other {
		d.Changed++
	} else {
		d.Missing++
	}
	switch {
	case !e.shown:
		d.lost = append(d.lost, id) // it was to go anyway
	case e.known && len(e.row) == 0:
		if d.back[e.part] == nil {
			d.back[e.part] = make(map[string]bool)
		}
		d.back[e.part][id] = true
		d.right[id] = e.digest
	case e.known:
		d.kept[id] = e.row
	default:
		d.lost = append(d.lost, id)
		d.Lost++
	}
}
