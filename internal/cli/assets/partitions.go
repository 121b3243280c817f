package assets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
)

// NewPartitions is the verb `partitions`.
func NewPartitions(a *command.App) *cobra.Command {
	cmd := &cobra.Command{Use: "partitions", Short: "List partitions, and add or remove the keys of a dynamic set", Args: command.Verb,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list [ASSET]", Short: "List the partitions of an asset, or of all, with how they stand", Args: cobra.MaximumNArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
					return listPartitions(ctx, a, d, args)
				})
			},
		},
		&cobra.Command{
			Use: "add SET KEY...", Short: "Add keys to a dynamic set of partitions", Args: cobra.MinimumNArgs(2),
			Example: "  starter partitions add maker ems medley",
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.ToBegin(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
					return addPartitions(ctx, a, d, args[0], args[1:])
				})
			},
		},
		&cobra.Command{
			Use: "remove SET KEY...", Short: "Remove keys from a dynamic set; their tables and items stay", Args: cobra.MinimumNArgs(2),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.ToChange(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
					return removePartitions(ctx, a, d, args[0], args[1:])
				})
			},
		},
	)
	return cmd
}

func listPartitions(ctx context.Context, a *command.App, d *host.Data, args []string) error {
	assets := d.Graph.All()
	if len(args) == 1 {
		one, err := d.Graph.Get(asset.Key(args[0]))
		if err != nil {
			return err
		}
		assets = []*asset.Asset{one}
	}
	attempts, err := d.Ledger.Attempts(ctx)
	if err != nil {
		return err
	}
	state, err := planning.StateWith(ctx, d.Graph, d.Ledger, attempts)
	if err != nil {
		return err
	}
	view := d.Graph.View(state)
	v := api.Partitions{Sets: []api.PartitionSet{}}
	of := make(map[string]*asset.Partitions)
	for _, made := range assets {
		i := slices.IndexFunc(v.Sets, func(s api.PartitionSet) bool { return s.Set == made.Partitions.Name })
		if i < 0 {
			set, err := viewSet(ctx, d, view, made)
			if err != nil {
				return err
			}
			i, v.Sets, of[set.Set] = len(v.Sets), append(v.Sets, set), made.Partitions
		}
		v.Sets[i].Assets = append(v.Sets[i].Assets, made.Key)
		for j := range v.Sets[i].Partitions {
			if p := &v.Sets[i].Partitions[j]; !p.Gone {
				p.States[view.Status(made, p.Partition).State]++
				if last, tried := attempts[ledger.PartitionRef{Asset: string(made.Key), Partition: p.Partition}]; tried {
					p.Attempts[last.State]++
				}
			}
		}
	}
	return a.Show(v, func(w io.Writer) error { return printPartitionSets(w, v, of) })
}

// viewSet gives the partitions of an asset's set, those that are gone last.
func viewSet(ctx context.Context, d *host.Data, view *asset.View, made *asset.Asset) (api.PartitionSet, error) {
	s := api.PartitionSet{Set: made.Partitions.Name, Kind: made.Partitions.Kind(), Discovered: made.Partitions.Discover != nil, Partitions: []api.Partition{}}
	kept := make(map[string]ledger.Partition)
	var gone []api.Partition
	if s.Kind == "dynamic" {
		stored, err := d.Ledger.Partitions(ctx, s.Set)
		if err != nil {
			return s, err
		}
		for _, p := range stored {
			kept[p.Key] = p
			if p.Gone {
				gone = append(gone, viewPartition(asset.Partition{Key: p.Key, Label: p.Label}, kept))
			}
		}
	}
	for _, p := range view.Keys(made).All() {
		s.Partitions = append(s.Partitions, viewPartition(p, kept))
	}
	s.Partitions = append(s.Partitions, gone...)
	return s, nil
}

func viewPartition(p asset.Partition, kept map[string]ledger.Partition) api.Partition {
	v := api.Partition{Partition: p.Key, Label: p.Label, States: make(map[asset.State]int), Attempts: make(map[ledger.AttemptState]int)}
	if k, ok := kept[p.Key]; ok {
		v.Gone, v.FirstSeen, v.LastSeen = k.Gone, &k.FirstSeen, &k.LastSeen
	}
	return v
}

// setPartition is a partition with its set, as a line of text shows it.
type setPartition struct {
	set       api.PartitionSet
	partition api.Partition
}

// printPartitionSets prints a line for each partition, and one for those without names of their own that follow each other and
// stand alike.
func printPartitionSets(w io.Writer, v api.Partitions, of map[string]*asset.Partitions) error {
	var lines []setPartition
	for _, s := range v.Sets {
		for _, span := range asset.Spans(len(s.Partitions), func(i int) bool {
			before, p := setPartition{s, s.Partitions[i-1]}, setPartition{s, s.Partitions[i]}
			return !before.named() && !p.named() && before.states() == p.states() && before.attempts() == p.attempts() &&
				of[s.Set].Follows(before.partition.Partition, p.partition.Partition)
		}) {
			l := setPartition{s, s.Partitions[span.First]}
			if span.Len() > 1 {
				l.partition.Partition = asset.RangeText(l.partition.Partition, s.Partitions[span.Last].Partition)
				l.partition.Label = humanize.Comma(int64(span.Len())) + " partitions"
			}
			lines = append(lines, l)
		}
		if len(s.Partitions) == 0 {
			lines = append(lines, setPartition{set: s})
		}
	}
	return output.List(w, lines, []output.Column[setPartition]{
		{Head: "SET", Cell: func(l setPartition) string { return l.set.Set }},
		{Head: "KIND", Cell: func(l setPartition) string { return l.set.Kind }},
		{Head: "PARTITION", Cell: func(l setPartition) string { return l.partition.Partition }},
		{Head: "NAME", Cell: func(l setPartition) string { return l.partition.Label }},
		{Head: "ASSETS", Cell: setPartition.states},
		{Head: "LAST ATTEMPTS", Cell: setPartition.attempts},
	})
}

// named reports whether the name of a partition says more than its key.
func (l setPartition) named() bool {
	return l.partition.Label != l.partition.Partition && l.partition.Label != ""
}

// states counts the assets in each state, or says why there are none.
func (l setPartition) states() string {
	switch {
	case len(l.set.Partitions) == 0:
		return "none known yet"
	case l.partition.Gone:
		return "gone"
	}
	var states []string
	for _, state := range asset.States() {
		if n := l.partition.States[state]; n > 0 {
			states = append(states, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(states, ", ")
}

// attempts counts the last attempts at the assets, by how they ended or how far they are.
func (l setPartition) attempts() string {
	var counts []string
	for _, state := range ledger.AttemptStates() {
		if n := l.partition.Attempts[state]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(counts, ", ")
}

func addPartitions(ctx context.Context, a *command.App, d *host.Data, name string, keys []string) error {
	if err := editable(d.Graph, name); err != nil {
		return err
	}
	added := make([]ledger.Partition, len(keys))
	var errs []error
	for i, key := range keys {
		errs = append(errs, d.Graph.CheckKey(name, key))
		added[i] = ledger.Partition{Key: key, Label: key}
	}
	if err := errors.Join(errs...); err != nil {
		return fault.Wrap(fault.Invalid, "", err)
	}
	if err := d.Ledger.AddPartitions(ctx, name, added); err != nil {
		return err
	}
	return a.Show(api.PartitionsAdded{Set: name, Added: keys}, func(w io.Writer) error {
		_, err := output.Writef(w, "%s has %s\n", name, strings.Join(keys, ", "))
		return err
	})
}

func removePartitions(ctx context.Context, a *command.App, d *host.Data, name string, keys []string) error {
	if err := editable(d.Graph, name); err != nil {
		return err
	}
	known, err := d.Ledger.KnownPartitions(ctx, name)
	if err != nil {
		return err
	}
	there := make([]string, len(known))
	for i, p := range known {
		there[i] = p.Key
	}
	for _, key := range keys {
		if !slices.Contains(there, key) {
			return nearest.Unknown(name, key, there, "starter partitions list")
		}
	}
	if _, err := d.Ledger.RemovePartitions(ctx, name, keys); err != nil {
		return err
	}
	return a.Show(api.PartitionsRemoved{Set: name, Removed: keys}, func(w io.Writer) error {
		_, err := output.Writef(w, "%s has %s no more; tables and items stay\n", name, strings.Join(keys, ", "))
		return err
	})
}

// editable refuses a set whose keys are not people's to choose.
func editable(g *asset.Graph, name string) error {
	names := make(map[string]bool)
	for _, made := range g.All() {
		for _, set := range append(made.Partitions.Sets(), made.Partitions) {
			names[set.Name] = true
			switch {
			case set.Name != name:
			case set.Kind() != "dynamic":
				return fault.New(fault.Invalid, "", "the partitions %q are a %s set: their keys are in the code", name, set.Kind())
			case set.Discover != nil:
				return fault.New(fault.Invalid, "", "the partitions %q are discovered: the source says which there are, at each run that lists it", name)
			default:
				return nil
			}
		}
	}
	return nearest.Unknown("partition set", name, slices.Sorted(maps.Keys(names)), "starter partitions list")
}
