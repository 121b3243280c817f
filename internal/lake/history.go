package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"drugslm/internal/fault"
)

// OperationFence is the operation of a commit that changes nothing and keeps another one out: see [Table.Fence].
const OperationFence = "FENCE"

// Commit is one version of a table as its log tells it.
type Commit struct {
	Version   int64
	Partition string // that it is about; "" in a table without partitions, or where the log does not say
	Info      CommitInfo
	Added     []File
	Removed   []string // paths within the table's folder
}

// History yields every version, the oldest first, and reads each commit of the log once. An error is the last thing
// yielded; a commit that is missing among the others is fault.Corrupt.
func (t *Table) History(ctx context.Context) iter.Seq2[Commit, error] {
	return func(yield func(Commit, error) bool) {
		newest, err := t.Snapshot(ctx)
		if err != nil {
			yield(Commit{}, err)
			return
		}
		for v := int64(0); v <= newest.Version; v++ {
			c, err := t.commitAt(ctx, v)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(Commit{}, fmt.Errorf("history of %s: %w", t.location, err))
				return
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (t *Table) commitAt(ctx context.Context, version int64) (Commit, error) {
	actions, err := t.readCommit(ctx, version)
	if errors.Is(err, fs.ErrNotExist) {
		err = fault.New(fault.Corrupt, "read log", "version %d is missing: %w", version, err)
	}
	if err != nil {
		return Commit{}, err
	}
	c := Commit{Version: version}
	for _, a := range actions {
		switch {
		case a.CommitInfo != nil:
			c.Info = a.CommitInfo.read()
			c.Partition, _ = a.CommitInfo.Parameters["partition"].(string)
		case a.Add != nil:
			file, err := a.Add.file(t.partition)
			if err != nil {
				return c, fault.Wrap(fault.Corrupt, "read log", err)
			}
			c.Added = append(c.Added, file)
		case a.Remove != nil:
			path, err := decodePath(a.Remove.Path)
			if err != nil {
				return c, fault.Wrap(fault.Corrupt, "read log", err)
			}
			c.Removed = append(c.Removed, path)
		}
	}
	if c.Partition == "" && len(c.Added) > 0 { // not one of ours
		c.Partition = c.Added[0].Partition
	}
	return c, nil
}

// Fence says whether the table holds the commit of c.App and c.Txn, and gives the version that has it. If it does
// not, an empty commit under the same number sees to it that it never will: the process that was about to commit may
// only be paused. Of c, Partition, App, Txn and Info are read.
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

// Stored lists the data files that lie in the table's folder, whether or not a version mentions them, by path: their
// Info has the path within the table's folder as its Name.
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
