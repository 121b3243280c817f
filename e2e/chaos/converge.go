//go:build linux

package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"drugslm/internal/sources/anvisa/simulator"
)

// mostRuns bounds the runs after the last disturbance: what is wrong for good is not hidden by trying for ever.
const mostRuns = 8

// converge ends what disturbs, lets the portal behave, and runs until everything is there: then a night passes in which nothing
// changes, after which what vanished is known to be gone, and another run.
func (w *Cluster) converge(ctx context.Context) error {
	close(w.withoutFaults)
	w.afterFaults.Wait()
	newest := w.newest()
	for _, worker := range w.workers {
		build, clock := worker.get()
		if build != newest || clock != 0 {
			worker.set(newest, 0)
			worker.Signal(syscall.SIGTERM)
		}
	}
	if err := w.advanceDay(ctx, ""); err != nil {
		return err
	}
	w.setFaults("")
	w.portal.Signal(syscall.SIGKILL) // it continues as the same portal, without faults
	w.timeline.Add("no more disturbances, no more faults")
	if err := w.complete(ctx); err != nil {
		return err
	}
	before, err := w.requests()
	if err != nil {
		return err
	}
	if err := w.advanceDay(ctx, "?leaflets=0&products=0"); err != nil {
		return err
	}
	if err := w.complete(ctx); err != nil {
		return err
	}
	return w.nothingFetched(len(before))
}

func (w *Cluster) setFaults(faults string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = faults
}

// complete runs until a run goes well and leaves no item pending or quarantined.
func (w *Cluster) complete(ctx context.Context) error {
	last := ""
	for i := range mostRuns {
		var extra []string
		if i > 0 {
			extra = []string{"--failed"} // what is quarantined is tried again when a person says so
			if i%2 == 0 {
				extra = nil
			}
		}
		if err := w.up(ctx); err != nil {
			return err
		}
		done, err := w.runOnce(ctx, extra...)
		if err != nil {
			return err
		}
		left, err := w.openWork(ctx)
		if err != nil {
			return err
		}
		w.timeline.Add("    run %d after the disturbances ended with %d; %s; %s", i+1, done.code, left, lastLine(done.stderr))
		if done.code == 0 && left == "nothing is left" && len(extra) == 0 {
			return nil
		}
		last = fmt.Sprintf("exit code %d; %s; %s", done.code, left, done.stderr)
	}
	return fmt.Errorf("not complete after %d runs without disturbances: %s", mostRuns, last)
}

// up waits until portal and server are there again: a command that finds no server does not wait for one.
func (w *Cluster) up(ctx context.Context) error {
	return w.await(ctx, "portal and server are up", func() bool { return reachable(ctx, w.portalProxy) && reachable(ctx, w.serverProxy) })
}

// runLimit is how long one run may take on a busy machine.
const runLimit = 10 * time.Minute

func (w *Cluster) runOnce(ctx context.Context, extra ...string) (result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, runLimit, fmt.Errorf("a run did not end within %s", runLimit))
	defer cancel()
	done, err := w.starter(ctx, everything(extra...)...)
	if err != nil {
		return done, fmt.Errorf("%w: %w: %s", err, context.Cause(ctx), done.stderr)
	}
	return done, nil
}

// openWork says what `starter status` counts as pending or quarantined, and which partitions are not fresh.
func (w *Cluster) openWork(ctx context.Context) (string, error) {
	done, err := w.starter(ctx, "status", "-o", "json")
	if err != nil || done.code != 0 {
		return "", errors.Join(err, fmt.Errorf("status ended with %d: %s", done.code, done.stderr))
	}
	var status struct {
		Assets []struct {
			Asset      string
			Partitions []struct {
				Partition, State, Reason string
				Items                    struct{ Pending, Quarantined int }
			}
		}
	}
	if err := json.Unmarshal([]byte(done.stdout), &status); err != nil {
		return "", err
	}
	var left []string
	for _, a := range status.Assets {
		for _, p := range a.Partitions {
			window := a.Asset == updates // of days only the last is made where none is named
			if p.Items.Pending+p.Items.Quarantined > 0 || p.State != "fresh" && !window {
				left = append(left, fmt.Sprintf("%s[%s] is %s (%s) with %d pending, %d quarantined", a.Asset, p.Partition, p.State, p.Reason, p.Items.Pending, p.Items.Quarantined))
			}
		}
	}
	if len(left) == 0 {
		return "nothing is left", nil
	}
	return fmt.Sprintf("%d partitions are left: %s", len(left), strings.Join(left[:min(len(left), 4)], "; ")), nil
}

// updates is the asset whose partitions are days.
const updates = "anvisa/updates"

// nothingFetched wants no PDF and no leaflet to be asked for after so many requests: nothing has changed since.
func (w *Cluster) nothingFetched(before int) error {
	requests, err := w.requests()
	if err != nil {
		return err
	}
	for _, r := range requests[before:] {
		if r.Kind == simulator.KindPDF || r.Kind == simulator.KindHistory {
			return fmt.Errorf("nothing had changed, and still a run asked for %s %s of product %d", r.Kind, r.Path, r.Product)
		}
	}
	return nil
}

func (w *Cluster) requests() ([]simulator.Request, error) {
	return simulator.ReadRequests(filepath.Join(w.root, "portal", "requests.jsonl"))
}

// undisturbed makes everything again in another data folder, from the same portal, with nothing in the way, and gives its tables.
func (w *Cluster) undisturbed(ctx context.Context) (Tables, error) {
	folder := filepath.Join(w.root, "undisturbed")
	state := filepath.Join(folder, "portal")
	if err := os.MkdirAll(state, 0o755); err != nil {
		return nil, err
	}
	known, err := os.ReadFile(filepath.Join(w.root, "portal", "state.json"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(state, "state.json"), known, 0o644); err != nil {
		return nil, err
	}
	var source, server Proxy // only for their addresses: nothing is cut here
	calm := w.supervisor.Start("undisturbed-portal", func() Command {
		return Command{Path: w.program("starter"), Args: portalArgs(w.o, state, ""), Env: w.environment(),
			Ready: func(url string) { source.Point(strings.TrimPrefix(url, "http://")) }}
	})
	defer func() { _ = calm.Stop(limit) }() // it has served its purpose
	engine := w.supervisor.Start("undisturbed-server", func() Command {
		c := w.serverCommand()
		c.Args = []string{"--db", filepath.Join(folder, "temporal.db"), "--port", "0", "--headless"}
		c.Ready = func(line string) { server.Point(fieldOf(line, "grpc")) }
		return c
	})
	defer func() { _ = engine.Stop(limit) }() // as above
	if err := w.await(ctx, "the undisturbed portal and server are up", func() bool { return reachable(ctx, &source) && reachable(ctx, &server) }); err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	url, _, _ := source.state()
	grpc, _, _ := server.state()
	settings := append(w.settings(), "DRUGSLM_DATA="+data, "DRUGSLM_SOURCES_ANVISA_URL=http://"+url, "DRUGSLM_TEMPORAL_ADDRESS="+grpc,
		"DRUGSLM_SOURCES_ANVISA_OPEN_DATA=http://"+url+simulator.OpenDataPath, "DRUGSLM_BUDGET_RPS=0")
	build := w.newest()
	worker := w.supervisor.Start("undisturbed-worker", func() Command { return Command{Path: build, Env: settings} })
	defer func() { _ = worker.Stop(limit) }() // as above
	done, err := w.run(ctx, settings, filepath.Join(filepath.Dir(build), "starter"), everything()...)
	if err != nil || done.code != 0 {
		return nil, errors.Join(err, fmt.Errorf("the undisturbed run ended with %d: %s", done.code, done.stderr))
	}
	return readTables(ctx, data)
}

// compare holds the tables against those of an undisturbed run.
func (w *Cluster) compare(ctx context.Context, report *Report) error {
	disturbed, err := readTables(ctx, w.data)
	if err != nil {
		return err
	}
	want, err := w.undisturbed(ctx)
	if err != nil {
		return err
	}
	for day := range disturbed[updates] {
		if want[updates][day] == nil { // midnight passed in between: the undisturbed run made the later day
			delete(disturbed[updates], day)
		}
	}
	report.Rows = disturbed.rows()
	if report.Rows == 0 {
		return errors.New("there are no rows to compare")
	}
	if text := firstDifference(disturbed, want); text != "" {
		return fmt.Errorf("the tables are not those of an undisturbed run; the first difference: %s", text)
	}
	w.timeline.Add("the tables are those of an undisturbed run: %d rows", report.Rows)
	return nil
}

// fieldOf is the value of "name=value" in a ready line.
func fieldOf(line, name string) string {
	for _, field := range strings.Fields(line) {
		if value, ok := strings.CutPrefix(field, name+"="); ok {
			return value
		}
	}
	return ""
}
