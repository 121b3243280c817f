package versions

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

// DiffInput says which versions to compare, and how much of the result to list.
type DiffInput struct {
	From, To   int64
	Partitions []string // keys or labels; none: all
	Limit      int      // rows listed at most, over all partitions; 0: none
	KeysOnly   bool     // changed rows are listed without their columns
}

// Diff is the difference between two versions of a table. Counts are complete.
type Diff struct {
	From       int64           `json:"from"`
	To         int64           `json:"to"`
	Added      int             `json:"added"`
	Removed    int             `json:"removed"`
	Changed    int             `json:"changed"`
	Partitions []PartitionDiff `json:"partitions"` // those that differ in their files, by key
	Rows       []RowDiff       `json:"rows"`       // by partition, then added, removed, changed, then by item
	Unlisted   int             `json:"unlisted"`   // rows that differ and are not listed
}

// PartitionDiff counts the differences in a partition.
type PartitionDiff struct {
	Partition string `json:"partition"`
	Added     int    `json:"added"`
	Removed   int    `json:"removed"`
	Changed   int    `json:"changed"`
	Same      int    `json:"same"`   // rows of files that were read, equal but for their provenance
	Unread    int64  `json:"unread"` // rows of files that both versions have
}

// RowDiff is a row that differs.
type RowDiff struct {
	Partition string       `json:"partition"`
	Item      string       `json:"item"`
	Change    string       `json:"change"` // added, removed or changed
	Columns   []ColumnDiff `json:"columns,omitempty"`
}

// ColumnDiff is a value that differs. A long value is cut, and becomes a string that says so.
type ColumnDiff struct {
	Column string          `json:"column"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

// Diff compares two versions of an asset's table by the items of their rows, without the columns of provenance.
func (k Maintainer) Diff(ctx context.Context, a *asset.Asset, in DiffInput) (Diff, error) {
	d := Diff{From: in.From, To: in.To, Partitions: []PartitionDiff{}, Rows: []RowDiff{}}
	if in.Limit < 0 {
		return d, fault.New(fault.Invalid, "compare versions", "%d rows cannot be listed", in.Limit)
	}
	table := k.Table(a)
	from, err := at(ctx, a, table, in.From)
	if err != nil {
		return d, err
	}
	to, err := at(ctx, a, table, in.To)
	if err != nil {
		return d, err
	}
	keys := make(map[string]bool)
	for _, key := range slices.Concat(from.Partitions(), to.Partitions()) {
		keys[key] = true
	}
	chosen, err := k.choose(ctx, a, in.Partitions, keys)
	if err != nil {
		return d, err
	}
	stored, err := table.Stored(ctx)
	if err != nil {
		return d, err
	}
	r, err := newReader(a, table, false)
	if err != nil {
		return d, err
	}
	for _, key := range chosen {
		before, after := only(from.Files(key), to.Files(key)), only(to.Files(key), from.Files(key))
		if len(before)+len(after) == 0 {
			continue
		}
		if err := cmp.Or(whole(a, key, in.From, before, stored), whole(a, key, in.To, after, stored)); err != nil {
			return d, err
		}
		c := comparison{reader: r, before: before, after: after, limit: in.Limit - len(d.Rows)}
		if err := c.run(ctx); err != nil {
			return d, err
		}
		if !in.KeysOnly {
			if err := c.columns(ctx); err != nil {
				return d, err
			}
		}
		d.add(key, c, rowsIn(from.Files(key))-rowsIn(before))
	}
	return d, nil
}

func (d *Diff) add(partition string, c comparison, unread int64) {
	p := PartitionDiff{Partition: partition, Added: c.added.n, Removed: c.removed.n, Changed: c.changed.n, Same: c.same, Unread: unread}
	d.Partitions = append(d.Partitions, p)
	d.Added, d.Removed, d.Changed = d.Added+p.Added, d.Removed+p.Removed, d.Changed+p.Changed
	room := c.limit
	for _, of := range []struct {
		change string
		found  *smallest
	}{{"added", &c.added}, {"removed", &c.removed}, {"changed", &c.changed}} {
		ids := of.found.ids()
		for _, id := range ids[:min(room, len(ids))] {
			d.Rows = append(d.Rows, RowDiff{Partition: partition, Item: id, Change: of.change, Columns: c.differing[id]})
			room--
		}
	}
	d.Unlisted = d.Added + d.Removed + d.Changed - len(d.Rows)
}

// comparison compares two lists of files that have no file in common.
type comparison struct {
	reader
	before, after []lake.File
	limit         int

	added, removed, changed smallest
	same                    int
	differing               map[string][]ColumnDiff // of changed rows that are listed, by item
}

func (c *comparison) run(ctx context.Context) error {
	c.added.limit, c.removed.limit, c.changed.limit = c.limit, c.limit, c.limit
	was := make(map[string]digest)
	for row, err := range c.rows(ctx, c.before) {
		if err != nil {
			return err
		}
		was[row.id] = c.digest(row.values)
	}
	for row, err := range c.rows(ctx, c.after) {
		if err != nil {
			return err
		}
		old, known := was[row.id]
		switch {
		case !known:
			c.added.add(row.id)
		case old == c.digest(row.values):
			c.same++
		default:
			c.changed.add(row.id)
		}
		delete(was, row.id)
	}
	for id := range was {
		c.removed.add(id)
	}
	return nil
}

// columns reads the changed rows that are listed once more, and notes what differs in them.
func (c *comparison) columns(ctx context.Context) error {
	wanted := make(map[string]map[string][]byte)
	for _, id := range c.changed.ids() {
		wanted[id] = make(map[string][]byte)
	}
	if len(wanted) == 0 {
		return nil
	}
	for row, err := range c.rows(ctx, c.before) {
		if err != nil {
			return err
		}
		if had, ok := wanted[row.id]; ok {
			for column, value := range c.cells(row.values) {
				had[column] = value
			}
		}
	}
	c.differing = make(map[string][]ColumnDiff, len(wanted))
	for row, err := range c.rows(ctx, c.after) {
		if err != nil {
			return err
		}
		had, ok := wanted[row.id]
		if !ok {
			continue
		}
		for column, now := range c.cells(row.values) {
			if before := had[column]; !bytes.Equal(before, now) {
				c.differing[row.id] = append(c.differing[row.id], columnDiff(column, before, now))
			}
		}
	}
	return nil
}

// smallest keeps the first few ids, in order, of however many it is shown, and counts them all.
type smallest struct {
	limit int
	n     int
	kept  []string
}

func (s *smallest) add(id string) {
	s.n++
	if s.limit <= 0 {
		return
	}
	s.kept = append(s.kept, id)
	if len(s.kept) >= 2*s.limit {
		s.cut()
	}
}

func (s *smallest) cut() {
	slices.Sort(s.kept)
	s.kept = s.kept[:min(s.limit, len(s.kept))]
}

func (s *smallest) ids() []string {
	s.cut()
	return s.kept
}
