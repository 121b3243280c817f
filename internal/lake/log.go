package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"drugslm/internal/fault"
)

// index is what lies in a table's log: it is listed rather than trusted to _last_checkpoint, which any writer may have
// left behind wrong, and its first commits may have been cleaned away by another program.
type index struct {
	commits     []int64        // in order
	checkpoints []checkpointed // those that we can read and that are whole, in order
	other       int64          // the highest version of a checkpoint in another form; -1: none
	pointer     bool           // there is a _last_checkpoint
}

// checkpointed is a checkpoint: one file, or parts files.
type checkpointed struct {
	version int64
	parts   int // 0: one file without a number
}

// last is the highest version that the log mentions; -1: none.
func (x index) last() int64 {
	last := x.other
	if n := len(x.commits); n > 0 {
		last = max(last, x.commits[n-1])
	}
	if n := len(x.checkpoints); n > 0 {
		last = max(last, x.checkpoints[n-1].version)
	}
	return last
}

// oldest is the first of the commits that follow each other without a gap up to the newest; -1: there is none.
func (x index) oldest() int64 {
	if len(x.commits) == 0 {
		return -1
	}
	i := len(x.commits) - 1
	for i > 0 && x.commits[i-1] == x.commits[i]-1 {
		i--
	}
	return x.commits[i]
}

// list reads what there is in the log.
func (t *Table) list(ctx context.Context) (index, error) {
	x := index{other: -1}
	parts := make(map[checkpointed]int)
	for info, err := range t.store.List(ctx, t.name(logFolder)+"/") {
		if err != nil {
			return x, err
		}
		name := strings.TrimPrefix(info.Name, t.name(logFolder)+"/")
		if strings.Contains(name, "/") {
			continue // _sidecars, _staged_commits
		}
		number, kind, _ := strings.Cut(name, ".")
		version, err := strconv.ParseInt(number, 10, 64)
		switch {
		case name == path.Base(t.pointerName()):
			x.pointer = true
		case err != nil || version < 0 || len(number) != 20:
		case kind == "json":
			x.commits = append(x.commits, version)
		case kind == "checkpoint.parquet":
			parts[checkpointed{version: version}] = 1
		case strings.HasPrefix(kind, "checkpoint."):
			if n := partsOf(kind); n > 0 {
				parts[checkpointed{version, n}]++
			} else {
				x.other = max(x.other, version)
			}
		}
	}
	for c, n := range parts {
		if n == max(c.parts, 1) {
			x.checkpoints = append(x.checkpoints, c)
		}
	}
	slices.Sort(x.commits)
	slices.SortFunc(x.checkpoints, func(a, b checkpointed) int {
		return cmp.Or(cmp.Compare(a.version, b.version), -cmp.Compare(a.parts, b.parts))
	})
	return x, nil
}

// partsOf reads of how many parts one is ("checkpoint.0000000001.0000000003.parquet"); 0 when it is no such name.
func partsOf(kind string) int {
	pieces := strings.Split(kind, ".")
	if len(pieces) != 4 || pieces[3] != "parquet" {
		return 0
	}
	n, err := strconv.Atoi(pieces[2])
	if one, bad := strconv.Atoi(pieces[1]); err != nil || bad != nil || one < 1 || one > n || n > maxParts {
		return 0
	}
	return n
}

// maxParts bounds the files of one checkpoint.
const maxParts = 100_000

// Oldest returns the oldest version that the log can reconstruct: 0, unless another program cleaned the log.
func (t *Table) Oldest(ctx context.Context) (int64, error) {
	x, err := t.list(ctx)
	return x.first(), err
}

func (t *Table) checkpointNames(c checkpointed) []string {
	if c.parts == 0 {
		return []string{t.checkpointName(c.version)}
	}
	names := make([]string, c.parts)
	for i := range names {
		names[i] = t.name(logFolder, fmt.Sprintf("%020d.checkpoint.%010d.%010d.parquet", c.version, i+1, c.parts))
	}
	return names
}

// start gives the newest checkpointed state that is not after upTo and can be read, or the empty one where the log
// begins with version 0 or there is no log. Its Version is one less than the checkpoint's, so that the commit itself is
// applied once more: that changes no file, and brings its CommitInfo.
func (t *Table) start(ctx context.Context, upTo int64) (*Snapshot, index, error) {
	x, err := t.list(ctx)
	if err != nil {
		return nil, x, err
	}
	var damage error
	for _, c := range slices.Backward(x.checkpoints) {
		if c.version > upTo {
			continue
		}
		s, err := t.readCheckpoint(ctx, c)
		if err == nil {
			return s, x, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && fault.KindOf(err) != fault.Corrupt {
			return nil, x, err
		}
		damage = cmp.Or(damage, err)
	}
	switch {
	case len(x.commits) > 0 && x.commits[0] == 0, x.last() < 0 && !x.pointer:
		return newSnapshot(), x, nil
	case damage != nil:
		return nil, x, damage
	case upTo < math.MaxInt64:
		return nil, x, fmt.Errorf("version %d: the log no longer tells it, it begins at %d: %w", upTo, x.oldest(), fs.ErrNotExist)
	case x.other >= 0:
		return nil, x, t.unsupported(Unsupported{Problem: "its log begins with a checkpoint in a form (v2) that this program does not read", Good: -1})
	default:
		return nil, x, fault.New(fault.Corrupt, "read log", "it begins at version %d, without a checkpoint: restore it from a copy", x.oldest())
	}
}
