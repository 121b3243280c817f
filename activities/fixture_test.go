package activities_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/audit"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
)

// The assets of the tests: a listing, what is made of it with a request, and what is made of that without.
const (
	catalog  asset.Key = "test/catalog"
	download asset.Key = "test/download"
	extract  asset.Key = "test/extract"
)

var here = asset.Partition{Key: "5", Label: "Generic"}

// row is a row of all three.
type row struct {
	ID      string `parquet:"id"`
	Content string `parquet:"content"`
	asset.Provenance
}

func (r row) ItemID() string { return r.ID }

// maker makes the items of one batch; the tests put their faults into it.
type maker func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error

// fixture is a source, the assets made from it, and where they are kept.
type fixture struct {
	tb     testing.TB
	acts   *activities.Activities
	ledger *ledger.Ledger
	runs   int
	root   string // folder of the lake

	interrupt func(at string) // called once, before the next commit of a publish; nil: nobody comes in

	mu        sync.Mutex
	source    map[string]string // content by id
	more      int               // what the source declares beyond what it shows
	again     []asset.Item      // what it shows a second time
	odd       error             // what listing it ends with
	day       string            // of its data; "": it has no notion of days
	versions                    // of the code
	make      map[asset.Key]maker
	fault     func(id string) error // of one item
	made      []string              // "id content", in the order made
	checks    []asset.Check[row]
	only      asset.Key                                                      // has the checks; "": all have them
	recompute func(ctx context.Context, run asset.Run, old row) (row, error) // of the download
}

type versions map[asset.Key]string

type option func(*fixture, *lake.Store)

// inStore wraps the store of the lake.
func inStore(wrap func(lake.Store) lake.Store) option {
	return func(_ *fixture, s *lake.Store) { *s = wrap(*s) }
}

func withChecks(checks ...asset.Check[row]) option {
	return func(w *fixture, _ *lake.Store) { w.checks = checks }
}

func newFixture(tb testing.TB, options ...option) *fixture {
	tb.Helper()
	return openFixture(tb, tb.TempDir(), options...)
}

// emptyLedger is the file of a ledger that nothing was written to: with the race detector its migrations take a third of a
// second, and most tests need one.
var emptyLedger = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	books, err := ledger.Open(context.Background(), dir+"/ledger.db")
	if err != nil {
		return nil, err
	}
	if err := books.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(dir + "/ledger.db")
})

// openFixture is a world that may have been there before.
func openFixture(tb testing.TB, dir string, options ...option) *fixture {
	tb.Helper()
	if _, err := os.Stat(dir + "/ledger.db"); os.IsNotExist(err) {
		migrated, err := emptyLedger()
		require.NoError(tb, err)
		require.NoError(tb, os.WriteFile(dir+"/ledger.db", migrated, 0o600))
	}
	books, err := ledger.Open(tb.Context(), dir+"/ledger.db")
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, books.Close()) })
	files, err := lake.Dir(dir + "/lake")
	require.NoError(tb, err)
	w := &fixture{
		tb: tb, ledger: books, root: dir + "/lake", source: map[string]string{}, make: map[asset.Key]maker{},
		versions: versions{catalog: "1", download: "1", extract: "1"},
	}
	var store lake.Store = files
	for _, o := range options {
		o(w, &store)
	}
	store = interrupted{store, w}
	w.acts = &activities.Activities{Executions: executions{}, Engine: &materialize.Engine{
		Ledger: books, Lake: lake.New(store), Tracer: noop.NewTracerProvider().Tracer(""), Now: time.Now,
	}}
	w.deploy()
	require.NoError(tb, books.SavePartitions(tb.Context(), "category", []ledger.Partition{{Key: here.Key, Label: here.Label}}))
	return w
}

// interrupted lets somebody in before a commit.
type interrupted struct {
	lake.Store
	w *fixture
}

func (s interrupted) Create(ctx context.Context, name string, r io.Reader) error {
	if now := s.w.interrupt; now != nil && strings.Contains(name, "/_delta_log/") {
		now("before the commit")
	}
	return s.Store.Create(ctx, name, r)
}

// deploy builds the assets again, with the code versions as they are now.
func (w *fixture) deploy() {
	set := &asset.Partitions{Name: "category", Queue: asset.QueueBrowser, Discover: func(context.Context) ([]asset.Partition, error) {
		return []asset.Partition{here}, nil
	}}
	common := asset.Spec[row]{Partitions: set, Queue: asset.QueueBrowser, BatchSize: 4, Retry: asset.Retry{Attempts: 3}, Checks: w.checks}
	list, get, read := common, common, common
	list.Key, list.Location, list.CodeVersion, list.List = catalog, "catalog", w.versions[catalog], w.list
	get.Key, get.Location, get.CodeVersion, get.Durable = download, "download", w.versions[download], true
	get.Deps, get.Items, get.Make, get.Recompute = asset.On(catalog), w.items(catalog), w.makes(download), w.recompute
	list.Cost = func(context.Context, asset.Run, asset.Work) (asset.Cost, error) { return asset.Cost{Requests: 2}, nil }
	get.Cost = func(_ context.Context, _ asset.Run, work asset.Work) (asset.Cost, error) {
		cost := asset.Cost{Requests: int64(len(work.Batches))} // one a batch, and one an item
		for _, batch := range work.Batches {
			cost.Requests += int64(len(batch))
		}
		return cost, nil
	}
	read.Key, read.Location, read.CodeVersion = extract, "extract", w.versions[extract]
	read.Deps, read.Items, read.Make = asset.On(download), w.items(download), w.makes(extract)
	for _, spec := range []*asset.Spec[row]{&list, &get, &read} {
		if w.only != "" && spec.Key != w.only {
			spec.Checks = nil
		}
	}
	var err error
	w.acts.Engine.Graph, err = asset.NewGraph(asset.New(list), asset.New(get), asset.New(read))
	require.NoError(w.tb, err)
}

// deployChecks is deploy, with the checks on one asset only.
func (w *fixture) deployChecks(key asset.Key) {
	w.only = key
	w.deploy()
}

func (w *fixture) list(_ context.Context, run asset.Run, emit func(asset.Item, row) error) (asset.Listing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(w.source)) {
		if err := emit(asset.Item{ID: id, Fingerprint: w.source[id]}, row{ID: id, Content: w.source[id], Provenance: run.Provenance(w.acts.Engine.Now(), "")}); err != nil {
			return asset.Listing{}, err
		}
	}
	for _, item := range w.again {
		if err := emit(item, row{ID: item.ID, Content: "shown again"}); err != nil {
			return asset.Listing{}, err
		}
	}
	if w.odd != nil {
		return asset.Listing{}, w.odd
	}
	return asset.Listing{Total: len(w.source) + w.more, Snapshot: "today", Day: w.day}, nil
}

func (w *fixture) items(from asset.Key) func(context.Context, asset.Run, func(asset.Item) error) error {
	return func(ctx context.Context, run asset.Run, emit func(asset.Item) error) error {
		for r, err := range asset.Input[row](ctx, run, from) {
			if err != nil {
				return err
			}
			if err := emit(asset.Item{ID: r.ID, Label: r.ID, Fingerprint: r.Content, Input: []byte(`"` + r.Content + `"`)}); err != nil {
				return err
			}
		}
		return nil
	}
}

func (w *fixture) makes(key asset.Key) maker {
	return func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		if special := w.make[key]; special != nil {
			return special(ctx, run, batch, report)
		}
		return w.honest(ctx, run, batch, report)
	}
}

// honest makes every item of a batch, or fails it as w.fault says.
func (w *fixture) honest(_ context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
	for _, item := range batch {
		var err error
		if w.fault != nil {
			err = w.fault(item.ID)
		}
		if err := report(item.ID, w.row(run, item), err); err != nil {
			return err
		}
	}
	return nil
}

// row makes an item, and remembers that it did.
func (w *fixture) row(run asset.Run, item asset.Item) row {
	content := strings.Trim(string(item.Input), `"`)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made = append(w.made, item.ID+" "+content)
	return row{ID: item.ID, Content: content, Provenance: run.Provenance(time.Now(), "")}
}

// calls gives what was made since it was last asked.
func (w *fixture) calls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	made := w.made
	w.made = nil
	return made
}

// show sets what the source has: "id content".
func (w *fixture) show(items ...string) {
	w.source = map[string]string{}
	for _, item := range items {
		id, content, _ := strings.Cut(item, " ")
		w.source[id] = content
	}
}

// step is a new run's step for an asset.
func (w *fixture) step(key asset.Key) materialize.StepInput {
	w.runs++
	a, err := w.acts.Engine.Graph.Get(key)
	require.NoError(w.tb, err)
	return materialize.StepInput{Run: fmt.Sprintf("run-%d", w.runs), Step: asset.Step{
		Asset: key, Partition: here, CodeVersion: a.CodeVersion, Lists: a.Lists(), Queue: a.Queue, Timeout: a.Timeout, Retry: a.Retry,
	}}
}

// call runs an activity once in Temporal's environment.
func call[I, O any](w *fixture, fn func(context.Context, I) (O, error), in I) (O, error) {
	out, _, err := heartbeatInterval(w, nil, fn, in)
	return out, err
}

// heartbeatInterval is call, with the heartbeat's details that an earlier attempt left, and those that this one leaves.
func heartbeatInterval[I, O any](w *fixture, details map[string]int, fn func(context.Context, I) (O, error), in I) (out O, left map[string]int, err error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(fn)
	if details != nil {
		env.SetHeartbeatDetails(details)
	}
	left = details
	var mu sync.Mutex
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, values converter.EncodedValues) {
		mu.Lock()
		defer mu.Unlock()
		var details map[string]any // the worker's name is among the numbers
		require.NoError(w.tb, values.Get(&details))
		left = map[string]int{}
		for name, value := range details {
			if number, ok := value.(float64); ok {
				left[name] = int(number)
			}
		}
	})
	value, err := env.ExecuteActivity(fn, in)
	if err == nil {
		err = value.Get(&out)
	}
	mu.Lock()
	defer mu.Unlock()
	return out, left, err
}

// prepare lists or syncs a step and makes its batches.
func (w *fixture) prepare(in materialize.StepInput) (materialize.SyncResult, error) {
	if in.Step.Lists {
		return call(w, w.acts.List, in)
	}
	synced, err := call(w, w.acts.Enrol, in)
	in = synced.Of(in)
	for n := 1; err == nil && n <= synced.Batches; n++ {
		_, err = call(w, w.acts.Batch, materialize.BatchInput{StepInput: in, Batch: n})
	}
	return synced, err
}

// publish checks and publishes a step that is prepared.
func (w *fixture) publish(in materialize.StepInput, e materialize.SyncResult) (materialize.Result, error) {
	in = e.Of(in)
	checked, err := call(w, w.acts.Check, materialize.CheckInput{StepInput: in, Upstream: e.Upstream})
	if err != nil {
		return materialize.Result{}, err
	}
	return call(w, w.acts.Publish, materialize.PublishInput{StepInput: in, Snapshot: e.Snapshot, Upstream: e.Upstream, CheckResults: checked.Results})
}

// materialize does a whole step.
func (w *fixture) materialize(in materialize.StepInput) (materialize.SyncResult, materialize.Result, error) {
	synced, err := w.prepare(in)
	if err != nil {
		return synced, materialize.Result{}, err
	}
	made, err := w.publish(in, synced)
	return synced, made, err
}

// must does a whole step that has to succeed.
func (w *fixture) must(in materialize.StepInput) (materialize.SyncResult, materialize.Result) {
	w.tb.Helper()
	synced, made, err := w.materialize(in)
	require.NoError(w.tb, err)
	return synced, made
}

// claim is who holds the partition of an asset.
func (w *fixture) claim(key asset.Key) ledger.Claim {
	w.tb.Helper()
	all, err := w.ledger.Claims(w.tb.Context())
	require.NoError(w.tb, err)
	for _, c := range all {
		if c.Asset == string(key) {
			return c
		}
	}
	require.Fail(w.tb, "nobody holds it", "%s", key)
	return ledger.Claim{}
}

// token is that of the holder of the partition of an asset.
func (w *fixture) token(key asset.Key) ledger.Token {
	held := w.claim(key)
	return ledger.Token{Asset: held.Asset, Partition: held.Partition, Run: held.Run, Workflow: held.Workflow, Execution: held.Execution}
}

func (w *fixture) table(key asset.Key) *lake.Table {
	a, err := w.acts.Engine.Graph.Get(key)
	require.NoError(w.tb, err)
	return w.acts.Engine.Lake.Table(a.Location, a.Codec, a.Partitions.Name)
}

// files gives the parts of a table, as readers see it now.
func (w *fixture) files(key asset.Key) []string {
	snapshot, err := w.table(key).Snapshot(w.tb.Context())
	require.NoError(w.tb, err)
	return lake.Paths(snapshot.Files(here.Key))
}

// rows gives "id content" of every row that readers see, sorted.
func (w *fixture) rows(key asset.Key) []string {
	w.tb.Helper()
	snapshot, err := w.table(key).Snapshot(w.tb.Context())
	require.NoError(w.tb, err)
	found := []string{}
	for _, file := range snapshot.Files(here.Key) {
		for r, err := range w.table(key).Rows(w.tb.Context(), file) {
			require.NoError(w.tb, err)
			found = append(found, r.(row).ID+" "+r.(row).Content)
		}
	}
	slices.Sort(found)
	return found
}

// entries gives "id state kind attempts" of every item.
func (w *fixture) entries(key asset.Key) []string {
	w.tb.Helper()
	items, err := w.ledger.Items(w.tb.Context(), ledger.Filter{Asset: string(key)})
	require.NoError(w.tb, err)
	found := make([]string, len(items))
	for i, e := range items {
		found[i] = strings.TrimSpace(fmt.Sprintf("%s %s %s %d", e.ID, e.State, e.Kind, e.Attempts))
	}
	return found
}

func (w *fixture) counts(key asset.Key) ledger.Counts {
	w.tb.Helper()
	counts, err := w.ledger.Counts(w.tb.Context(), string(key), here.Key)
	require.NoError(w.tb, err)
	return counts
}

func (w *fixture) check(key asset.Key, name string) ledger.Check {
	w.tb.Helper()
	checks, err := w.ledger.Checks(w.tb.Context(), string(key), here.Key, 0)
	require.NoError(w.tb, err)
	for _, c := range checks {
		if c.Name == name {
			return c
		}
	}
	require.Fail(w.tb, "no such check", "%s of %s", name, key)
	return ledger.Check{}
}

func (w *fixture) latest(key asset.Key) ledger.Materialization {
	w.tb.Helper()
	m, ok, err := w.ledger.Latest(w.tb.Context(), string(key), here.Key)
	require.NoError(w.tb, err)
	require.True(w.tb, ok, "%s was never published", key)
	return m
}

// sound asserts that ledger and tables tell the same story.
func (w *fixture) sound() {
	w.tb.Helper()
	report, err := audit.Run(w.tb.Context(), audit.Subject{Graph: w.acts.Engine.Graph, Ledger: w.ledger, Table: func(a *asset.Asset) *lake.Table {
		return w.table(a.Key)
	}})
	require.NoError(w.tb, err)
	require.Empty(w.tb, report.Findings)
}

// failure takes Temporal's view of an error: its kind, and whether it is final.
func failure(tb testing.TB, err error) *temporal.ApplicationError {
	tb.Helper()
	require.Error(tb, err)
	var app *temporal.ApplicationError
	require.True(tb, errors.As(err, &app), "%v", err)
	return app
}

func wantKind(tb testing.TB, want fault.Kind, err error) *temporal.ApplicationError {
	tb.Helper()
	app := failure(tb, err)
	require.Equal(tb, string(want), app.Type(), "%v", err)
	return app
}
