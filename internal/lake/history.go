package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"drugslm/internal/fault"
)

// OperationFence is the operation of a commit that changes no file and excludes another commit: see [Table.Fence].
const OperationFence = "FENCE"

// Commit is one version of a table, as recorded in its log.
type Commit struct {
	Version    int64
	Partition  string   // that it is about; "" where it is about several, or about none, or the table has no partitions
	Partitions []string // of its files, in order; that of Partition if it has no files
	Info       CommitInfo
	Added      []File
	Removed    []string // paths within the table's folder
	Before     []File   // of the first commit that is yielded: files that the table had before, as far as later commits tell
	DataChange bool     // it says that rows came or went
	Schema     bool     // it changes the schema, the properties or the protocol
}

// Description describes in a few words which program made the commit, and how.
func (c Commit) Description() string {
	told := c.Info.Operation
	if c.Info.Engine != "" {
		told += " by " + c.Info.Engine
	}
	return cmp.Or(told, "a commit that does not say what it is")
}

// Foreign reports whether another program made the commit.
func (c Commit) Foreign() bool { return c.Info.Engine != engine }

// History yields every version, the oldest first. It reads each commit of the log once. It begins with the oldest commit
// there is, because another program may have deleted earlier ones. An error is the last thing yielded; a commit that is
// missing between others is fault.Corrupt.
func (t *Table) History(ctx context.Context) iter.Seq2[Commit, error] {
	return func(yield func(Commit, error) bool) {
		newest, err := t.State(ctx)
		if err != nil {
			yield(Commit{}, err)
			return
		}
		oldest, before, err := t.beginning(ctx, newest)
		if err != nil {
			yield(Commit{}, fmt.Errorf("history of %s: %w", t.location, err))
			return
		}
		for v := oldest; v <= newest.Version; v++ {
			c, err := t.commitAt(ctx, v)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(Commit{}, fmt.Errorf("history of %s: %w", t.location, err))
				return
			}
			c.Before, before = before, nil
			if !yield(c, nil) {
				return
			}
		}
	}
}

// beginning finds the oldest commit, and the files that the table had before it: walking back from the newest state.
func (t *Table) beginning(ctx context.Context, newest *Snapshot) (oldest int64, before []File, err error) {
	if o, err := t.store.Open(ctx, t.commitName(0)); err == nil {
		return 0, nil, o.Close()
	}
	x, err := t.list(ctx)
	if err != nil || newest.Version < 0 {
		return 0, nil, err
	}
	if oldest = x.oldest(); oldest < 0 || x.last() > newest.Version && oldest > newest.Version {
		return newest.Version + 1, nil, nil // a checkpoint only
	}
	files := make(map[string]File, len(newest.files))
	for path, f := range newest.files {
		files[path] = f.File
	}
	for v := newest.Version; v >= oldest; v-- {
		actions, err := t.readCommit(ctx, v)
		if err != nil {
			return 0, nil, err
		}
		for _, a := range actions {
			if a.Add != nil {
				path, _ := decodePath(a.Add.Path) // it was checked
				delete(files, path)
			}
		}
		for _, a := range actions {
			if a.Remove != nil {
				path, _ := decodePath(a.Remove.Path)
				files[path] = File{Path: path, Partition: a.Remove.PartitionValues[t.partition], Bytes: a.Remove.Size}
			}
		}
	}
	return oldest, slices.SortedFunc(maps.Values(files), func(a, b File) int { return strings.Compare(a.Path, b.Path) }), nil
}

func (t *Table) commitAt(ctx context.Context, version int64) (Commit, error) {
	actions, err := t.readCommit(ctx, version)
	if errors.Is(err, fs.ErrNotExist) {
		err = fault.New(fault.Corrupt, "read log", "version %d is missing: %w", version, err)
	}
	if err != nil {
		return Commit{}, err
	}
	return t.commitOf(version, actions)
}

func (t *Table) commitOf(version int64, actions []action) (Commit, error) {
	c := Commit{Version: version}
	about := make(map[string]bool)
	for _, a := range actions {
		switch {
		case a.CommitInfo != nil:
			c.Info = a.CommitInfo.read()
			if t.partition != "" && !c.Foreign() {
				c.Partition, _ = a.CommitInfo.Parameters["partition"].(string)
			}
		case a.Protocol != nil, a.MetaData != nil:
			c.Schema = true
		case a.Add != nil:
			file, err := a.Add.file(t.partition)
			if err != nil {
				return c, fault.Wrap(fault.Corrupt, "read log", err)
			}
			about[file.Partition] = true
			c.Added = append(c.Added, file)
			c.DataChange = c.DataChange || a.Add.DataChange
		case a.Remove != nil:
			path, err := decodePath(a.Remove.Path)
			if err != nil {
				return c, fault.Wrap(fault.Corrupt, "read log", err)
			}
			about[t.partitionOf(*a.Remove, path)] = true
			c.Removed = append(c.Removed, path)
			c.DataChange = c.DataChange || a.Remove.DataChange
		}
	}
	if c.Partition != "" || t.partition == "" && !c.Foreign() {
		about[c.Partition] = true
	}
	c.Partitions = slices.Sorted(maps.Keys(about))
	if c.Partition == "" && len(c.Partitions) == 1 {
		c.Partition = c.Partitions[0]
	}
	return c, nil
}

// partitionOf is the partition of a file that is removed: of one without its values, as the folder is named.
func (t *Table) partitionOf(r remove, path string) string {
	if value, told := r.PartitionValues[t.partition]; told || t.partition == "" {
		return value
	}
	folder, _, _ := strings.Cut(path, "/")
	value, _ := strings.CutPrefix(folder, escape(t.partition)+"=")
	if plain, err := url.PathUnescape(value); err == nil && plain != nullPartition && value != folder {
		return plain
	}
	return ""
}

// nullPartition is how Spark names the folder of rows without a partition.
const nullPartition = "__HIVE_DEFAULT_PARTITION__"

// Fence reports whether the table has the commit of c.App and c.Txn, and its version. If it does not, Fence writes an
// empty commit under the same number, so that the commit can never be made: the process that was about to make it may
// only be paused. Fence reads Partition, App, Txn and Info of c.
func (t *Table) Fence(ctx context.Context, c Change) (held bool, version *Snapshot, err error) {
	c.Info.Operation = OperationFence
	number, err := t.Commit(ctx, Change{Partition: c.Partition, App: c.App, Txn: c.Txn, Info: c.Info})
	if err != nil {
		return false, nil, err
	}
	version, err = t.SnapshotAt(ctx, number)
	if err != nil {
		return false, nil, err
	}
	return version.Info.Operation != OperationFence, version, nil
}

// Stored lists the data files in the folder of the table by path, whether or not a version mentions them. The Name of
// their Info is the path within the folder.
func (t *Table) Stored(ctx context.Context) (map[string]Info, error) {
	stored := make(map[string]Info)
	for info, err := range t.store.List(ctx, t.location+"/") {
		if err != nil {
			return nil, fmt.Errorf("list files of %s: %w", t.location, err)
		}
		info.Name = strings.TrimPrefix(info.Name, t.location+"/")
		if !strings.HasPrefix(info.Name, logFolder+"/") && strings.HasSuffix(info.Name, ".parquet") {
			stored[info.Name] = info
		}
	}
	return stored, nil
}

// vacuumed explains a file that is mentioned and missing.
func vacuumed(name string) error {
	return fmt.Errorf("%s is gone: vacuum removed the files of its version, which can no longer be read: %w", name, fs.ErrNotExist)
}
