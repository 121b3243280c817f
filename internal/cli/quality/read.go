package quality

import (
	"context"
	"slices"
	"time"

	"drugslm/internal/anvisa"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/quality"
)

// measuring reads what is published, for `quality`.
type measuring struct {
	*command.App
	data       *host.Data
	extract    *asset.Asset
	catalog    *asset.Asset
	partitions []string // empty: all
	worst      int

	documents *lake.Snapshot // of extract: both passes read the same version
	products  *lake.Snapshot // of catalog
	told      time.Time
	done, of  int64
}

// report reads everything twice: what is an unusual length is known only when all sections were seen.
func (m *measuring) report(ctx context.Context) (quality.Report, error) {
	if err := m.open(ctx); err != nil {
		return quality.Report{}, err
	}
	var lengths quality.Lengths
	for _, key := range m.partitions {
		for row, err := range command.Rows[anvisa.ExtractRow](ctx, m.data.Table(m.extract), m.documents, key) {
			if err != nil {
				return quality.Report{}, err
			}
			lengths.Add(row)
			m.tell()
		}
	}
	names, err := m.names(ctx)
	if err != nil {
		return quality.Report{}, err
	}
	all := quality.NewCollector(m.worst, names, &lengths)
	for _, key := range m.partitions {
		all.Partition(key)
		if err := m.measure(ctx, all, key); err != nil {
			return quality.Report{}, err
		}
		for _, a := range m.extract.Deps {
			if err := m.keptBack(ctx, all, string(a.Key), key); err != nil {
				return quality.Report{}, err
			}
		}
		if err := m.keptBack(ctx, all, string(m.extract.Key), key); err != nil {
			return quality.Report{}, err
		}
	}
	return all.Report(), nil
}

// open looks at the tables, and finds the partitions of which something is known.
func (m *measuring) open(ctx context.Context) (err error) {
	if m.documents, err = m.data.Table(m.extract).Snapshot(ctx); err != nil {
		return err
	}
	if m.products, err = m.data.Table(m.catalog).Snapshot(ctx); err != nil {
		return err
	}
	known := m.documents.Partitions()
	for _, key := range []asset.Key{anvisa.DownloadKey, anvisa.ExtractKey} {
		touched, err := m.data.Ledger.Touched(ctx, string(key))
		if err != nil {
			return err
		}
		known = append(known, touched...)
	}
	if len(m.partitions) == 0 {
		m.partitions = known
	}
	slices.Sort(m.partitions)
	m.partitions = slices.Compact(m.partitions)
	for _, key := range m.partitions {
		for _, file := range m.documents.Files(key) {
			m.of += 2 * file.Rows
		}
	}
	m.told = time.Now()
	return nil
}

func (m *measuring) names(ctx context.Context) (map[string]string, error) {
	listed, err := m.data.Ledger.KnownPartitions(ctx, m.extract.Partitions.Name)
	names := make(map[string]string, len(listed))
	for _, p := range listed {
		names[p.Key] = p.Label
	}
	return names, err
}

// measure takes the documents of a partition.
func (m *measuring) measure(ctx context.Context, all *quality.Collector, key string) error {
	products := make(map[int64]anvisa.CatalogRow)
	for row, err := range command.Rows[anvisa.CatalogRow](ctx, m.data.Table(m.catalog), m.products, key) {
		if err != nil {
			return err
		}
		products[row.IDProduto] = row
	}
	for row, err := range command.Rows[anvisa.ExtractRow](ctx, m.data.Table(m.extract), m.documents, key) {
		if err != nil {
			return err
		}
		var product *anvisa.CatalogRow
		if found, ok := products[row.IDProduto]; ok {
			product = &found
		}
		all.Add(key, row, product)
		m.tell()
	}
	return nil
}

// keptBack takes the quarantined items of a partition of an asset.
func (m *measuring) keptBack(ctx context.Context, all *quality.Collector, key, partition string) error {
	filter := ledger.Filter{Asset: key, Partition: partition, State: ledger.Quarantined, Limit: 10_000}
	for {
		entries, err := m.data.Ledger.Items(ctx, filter)
		if err != nil {
			return err
		}
		for _, e := range entries {
			all.Quarantined(partition, quality.Quarantine{Asset: e.Asset, Kind: e.Kind, Reason: e.Reason, Items: 1, Example: e.ID})
			filter.After = e.ID
		}
		if len(entries) < filter.Limit {
			return nil
		}
	}
}

// tell says how far reading is, when it takes long.
func (m *measuring) tell() {
	const every = 5 * time.Second
	if m.done++; m.done%64 == 0 && time.Since(m.told) > every {
		m.told = time.Now()
		m.Note("  read %d %% of the documents", 100*m.done/max(1, m.of))
	}
}
