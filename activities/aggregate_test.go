package activities_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/lineage"
)

// totals is an asset with one row for each letter that the rows of the catalog begin with.
const totals asset.Key = "test/totals"

func (w *fixture) aggregation() *asset.Asset {
	spec := asset.Spec[row]{
		Key: totals, Deps: asset.On(catalog), Location: "totals", CodeVersion: "1", Queue: asset.QueueExtract,
		Derive: func(ctx context.Context, run asset.Run, emit func(asset.Item, row) error) error {
			counts := map[string]int{}
			for from, err := range asset.Input[row](ctx, run, catalog) {
				if err != nil {
					return err
				}
				counts[strings.ToUpper(from.Content[:1])]++
			}
			for letter, n := range counts {
				r := row{ID: "letter/" + letter, Content: fmt.Sprint(n), Provenance: run.Provenance(w.acts.Engine.Now(), "")}
				if err := emit(asset.Item{ID: r.ID, Fingerprint: r.Content}, r); err != nil {
					return err
				}
			}
			return nil
		},
	}
	spec.Partitions = w.asset(catalog).Partitions
	return asset.New(spec)
}

func TestWhy(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("a one", "b once", "c two")
	w.must(w.step(catalog))
	in := w.with(t, totals, w.aggregation())
	in.Step.Partition, in.Step.Lists = here, true
	w.must(in)
	require.Equal(t, []string{"letter/O 2", "letter/T 1"}, w.rows(totals))

	t.Run("says of how many rows an item is an aggregate", func(t *testing.T) {
		links, err := lineage.Why(t.Context(), w.acts.Engine, "letter/O", "", "")
		require.NoError(t, err)
		require.Len(t, links, 1)
		require.Equal(t, []lineage.Aggregated{{Asset: catalog, Partitions: 1, Rows: 3}}, links[0].Aggregated)
		require.Empty(t, links[0].Missing)
	})
	t.Run("says that an aggregate of a row does not name it", func(t *testing.T) {
		links, err := lineage.Why(t.Context(), w.acts.Engine, "a", catalog, "")
		require.NoError(t, err)
		require.Contains(t, links[0].Missing, "downstream: test/totals aggregates rows, and does not say of which items")
	})
	t.Run("says what an item that vanished is missing", func(t *testing.T) {
		w.show("a one", "b once")
		w.must(w.step(catalog))
		w.must(w.next(in))
		links, err := lineage.Why(t.Context(), w.acts.Engine, "letter/T", "", "")
		require.NoError(t, err)
		require.Empty(t, links[0].Aggregated)
		require.Contains(t, links[0].Missing, `upstream: no item "letter/T" is known of test/catalog`)
	})
}
