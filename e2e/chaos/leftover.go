//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/lake"
)

// audited wants an audit without findings.
func (w *Cluster) audited(ctx context.Context) error {
	done, err := w.starter(ctx, "audit")
	if err != nil || done.code != 0 {
		return errors.Join(err, fmt.Errorf("the audit ended with %d: %s%s", done.code, done.stdout, done.stderr))
	}
	w.timeline.Add("the audit is clean: %s", strings.SplitN(done.stdout, "\n", 2)[0])
	return nil
}

// noSessions waits until no browser is left of a worker that was killed, while the living workers are still there to see to it.
func (w *Cluster) noSessions(ctx context.Context) error {
	var left []string
	err := w.await(ctx, "the browsers of killed workers are gone", func() bool {
		left = nil
		orphans, err := w.family.Orphans()
		for _, p := range orphans {
			if p.IsDriver() || p.IsBrowser() || p.IsPDFChild() { // a living browser's crash handlers are orphans by design
				left = append(left, p.String())
			}
		}
		if w.grid != nil && err == nil {
			var s gridStatus
			s, err = w.grid.status(ctx)
			if n := s.sessions(); len(n) > w.o.Sessions { // the living worker's own
				left = append(left, "sessions on the Grid: "+strings.Join(n, ", "))
			}
		}
		return err == nil && len(left) == 0
	})
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.Join(left, "; "))
	}
	return nil
}

// stopTimeout is how long a worker may take to stop: the documented 20 s, on a busy machine.
const stopTimeout = time.Minute

// stopWorkers stops the workers as a service manager does, and wants nothing of them left.
func (w *Cluster) stopWorkers(ctx context.Context) error {
	var errs []error
	for _, worker := range w.workers {
		errs = append(errs, worker.Stop(stopTimeout))
	}
	if w.grid != nil {
		var left []string
		err := w.await(ctx, "the Grid holds no session", func() bool {
			s, err := w.grid.status(ctx)
			left = s.sessions()
			return err == nil && len(left) == 0
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("%w: %s", err, strings.Join(left, ", ")))
		}
	}
	return errors.Join(errs...)
}

// stopServices stops everything else, and wants no process of ours to be left.
func (w *Cluster) stopServices(ctx context.Context) error {
	var errs []error
	if w.grid != nil {
		_ = w.grid.node.Stop(stopTimeout) // Java ends with 143 when it is asked to
		_ = w.grid.hub.Stop(stopTimeout)
	}
	errs = append(errs, w.portal.Stop(stopTimeout), w.server.Stop(stopTimeout))
	var left []string
	err := w.await(ctx, "no process of ours is left", func() bool {
		w.family.Reap()
		table, err := processes()
		left = nil
		for _, p := range descendants(table, os.Getpid()) {
			left = append(left, p.String())
		}
		return err == nil && len(left) == 0
	})
	if err != nil {
		err = fmt.Errorf("%w: %s", err, strings.Join(left, "; "))
	}
	return errors.Join(append(errs, err)...)
}

// requireIdle wants no publish begun, no partition claimed and no browser leased, and no file that nothing accounts for: the sweep
// knows all that is not of a table.
func (w *Cluster) requireIdle(ctx context.Context) error {
	swept, err := w.starter(ctx, "sweep", "--older", "0s")
	if err != nil || swept.code != 0 {
		return errors.Join(err, fmt.Errorf("the sweep ended with %d: %s", swept.code, swept.stderr))
	}
	c := config.Default()
	c.Data = w.data
	d, err := host.OpenData(ctx, c)
	if err != nil {
		return err
	}
	defer d.Close()
	var errs []error
	claims, err := d.Ledger.Claims(ctx)
	errs = append(errs, err)
	for _, claim := range claims {
		errs = append(errs, fmt.Errorf("%s[%s] is still claimed by run %s", claim.Asset, claim.Partition, claim.Run))
	}
	leases, err := d.Ledger.Leases(ctx)
	errs = append(errs, err)
	for _, lease := range leases {
		errs = append(errs, fmt.Errorf("session %s is still leased to %s", lease.Session, lease.Owner))
	}
	for _, made := range d.Graph.All() {
		if made.External() {
			continue
		}
		partitions, err := d.Ledger.EveryPartition(ctx, string(made.Key))
		errs = append(errs, err)
		for _, p := range partitions {
			open, err := d.Ledger.Unfinished(ctx, string(made.Key), p)
			errs = append(errs, err)
			for _, m := range open {
				errs = append(errs, fmt.Errorf("%s[%s] has a publish open, of run %s", m.Asset, m.Partition, m.Run))
			}
		}
		errs = append(errs, strays(ctx, d, made.Location, d.Table(made)))
	}
	w.timeline.Add("the sweep: %s", lastLine(swept.stdout))
	return errors.Join(errs...)
}

// strays finds files in a table's folder that no version of it mentions.
func strays(ctx context.Context, d *host.Data, location string, table *lake.Table) error {
	known := map[string]bool{}
	for commit, err := range table.History(ctx) {
		if err != nil {
			return err
		}
		s, err := table.SnapshotAt(ctx, commit.Version)
		if err != nil {
			return err
		}
		for _, f := range s.Files("") {
			known[f.Path] = true
		}
	}
	root := filepath.Join(d.Root, location)
	var errs []error
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err == nil && !strings.HasPrefix(name, "_delta_log") && !known[filepath.ToSlash(name)] {
			errs = append(errs, fmt.Errorf("%s is of no version of the table", path))
		}
		return err
	})
	return errors.Join(append(errs, err)...)
}
