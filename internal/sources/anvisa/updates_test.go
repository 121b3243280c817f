package anvisa_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
	"drugslm/internal/fault"
	"drugslm/internal/sources"
	"drugslm/internal/sources/anvisa"
	"drugslm/internal/sources/anvisa/client"
	"drugslm/internal/sources/anvisa/client/clienttest"
	"drugslm/internal/sources/anvisa/simulator"
)

// graph declares the assets over a portal's bundle.
func (b bundle) graph(t *testing.T, seen sources.Observations) *asset.Graph {
	t.Helper()
	g, err := asset.NewGraph(anvisa.Assets(anvisa.Deps{
		Site: b.site, OpenData: client.OpenData{Source: b.server.URL + simulator.OpenDataPath, Pace: b.pace}, Seen: seen,
	})...)
	require.NoError(t, err)
	return g
}

func runOf(a *asset.Asset, partition, label string) asset.Run {
	run := assettest.Run(a, partition, nil)
	run.Partition.Label = label
	return run
}

// someDays are the first and the last day with a leaflet, a day of the old summer time, and one without any.
func someDays(inventory simulator.Inventory) []string {
	var days []string
	summer := ""
	for _, p := range inventory.Products {
		days = append(days, p.Published.Format(time.DateOnly))
		if p.Published.Format("-0700") == "-0200" {
			summer = p.Published.Format(time.DateOnly)
		}
	}
	slices.Sort(days)
	return []string{days[0], days[len(days)-1], summer, "2013-01-01"}
}

func TestUpdatesOfADay(t *testing.T) {
	t.Parallel()
	b := open(t, client.Options{PageSize: 20}, "", 150)
	updates, err := b.graph(t, nil).Get(anvisa.UpdatesKey)
	require.NoError(t, err)
	inventory := b.portal.Inventory()
	for _, day := range someDays(inventory) {
		want := map[string]simulator.Product{}
		for _, p := range inventory.Products {
			if p.Published.Format(time.DateOnly) == day {
				want[fmt.Sprintf("%d/%s", p.ID, p.Expediente)] = p
			}
		}
		declared, err := updates.List(t.Context(), runOf(updates, day, day), func(i asset.Item, r asset.Row) error {
			p, ok := want[i.ID]
			require.True(t, ok, i.ID)
			row := r.(anvisa.UpdateRow)
			require.Equal(t, []any{int64(p.ID), p.Name, p.Registration, p.Published.UTC(), p.Patient},
				[]any{row.IDProduto, row.NomeProduto, row.NumeroRegistro, row.Data, row.BulaPaciente})
			require.Contains(t, row.SourceURL, "="+day)
			delete(want, i.ID)
			return nil
		})
		require.NoError(t, err)
		require.Empty(t, want)
		require.Equal(t, inventory.Day.Format(time.RFC3339), declared.Snapshot, "of empty days, too")
	}
}

func TestUpdatesOfADayThatIsNotOver(t *testing.T) {
	t.Parallel()
	b := open(t, client.Options{PageSize: 20}, "", 150)
	updates, err := b.graph(t, nil).Get(anvisa.UpdatesKey)
	require.NoError(t, err)
	today := b.portal.Inventory().Day.Format(time.DateOnly)
	none := func(asset.Item, asset.Row) error { panic("not reached") }
	claim, err := updates.List(t.Context(), runOf(updates, today, today), none)
	require.ErrorContains(t, err, "does not hold that day whole yet")
	require.NotEmpty(t, claim.Snapshot, "what was seen of it is told with the error")
	require.Equal(t, fault.Incomplete, fault.KindOf(err))
	b.portal.NextDay()
	_, err = updates.List(t.Context(), runOf(updates, today, today), none)
	require.NoError(t, err, "nothing was published on it, and the data is of the day after")
}

// memory is the ledger's part in looks.
type memory struct{ last []byte }

func (m *memory) Observation(context.Context, string, string) ([]byte, error) { return m.last, nil }

func TestObserveOpenData(t *testing.T) {
	t.Parallel()
	b := open(t, client.Options{PageSize: 20}, "odd-open-data=0.01", 300)
	seen := &memory{}
	observed, err := b.graph(t, seen).Get(anvisa.OpenDataKey)
	require.NoError(t, err)
	look := func() (asset.Observation, anvisa.Table) {
		found, err := observed.Observe(t.Context(), runOf(observed, asset.SinglePartition, asset.SinglePartition))
		require.NoError(t, err)
		require.Less(t, len(found.Metadata), asset.MaxMetadata)
		var table anvisa.Table
		require.NoError(t, json.Unmarshal(found.Metadata, &table))
		seen.last = found.Metadata
		return found, table
	}
	first, table := look()
	require.True(t, table.Observed)
	require.Equal(t, first.DataVersion, table.SHA256)
	require.Positive(t, table.Bad)
	for _, c := range b.portal.Inventory().Categories {
		require.InDelta(t, c.Registered, table.In(c.Name), float64(c.Registered)/50+1, c.Name)
	}
	second, _ := look()
	require.Equal(t, first, second)
	requests := b.portal.Requests()
	require.Equal(t, 304, requests[len(requests)-1].Status, "what did not change is not sent again")
	b.portal.NextDay()
	third, _ := look()
	require.NotEqual(t, first.DataVersion, third.DataVersion)

	faults, err := simulator.ParseFaults("odd-open-data=0.2")
	require.NoError(t, err)
	b.portal.SetFaults(faults)
	_, err = observed.Observe(t.Context(), runOf(observed, asset.SinglePartition, asset.SinglePartition))
	require.ErrorContains(t, err, "lines cannot be read, the first is line")
	require.Equal(t, fault.Layout, fault.KindOf(err))
}

func TestNothingToObserve(t *testing.T) {
	t.Parallel()
	observed := anvisa.Observe(anvisa.Deps{})
	found, err := observed.Observe(t.Context(), runOf(observed, asset.SinglePartition, asset.SinglePartition))
	require.NoError(t, err)
	require.Equal(t, "none", found.DataVersion)
	require.Contains(t, string(found.Metadata), `"observed":false`)
}

func TestRegisteredIsABand(t *testing.T) {
	t.Parallel()
	p, err := simulator.New(simulator.Options{Products: 2000})
	require.NoError(t, err)
	server := httptest.NewServer(p.Handler())
	t.Cleanup(server.Close)
	deps := anvisa.Deps{OpenData: client.OpenData{Source: server.URL + simulator.OpenDataPath, Pace: &clienttest.Pace{}}, Seen: &memory{}}
	observed := anvisa.Observe(deps)
	found, err := observed.Observe(t.Context(), runOf(observed, asset.SinglePartition, asset.SinglePartition))
	require.NoError(t, err)

	catalog := anvisa.Catalog(anvisa.Deps{}, &asset.Partitions{Name: "category"})
	verdict := func(category string, rows int, metadata []byte) asset.CheckResult {
		seen := assettest.Observations{anvisa.OpenDataKey: {Metadata: metadata}}
		found := assettest.CheckResults[anvisa.CatalogRow](t.Context(), catalog, runOf(catalog, "5", category), seen, asset.Staged{Rows: rows, Before: -1})
		require.Contains(t, found, "registered")
		return found["registered"]
	}
	for _, c := range p.Inventory().Categories {
		require.True(t, verdict(c.Name, c.Total, found.Metadata).Passed, c.Name)
		lost := verdict(c.Name, c.Total*2/3, found.Metadata)
		require.Equal(t, c.Registered < 50, lost.Passed, "%s: a third of it was lost", c.Name)
		require.False(t, lost.Blocking)
		if !lost.Passed {
			require.Contains(t, lost.Detail, "where 71 to 101 % are expected")
		}
	}
	require.False(t, verdict("GENERICO", 10_000, found.Metadata).Passed, "too many, by another spelling")
	require.True(t, verdict("Genérico", 1, nil).Passed, "nobody has looked")
	require.True(t, verdict("Genérico", 1, []byte(`{"observed":false}`)).Passed)
	require.True(t, verdict("Nova", 1, found.Metadata).Passed, "the open data does not know the category")
}

// TestUpdatesBeginEarlyEnough holds the first day against real listings, where there are any.
func TestUpdatesBeginEarlyEnough(t *testing.T) {
	t.Parallel()
	root := os.Getenv("DRUGSLM_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	listing := filepath.Join(root, "data", "index", "2026-07-03.csv.gz")
	if _, err := os.Stat(listing); err != nil {
		t.Skipf("no real listing at %s (set DRUGSLM_SHARED)", listing)
	}
	p, err := simulator.New(simulator.Options{Listing: listing})
	require.NoError(t, err)
	earliest := "9"
	for _, product := range p.Inventory().Products {
		earliest = min(earliest, product.Published.Format(time.DateOnly))
	}
	updates := anvisa.Updates(anvisa.Deps{})
	require.Equal(t, updates.Partitions.Keys(nil, time.Now()).All()[0].Key, earliest)
}
