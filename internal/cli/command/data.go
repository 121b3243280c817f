package command

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/trace/noop"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/lake"
	"drugslm/internal/versions"
)

// Everything is a selection as it was typed, or all where nothing was.
func Everything(selection []string) []string {
	if len(selection) == 0 {
		return []string{"*"}
	}
	return selection
}

// PartitionFlag adds --partition, which ChoosePartitions resolves.
func PartitionFlag(cmd *cobra.Command, words *[]string) {
	cmd.Flags().StringSliceVarP(words, "partition", "p", nil, "only these partitions, by key, name, glob or range; may be given several times")
}

// Choose resolves a selection of assets, and what was typed after --partition.
func Choose(ctx context.Context, d *host.Data, selection, words []string) ([]*asset.Asset, map[asset.Key][]string, error) {
	selected, err := planning.Select(ctx, d.Graph, d.Ledger, selection...)
	if err != nil {
		return nil, nil, err
	}
	chosen, err := ChoosePartitions(ctx, d, selected, words)
	return selected, chosen, err
}

// ChoosePartitions resolves what was typed after --partition; nil when that was nothing.
func ChoosePartitions(ctx context.Context, d *host.Data, selected []*asset.Asset, words []string) (map[asset.Key][]string, error) {
	if len(words) == 0 {
		return nil, nil //nolint:nilnil // none is a choice
	}
	state, err := planning.LoadState(ctx, d.Graph, d.Ledger)
	if err != nil {
		return nil, err
	}
	return d.Graph.View(state).Choose(selected, words)
}

// TableFolder is where an asset's table lies; nowhere, if it is external.
func TableFolder(d *host.Data, a *asset.Asset) string {
	if a.External() {
		return ""
	}
	return filepath.Join(d.Root, filepath.FromSlash(a.Location))
}

// RunLink is where the Web UI shows a run; with an empty execution, where it lists all that had the run's id.
func RunLink(c config.Config, workflow, execution string) string {
	if c.Temporal.UI == "" {
		return ""
	}
	link := fmt.Sprintf("%s/namespaces/%s/workflows/%s", c.Temporal.UI, c.Temporal.Namespace, url.PathEscape(workflow))
	if execution != "" {
		link += "/" + execution + "/history"
	}
	return link
}

// Reading is what runs the assets' code over a data folder without a worker.
func Reading(d *host.Data) *materialize.Engine {
	return &materialize.Engine{Graph: d.Graph, Ledger: d.Ledger, Lake: d.Lake, Tracer: noop.NewTracerProvider().Tracer(""), Now: d.Now}
}

// Rows reads the rows of a partition, as a snapshot has them.
func Rows[T any](ctx context.Context, table *lake.Table, s *lake.Snapshot, partition string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, file := range s.Files(partition) {
			for row, err := range RowsOfFile[T](ctx, table, file) {
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

// RowsOfFile reads the rows of a file.
func RowsOfFile[T any](ctx context.Context, table *lake.Table, file lake.File) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range table.Rows(ctx, file) {
			typed, ok := row.(T)
			if err == nil && !ok {
				err = fmt.Errorf("read %s: a row of type %T", file.Path, row)
			}
			if !yield(typed, err) || err != nil {
				return
			}
		}
	}
}

// Maintainer keeps the versions of a data folder's tables.
func Maintainer(d *host.Data) versions.Maintainer {
	return versions.Maintainer{Graph: d.Graph, Ledger: d.Ledger, Table: d.Table, Now: d.Now}
}

// TraceLink is where a trace is shown.
func TraceLink(c config.Config, id string) string {
	if c.Telemetry.TraceURL == "" || id == "" {
		return ""
	}
	return strings.ReplaceAll(string(c.Telemetry.TraceURL), "{trace_id}", id)
}

// OnePartition gives the key of the one partition that a word means, in an asset or, with no key, in any.
func OnePartition(ctx context.Context, d *host.Data, key asset.Key, word string) (string, error) {
	if word == "" {
		return "", nil
	}
	selected := d.Graph.All()
	if key != "" {
		made, err := d.Graph.Get(key)
		if err != nil {
			return "", err
		}
		selected = []*asset.Asset{made}
	}
	chosen, err := ChoosePartitions(ctx, d, selected, []string{word})
	if err != nil {
		return "", err
	}
	var keys []string
	for _, found := range chosen {
		keys = append(keys, found...)
	}
	slices.Sort(keys)
	switch keys = slices.Compact(keys); len(keys) {
	case 0:
		return word, nil // the source was not asked for partitions yet: the item will not be there either
	case 1:
		return keys[0], nil
	default:
		return "", fault.New(fault.Invalid, "", "--partition %q means %d partitions, from %s to %s: name one", word, len(keys), keys[0], keys[len(keys)-1])
	}
}
