package activities_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/lake/laketest"
	"drugslm/internal/ledger"
)

// ready is a step with items staged, checked, and wanting to be published.
func (w *fixture) ready(key asset.Key) materialize.PublishInput {
	w.tb.Helper()
	in := w.step(key)
	synced, err := w.prepare(in)
	require.NoError(w.tb, err)
	checked, err := call(w, w.acts.Check, materialize.CheckInput{StepInput: in, Upstream: synced.Upstream})
	require.NoError(w.tb, err)
	return materialize.PublishInput{StepInput: in, Snapshot: synced.Snapshot, Upstream: synced.Upstream, CheckResults: checked.Results}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	t.Run("survives a crash at every step", publishSurvivesCrashAtEveryStep)
	t.Run("reports a change when its answer was lost", publishReportsChangeWhenItsAnswerWasLost)
	t.Run("refuses a publisher that resumes too late", publishRefusesPublisherThatResumesTooLate)
	t.Run("keeps the version of a recovered publish", publishKeepsVersionOfRecoveredPublish)
	t.Run("leaves the table of another ledger alone", publishLeavesTableOfAnotherLedgerAlone)
	t.Run("compacts small files", publishCompactsSmallFiles)
	t.Run("keeps compacted files small enough to rewrite", publishKeepsCompactedFilesSmallEnoughToRewrite)
}

// A publish that dies at any operation of the store is completed by its next attempt, or by the next run.
func publishSurvivesCrashAtEveryStep(t *testing.T) {
	t.Parallel()
	for mode, name := range map[laketest.Mode]string{laketest.Before: "before", laketest.After: "after"} {
		for _, next := range []string{"attempt", "run"} {
			t.Run(name+", next "+next, func(t *testing.T) {
				t.Parallel()
				var k crashingStore
				w := newFixture(t, under(&k))
				w.show("stays 0", "changes 0")
				w.must(w.step(catalog))
				died := true
				for at := int64(1); died; at++ {
					w.show("stays 0", fmt.Sprintf("changes %d", at), fmt.Sprintf("new %d", at%2))
					in := w.ready(catalog)
					k.arm(at, mode)
					_, err := call(w, w.acts.Publish, in)
					died = k.disarm()
					require.True(t, died || err == nil, "%v", err)
					if died && next == "attempt" {
						made, err := call(w, w.acts.Publish, in)
						require.NoError(t, err)
						require.True(t, made.Changed, "at %d: the run did change something", at)
						require.EqualValues(t, 3, made.Rows)
						require.Equal(t, w.latest(catalog).Version, made.Version)
						require.Equal(t, in.Run, w.latest(catalog).Run)
					} else if died {
						w.must(w.step(catalog))
					}
					require.Equal(t, []string{fmt.Sprintf("changes %d", at), fmt.Sprintf("new %d", at%2), "stays 0"}, w.rows(catalog))
					w.sound()
				}
			})
		}
	}
}

func publishReportsChangeWhenItsAnswerWasLost(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one")
	in := w.ready(catalog)
	first, err := call(w, w.acts.Publish, in)
	require.NoError(t, err)
	again, err := call(w, w.acts.Publish, in)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.True(t, again.Changed)
}

// seize stops the publish of a step just before its commit, and gives what lets it continue and waits for its answer.
func (w *fixture) seize(g *gate, in materialize.PublishInput) func() error {
	arrived, open := make(chan struct{}), make(chan struct{})
	g.arrived, g.open = arrived, open // nobody commits now
	answer := make(chan error, 1)
	go func() {
		_, err := call(w, w.acts.Publish, in)
		answer <- err
	}()
	<-arrived
	return func() error {
		close(open)
		return <-answer
	}
}

// gate is a store in which the next commit waits until it is let through, or is made without saying so.
type gate struct {
	lake.Store

	mu            sync.Mutex
	arrived, open chan struct{}
	lose          bool
}

// take gives what awaits the next commit, once.
func (g *gate) take() (arrived, open chan struct{}, lose bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	arrived, open, lose = g.arrived, g.open, g.lose
	g.arrived, g.lose = nil, false
	return arrived, open, lose
}

func (g *gate) Create(ctx context.Context, name string, r io.Reader) error {
	if !strings.Contains(name, "_delta_log/") {
		return g.Store.Create(ctx, name, r)
	}
	arrived, open, lose := g.take()
	if arrived != nil {
		close(arrived)
		<-open
	}
	err := g.Store.Create(ctx, name, r)
	if lose {
		err = errors.Join(err, errors.New("the connection is gone"))
	}
	return err
}

// behind puts a gate below the lake.
func behind(g *gate) option {
	return inStore(func(s lake.Store) lake.Store {
		g.Store = s
		return g
	})
}

func publishRefusesPublisherThatResumesTooLate(t *testing.T) {
	t.Parallel()
	var g gate
	w := newFixture(t, behind(&g))
	w.show("a one")
	w.must(w.step(catalog))
	w.show("a two", "b two")
	wake := w.seize(&g, w.ready(catalog))
	w.show("a three")
	in := w.ready(catalog) // finds the publish open, and shuts it out
	err := wake()
	wantKind(t, fault.Internal, err)
	require.Equal(t, []string{"a one"}, w.rows(catalog), "it must not commit any more")
	_, err = call(w, w.acts.Publish, in)
	require.NoError(t, err)
	require.Equal(t, []string{"a three"}, w.rows(catalog))
	w.sound()
}

func publishKeepsVersionOfRecoveredPublish(t *testing.T) {
	t.Parallel()
	var g gate
	w := newFixture(t, behind(&g))
	there := asset.Partition{Key: "6", Label: "New"}
	require.NoError(t, w.ledger.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: here.Key}, {Key: there.Key}}))
	w.show("a one")
	lost := w.ready(catalog)
	g.lose = true
	_, err := call(w, w.acts.Publish, lost)
	require.ErrorContains(t, err, "the connection is gone")
	snapshot, err := w.table(catalog).Snapshot(t.Context())
	require.NoError(t, err)

	other := w.step(catalog)
	other.Step.Partition = there
	_, made := w.must(other)
	require.Greater(t, made.Version, snapshot.Version)
	got, err := call(w, w.acts.Publish, lost)
	require.NoError(t, err)
	require.Equal(t, snapshot.Version, got.Version, "not the newest of the table")
	require.Equal(t, snapshot.Version, w.latest(catalog).Version)
	w.sound()
}

func publishLeavesTableOfAnotherLedgerAlone(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one")
	in := w.ready(catalog)
	_, err := w.table(catalog).Commit(t.Context(), lake.Change{Partition: here.Key, App: in.Step.Name(), Txn: 1, Info: lake.CommitInfo{Run: "theirs"}})
	require.NoError(t, err)
	for range 2 { // also after the first refusal has left its publish open
		_, err = call(w, w.acts.Publish, in)
		require.True(t, wantKind(t, fault.Invalid, err).NonRetryable())
		require.ErrorContains(t, err, "was written with another ledger")
	}
	require.Equal(t, []string{"a staged  0"}, w.entries(catalog))
}

func publishCompactsSmallFiles(t *testing.T) {
	t.Parallel()
	w := newFixture(t) // batches of four
	days := func(from, to int) {
		for day := from; day < to; day++ {
			w.source[fmt.Sprintf("%02d", day)] = "new"
			w.must(w.step(catalog))
			w.sound()
		}
	}
	days(0, 16)
	files := w.files(catalog)
	require.Len(t, files, 16)
	_, made := w.must(w.step(catalog))
	require.False(t, made.Changed, "that there are many is no reason for a new version")
	require.Equal(t, files, w.files(catalog))
	days(16, 20)
	require.Len(t, w.files(catalog), 5, "sixteen in one, and what came after")
}

func publishKeepsCompactedFilesSmallEnoughToRewrite(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	for i := range 3 * 120 { // three small rows in each of the catalog's batches
		w.source[fmt.Sprintf("%03d", i)] = "new"
	}
	w.must(w.step(catalog))
	w.fault = func(id string) error {
		if strings.HasSuffix(id, "0") {
			return fault.New(fault.NotFound, "fetch", "none")
		}
		return nil
	}
	w.must(w.step(download))
	require.Len(t, w.files(download), 90)
	w.source["000"] = "there now"
	w.must(w.step(catalog))
	w.fault = nil
	_, made := w.must(w.step(download))
	require.EqualValues(t, 325, made.Rows)
	snapshot, err := w.table(download).Snapshot(t.Context())
	require.NoError(t, err)
	for _, file := range snapshot.Files(here.Key) {
		require.LessOrEqual(t, file.Rows, int64(17*4))
	}
	w.sound()
}
