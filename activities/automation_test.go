package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/automation"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// auto is a ledger with assets that ask for themselves: what happens to partitions is written into it by hand.
type auto struct {
	tb     testing.TB
	acts   *activities.Activities
	ledger *ledger.Ledger
	now    time.Time // zero: the clock's
	dead   map[string]bool
	known  map[string]bool // events told already
}

// Open says that every run is running but those that are dead.
func (w *auto) Open(_ context.Context, run, _ string) (bool, error) { return !w.dead[run], nil }

// Current says that the caller is running.
func (w *auto) Current(context.Context, string, string) (bool, string, error) { return true, "", nil }

// payloads gives the events that were recorded since it was last asked.
func (w *auto) payloads() []string {
	w.tb.Helper()
	events, err := w.ledger.Events(w.tb.Context(), "", 0)
	require.NoError(w.tb, err)
	var found []string
	for _, e := range events {
		if text := e.Kind + " " + e.ID + " " + string(e.Payload); !w.known[text] {
			w.known[text] = true
			found = append(found, text)
		}
	}
	slices.Sort(found)
	return found
}

func newAuto(tb testing.TB, assets ...*asset.Asset) *auto {
	tb.Helper()
	base := newFixture(tb)
	w := &auto{tb: tb, acts: base.acts, ledger: base.ledger, dead: map[string]bool{}, known: map[string]bool{}}
	w.acts.Executions = w
	w.acts.Engine.Now = func() time.Time {
		if w.now.IsZero() {
			return time.Now()
		}
		return w.now
	}
	w.declare(assets...)
	return w
}

func (w *auto) declare(assets ...*asset.Asset) {
	w.tb.Helper()
	var err error
	w.acts.Engine.Graph, err = asset.NewGraph(assets...)
	require.NoError(w.tb, err)
}

// plain is an asset that is never run here.
func plain(key asset.Key, set *asset.Partitions, condition asset.Condition, deps ...asset.Dep) *asset.Asset {
	return coded(key, "1", set, condition, deps...)
}

func coded(key asset.Key, code string, set *asset.Partitions, condition asset.Condition, deps ...asset.Dep) *asset.Asset {
	return asset.New(asset.Spec[row]{
		Key: key, Location: strings.ReplaceAll(string(key), "/", "_"), CodeVersion: code, Queue: asset.QueueExtract, Partitions: set,
		Deps: deps, Automation: condition,
		List: func(context.Context, asset.Run, func(asset.Item, row) error) (asset.Listing, error) {
			return asset.Listing{}, nil
		},
	})
}

// publish writes that a partition was published, from versions of its inputs.
func (w *auto) publish(key asset.Key, partition string, version int64, upstream map[string]int64) {
	w.tb.Helper()
	m := ledger.Materialization{
		Asset: string(key), Partition: partition, Run: "by-hand", Version: version, CodeVersion: "1", Upstream: upstream, Moves: ledger.Moves{Dropped: map[string][]string{}},
	}
	id, err := w.ledger.BeginPublish(w.tb.Context(), m)
	require.NoError(w.tb, err)
	require.NoError(w.tb, w.ledger.FinishPublish(w.tb.Context(), id, version, 1, 1))
}

// verify writes that a partition was found right.
func (w *auto) verify(key asset.Key, partition string, upstream map[string]int64) {
	w.tb.Helper()
	require.NoError(w.tb, w.ledger.RecordUnchanged(w.tb.Context(), ledger.Materialization{
		Asset: string(key), Partition: partition, CodeVersion: "1", Upstream: upstream, Finished: w.acts.Engine.Now(),
	}))
}

func (w *auto) keys(set string, keys ...string) {
	w.tb.Helper()
	parts := make([]ledger.Partition, len(keys))
	for i, key := range keys {
		parts[i] = ledger.Partition{Key: key, Label: key}
	}
	require.NoError(w.tb, w.ledger.AddPartitions(w.tb.Context(), set, parts))
}

// tick evaluates, and gives the runs to start as "assets: partitions", or "assets: (filter)".
func (w *auto) tick() []string {
	w.tb.Helper()
	out, err := call(&fixture{tb: w.tb}, w.acts.Evaluate, activities.EvaluateInput{Requests: true})
	require.NoError(w.tb, err)
	require.Empty(w.tb, out.Problems)
	return w.starts()
}

// starts gives what is to be started, and marks it.
func (w *auto) starts() []string {
	w.tb.Helper()
	list := []string{}
	for {
		next, err := call(&fixture{tb: w.tb}, func(ctx context.Context, _ struct{}) (activities.StartsOutput, error) { return w.acts.NextStarts(ctx) }, struct{}{})
		require.NoError(w.tb, err)
		if len(next.Starts) == 0 {
			return list
		}
		var runs []string
		for _, s := range next.Starts {
			what := strings.Join(s.Partitions, ",")
			if what == "" {
				what = "(" + string(s.Filter) + ")"
			}
			list = append(list, strings.Join(s.Select, "+")+": "+what)
			runs = append(runs, s.Run)
		}
		_, err = call(&fixture{tb: w.tb}, func(ctx context.Context, in activities.StartedInput) (struct{}, error) {
			return struct{}{}, w.acts.Started(ctx, in)
		}, activities.StartedInput{Runs: runs})
		require.NoError(w.tb, err)
	}
}

// curated is a catalog that people make, and two that follow it.
func curated(set *asset.Partitions) []*asset.Asset {
	return []*asset.Asset{
		plain(catalog, set, asset.Condition{}), plain(download, set, asset.Eager(), asset.On(catalog)...), plain(extract, set, asset.Eager(), asset.On(download)...),
	}
}

func TestAutomation(t *testing.T) {
	t.Parallel()
	t.Run("requests downstream partitions in one run", automationRequestsDownstreamPartitionsInOneRun)
	t.Run("waits for a run in progress", automationWaitsForRunInProgress)
	t.Run("takes all partitions of an asset as input", automationTakesAllPartitionsOfAssetAsInput)
	t.Run("evaluates the other assets when one fails", automationEvaluatesOtherAssetsWhenOneFails)
	t.Run("waits for a missing input", automationWaitsForMissingInput)
	t.Run("requests missing partitions once", automationRequestsMissingPartitionsOnce)
	t.Run("makes one request for another code version", automationMakesOneRequestForAnotherCodeVersion)
	t.Run("requests at cron ticks", automationRequestsAtCronTicks)
	t.Run("requests windows that have ended", automationRequestsWindowsThatHaveEnded)
	t.Run("starts an unstarted request at the next tick", automationStartsUnstartedRequestAtNextTick)
	t.Run("starts a backfill when a run is too small", automationStartsBackfillWhenRunIsTooSmall)
	t.Run("explains what the next tick would do", automationExplainsWhatNextTickWouldDo)
	t.Run("starts any number of partitions", automationStartsAnyNumberOfPartitions)
}

func automationRequestsDownstreamPartitionsInOneRun(t *testing.T) {
	t.Parallel()
	w := newAuto(t, curated(asset.Dynamic("letter"))...)
	w.keys("letter", "a", "b", "c")
	w.publish(catalog, "a", 1, nil)
	require.Empty(t, w.tick(), "what was there before the first look is not asked for")

	w.publish(catalog, "b", 2, nil)
	require.Equal(t, []string{"test/download+test/extract: b"}, w.tick())
	require.Empty(t, w.tick(), "it was handled")
	w.verify(catalog, "b", nil)
	require.Empty(t, w.tick(), "found unchanged is no update")

	w.publish(download, "b", 1, map[string]int64{"test/catalog": 2})
	require.Equal(t, []string{"test/extract: b"}, w.tick(), "its input was updated after it was handled")
	w.publish(catalog, "b", 3, nil)
	w.publish(catalog, "c", 4, nil)
	require.Equal(t, []string{"test/download+test/extract: b,c"}, w.tick())
}

func automationWaitsForRunInProgress(t *testing.T) {
	t.Parallel()
	w := newAuto(t, curated(asset.Dynamic("letter"))[:2]...)
	w.keys("letter", "a", "b")
	require.Empty(t, w.tick())
	for _, run := range []string{"r1", "r2"} {
		require.NoError(t, w.ledger.StartRun(t.Context(), ledger.Run{ID: run, Workflow: run}))
	}
	require.NoError(t, w.ledger.PlanRun(t.Context(), "r1", []ledger.RunStep{{Asset: "test/catalog", Partition: "a"}, {Asset: "test/download", Partition: "a"}}))
	require.NoError(t, w.ledger.PlanRun(t.Context(), "r2", []ledger.RunStep{{Asset: "test/download", Partition: "b"}}))
	w.publish(catalog, "a", 1, nil)
	w.publish(catalog, "b", 2, nil)
	require.Empty(t, w.tick(), "runs are at them")
	require.Empty(t, w.tick(), "still")

	w.publish(download, "a", 1, map[string]int64{"test/catalog": 2})
	require.NoError(t, w.ledger.FinishRun(t.Context(), "r1", ledger.RunSucceeded, ""))
	require.Empty(t, w.tick(), "a was made by the run it waited for")
	w.dead["r2"] = true
	require.Equal(t, []string{"test/download: b"}, w.tick(), "a run that was terminated is not waited for")
}

func automationTakesAllPartitionsOfAssetAsInput(t *testing.T) {
	t.Parallel()
	letters := asset.Dynamic("letter")
	w := newAuto(t, plain(catalog, letters, asset.Condition{}), plain(extract, asset.Single(), asset.Eager().Or(asset.OnMissing()), asset.On(catalog)...))
	require.Empty(t, w.tick(), "no letter is known")
	w.keys("letter", "a", "b")
	w.publish(catalog, "a", 1, nil)
	require.Empty(t, w.tick(), "b is missing")
	w.publish(catalog, "b", 2, nil)
	require.Equal(t, []string{"test/extract: all"}, w.tick())
	w.publish(extract, "all", 1, map[string]int64{"test/catalog": 2})
	require.Empty(t, w.tick())
	w.publish(catalog, "a", 3, nil)
	require.Equal(t, []string{"test/extract: all"}, w.tick())
}

func automationEvaluatesOtherAssetsWhenOneFails(t *testing.T) {
	t.Parallel()
	set := asset.Dynamic("letter")
	odd := asset.Mapped("odd", func(string, asset.Between) ([]string, error) { return nil, errors.New("which it is not for") })
	w := newAuto(t, plain(catalog, set, asset.Condition{}), plain("t/odd", set, asset.Eager(), asset.Dep{Key: catalog, Mapping: odd}), plain(download, set, asset.Eager(), asset.On(catalog)...))
	w.keys("letter", "a")
	require.Empty(t, w.tick())
	w.publish(catalog, "a", 1, nil)
	out, err := call(&fixture{tb: t}, w.acts.Evaluate, activities.EvaluateInput{Requests: true})
	require.NoError(t, err)
	require.Len(t, out.Problems, 1)
	require.Contains(t, out.Problems[0], "t/odd: ")
	require.Equal(t, []string{"test/download: a"}, w.starts())
	w.declare(plain(catalog, set, asset.Condition{}), plain("t/odd", set, asset.Eager(), asset.On(catalog)...), plain(download, set, asset.Eager(), asset.On(catalog)...))
	require.Equal(t, []string{"t/odd: a"}, w.tick(), "fixed, it sees what it could not look at")
}

func automationWaitsForMissingInput(t *testing.T) {
	t.Parallel()
	set := asset.Dynamic("letter")
	w := newAuto(t, plain("t/a", set, asset.Condition{}), plain("t/b", set, asset.Condition{}), plain("t/c", set, asset.Eager(), asset.On("t/a", "t/b")...))
	w.keys("letter", "x")
	require.Empty(t, w.tick())
	w.publish("t/a", "x", 1, nil)
	require.Empty(t, w.tick())
	w.publish("t/b", "x", 1, nil)
	require.Equal(t, []string{"t/c: x"}, w.tick())
}

func automationRequestsMissingPartitionsOnce(t *testing.T) {
	t.Parallel()
	w := newAuto(t, plain(catalog, asset.Dynamic("letter"), asset.OnMissing()))
	w.keys("letter", "a", "b")
	w.publish(catalog, "a", 1, nil)
	require.Equal(t, []string{"test/catalog: b"}, w.tick(), "also what was there before")
	w.keys("letter", "a", "c")
	require.Equal(t, []string{"test/catalog: c"}, w.tick(), "only c is new")
	removed, err := w.ledger.RemovePartitions(t.Context(), "letter", []string{"a", "c"})
	require.NoError(t, err)
	require.Equal(t, 2, removed)
	require.Empty(t, w.tick())
	w.keys("letter", "a", "c")
	require.Empty(t, w.tick(), "a was published, c was asked for")
}

func automationMakesOneRequestForAnotherCodeVersion(t *testing.T) {
	t.Parallel()
	set := asset.Dynamic("letter")
	w := newAuto(t, plain(catalog, set, asset.OnStale()))
	w.keys("letter", "a", "b", "c")
	w.publish(catalog, "a", 1, nil)
	w.publish(catalog, "b", 2, nil)
	require.Empty(t, w.tick())
	w.declare(coded(catalog, "2", set, asset.OnStale()))
	require.Equal(t, []string{"test/catalog: (stale)"}, w.tick())
	require.Empty(t, w.tick())
	requests, err := w.ledger.Requests(t.Context(), "test/catalog", 0)
	require.NoError(t, err)
	require.Len(t, requests, 1)
	require.Equal(t, 2, requests[0].Partitions)
	require.Equal(t, "code version 1 → 2", requests[0].Cause)

	w.declare(coded(catalog, "2", set, asset.OnStale().And(asset.Not(asset.OnMissing()))))
	require.Empty(t, w.tick(), "another condition begins anew")
}

func automationRequestsAtCronTicks(t *testing.T) {
	t.Parallel()
	set := asset.Dynamic("letter")
	w := newAuto(t,
		plain("t/root", set, asset.OnCron("0 6 * * *", "America/Sao_Paulo")),
		plain("t/after", set, asset.OnCron("0 6 * * *", "America/Sao_Paulo"), asset.On("t/root")...),
		plain("t/day", asset.Daily("day", "America/Sao_Paulo", "2026-08-01"), asset.OnCron("0 6 * * *", "America/Sao_Paulo")))
	w.keys("letter", "a", "b")
	at := func(clock string) {
		var err error
		w.now, err = time.ParseInLocation("2006-01-02 15:04", clock, mustZone(t))
		require.NoError(t, err)
	}
	at("2026-08-20 05:00")
	require.Empty(t, w.tick())
	at("2026-08-20 05:59")
	require.Empty(t, w.tick())
	at("2026-08-20 06:00")
	require.Equal(t, []string{"t/root: (force)", "t/day: 2026-08-19"}, w.tick())
	at("2026-08-20 06:05")
	require.Empty(t, w.tick())
	w.publish("t/root", "a", 1, nil)
	w.verify("t/root", "a", nil) // at the clock of the test
	require.Equal(t, []string{"t/after: a"}, w.tick(), "it waits for its input, partition by partition")
	at("2026-08-22 07:00")
	require.Equal(t, []string{"t/root: (force)", "t/day: 2026-08-21"}, w.tick(), "ticks that nobody saw are one")
}

func mustZone(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	return zone
}

func automationRequestsWindowsThatHaveEnded(t *testing.T) {
	t.Parallel()
	w := newAuto(t, plain("t/day", asset.Daily("day", "", "2026-08-01"), asset.OnMissing()),
		plain("t/month", asset.Monthly("month", "", "2026-08-01"), asset.Eager(), asset.On("t/day")...))
	w.now = time.Date(2026, 8, 3, 12, 0, 0, 0, time.UTC)
	require.Equal(t, []string{"t/day: 2026-08-01,2026-08-02"}, w.tick())
	w.now = time.Date(2026, 8, 5, 0, 0, 0, 0, time.UTC)
	require.Equal(t, []string{"t/day: 2026-08-03,2026-08-04"}, w.tick())
	w.now = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	require.Len(t, strings.Split(w.tick()[0], ","), 27, "the month has ended, but its days are missing")
	for day := 1; day <= 31; day++ {
		w.publish("t/day", fmt.Sprintf("2026-08-%02d", day), int64(day), nil)
		starts := w.tick()
		if day == 31 {
			require.Equal(t, []string{"t/month: 2026-08"}, starts)
		} else {
			require.Empty(t, starts)
		}
	}
}

func automationStartsUnstartedRequestAtNextTick(t *testing.T) {
	t.Parallel()
	w := newAuto(t, curated(asset.Dynamic("letter"))...)
	w.keys("letter", "a")
	require.Empty(t, w.tick())
	w.publish(catalog, "a", 1, nil)
	out, err := call(&fixture{tb: t}, w.acts.Evaluate, activities.EvaluateInput{Requests: true})
	require.NoError(t, err)
	require.Equal(t, 1, out.Starts)
	open, err := w.ledger.OpenStarts(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, "automation-"+out.Tick.Format("20060102T150405.000Z"), open[0].Run)
	require.Equal(t, []string{"test/download+test/extract: a"}, w.tick(), "killed in between")
}

func automationStartsBackfillWhenRunIsTooSmall(t *testing.T) {
	t.Parallel()
	set := asset.Dynamic("letter")
	w := newAuto(t, plain(catalog, set, asset.OnMissing()))
	var keys []string
	for i := range 1200 {
		keys = append(keys, fmt.Sprintf("%04d", i))
	}
	require.Empty(t, w.tick())
	w.keys("letter", keys...)
	_, err := call(&fixture{tb: t}, w.acts.Evaluate, activities.EvaluateInput{Requests: true})
	require.NoError(t, err)
	open, err := call(&fixture{tb: t}, func(ctx context.Context, _ struct{}) (activities.StartsOutput, error) { return w.acts.NextStarts(ctx) }, struct{}{})
	require.NoError(t, err)
	require.Len(t, open.Starts, 1)
	require.True(t, open.Starts[0].Backfill)
	b, known, err := w.ledger.Backfill(t.Context(), open.Starts[0].Run)
	require.NoError(t, err)
	require.True(t, known, "the ledger holds the request, and only its id passes through Temporal")
	request := activities.RequestOf(b)
	require.Equal(t, keys, request.Partitions)
	require.Equal(t, asset.Needed, request.Filter, "what is there already is not made again")
}

func automationExplainsWhatNextTickWouldDo(t *testing.T) {
	t.Parallel()
	w := newAuto(t, curated(asset.Dynamic("letter"))...)
	w.keys("letter", "a", "b")
	require.Empty(t, w.tick())
	w.publish(catalog, "a", 1, nil)
	x, err := automation.Evaluator{Graph: w.acts.Engine.Graph, Ledger: w.ledger, Now: time.Now}.Explain(t.Context(), extract, []string{"a", "b"})
	require.NoError(t, err)
	require.Len(t, x.Requests, 1)
	require.Equal(t, "never published", x.Requests[0].Cause)
	require.True(t, x.Considered[0].Requests)
	require.Equal(t, "eager", x.Considered[0].Result.Condition)
	require.False(t, x.Considered[1].Changed)
	require.Equal(t, "never published, but test/download[b] is missing", x.Considered[1].Result.Reason)
	require.Equal(t, []string{"test/download+test/extract: a"}, w.tick(), "explaining did nothing")
	_, err = automation.Evaluator{Graph: w.acts.Engine.Graph, Ledger: w.ledger, Now: time.Now}.Explain(t.Context(), extract, []string{"z"})
	require.ErrorContains(t, err, `partition "z" is unknown`)
}

// automationStartsAnyNumberOfPartitions has requests that name more than a server takes in one piece, and one that
// nobody can read: all others are started, however long that takes.
func automationStartsAnyNumberOfPartitions(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	const backfills = 12
	var tick ledger.AutomationTick
	tick.At = time.Now()
	names := make([]string, 5000)
	for i := range names {
		names[i] = fmt.Sprintf("%04d%s", i, strings.Repeat("<", 196))
	}
	for i := range backfills {
		input, err := json.Marshal(automation.Start{Run: fmt.Sprint("big-", i), Select: []string{"t/catalog"}, Partitions: names, Backfill: true})
		require.NoError(t, err)
		tick.Starts = append(tick.Starts, ledger.AutomationStart{Run: fmt.Sprint("big-", i), Input: input})
	}
	tick.Starts[0].Input = []byte(`{"run": 1}`)
	for i := range 12 {
		input, err := json.Marshal(automation.Start{Run: fmt.Sprint("run-", i), Select: []string{"t/catalog"}, Partitions: names[:planning.MaxSteps]})
		require.NoError(t, err)
		tick.Starts = append(tick.Starts, ledger.AutomationStart{Run: fmt.Sprint("run-", i), Input: input})
	}
	require.NoError(t, w.ledger.RecordTick(t.Context(), tick))
	var started, problems []string
	for range 2 * len(tick.Starts) {
		out, err := call(w, func(ctx context.Context, _ struct{}) (activities.StartsOutput, error) { return w.acts.NextStarts(ctx) }, struct{}{})
		require.NoError(t, err)
		require.Less(t, fault.JSONSize(out), 1<<20)
		var runs []string
		for _, s := range out.Starts {
			runs = append(runs, s.Run)
		}
		require.NoError(t, w.ledger.MarkStarted(t.Context(), runs))
		started, problems = append(started, runs...), append(problems, out.Problems...)
	}
	require.Len(t, started, len(tick.Starts)-1)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "big-0")
	known, found, err := w.ledger.Backfill(t.Context(), "big-11")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, names, activities.RequestOf(known).Partitions, "what it is asked for is in the ledger")
}
