package quality

import (
	"context"
	"slices"
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/document"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/quality"
)

// measuring reads what is published, for `quality`.
type measuring struct {
	*command.App
	data  *host.Data
	from  []*collected
	worst int

	told     time.Time
	done, of int64
}

// collected is a collection of documents that is read.
type collected struct {
	prefix     string // before its partitions
	extract    *asset.Asset
	catalog    *asset.Asset // nil: it has none
	partitions []string     // empty: all

	documents *lake.Snapshot // of extract: both passes read the same version
	products  *lake.Snapshot // of catalog
}

// choose finds the collections, and in each the partitions that words name.
func (m *measuring) choose(ctx context.Context, words []string) error {
	var extracts []*asset.Asset
	for _, c := range m.data.Documents {
		one := &collected{prefix: c.Prefix}
		var err error
		if one.extract, err = m.data.Graph.Get(c.Documents); err != nil {
			return err
		}
		if c.Products != "" {
			if one.catalog, err = m.data.Graph.Get(c.Products); err != nil {
				return err
			}
		}
		extracts, m.from = append(extracts, one.extract), append(m.from, one)
	}
	chosen, err := command.ChoosePartitions(ctx, m.data, extracts, words)
	if err != nil {
		return err
	}
	for _, one := range m.from {
		one.partitions = chosen[one.extract.Key]
	}
	if len(words) > 0 && len(m.from) > 1 { // of a collection that has none of them nothing is meant, and not all
		m.from = slices.DeleteFunc(m.from, func(one *collected) bool { return len(one.partitions) == 0 })
	}
	return nil
}

// report reads everything twice: what is an unusual length is known only when all sections were seen.
func (m *measuring) report(ctx context.Context) (quality.Report, error) {
	names := make(map[string]string)
	for _, one := range m.from {
		if err := m.open(ctx, one, names); err != nil {
			return quality.Report{}, err
		}
	}
	m.told = time.Now()
	var lengths quality.Lengths
	for _, one := range m.from {
		for _, key := range one.partitions {
			for row, err := range command.Rows[document.HasDocument](ctx, m.data.Table(one.extract), one.documents, key) {
				if err != nil {
					return quality.Report{}, err
				}
				lengths.Add(row.Document())
				m.tell()
			}
		}
	}
	all := quality.NewCollector(m.worst, names, &lengths)
	for _, one := range m.from {
		for _, key := range one.partitions {
			all.Partition(one.prefix + key)
			if err := m.measure(ctx, all, one, key); err != nil {
				return quality.Report{}, err
			}
			for _, a := range one.stages() {
				if err := m.keptBack(ctx, all, a, key, one.prefix); err != nil {
					return quality.Report{}, err
				}
			}
		}
	}
	return all.Report(), nil
}

// stages are the assets on whose way a document may be kept back: those that it is made from, and its own.
func (m *collected) stages() []asset.Key {
	var keys []asset.Key
	for _, dep := range m.extract.Deps {
		keys = append(keys, dep.Key)
	}
	return append(keys, m.extract.Key)
}

// open looks at the tables of a collection, and finds the partitions of which something is known, and their names.
func (m *measuring) open(ctx context.Context, one *collected, names map[string]string) (err error) {
	if one.documents, err = m.data.Table(one.extract).Snapshot(ctx); err != nil {
		return err
	}
	if one.catalog != nil {
		if one.products, err = m.data.Table(one.catalog).Snapshot(ctx); err != nil {
			return err
		}
	}
	known := one.documents.Partitions()
	for _, key := range one.stages() {
		touched, err := m.data.Ledger.EveryPartition(ctx, string(key))
		if err != nil {
			return err
		}
		known = append(known, touched...)
	}
	if len(one.partitions) == 0 {
		one.partitions = known
	}
	slices.Sort(one.partitions)
	one.partitions = slices.Compact(one.partitions)
	for _, key := range one.partitions {
		for _, file := range one.documents.Files(key) {
			m.of += 2 * file.Rows
		}
	}
	listed, err := m.data.Ledger.KnownPartitions(ctx, one.extract.Partitions.Name)
	for _, p := range listed {
		names[one.prefix+p.Key] = p.Label
	}
	return err
}

// measure takes the documents of a partition.
func (m *measuring) measure(ctx context.Context, all *quality.Collector, one *collected, key string) error {
	products := make(map[int64]document.Product)
	if one.catalog != nil {
		for row, err := range command.Rows[document.HasProduct](ctx, m.data.Table(one.catalog), one.products, key) {
			if err != nil {
				return err
			}
			p := row.Product()
			products[p.ID] = p
		}
	}
	for held, err := range command.Rows[document.HasDocument](ctx, m.data.Table(one.extract), one.documents, key) {
		if err != nil {
			return err
		}
		row := held.Document()
		var product *document.Product
		if found, ok := products[row.IDProduto]; ok {
			product = &found
		}
		all.Add(one.prefix+key, row, product)
		m.tell()
	}
	return nil
}

// keptBack takes the quarantined items of a partition of an asset.
func (m *measuring) keptBack(ctx context.Context, all *quality.Collector, key asset.Key, partition, prefix string) error {
	filter := ledger.Filter{Asset: string(key), Partition: partition, State: ledger.Quarantined, Limit: 10_000}
	for {
		entries, err := m.data.Ledger.Items(ctx, filter)
		if err != nil {
			return err
		}
		for _, e := range entries {
			all.Quarantined(prefix+partition, quality.Quarantine{Asset: e.Asset, Kind: e.Kind, Reason: e.Reason, Items: 1, Example: e.ID})
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
