//go:build linux

package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/corpus"
	"drugslm/internal/host"
)

// Tables are the rows of every table, by table, partition and item.
type Tables map[string]map[string]map[string]Row

// Row is a row by column, without what may differ between two runs.
type Row map[string]any

// aside are the fields that say when, by whom and under which address a row was made. DataAtualizacao is the portal's day in
// which the row was new, and of the index the day it was last another. The fingerprint of the corpus is a digest of the
// whole row, of these fields as well; in every other table it is of the source's data alone, and is compared.
func aside(table asset.Key) []string {
	fields := []string{"RunID", "TraceID", "FetchedAt", "SourceURL", "DataAtualizacao"}
	if table == corpus.LeafletsKey {
		fields = append(fields, "Fingerprint")
	}
	return fields
}

// readTables reads all tables of a data folder as they are now.
func readTables(ctx context.Context, data string) (Tables, error) {
	c := config.Default()
	c.Data = data
	d, err := host.OpenData(ctx, c)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	found := Tables{}
	for _, made := range d.Graph.All() {
		if made.External() {
			continue
		}
		if found[string(made.Key)], err = readTable(ctx, d, made); err != nil {
			return nil, fmt.Errorf("read %s: %w", made.Key, err)
		}
	}
	return found, nil
}

func readTable(ctx context.Context, d *host.Data, made *asset.Asset) (map[string]map[string]Row, error) {
	table := d.Table(made)
	snapshot, err := table.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]map[string]Row{}
	for _, file := range snapshot.Files("") {
		if found[file.Partition] == nil {
			found[file.Partition] = map[string]Row{}
		}
		for row, err := range table.Rows(ctx, file) {
			if err != nil {
				return nil, err
			}
			id := row.(asset.Row).ItemID()
			if _, twice := found[file.Partition][id]; twice {
				return nil, fmt.Errorf("partition %s has two rows of item %s", file.Partition, id)
			}
			if found[file.Partition][id], err = plain(made.Key, row); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// plain is a row of a table without what may differ.
func plain(table asset.Key, row any) (Row, error) {
	text, err := json.Marshal(row)
	if err != nil {
		return nil, err
	}
	var found Row
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, err
	}
	for _, name := range aside(table) {
		delete(found, name)
	}
	return found, nil
}

// firstDifference says where two sets of tables differ, in order of table, partition and item; "": nowhere.
func firstDifference(disturbed, undisturbed Tables) string {
	for _, table := range both(disturbed, undisturbed) {
		a, b := disturbed[table], undisturbed[table]
		for _, partition := range both(a, b) {
			x, y := a[partition], b[partition]
			for _, item := range both(x, y) {
				if text := differs(x, y, item); text != "" {
					return fmt.Sprintf("%s[%s] item %s: %s (%d rows, undisturbed %d)", table, partition, item, text, len(x), len(y))
				}
			}
		}
	}
	return ""
}

func differs(disturbed, undisturbed map[string]Row, item string) string {
	a, here := disturbed[item]
	b, there := undisturbed[item]
	switch {
	case !here:
		return "its row is missing"
	case !there:
		return "it has a row, and none undisturbed"
	}
	for _, column := range both(a, b) {
		if x, y := text(a[column]), text(b[column]); x != y {
			return fmt.Sprintf("%s is %.200s, undisturbed %.200s", column, x, y)
		}
	}
	return ""
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // it came from JSON
		return err.Error()
	}
	return string(b)
}

// both are the keys of two maps, sorted.
func both[V any](a, b map[string]V) []string {
	keys := maps.Clone(a)
	if keys == nil {
		keys = map[string]V{}
	}
	maps.Copy(keys, b)
	return slices.Sorted(maps.Keys(keys))
}

// rows counts the rows of all tables.
func (t Tables) rows() (n int) {
	for _, partitions := range t {
		for _, items := range partitions {
			n += len(items)
		}
	}
	return n
}
