package lake

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"drugslm/internal/fault"
)

// Retention says which versions of a table must stay readable.
type Retention struct {
	Versions int                    // the newest ones of each partition, at least 1
	Since    time.Time              // whatever readers saw at any time since then
	Pinned   []int64                // versions of the table that something was made from
	Needed   func(path string) bool // files that something outside the table needs; nil: none
}

// The reasons for which a file is kept, the first that applies.
const (
	KeptNewest      = "newest version"
	KeptVersions    = "last versions"
	KeptYoung       = "read lately"
	KeptPinned      = "made from"
	KeptNeeded      = "needed by the ledger"
	KeptUnmentioned = "in no version" // [Table.Sweep] is for those
)

// Expired is a data file that only versions beyond retention need.
type Expired struct {
	File
	Last  int64     // the newest version that has it
	Until time.Time // when the version after that one replaced it
}

// Amount counts files with their bytes.
type Amount struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// VacuumPlan lists the files in the folder of a table: those that retention no longer needs, by path, and the number of
// kept files, by reason.
type VacuumPlan struct {
	Expired []Expired
	Kept    map[string]Amount
}

// span is a row of versions that have a file: from the one that added it up to, not including, the one that took it
// away; end is -1 while it is in the newest.
type span struct {
	from, end int64
	until     time.Time
}

type lifetime struct {
	File
	spans []span
}

// PlanVacuum plans a vacuum: it separates the files in the folder of the table into those that retention needs and those that
// it does not. It deletes nothing: see [Table.DeleteFiles].
func (t *Table) PlanVacuum(ctx context.Context, r Retention) (VacuumPlan, error) {
	if r.Versions < 1 {
		return VacuumPlan{}, fault.New(fault.Invalid, "hold versions of "+t.location, "%d versions are to be kept: at least the newest one must be", r.Versions)
	}
	stored, err := t.Stored(ctx) // before the log: a file that is committed in between is seen
	if err != nil {
		return VacuumPlan{}, err
	}
	lives, oldest, err := t.lifetimes(ctx, r.Versions)
	if err != nil {
		return VacuumPlan{}, err
	}
	h := VacuumPlan{Kept: make(map[string]Amount)}
	for path, info := range stored {
		life, mentioned := lives[path]
		why := KeptUnmentioned
		if mentioned {
			why = life.kept(r, oldest[life.Partition])
		}
		if why == "" {
			last := life.spans[len(life.spans)-1]
			life.Bytes = info.Size
			h.Expired = append(h.Expired, Expired{life.File, last.end - 1, last.until})
			continue
		}
		sum := h.Kept[why]
		h.Kept[why] = Amount{sum.Files + 1, sum.Bytes + info.Size}
	}
	slices.SortFunc(h.Expired, func(a, b Expired) int { return cmp.Compare(a.Path, b.Path) })
	return h, nil
}

// lifetimes reads the log once: which versions have each file, and of each partition the oldest of its last n versions.
func (t *Table) lifetimes(ctx context.Context, n int) (map[string]*lifetime, map[string]int64, error) {
	lives := make(map[string]*lifetime)
	last := make(map[string][]int64) // up to n versions of a partition
	for c, err := range t.History(ctx) {
		if err != nil {
			return nil, nil, err
		}
		for _, f := range c.Before {
			lives[f.Path] = &lifetime{File: f, spans: []span{{from: 0, end: -1}}}
		}
		for _, path := range c.Removed {
			if life := lives[path]; life != nil && len(life.spans) > 0 {
				open := &life.spans[len(life.spans)-1]
				open.end, open.until = c.Version, c.Info.Time
			}
		}
		for _, f := range c.Added {
			life := lives[f.Path]
			if life == nil {
				life = &lifetime{File: f}
				lives[f.Path] = life
			}
			life.spans = append(life.spans, span{from: c.Version, end: -1})
		}
		for _, partition := range c.Partitions {
			if c.Info.Operation != OperationFence {
				last[partition] = append(last[partition], c.Version)
				last[partition] = last[partition][max(0, len(last[partition])-n):]
			}
		}
	}
	oldest := make(map[string]int64, len(last))
	for partition, kept := range last {
		oldest[partition] = kept[0]
	}
	return lives, oldest, nil
}

// kept says why a file is kept; "" when nothing asks for it. oldest is the oldest of its partition's last versions.
func (l *lifetime) kept(r Retention, oldest int64) string {
	found := func(test func(span) bool) bool { return slices.ContainsFunc(l.spans, test) }
	switch {
	case found(func(s span) bool { return s.end < 0 }):
		return KeptNewest
	case found(func(s span) bool { return s.end > oldest }):
		return KeptVersions
	case found(func(s span) bool { return s.until.After(r.Since) }):
		return KeptYoung
	case found(func(s span) bool {
		return slices.ContainsFunc(r.Pinned, func(v int64) bool { return s.from <= v && v < s.end })
	}):
		return KeptPinned
	case r.Needed != nil && r.Needed(l.Path):
		return KeptNeeded
	default:
		return ""
	}
}

// DeleteFiles deletes data files and returns the paths of those it deleted. It does not delete a file that the newest
// version has, and a missing file is no error. The log stays: the versions that had the files are still listed, but
// cannot be read. The caller must make sure that nobody commits the files again meanwhile.
func (t *Table) DeleteFiles(ctx context.Context, paths []string) ([]string, error) {
	newest, err := t.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return t.deleteFiles(ctx, paths, func(path string) bool {
		_, held := newest.files[path]
		return held
	})
}

// deleteFiles removes files but those to be spared.
func (t *Table) deleteFiles(ctx context.Context, paths []string, spare func(path string) bool) ([]string, error) {
	var discarded []string
	for _, path := range paths {
		if spare(path) {
			continue
		}
		err := t.store.Delete(ctx, t.name(path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return discarded, err
		}
		if err == nil {
			discarded = append(discarded, path)
		}
	}
	return discarded, nil
}
