package activities_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// sum is an unpartitioned asset that is made from every category of the catalog.
const sum asset.Key = "test/sum"

// office is an external asset.
const office asset.Key = "test/office"

// with declares more assets beside those of the world, and gives the step of one of them.
func (w *fixture) with(t *testing.T, key asset.Key, more ...*asset.Asset) materialize.StepInput {
	t.Helper()
	graph, err := asset.NewGraph(append(w.acts.Engine.Graph.All(), more...)...)
	require.NoError(t, err)
	w.acts.Engine.Graph = graph
	in := w.step(key)
	in.Step.Partition = asset.Partition{Key: "all", Label: "all"}
	return in
}

func (w *fixture) sum() *asset.Asset {
	return asset.New(asset.Spec[row]{
		Key: sum, Deps: []asset.Dep{{Key: catalog, Mapping: asset.All()}}, Partitions: asset.Single(), Location: "sum", CodeVersion: "1",
		Queue: asset.QueueExtract, Items: w.items(catalog), Make: w.makes(sum),
	})
}

// listIn lists the catalog in another category.
func (w *fixture) listIn(t *testing.T, category string, items ...string) materialize.Result {
	t.Helper()
	w.show(items...)
	in := w.step(catalog)
	in.Step.Partition = asset.Partition{Key: category, Label: category}
	_, made := w.must(in)
	return made
}

func TestInputs(t *testing.T) {
	t.Parallel()
	t.Run("follow the partition mapping", inputsFollowPartitionMapping)
	t.Run("name the upstream items", inputsNameUpstreamItems)
	t.Run("count observations as versions", inputsCountObservationsAsVersions)
	t.Run("number observations over all partitions", inputsNumberObservationsOverAllPartitions)
	t.Run("refuse an observation that cannot be kept", inputsRefuseObservationThatCannotBeKept)
	t.Run("have no rows of external assets", inputsHaveNoRowsOfExternalAssets)
}

// inputsFollowPartitionMapping makes an unpartitioned asset from every partition of another.
func inputsFollowPartitionMapping(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	require.NoError(t, w.ledger.SavePartitions(t.Context(), "category", []ledger.Partition{{Key: "5", Label: "5"}, {Key: "8", Label: "8"}}))
	in := w.with(t, sum, w.sum())

	w.listIn(t, "5", "a 1", "b 2")
	_, err := w.prepare(in)
	wantKind(t, fault.Invalid, err)
	require.ErrorContains(t, err, "test/catalog[8] was never published: materialize it first")

	last := w.listIn(t, "8", "c 3")
	synced, err := w.prepare(in)
	require.NoError(t, err)
	require.Equal(t, 3, synced.Discovered)
	require.Equal(t, map[string]int64{string(catalog): last.Version}, synced.Upstream, "the newest of what was read")
	_, err = w.publish(in, synced)
	require.NoError(t, err)

	stands := func() asset.PartitionStatus {
		facts, err := planning.LoadState(t.Context(), w.acts.Engine.Graph, w.ledger)
		require.NoError(t, err)
		a, err := w.acts.Engine.Graph.Get(sum)
		require.NoError(t, err)
		return w.acts.Engine.Graph.View(facts).Status(a, "all")
	}
	require.Equal(t, asset.Fresh, stands().State)
	w.listIn(t, "5", "a 1", "b 3")
	require.Equal(t, asset.Stale, stands().State)
	require.Equal(t, asset.SourceAxis, stands().Axis)
	w.sound()
}

// inputsNameUpstreamItems keeps the upstream item's id with an item that has another.
func inputsNameUpstreamItems(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	in := w.with(t, sum, asset.New(asset.Spec[row]{
		Key: sum, Partitions: asset.Single(), Location: "sum", CodeVersion: "1", Queue: asset.QueueExtract, Make: w.makes(sum),
		Items: func(_ context.Context, _ asset.Run, emit func(asset.Item) error) error {
			return emit(asset.Item{ID: "a/patient", From: "a", Fingerprint: "1", Input: []byte(`"1"`)})
		},
	}))
	w.must(in)
	items, err := w.ledger.Items(t.Context(), ledger.Filter{Asset: string(sum)})
	require.NoError(t, err)
	require.Equal(t, []string{"a/patient", "a"}, []string{items[0].ID, items[0].Origin})
}

func inputsCountObservationsAsVersions(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	seen := asset.Observation{DataVersion: "etag-1", Metadata: []byte(`{"active":10}`)}
	in := w.with(t, office, asset.External(asset.ExternalSpec{
		Key: office, Partitions: asset.Single(), Queue: asset.QueueBrowser,
		Observe: func(context.Context, asset.Run) (asset.Observation, error) { return seen, nil },
	}))
	look := func() materialize.Result {
		made, err := call(w, w.acts.Observe, in)
		require.NoError(t, err)
		return made
	}
	first := look()
	require.True(t, first.Changed)
	require.EqualValues(t, 0, first.Version)
	again := look()
	require.False(t, again.Changed)
	require.EqualValues(t, 0, again.Version)

	seen = asset.Observation{DataVersion: "etag-2", Metadata: []byte(`{"active":11}`)}
	newer := look()
	require.True(t, newer.Changed)
	require.EqualValues(t, 1, newer.Version)
	kept, err := w.ledger.Observation(t.Context(), string(office), "all")
	require.NoError(t, err)
	require.JSONEq(t, `{"active":11}`, string(kept))
	w.sound()

	facts, err := planning.LoadState(t.Context(), w.acts.Engine.Graph, w.ledger)
	require.NoError(t, err)
	fact := facts.Records[office]["all"]
	require.EqualValues(t, 1, fact.Version)
	require.WithinDuration(t, time.Now(), fact.Verified, time.Minute)
}

// inputsNumberObservationsOverAllPartitions lets what is made from several of them see that one is newer.
func inputsNumberObservationsOverAllPartitions(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	data := map[string]string{"a": "1", "b": "1"}
	in := w.with(t, office, asset.External(asset.ExternalSpec{
		Key: office, Partitions: asset.Static("desk", "a", "b"), Queue: asset.QueueBrowser,
		Observe: func(_ context.Context, run asset.Run) (asset.Observation, error) {
			return asset.Observation{DataVersion: data[run.Partition.Key]}, nil
		},
	}))
	look := func(desk string) int64 {
		in.Step.Partition.Key = desk
		made, err := call(w, w.acts.Observe, in)
		require.NoError(t, err)
		return made.Version
	}
	require.EqualValues(t, 0, look("a"))
	require.EqualValues(t, 1, look("b"))
	require.EqualValues(t, 0, look("a"), "nothing is new")
	data["a"] = "2"
	require.EqualValues(t, 2, look("a"))
}

func inputsRefuseObservationThatCannotBeKept(t *testing.T) {
	t.Parallel()
	for want, seen := range map[string]asset.Observation{
		"it says no data version": {},
		"its metadata is no JSON": {DataVersion: "1", Metadata: []byte("{")},
		"at most 65536 are kept":  {DataVersion: "1", Metadata: slices.Concat([]byte(`"`), make([]byte, asset.MaxMetadata), []byte(`"`))},
	} {
		w := newFixture(t)
		in := w.with(t, office, asset.External(asset.ExternalSpec{
			Key: office, Partitions: asset.Single(), Queue: asset.QueueBrowser,
			Observe: func(context.Context, asset.Run) (asset.Observation, error) { return seen, nil },
		}))
		_, err := call(w, w.acts.Observe, in)
		require.True(t, wantKind(t, fault.Invalid, err).NonRetryable())
		require.ErrorContains(t, err, want)
		held, err := w.ledger.Claims(t.Context())
		require.NoError(t, err)
		require.Empty(t, held, "others may look at once")
	}
}

func inputsHaveNoRowsOfExternalAssets(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	in := w.with(t, sum, asset.External(asset.ExternalSpec{
		Key: office, Partitions: asset.Single(), Queue: asset.QueueBrowser,
		Observe: func(context.Context, asset.Run) (asset.Observation, error) { return asset.Observation{}, nil },
	}), asset.New(asset.Spec[row]{
		Key: sum, Deps: asset.On(office), Partitions: asset.Single(), Location: "sum", CodeVersion: "1", Queue: asset.QueueExtract,
		Items: w.items(office), Make: w.makes(sum),
	}))
	_, err := w.prepare(in)
	wantKind(t, fault.Invalid, err)
	require.ErrorContains(t, err, "test/office is an external asset: it has no rows here")
}
