package anvisa_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa"
	"drugslm/internal/sources/anvisa/client"
)

// shelf keeps files in memory.
type shelf map[string][]byte

func (s shelf) Put(_ context.Context, content []byte) (string, bool, error) {
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	_, known := s[name]
	s[name] = content
	return name, !known, nil
}

func (s shelf) Get(_ context.Context, sha string) ([]byte, error) {
	if content, ok := s[sha]; ok {
		return content, nil
	}
	return nil, fs.ErrNotExist
}

func (s shelf) Path(sha string) string { return "leaflets/" + sha }

// workshop is the assets on a portal without faults.
type workshop struct {
	bundle
	assets map[asset.Key]*asset.Asset
	rows   assettest.Inputs
	files  shelf
}

func newWorkshop(t *testing.T, listing string, products int) *workshop {
	t.Helper()
	b := open(t, client.Options{Listing: listing}, "", products)
	w := &workshop{bundle: b, assets: map[asset.Key]*asset.Asset{}, rows: assettest.Inputs{}, files: shelf{}}
	for _, a := range anvisa.Assets(anvisa.Deps{
		Site: b.site, Leaflets: w.files, Quarantine: shelf{}, Tracer: noop.NewTracerProvider().Tracer(""), Listing: listing,
	}) {
		w.assets[a.Key] = a
	}
	return w
}

func (w *workshop) run(key asset.Key) asset.Run {
	run := assettest.Run(w.assets[key], "5", w.rows)
	run.Partition.Label = "Genérico"
	return run
}

// list lists an asset, publishes what it shows, and gives how many turns that took.
func (w *workshop) list(t *testing.T, key asset.Key) int64 {
	t.Helper()
	before := w.pace.Turns()
	w.rows[key] = map[string][]any{"5": {}}
	_, err := w.assets[key].List(t.Context(), w.run(key), func(_ asset.Item, row asset.Row) error {
		w.rows[key]["5"] = append(w.rows[key]["5"], row)
		return nil
	})
	require.NoError(t, err)
	return int64(w.pace.Turns() - before)
}

func (w *workshop) cost(t *testing.T, key asset.Key, work asset.Work) asset.Cost {
	t.Helper()
	cost, err := w.assets[key].Cost(t.Context(), w.run(key), work)
	require.NoError(t, err)
	return cost
}

func TestCost(t *testing.T) {
	t.Parallel()
	t.Run("of a listing is as predicted", costOfListingIsAsPredicted)
	t.Run("of downloads is as predicted", costOfDownloadsIsAsPredicted)
	t.Run("counts a leaflet published during a run once", costCountsLeafletPublishedDuringRunOnce)
	t.Run("of a recompute is nothing", costOfRecomputeIsNothing)
}

// costOfListingIsAsPredicted holds the predicted requests against the turns that a listing takes.
func costOfListingIsAsPredicted(t *testing.T) {
	t.Parallel()
	for _, products := range []int{20, 150, 400, 3000} {
		for _, listing := range []string{client.ListByAPI, client.ListByWalk} {
			t.Run(fmt.Sprint(listing, " ", products), func(t *testing.T) {
				t.Parallel()
				w := newWorkshop(t, listing, products)
				first := w.cost(t, anvisa.CatalogKey, asset.Work{})
				require.True(t, first.AtLeast, "nobody knows how many there are")
				require.EqualValues(t, w.cost(t, anvisa.IndexKey, asset.Work{}).Requests, w.list(t, anvisa.IndexKey))
				predicted := w.cost(t, anvisa.CatalogKey, asset.Work{})
				require.False(t, predicted.AtLeast, "the index says it")
				require.Equal(t, predicted.Requests, w.list(t, anvisa.CatalogKey))
				require.EqualValues(t, len(w.rows[anvisa.CatalogKey]["5"])<<10, predicted.Bytes)
			})
		}
	}
}

// costOfDownloadsIsAsPredicted holds the predicted requests against the turns that batches of any size and mixture
// take.
func costOfDownloadsIsAsPredicted(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, client.ListByAPI, 300)
	download, items := w.downloads(t)
	odd := slices.Clone(items)
	odd = slices.DeleteFunc(odd, func(i asset.Item) bool { return len(i.ID)%2 == 0 })
	for name, batches := range map[string][][]asset.Item{
		"none":                       nil,
		"whole batches":              slices.Collect(slices.Chunk(items, 50)),
		"products cut in two":        slices.Collect(slices.Chunk(items, 7)),
		"one by one":                 slices.Collect(slices.Chunk(items[:20], 1)),
		"some of them, out of order": slices.Collect(slices.Chunk(append(odd, items[3], items[0]), 9)),
	} {
		predicted := w.cost(t, anvisa.DownloadKey, asset.Work{Batches: batches})
		before := w.pace.Turns()
		for _, batch := range batches {
			left := batch
			for range 2 { // that there is none is asked for twice
				if len(left) == 0 {
					break
				}
				var none []string
				require.NoError(t, download.Make(t.Context(), w.run(anvisa.DownloadKey), left, func(id string, row asset.Row, err error) error {
					if err != nil {
						require.Equal(t, fault.NotFound, fault.KindOf(err), id)
						none = append(none, id)
					}
					return nil
				}))
				left = slices.DeleteFunc(slices.Clone(left), func(i asset.Item) bool { return !slices.Contains(none, i.ID) })
			}
		}
		require.EqualValues(t, predicted.Requests, w.pace.Turns()-before, name)
	}
}

// downloads lists the catalog, and gives the asset of leaflets with its items.
func (w *workshop) downloads(t *testing.T) (download *asset.Asset, items []asset.Item) {
	t.Helper()
	w.list(t, anvisa.CatalogKey)
	download = w.assets[anvisa.DownloadKey]
	require.NoError(t, download.Items(t.Context(), w.run(anvisa.DownloadKey), func(i asset.Item) error {
		items = append(items, i)
		return nil
	}))
	return download, items
}

// costCountsLeafletPublishedDuringRunOnce fetches leaflets of which the catalog lists an older version, then lists the catalog and fetches
// again: what the portal names is stored.
func costCountsLeafletPublishedDuringRunOnce(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, client.ListByAPI, 60)
	download, items := w.downloads(t)
	fetch := func(batch []asset.Item) map[string]anvisa.DownloadRow {
		rows := map[string]anvisa.DownloadRow{}
		require.NoError(t, download.Make(t.Context(), w.run(anvisa.DownloadKey), batch, func(id string, row asset.Row, err error) error {
			if err == nil {
				rows[id] = row.(anvisa.DownloadRow)
			}
			return nil
		}))
		return rows
	}
	first := fetch(items[:8])
	require.NotEmpty(t, first)
	batch := slices.Clone(items[:8])
	remember := func() {
		for i := range batch {
			batch[i].Fingerprint = "the catalog lists it now"
			if row, made := first[batch[i].ID]; made {
				batch[i].Previous = row
			}
		}
	}
	remember()
	taken := w.pace.Turns()
	again := fetch(batch)
	require.Len(t, again, len(first))
	for id, row := range again {
		require.Equal(t, first[id].SHA256, row.SHA256)
		require.Equal(t, first[id].FetchedAt, row.FetchedAt, "when it was fetched")
		require.Equal(t, "the catalog lists it now", row.Fingerprint)
	}
	asked := w.pace.Turns() - taken
	taken = w.pace.Turns()
	fetch(items[:8])
	require.EqualValues(t, len(first), w.pace.Turns()-taken-asked, "each PDF is a request, and none was made")

	for id, row := range first { // what is named is another version, or is not stored any more
		row.IDDocumento += "0"
		first[id] = row
	}
	remember()
	taken = w.pace.Turns()
	fetch(batch)
	require.EqualValues(t, len(first), w.pace.Turns()-taken-asked)
}

func costOfRecomputeIsNothing(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, client.ListByAPI, 60)
	download, items := w.downloads(t)
	var made []asset.Row
	require.NoError(t, download.Make(t.Context(), w.run(anvisa.DownloadKey), items[:8], func(_ string, row asset.Row, err error) error {
		if err == nil {
			made = append(made, row)
		}
		return nil
	}))
	require.NotEmpty(t, made)
	mean := int64(0)
	for _, row := range made {
		mean += row.(anvisa.DownloadRow).Bytes
	}
	cost := w.cost(t, anvisa.DownloadKey, asset.Work{Batches: [][]asset.Item{items[:8]}, Published: func(yield func(asset.Row, error) bool) {
		for _, row := range made {
			if !yield(row, nil) {
				return
			}
		}
	}})
	require.Equal(t, mean/int64(len(made))*int64(len(made)), cost.Bytes, "about as large as those that are there")

	taken := w.pace.Turns()
	require.True(t, download.Recomputes())
	old := made[0].(anvisa.DownloadRow)
	wrong := old
	wrong.Bytes, wrong.Path = 1, "elsewhere"
	again, err := download.Recompute(t.Context(), w.run(anvisa.DownloadKey), wrong)
	require.NoError(t, err)
	require.Equal(t, old, again)
	require.Equal(t, taken, w.pace.Turns(), "the portal is asked nothing")

	w.files[old.SHA256] = []byte("%PDF- other")
	_, err = download.Recompute(t.Context(), w.run(anvisa.DownloadKey), old)
	require.Equal(t, fault.NotFound, fault.KindOf(err), "damaged: it is fetched again")
	delete(w.files, old.SHA256)
	_, err = download.Recompute(t.Context(), w.run(anvisa.DownloadKey), old)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	require.ErrorContains(t, err, "leaflets/"+old.SHA256)
}
