package activities_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
)

// BenchmarkNoopItems40k is what 40,000 items that cost nothing cost: all of it is the engine's own. In short mode there are 400.
func BenchmarkNoopItems40k(b *testing.B) {
	items, batch := 40_000, 200
	if testing.Short() {
		items = 400
	}
	for range b.N {
		b.StopTimer()
		w := newFixture(b)
		w.acts.Engine.Graph = costless(b, items, batch)
		in := w.step("test/noop")
		b.StartTimer()
		synced, err := call(w, w.acts.Enrol, in)
		require.NoError(b, err)
		require.Equal(b, items/batch, synced.Batches)
		var slots errgroup.Group
		slots.SetLimit(runtime.NumCPU()) // as a worker has them
		for n := 1; n <= synced.Batches; n++ {
			slots.Go(func() error {
				_, err := call(w, w.acts.Batch, materialize.BatchInput{StepInput: in, Batch: n})
				return err
			})
		}
		require.NoError(b, slots.Wait())
		made, err := w.publish(in, synced)
		require.NoError(b, err)
		require.EqualValues(b, items, made.Rows)
	}
}

func costless(b *testing.B, items, batch int) *asset.Graph {
	graph, err := asset.NewGraph(asset.New(asset.Spec[row]{
		Key: "test/noop", Location: "noop", CodeVersion: "1", Queue: asset.QueueExtract, BatchSize: batch,
		Partitions: &asset.Partitions{Name: "category", Queue: asset.QueueBrowser, Discover: func(context.Context) ([]asset.Partition, error) {
			return nil, nil
		}},
		Items: func(_ context.Context, _ asset.Run, emit func(asset.Item) error) error {
			for i := range items {
				if err := emit(asset.Item{ID: strconv.Itoa(i), Fingerprint: "1"}); err != nil {
					return err
				}
			}
			return nil
		},
		Make: func(_ context.Context, _ asset.Run, batch []asset.Item, report asset.Report[row]) error {
			for _, item := range batch {
				if err := report(item.ID, row{ID: item.ID}, nil); err != nil {
					return err
				}
			}
			return nil
		},
	}))
	require.NoError(b, err)
	return graph
}
