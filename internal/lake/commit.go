package lake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"drugslm/internal/fault"
)

// ErrConflict means that another commit came first and changed the same files. Nothing was written. Compute the change
// again from the present state of the table.
var ErrConflict = errors.New("another commit has changed the partition")

// Change is one atomic step of a table, within one partition.
type Change struct {
	Partition string   // "" in a table without partitions
	Add       []File   // as closed by a Part, or listed by an earlier Snapshot
	Remove    []string // paths of files that are in the table

	// Base is the snapshot that the change was computed from. If the partition's files are no longer the
	// same, the commit is refused as a conflict. Nil: only the files to be removed must still be there.
	Base *Snapshot

	// App and Txn make a commit safe to repeat: one with a Txn that App has already committed writes nothing,
	// and answers with the version of the first time. Txn grows with each new commit of App. App "": every call commits.
	App string
	Txn int64

	// Restore, if not nil, gives the table the schema and the properties that it had then, for a rollback: what other
	// programs turned on since, and what this one must not write to, is off again. Nil: they stay.
	Restore *Snapshot

	// Anywhere lets Remove name files of any partition, in a change without Partition and Add: for rows that other
	// programs put into partitions which nobody here knows.
	Anywhere bool

	Info CommitInfo
}

// whole reports whether the change is about the table rather than a partition.
func (c Change) whole() bool {
	return c.Partition == "" && len(c.Add) == 0 && (c.Anywhere || c.Restore != nil)
}

// Commit makes the change and returns the version that has it. Readers see all of it or none. Commits to other
// partitions never conflict.
//
// After an error other than ErrConflict it is unknown whether the change was made (the disk may have failed after it):
// repeat it with the same App and Txn.
func (t *Table) Commit(ctx context.Context, c Change) (int64, error) {
	v, err := t.commit(ctx, c)
	if err != nil {
		return 0, fmt.Errorf("commit to %s: %w", t.location, err)
	}
	return v, nil
}

func (t *Table) commit(ctx context.Context, c Change) (int64, error) {
	if err := t.checkChange(ctx, c); err != nil {
		return 0, err
	}
	// One at a time in this process: of those that write the same version, all but one have synced an object for nothing.
	defer t.latest.turn(ctx, t.location)()
	for { // each turn another process has committed, so all together get on
		s, err := t.State(ctx)
		if err != nil {
			return 0, err
		}
		if c.App != "" && s.Txn(c.App) >= c.Txn {
			return t.versionOf(ctx, s, c)
		}
		actions, err := t.actionsFor(ctx, s, c, time.Now())
		if err != nil {
			return 0, err
		}
		b, err := formatCommit(actions)
		if err != nil {
			return 0, err
		}
		err = t.store.Create(ctx, t.commitName(s.Version+1), bytes.NewReader(b))
		if err == nil {
			return t.committed(ctx, s, actions, b)
		}
		if !errors.Is(err, fs.ErrExist) {
			return 0, err
		}
	}
}

func (t *Table) committed(ctx context.Context, before *Snapshot, actions []action, object []byte) (int64, error) {
	s := before.clone()
	s.Version++
	s.commit = sha256.Sum256(object)
	if err := t.apply(s, actions); err != nil {
		return 0, err
	}
	t.checkpointIfDue(ctx, s)
	t.latest.put(t.location, s, before)
	return s.Version, nil
}

// checkChange refuses what no state of the table would make right, and files that are not there whole.
func (t *Table) checkChange(ctx context.Context, c Change) error {
	if _, err := t.folder(c.Partition); err != nil && !c.whole() {
		return err
	}
	for _, f := range c.Add {
		if f.Partition != c.Partition {
			return fault.New(fault.Invalid, "add "+f.Path, "it is of partition %q, the change of %q", f.Partition, c.Partition)
		}
		if err := t.checkFile(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (t *Table) checkFile(ctx context.Context, f File) error {
	o, err := t.store.Open(ctx, t.name(f.Path))
	if err != nil {
		return fmt.Errorf("add: %w", err)
	}
	defer o.Close()
	if o.Size() != f.Bytes {
		return fault.New(fault.Corrupt, "add "+f.Path, "it has %d bytes, not %d", o.Size(), f.Bytes)
	}
	return nil
}

// actionsFor writes the change down as the commit that follows s.
func (t *Table) actionsFor(ctx context.Context, s *Snapshot, c Change, now time.Time) ([]action, error) {
	if c.Base != nil && !sameFiles(c.Base, s, c.Partition) {
		return nil, fmt.Errorf("%w %q since version %d", ErrConflict, c.Partition, c.Base.Version)
	}
	if !c.Info.Time.IsZero() {
		now = c.Info.Time
	}
	info, err := t.logged(c, now)
	if err != nil {
		return nil, err
	}
	actions := []action{{CommitInfo: info}}
	head, err := t.headFor(ctx, s, c, now)
	if err != nil {
		return nil, err
	}
	actions = append(actions, head...)
	if c.App != "" {
		actions = append(actions, action{Txn: &txn{c.App, c.Txn, now.UnixMilli()}})
	}
	for _, path := range c.Remove {
		f, ok := s.files[path]
		if !ok {
			return nil, fmt.Errorf("%w: %s is no longer in it", ErrConflict, path)
		}
		if f.Partition != c.Partition && !c.Anywhere {
			return nil, fault.New(fault.Invalid, "remove "+path, "it is of partition %q, the change of %q", f.Partition, c.Partition)
		}
		actions = append(actions, t.removing(f, now))
	}
	for _, f := range c.Add {
		if _, ok := s.files[f.Path]; ok && !slices.Contains(c.Remove, f.Path) {
			return nil, fmt.Errorf("%w: %s is in it already", ErrConflict, f.Path)
		}
		actions = append(actions, t.adding(f, now))
	}
	return actions, nil
}

// headFor is what only some commits have: the first one, and those that add columns or go back to an earlier schema.
// It refuses a table that must not be written.
func (t *Table) headFor(ctx context.Context, s *Snapshot, c Change, now time.Time) ([]action, error) {
	if s.Version < 0 {
		meta, err := t.newMetaData(now)
		if err != nil {
			return nil, err
		}
		return []action{{Protocol: &protocol{MinReader: readerVersion, MinWriter: writerVersion}}, {MetaData: meta}}, nil
	}
	next := *s
	if c.Restore != nil {
		next.meta = c.Restore.meta
	}
	problems := []func(*Snapshot) string{unreadable, unwritable}
	if c.Restore != nil { // files that cannot be read are taken away, one partition after the other
		problems[0] = unknown
	}
	if len(c.Remove) > 0 {
		problems = append(problems, appendOnly)
	}
	for _, problem := range problems {
		if problem(&next) != "" {
			return nil, t.without(ctx, s, problem)
		}
	}
	if err := t.samePartitions(next.meta); err != nil {
		return nil, err
	}
	if len(c.Add) == 0 && c.Restore == nil {
		return nil, nil
	}
	meta, err := t.evolve(next.meta)
	switch {
	case err != nil:
		return nil, err
	case meta == nil && !sameMeta(s.meta, next.meta):
		meta = next.meta
	case meta != nil && sameMeta(s.meta, meta):
		meta = nil
	}
	if meta == nil {
		return nil, nil
	}
	return []action{{MetaData: meta}}, nil
}

func sameMeta(a, b *metaData) bool {
	return a.SchemaString == b.SchemaString && maps.Equal(a.Configuration, b.Configuration) && slices.Equal(a.PartitionColumns, b.PartitionColumns)
}

// Restores reports whether a rollback to a version changes the schema or the properties of the table, other than our own
// properties.
func (s *Snapshot) Restores(then *Snapshot) bool {
	plain := func(m *metaData) *metaData {
		others := *m
		others.Configuration = maps.Clone(m.Configuration)
		for _, key := range append(slices.Collect(maps.Keys(ownProperties())), markColumns) {
			delete(others.Configuration, key)
		}
		return &others
	}
	return !sameMeta(plain(s.meta), plain(then.meta))
}

// Restorable refuses a table that cannot be written even with its former schema and properties: a raised protocol stays
// raised, and this program must know what it requires.
func (t *Table) Restorable(ctx context.Context, s, then *Snapshot) error {
	next := *s
	next.meta = then.meta
	for _, problem := range []func(*Snapshot) string{unknown, unwritable} {
		if problem(&next) != "" {
			return t.without(ctx, s, problem)
		}
	}
	_, err := t.evolve(then.meta)
	return err
}

// Closed says why the table must not be written in its present state; "" if it may be.
func (s *Snapshot) Closed() string {
	if s.Version < 0 {
		return ""
	}
	return cmp.Or(unreadable(s), unwritable(s))
}

func sameFiles(a, b *Snapshot, partition string) bool {
	x, y := a.Files(partition), b.Files(partition)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i].Path != y[i].Path {
			return false
		}
	}
	return true
}

// versionOf finds the commit in which c.App used c.Txn. s has that or a later one.
func (t *Table) versionOf(ctx context.Context, s *Snapshot, c Change) (int64, error) {
	for v := s.Version; v >= 0; v-- {
		actions, err := t.readCommit(ctx, v)
		if errors.Is(err, fs.ErrNotExist) { // cleaned away: it was there, and only its number is not known any more
			return s.Version, nil
		}
		if err != nil {
			return 0, err
		}
		for _, a := range actions {
			if a.Txn == nil || a.Txn.App != c.App {
				continue
			}
			if a.Txn.Version == c.Txn {
				return v, nil
			}
			if a.Txn.Version < c.Txn {
				return 0, fmt.Errorf("%w: %s has committed %d, and never %d", ErrConflict, c.App, s.Txn(c.App), c.Txn)
			}
		}
	}
	return 0, fmt.Errorf("%w: %s has committed %d, and never %d", ErrConflict, c.App, s.Txn(c.App), c.Txn)
}
