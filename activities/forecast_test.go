package activities_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/forecast"
	"drugslm/internal/engine/lineage"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// estimate plans a selection and estimates it.
func (w *fixture) estimate(selection string, filter asset.Filter) (asset.Plan, forecast.Forecast) {
	w.tb.Helper()
	selected, err := w.acts.Engine.Graph.Select(selection)
	require.NoError(w.tb, err)
	known, err := planning.LoadState(w.tb.Context(), w.acts.Engine.Graph, w.ledger)
	require.NoError(w.tb, err)
	view := w.acts.Engine.Graph.View(known)
	plan, err := view.Plan(selected, asset.Request{Filter: filter})
	require.NoError(w.tb, err)
	estimated, err := forecast.Estimate(w.tb.Context(), w.acts.Engine, view, plan, selected, materialize.StepInput{Mode: planning.ModeOf(filter)}, forecast.Pace{RPS: 2, Share: 1, Wait: time.Minute})
	require.NoError(w.tb, err)
	require.Len(w.tb, estimated.Steps, len(plan.Steps))
	return plan, estimated
}

func TestForecast(t *testing.T) {
	t.Parallel()
	t.Run("estimates what the run then does", forecastEstimatesWhatRunThenDoes)
	t.Run("says what it cannot know", forecastSaysWhatItCannotKnow)
	t.Run("counts pending items", forecastCountsPendingItems)
	t.Run("sends no request for new code", forecastSendsNoRequestForNewCode)
	t.Run("explains an item along its chain", forecastExplainsItemAlongItsChain)
	t.Run("estimates each host", forecastEstimatesEachHost)
}

func forecastEstimatesWhatRunThenDoes(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3", "d 4", "e 5")
	_, f := w.estimate("test/download", asset.Needed)
	require.Equal(t, asset.Estimate{Counted: true, Items: 5, Fetch: 5, Requests: 7, Minutes: 1 + 3.5/60}, rounded(f.Steps[0]))

	w.must(w.step(download))
	_, f = w.estimate("test/download", asset.Needed)
	require.Equal(t, asset.Estimate{Counted: true, Items: 5, Skip: 5}, f.Steps[0], "all is there")

	w.show("a 1", "b changed", "d 4", "e 5", "f new", "g new")
	w.must(w.step(catalog))
	_, f = w.estimate("test/download", asset.Needed)
	require.Equal(t, asset.Estimate{Counted: true, Items: 6, Fetch: 3, Skip: 3, Tombstone: 1, Requests: 4, Minutes: 1 + 2./60}, rounded(f.Steps[0]))
	synced, _ := w.must(w.step(download))
	require.Equal(t, 3, synced.Todo)
	require.Equal(t, 1, synced.Vanished)

	_, f = w.estimate("test/download", asset.Without)
	require.Equal(t, 6, f.Steps[0].Fetch, "forced")
	_, f = w.estimate("test/extract", asset.Needed)
	require.Equal(t, asset.Estimate{Counted: true, Items: 6, Recompute: 6}, f.Steps[0], "it asks no source")
}

// rounded takes what floating point adds.
func rounded(e asset.Estimate) asset.Estimate {
	for _, exact := range []float64{1 + 3.5/60, 1 + 2./60} {
		if d := e.Minutes - exact; d < 1e-9 && d > -1e-9 {
			e.Minutes = exact
		}
	}
	return e
}

func forecastSaysWhatItCannotKnow(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a 1", "b 2")
	plan, f := w.estimate("*", asset.Needed)
	require.Len(t, plan.Steps, 3)
	require.EqualValues(t, 2, f.Steps[0].Requests, "the listing")
	require.Contains(t, f.Steps[0].Note, "when it is asked")
	require.Contains(t, f.Steps[1].Note, "test/catalog[5] was never published")
	require.True(t, f.Steps[1].AtLeast)
	require.False(t, f.Steps[1].Counted)
	require.True(t, f.Total.AtLeast)
	require.Equal(t, []forecast.Discovery{{Set: "category"}}, f.Discover)

	w.must(w.step(catalog))
	_, f = w.estimate("*", asset.Needed)
	require.Equal(t, 2, f.Steps[1].Fetch)
	require.True(t, f.Steps[1].AtLeast, "the catalog is listed before")
}

func forecastCountsPendingItems(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3", "d 4", "e 5")
	w.fault = failing(map[string]error{"b": fault.New(fault.Layout, "parse", "odd")})
	in := w.synced(download, ledger.Missing)
	_, err := call(w, w.acts.Batch, in) // the first batch of two: one quarantined, three staged
	require.NoError(t, err)
	require.NoError(t, w.ledger.KeepRow(t.Context(), w.token(download), "e", "", []byte(`{"ID":"e"}`)))
	_, f := w.estimate("test/download", asset.Needed)
	require.Equal(t, asset.Estimate{Counted: true, Items: 5, Ready: 4, Skip: 1}, f.Steps[0], "nothing is to be asked for")
	_, f = w.estimate("test/download", asset.Faulty)
	require.Equal(t, 1, f.Steps[0].Fetch, "--failed tries what is quarantined")
	require.EqualValues(t, 2, f.Steps[0].Requests)
}

// forecastSendsNoRequestForNewCode bumps the code of an asset that asks the source: its rows are made from those it has.
func forecastSendsNoRequestForNewCode(t *testing.T) {
	t.Parallel()
	w := listed(t, "a 1", "b 2", "c 3")
	w.recompute = func(_ context.Context, run asset.Run, old row) (row, error) {
		if old.ID == "c" && w.versions[download] == "3" {
			return old, fault.New(fault.NotFound, "read", "what it was made from is gone")
		}
		return row{ID: old.ID, Content: strings.ToUpper(old.Content), Provenance: run.Provenance(old.FetchedAt, old.SourceURL)}, nil
	}
	w.fault = failing(map[string]error{"b": fault.New(fault.NotFound, "fetch", "there is none")})
	w.deploy()
	w.must(w.step(download))
	w.must(w.step(extract))
	w.calls()

	w.versions[download] = "2"
	w.deploy()
	plan, f := w.estimate("test/download", asset.Needed)
	require.Equal(t, asset.CodeAxis, plan.Steps[0].Axis)
	require.Equal(t, asset.Estimate{Counted: true, Items: 3, Recompute: 2, Fetch: 1, Requests: 2, Minutes: 1 + 1./60}, f.Steps[0], "what was absent has no row to make one from")
	synced, _ := w.must(w.step(download))
	require.Equal(t, 3, synced.CodeChanged)
	require.Equal(t, []string{"b 2", "b 2"}, w.calls(), "only what has no row is asked for, and that twice")
	require.Equal(t, []string{"a 1", "c 3"}, w.rows(download), "digits have no capitals")
	w.sound()

	w.versions[download] = "3"
	w.deploy()
	w.must(w.step(download))
	require.Equal(t, []string{"b 2", "c 3", "b 2"}, w.calls(), "what is not stored any more is asked for again")
	w.sound()

	w.versions[extract] = "2"
	w.deploy()
	_, f = w.estimate("test/extract", asset.Needed)
	require.Equal(t, 2, f.Steps[0].Recompute)
	require.Zero(t, f.Total.Requests)
}

func forecastExplainsItemAlongItsChain(t *testing.T) {
	t.Parallel()
	w := listed(t, "a one", "b two", "c three")
	w.fault = failing(map[string]error{"b": fault.New(fault.Corrupt, "fetch", "truncated")})
	_, made := w.must(w.step(download))
	w.must(w.step(extract))

	links, err := lineage.Why(t.Context(), w.acts.Engine, "a", "", "")
	require.NoError(t, err)
	require.Len(t, links, 3)
	require.Equal(t, []asset.Key{catalog, download, extract}, []asset.Key{links[0].Asset, links[1].Asset, links[2].Asset})
	require.Equal(t, "ask", links[0].Decision.Would)
	got := links[1]
	require.Equal(t, ledger.Published, got.State)
	require.Equal(t, lineage.Decision{Would: "nothing", Reason: "the source has not changed it, and the present code made it"}, got.Decision)
	require.Equal(t, made.Version, got.Table.Version)
	require.WithinDuration(t, time.Now(), *got.Table.Since, time.Minute)
	require.Equal(t, w.files(download), []string{got.Table.Part})
	require.Equal(t, "run-2", got.Made.RunID)
	published, _, err := w.acts.Engine.Ledger.Latest(t.Context(), string(download), here.Key)
	require.NoError(t, err)
	require.NotEmpty(t, got.Table.Execution)
	require.Equal(t, []string{published.Workflow, published.Execution}, []string{got.Table.Workflow, got.Table.Execution})
	require.Equal(t, "one", got.Row.Get("content"))
	require.Nil(t, got.Row.Get("run_id"), "where it is from is shown separately")
	require.Empty(t, got.Missing)

	links, err = lineage.Why(t.Context(), w.acts.Engine, "b", "", "")
	require.NoError(t, err)
	require.Len(t, links, 2)
	require.Equal(t, "corrupt", links[1].Kind)
	require.Nil(t, links[1].Table)
	require.Equal(t, []string{"row: it has none in the table, it is quarantined", "downstream: test/extract has made nothing of it"}, links[1].Missing)

	w.show("a changed", "b two")
	w.must(w.step(catalog))
	w.versions[extract] = "2"
	w.deploy()
	links, err = lineage.Why(t.Context(), w.acts.Engine, "a", download, here.Key)
	require.NoError(t, err)
	require.Equal(t, lineage.Decision{Would: "fetch", Axis: asset.SourceAxis, Reason: "source changed"}, links[1].Decision)
	require.Equal(t, lineage.Decision{Would: "recompute", Axis: asset.CodeAxis, Reason: "code changed 1→2"}, links[2].Decision)
	require.Equal(t, "2", links[2].CodeNow)
	links, err = lineage.Why(t.Context(), w.acts.Engine, "c", "", "")
	require.NoError(t, err)
	require.Equal(t, "tombstone", links[1].Decision.Would)

	_, err = lineage.Why(t.Context(), w.acts.Engine, "aa", "", "")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.ErrorContains(t, err, `item "aa" is unknown; nearest: a`)
}

// forecastEstimatesEachHost asks them side by side, each at its own pace.
func forecastEstimatesEachHost(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	listing := func(key asset.Key, host string, requests int64) *asset.Asset {
		return asset.New(asset.Spec[row]{
			Key: key, Location: string(key), CodeVersion: "1", Queue: asset.QueueHTTP, Partitions: asset.Single(),
			Cost: func(context.Context, asset.Run, asset.Work) (asset.Cost, error) {
				return asset.Cost{Host: host, Requests: requests}, nil
			},
			List: func(context.Context, asset.Run, func(asset.Item, row) error) (asset.Listing, error) {
				return asset.Listing{}, nil
			},
		})
	}
	graph, err := asset.NewGraph(listing("test/first", "", 60), listing("test/more", "", 60), listing("test/other", "other.example.org", 60))
	require.NoError(t, err)
	w.acts.Engine.Graph = graph
	known, err := planning.LoadState(t.Context(), graph, w.ledger)
	require.NoError(t, err)
	view := graph.View(known)
	plan, err := view.Plan(graph.All(), asset.Request{})
	require.NoError(t, err)
	for _, tt := range []struct {
		other forecast.Pace
		total float64
	}{
		{forecast.Pace{RPS: 1, Share: 1, Wait: 4 * time.Minute}, 5},
		{forecast.Pace{RPS: 10, Share: 1}, 2},
	} {
		pace := forecast.Pace{RPS: 1, Share: 1, Others: map[string]forecast.Pace{"other.example.org": tt.other}}
		f, err := forecast.Estimate(t.Context(), w.acts.Engine, view, plan, graph.All(), materialize.StepInput{Mode: planning.ModeOf(asset.Needed)}, pace)
		require.NoError(t, err)
		require.EqualValues(t, 180, f.Total.Requests)
		require.InDelta(t, tt.total, f.Total.Minutes, 0.001)
		for i, step := range plan.Steps {
			if step.Asset == "test/other" {
				require.Equal(t, "other.example.org", f.Steps[i].Host)
				require.InDelta(t, (tt.other.Wait + time.Duration(60/tt.other.RPS*float64(time.Second))).Minutes(), f.Steps[i].Minutes, 0.001)
			}
		}
	}
}
