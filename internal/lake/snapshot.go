package lake

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// Snapshot is the state of a table at one version. It never changes, and may be kept.
type Snapshot struct {
	Version int64      // -1: the table does not exist yet
	Info    CommitInfo // of the commit that made this version
	Time    time.Time  // of that commit

	files      map[string]held // by path
	removed    map[string]*remove
	txns       map[string]*txn
	domains    map[string]*domain
	meta       *metaData
	proto      *protocol
	checkpoint int64    // the newest one that replay started from, or that we know of; 0: none
	commit     [32]byte // sha256 of the object of the commit that made this version
}

type held struct {
	File
	added *add
}

func newSnapshot() *Snapshot {
	return &Snapshot{
		Version: -1, files: map[string]held{}, removed: map[string]*remove{}, txns: map[string]*txn{}, domains: map[string]*domain{},
	}
}

// Files lists the files of a partition, or with "" those of the whole table, ordered by path.
func (s *Snapshot) Files(partition string) []File {
	var files []File
	for _, f := range s.files {
		if partition == "" || f.Partition == partition {
			files = append(files, f.File)
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

// Partitions lists the partitions that have files, in order.
func (s *Snapshot) Partitions() []string {
	set := map[string]struct{}{}
	for _, f := range s.files {
		if f.Partition != "" {
			set[f.Partition] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Txn returns the newest number that app has committed under; -1 if there is none.
func (s *Snapshot) Txn(app string) int64 {
	if t, ok := s.txns[app]; ok {
		return t.Version
	}
	return -1
}

// Snapshot returns the newest version. A table that does not exist yet has Version -1 and no files. What this process
// has read of the log before is not read again. A table that this program cannot read, because another program changed
// it, is an [Unsupported].
func (t *Table) Snapshot(ctx context.Context) (*Snapshot, error) {
	s, err := t.State(ctx)
	if err != nil {
		return nil, err
	}
	return s, t.readable(ctx, s)
}

// State is Snapshot without the check that rows can be read: the files of a table are often known even if its rows
// cannot be read.
func (t *Table) State(ctx context.Context) (*Snapshot, error) {
	known := t.latest.get(t.location)
	if known == nil || !t.still(ctx, known) {
		s, err := t.replay(ctx, math.MaxInt64)
		if err == nil {
			t.latest.put(t.location, s, known)
		}
		return s, err
	}
	next, err := t.advanced(ctx, known)
	if err != nil {
		return nil, fmt.Errorf("snapshot of %s: %w", t.location, err)
	}
	t.latest.put(t.location, next, known)
	return next, nil
}

// SnapshotAt reads an earlier version; fs.ErrNotExist if the table has no such version, or its log no longer has it.
func (t *Table) SnapshotAt(ctx context.Context, version int64) (*Snapshot, error) {
	missing := fmt.Errorf("table %s has no version %d: %w", t.location, version, fs.ErrNotExist)
	if version < 0 {
		return nil, missing
	}
	s, err := t.replay(ctx, version)
	if err == nil && s.Version != version {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	return s, t.readable(ctx, s)
}

// replay builds the state at version upTo, or at the newest one if there are fewer.
func (t *Table) replay(ctx context.Context, upTo int64) (*Snapshot, error) {
	s, index, err := t.start(ctx, upTo)
	if err == nil {
		err = t.advance(ctx, s, upTo)
	}
	if last := min(index.last(), upTo); err == nil && s.Version < last && upTo == math.MaxInt64 {
		err = fault.New(fault.Corrupt, "read log", "version %d is missing, but the log goes on to %d: restore it from a copy", s.Version+1, last)
	}
	if err != nil {
		return nil, fmt.Errorf("snapshot of %s: %w", t.location, err)
	}
	return s, nil
}

// advance applies the commits after s.Version, up to upTo or to the newest.
func (t *Table) advance(ctx context.Context, s *Snapshot, upTo int64) error {
	for s.Version < upTo {
		actions, commit, err := t.readLog(ctx, s.Version+1)
		if errors.Is(err, fs.ErrNotExist) && s.meta != nil && s.checkpoint == s.Version+1 {
			s.Version++ // another program cleaned it away: the checkpoint tells it all, but who made it
			continue
		}
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		s.Version++
		s.commit = commit
		if err := t.apply(s, actions); err != nil {
			return fmt.Errorf("version %d: %w", s.Version, err)
		}
	}
	if s.Version >= 0 && (s.meta == nil || s.proto == nil) {
		return fault.New(fault.Corrupt, "read log", "version %d has no schema", s.Version)
	}
	return t.count(ctx, s)
}

// count reads how many rows the files have of which the log does not say it. One that cannot be read has 0 until it is
// asked for.
func (t *Table) count(ctx context.Context, s *Snapshot) error {
	for path, f := range s.files {
		if f.Rows >= 0 {
			continue
		}
		counted, err := t.Stat(ctx, f.File)
		if err != nil {
			counted.Rows = 0
		}
		f.Rows = counted.Rows
		s.files[path] = f
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func (t *Table) readCommit(ctx context.Context, version int64) ([]action, error) {
	actions, _, err := t.readLog(ctx, version)
	return actions, err
}

// readLog reads one commit, and the sha256 of its object.
func (t *Table) readLog(ctx context.Context, version int64) ([]action, [32]byte, error) {
	b, err := t.commitBytes(ctx, version)
	if err != nil {
		return nil, [32]byte{}, err
	}
	actions, err := parseCommit(b)
	if err != nil {
		return nil, [32]byte{}, fmt.Errorf("version %d: %w", version, err)
	}
	return actions, sha256.Sum256(b), nil
}

// commitBytes reads the object of one commit.
func (t *Table) commitBytes(ctx context.Context, version int64) ([]byte, error) {
	return readAll(ctx, t.store, t.commitName(version), maxCommit)
}

const logFolder = "_delta_log"

func (t *Table) commitName(version int64) string {
	return t.name(logFolder, fmt.Sprintf("%020d.json", version))
}

// apply changes s, which nobody else has seen yet. What a commit removes goes before what it adds: another program may
// take a file away and add it again, with or without rows marked as deleted, in one commit.
func (t *Table) apply(s *Snapshot, actions []action) error {
	for _, a := range actions {
		switch {
		case a.CommitInfo != nil:
			s.Info = a.CommitInfo.read()
			s.Time = s.Info.Time
		case a.Protocol != nil:
			s.proto = a.Protocol
		case a.MetaData != nil:
			s.meta = a.MetaData
		case a.Txn != nil:
			s.txns[a.Txn.App] = a.Txn
		case a.Domain != nil:
			s.domains[a.Domain.Name] = a.Domain
		case a.Remove != nil:
			path, err := decodePath(a.Remove.Path)
			if err != nil {
				return fault.Wrap(fault.Corrupt, "read log", err)
			}
			removed := *a.Remove
			removed.DataChange = false // a state repeats what commits said, wherever it was read from
			s.removed[path+removed.Vector.id()] = &removed
			delete(s.files, path)
		}
	}
	for _, a := range actions {
		if a.Add == nil {
			continue
		}
		f, err := a.Add.file(t.partition)
		if err != nil {
			return fault.Wrap(fault.Corrupt, "read log", err)
		}
		added := *a.Add
		added.DataChange = false
		s.files[f.Path] = held{f, &added}
		delete(s.removed, f.Path+added.Vector.id())
	}
	return nil
}
