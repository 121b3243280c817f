//go:build linux

package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"golang.org/x/sys/unix"
)

// Options say what is run and how badly it is disturbed.
type Options struct {
	N        int           // disturbances
	Seed     uint64        // of the schedule, and of the portal
	Products int           // that the portal has at first
	Faults   string        // of the portal, while there are disturbances
	RPS      float64       // the budget
	Workers  int           // with a chromedriver of their own; one on the Grid comes on top, where there is one
	Sessions int           // browser sessions of each worker
	StopFor  time.Duration // how long a worker is stopped
	Lease    time.Duration // of a browser session; 0: the default
	Only     map[Kind]bool // only these kinds; empty: all
	Bin      string        // the folder of starter, worker and temporal
	Source   string        // the repository, to build other workers from
	Python   string        // with deltalake; "": there is none
	Folder   string        // where the run's own folder is made; "": the folder of temporary files
	Progress io.Writer     // is told each line of the timeline
}

// wants reports whether any of these kinds may be drawn.
func (o Options) wants(kinds ...Kind) bool {
	return len(o.Only) == 0 || slices.ContainsFunc(kinds, func(k Kind) bool { return o.Only[k] })
}

// Run disturbs the lineage and checks what is left. An error means that a promise was broken, or that the harness could not do its
// work; the report is filled as far as it got.
func Run(ctx context.Context, o Options) (report Report, err error) {
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	report = Report{Seed: o.Seed, Done: map[Kind]int{}, Skipped: map[Kind]string{}}
	w, err := openCluster(ctx, o)
	if w == nil {
		return report, err
	}
	report.Folder = w.root
	defer func() {
		err = errors.Join(err, w.close(err == nil))
		report.Took, report.Timeline = time.Since(began), w.timeline.String()
	}()
	if err != nil {
		return report, err
	}
	return report, w.play(ctx, &report)
}

// play is the whole piece: disturbances, convergence, checks.
func (w *Cluster) play(ctx context.Context, report *Report) (err error) {
	w.temporal, err = client.NewLazyClient(client.Options{
		HostPort: w.serverProxy.Address(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	defer w.temporal.Close()
	observer := newObserver(w)
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() { defer close(watched); observer.run(watching) }()
	defer func() { stop(); <-watched }()

	runner := startRunner(ctx, w)
	err = w.makeBuilds(ctx)
	if err == nil {
		err = w.disturb(ctx, observer, NewSchedule(w.o.Seed, Weights()), report)
	}
	report.Runs, report.Ended = runner.stop()
	if err != nil {
		return err
	}
	if err := w.converge(ctx); err != nil {
		return err
	}
	stored := observer.Stored()
	for _, check := range []func(context.Context) error{
		w.audited, w.noSessions, w.stopWorkers, w.requireIdle,
		func(context.Context) error { return w.asked(report, stored) },
		func(ctx context.Context) error { return w.compare(ctx, report) },
	} {
		err = errors.Join(err, check(ctx))
	}
	stop()
	<-watched
	return errors.Join(err, w.stopServices(ctx))
}

// makeBuilds builds the other releases while the first run is in progress.
func (w *Cluster) makeBuilds(ctx context.Context) error {
	if !w.o.wants(OlderWorker, NewerWorker) {
		return nil
	}
	err := w.builds.make(ctx, w.family, w.o.Source)
	if err == nil {
		w.built = true
		w.timeline.Add("an older and a newer release are built")
	}
	return err
}

// slack is how long a request may have been on its way to the portal when its PDF was stored by another: never on a quiet machine.
const slack = time.Second

// asked reads the portal's log.
func (w *Cluster) asked(report *Report, stored map[string]time.Time) error {
	requests, err := w.requests()
	if err != nil {
		return err
	}
	report.Requests = len(requests)
	for _, r := range requests {
		if r.SHA256 != "" {
			report.PDFs++
		}
	}
	sessions := len(w.workers) * w.o.Sessions
	errs := []error{overBudget(requests, Pace{RPS: w.o.RPS, Sessions: sessions}), duringBans(requests, sessions)}
	for _, r := range fetchedAgain(requests, stored, slack) {
		errs = append(errs, fmt.Errorf("the PDF of product %d for %s was fetched again at %s, and the ledger had it at %s",
			r.Product, r.Audience, r.Time.UTC().Format(time.RFC3339Nano), stored[r.SHA256].UTC().Format(time.RFC3339Nano)))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	w.timeline.Add("the portal's log: %d requests, %d PDFs, nothing beyond the budget, nothing during a ban, nothing fetched again", report.Requests, report.PDFs)
	return nil
}

// close ends what still runs, and keeps the folder when something went wrong.
func (w *Cluster) close(well bool) error {
	for _, worker := range w.workers {
		_ = worker.Stop(stopTimeout) // stopped already, unless something else went wrong
	}
	if w.grid != nil {
		_, _ = w.grid.node.Stop(stopTimeout), w.grid.hub.Stop(stopTimeout)
		w.grid.proxy.Close()
	}
	_, _ = w.portal.Stop(stopTimeout), w.server.Stop(stopTimeout)
	for _, p := range []*Proxy{w.portalProxy, w.serverProxy} {
		if p != nil {
			p.Close()
		}
	}
	w.killOrphans()
	if !well {
		return nil // with the data mounted: it is to be looked at
	}
	var err error
	if w.small {
		err = unix.Unmount(w.data, unix.MNT_DETACH)
	}
	return errors.Join(err, os.RemoveAll(w.root))
}

// killOrphans kills what is left of ours, which a check has complained about.
func (w *Cluster) killOrphans() {
	table, err := processes()
	if err != nil {
		return
	}
	for _, p := range descendants(table, os.Getpid()) {
		_ = unix.Kill(p.PID, unix.SIGKILL) // it may just have ended
	}
}

// Root is the repository that a folder within it belongs to.
func Root(folder string) (string, error) {
	root, err := filepath.Abs(folder)
	for err == nil {
		if _, missing := os.Stat(filepath.Join(root, "go.mod")); missing == nil {
			return root, nil
		}
		if root == filepath.Dir(root) {
			return "", fmt.Errorf("%s is in no repository", folder)
		}
		root = filepath.Dir(root)
	}
	return "", err
}
