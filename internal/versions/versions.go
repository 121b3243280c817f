// Package versions manages the versions of published tables.
//
// Every publish of a partition is a version of its asset's Delta table. [Maintainer.List] lists them, and [Maintainer.Diff] compares two by
// the items of their rows. [Maintainer.PlanRollback] says what a rollback would change, and [Maintainer.Rollback] does it. A rollback is a
// publish like any other: a new version, announced in the ledger before its commit and confirmed after it. If the process is
// killed in between, the next rollback or the next run of the partition calls [FinishPublish], which finishes a publish whose commit is in
// the table's log and makes sure that any other never gets there. [Maintainer.Vacuum] deletes data files that only versions beyond
// retention need; these versions stay listed and cannot be read.
//
// Other programs may change the tables, too. [Maintainer.ForeignChanges] finds the partitions whose files are not those that the ledger knows,
// without reading a row. [Maintainer.Examine] reads the rows of these files and compares them with the earlier rows. [Maintainer.Reconcile]
// updates the ledger for rows that are the same in other files, and restores the others in a publish of its own.
//
// For each row in files that only one of the two versions has, a comparison and a rollback keep the id of its item and 16 bytes of
// a hash, for one partition at a time: some 70 bytes a row, and for a rollback at most twice that. Rows of files that both versions
// have are not read.
//
// A request that cannot work (a version that does not exist or whose files were vacuumed, a partition that a run is working on) is
// fault.Invalid, and nothing is changed.
package versions

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
)

// Maintainer manages the tables with their ledger. It is safe for use by several goroutines.
type Maintainer struct {
	Graph  *asset.Graph
	Ledger *ledger.Ledger
	Table  func(*asset.Asset) *lake.Table
	Now    func() time.Time
}

// Version is one version of the table of an asset. It concerns one partition.
type Version struct {
	Version      int64             `json:"version"`
	Time         time.Time         `json:"time"`
	Operation    string            `json:"operation"` // MATERIALIZE, ROLLBACK, or FENCE: changes nothing, see lake.OperationFence
	Partition    string            `json:"partition"`
	Partitions   []string          `json:"partitions,omitempty"` // that a commit of another program is about, if it is about several
	Writer       string            `json:"writer,omitempty"`     // which other program made it; empty: this one
	Class        string            `json:"class,omitempty"`      // of a commit of another program: rewrite, rows, schema or restore, as it says itself
	Examined     []Examined        `json:"examined,omitempty"`   // what the next run found and did, by partition
	RunID        string            `json:"run_id"`
	TraceID      string            `json:"trace_id"`
	CodeVersion  string            `json:"code_version"`
	Snapshot     string            `json:"snapshot,omitempty"` // the source's own day of its data
	Upstream     map[string]int64  `json:"upstream,omitempty"`
	Rows         int64             `json:"rows"` // of the partition
	FilesAdded   int               `json:"files_added"`
	FilesRemoved int               `json:"files_removed"`
	Checks       map[string]string `json:"checks,omitempty"` // "passed", or what was found
	Rollback     *lake.Rollback    `json:"rollback,omitempty"`
	Readable     bool              `json:"readable"` // every file of the partition as of this version is there
	Current      bool              `json:"current"`  // what readers of the partition see

	about []string
}

// Examined is what a run found when it examined a commit of another program, together with the commits that it examined
// at the same time.
type Examined struct {
	Partition string `json:"partition"`
	Class     string `json:"class"`    // as the rows showed
	Followed  int    `json:"followed"` // rows that are the same, in other files
	Restored  int    `json:"restored"` // rows put back
	Removed   int    `json:"removed"`  // rows taken away
	Pending   int    `json:"pending"`  // items that are made again
	RunID     string `json:"run_id"`
}

// List returns the versions of the table of an asset, the newest first, of the named partitions, by key or label; none:
// all. limit 0: all. The log is read once for any limit.
func (k Maintainer) List(ctx context.Context, a *asset.Asset, partitions []string, limit int) ([]Version, error) {
	found, err := k.history(ctx, a)
	if err != nil {
		return nil, err
	}
	chosen, err := k.choose(ctx, a, partitions, keysOf(found))
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(v Version) bool {
		return len(partitions) > 0 && !slices.ContainsFunc(v.about, func(key string) bool { return slices.Contains(chosen, key) })
	})
	slices.Reverse(found)
	if limit > 0 {
		found = found[:min(limit, len(found))]
	}
	return found, k.examined(ctx, a, found)
}

// examined adds what runs found out about commits of other programs.
func (k Maintainer) examined(ctx context.Context, a *asset.Asset, found []Version) error {
	looked, err := k.Ledger.ForeignCommits(ctx, string(a.Key), "")
	if err != nil {
		return err
	}
	by := make(map[int64][]Examined)
	for _, c := range looked {
		by[c.Version] = append(by[c.Version], Examined{
			Partition: c.Partition, Class: c.Class, Followed: c.Followed, Restored: c.Restored, Removed: c.Removed, Pending: c.Pending, RunID: c.Run,
		})
	}
	for i, v := range found {
		if v.Writer != "" {
			found[i].Examined = by[v.Version]
		}
	}
	return nil
}

// history reads the log once: every version, the oldest first.
func (k Maintainer) history(ctx context.Context, a *asset.Asset) ([]Version, error) {
	return k.historyWithout(ctx, a, nil)
}

// historyWithout is history as it will be once some files are gone.
func (k Maintainer) historyWithout(ctx context.Context, a *asset.Asset, gone map[string]bool) ([]Version, error) {
	if err := requireTable(a); err != nil {
		return nil, err
	}
	table := k.Table(a)
	stored, err := table.Stored(ctx)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(stored, func(path string, _ lake.Info) bool { return gone[path] })
	found := []Version{}
	newest := make(map[string]int64)            // version by partition
	missing := make(map[string]map[string]bool) // files that are gone, by partition
	where := make(map[string]string)            // their partitions
	for c, err := range table.History(ctx) {
		if err != nil {
			return nil, err
		}
		for _, path := range c.Removed {
			delete(missing[where[path]], path)
		}
		for _, f := range slices.Concat(c.Before, c.Added) {
			if slices.Contains(c.Removed, f.Path) && !slices.ContainsFunc(c.Added, func(g lake.File) bool { return g.Path == f.Path }) {
				continue // of those before the first commit
			}
			if _, there := stored[f.Path]; !there {
				where[f.Path] = f.Partition
				put(missing, f.Partition, f.Path)
			}
		}
		v := describe(c)
		v.Readable = true
		for _, key := range c.Partitions {
			if c.Info.Operation != lake.OperationFence {
				newest[key] = c.Version
			}
			v.Readable = v.Readable && len(missing[key]) == 0
		}
		found = append(found, v)
	}
	for i, v := range found {
		found[i].Current = v.Operation != lake.OperationFence && slices.ContainsFunc(v.about, func(key string) bool { return newest[key] == v.Version })
	}
	return found, nil
}

func put(sets map[string]map[string]bool, set, member string) {
	if sets[set] == nil {
		sets[set] = make(map[string]bool)
	}
	sets[set][member] = true
}

func describe(c lake.Commit) Version {
	v := Version{
		Version: c.Version, Time: c.Info.Time, Operation: c.Info.Operation, Partition: c.Partition, RunID: c.Info.Run,
		TraceID: c.Info.Trace, CodeVersion: c.Info.CodeVersion, Snapshot: c.Info.Snapshot, Upstream: c.Info.Upstream,
		Rows: c.Info.Rows, FilesAdded: len(c.Added), FilesRemoved: len(c.Removed), Checks: c.Info.Checks, Rollback: c.Info.Rollback,
		about: c.Partitions,
	}
	if c.Foreign() {
		v.Writer, v.Class = orUnnamed(c.Info.Engine), classOf(c)
	}
	if len(c.Partitions) > 1 {
		v.Partitions = c.Partitions
	}
	return v
}

func keysOf(all []Version) map[string]bool {
	keys := make(map[string]bool)
	for _, v := range all {
		for _, key := range v.about {
			keys[key] = true
		}
	}
	return keys
}

// choose gives the keys that names, keys or labels, mean among those there are; no names: all, sorted. An unknown name
// is fault.Invalid and lists those that are known.
func (k Maintainer) choose(ctx context.Context, a *asset.Asset, names []string, keys map[string]bool) ([]string, error) {
	known := slices.Sorted(maps.Keys(keys))
	if len(names) == 0 {
		return known, nil
	}
	labelled, err := k.Ledger.Partitions(ctx, a.Partitions.Name)
	if err != nil {
		return nil, err
	}
	var chosen []string
	var unknown []error
	for _, name := range names {
		key, ok := resolve(name, keys, labelled)
		if !ok {
			unknown = append(unknown, nearest.Unknown(string(a.Key)+": published partition", name, wordsOf(known, labelled), "starter versions "+string(a.Key)))
		} else if !slices.Contains(chosen, key) {
			chosen = append(chosen, key)
		}
	}
	return chosen, errors.Join(unknown...)
}

// wordsOf are keys and the labels of those that have one, which mean them as well.
func wordsOf(keys []string, labelled []ledger.Partition) []string {
	names := slices.Clone(keys)
	for _, p := range labelled {
		if p.Label != p.Key && slices.Contains(keys, p.Key) {
			names = append(names, p.Label)
		}
	}
	return names
}

// requireTable refuses an external asset.
func requireTable(a *asset.Asset) error {
	if a.External() {
		return fault.New(fault.Invalid, "find versions", "%s is an external asset: others make it, and it has no table here", a.Key)
	}
	return nil
}

// at reads a version of a table that a user names.
func at(ctx context.Context, a *asset.Asset, table *lake.Table, version int64) (*lake.Snapshot, error) {
	if err := requireTable(a); err != nil {
		return nil, err
	}
	s, err := table.SnapshotAt(ctx, version)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	newest, err := table.State(ctx)
	switch {
	case err != nil:
		return nil, err
	case newest.Version < 0:
		return nil, fault.New(fault.Invalid, "find version", "%s has no version yet: materialize it first", a.Key)
	}
	oldest, err := table.Oldest(ctx)
	if err != nil {
		return nil, err
	}
	return nil, fault.New(fault.Invalid, "find version", "%s has no version %d: it has %d to %d (see `starter versions %s`)", a.Key, version, oldest, newest.Version, a.Key)
}

// whole refuses a version of a partition of which files are gone.
func whole(a *asset.Asset, partition string, version int64, files []lake.File, stored map[string]lake.Info) error {
	gone := 0
	for _, f := range files {
		if _, there := stored[f.Path]; !there {
			gone++
		}
	}
	if gone == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "read version", "version %d of %s can no longer be read: vacuum removed %d of the files it needs (`starter versions %s` says which can)",
		version, name(a, partition), gone, a.Key)
}

// name is a partition for people, and what its commits are numbered under: as its steps are named.
func name(a *asset.Asset, partition string) string {
	return asset.Step{Asset: a.Key, Partition: asset.Partition{Key: partition}}.Name()
}

// only gives the files of a that b has not.
func only(a, b []lake.File) []lake.File {
	have := make(map[string]bool, len(b))
	for _, f := range b {
		have[f.Path] = !f.Marked
	}
	return slices.DeleteFunc(slices.Clone(a), func(f lake.File) bool { return have[f.Path] && !f.Marked })
}

func rowsIn(files []lake.File) (rows int64) {
	for _, f := range files {
		rows += f.Rows
	}
	return rows
}

func bytesIn(files []lake.File) (bytes int64) {
	for _, f := range files {
		bytes += f.Bytes
	}
	return bytes
}

func resolve(name string, keys map[string]bool, labelled []ledger.Partition) (string, bool) {
	if keys[name] {
		return name, true
	}
	for _, p := range labelled {
		if keys[p.Key] && strings.EqualFold(p.Label, name) {
			return p.Key, true
		}
	}
	return "", false
}
