// Package items has the verbs of items, which say what became of each.
package items

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/leaflets"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
)

// NewItems is the verb `items`.
func NewItems(a *command.App) *cobra.Command {
	cmd := itemsCommand(a, "items [SELECT...]")
	cmd.Example = `  starter items --state quarantined
  starter items anvisa/download --partition 5 --state absent -o json
  starter items retry --asset anvisa/download --kind corrupt
  starter items waive 1156882/patient --note "a scan of a fax"`
	cmd.AddCommand(newItemsList(a), newItemsShow(a), newItemsRetry(a), newItemsWaive(a), newItemsUnwaive(a), leaflets.NewItemView(a))
	return cmd
}

// itemsWanted says which items are meant.
type itemsWanted struct {
	filter ledger.Filter
	reason string // a part of the reason, in capitals or not; "": any
}

// itemsCommand lists items.
func itemsCommand(a *command.App, use string) *cobra.Command {
	var wanted itemsWanted
	var partitions []string
	cmd := &cobra.Command{
		Use:   use,
		Short: "List items with their state and its reason: what is quarantined, absent or pending, and why",
		RunE: func(cmd *cobra.Command, selection []string) error {
			selection = command.Everything(selection)
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				found, err := items(ctx, d, selection, partitions, wanted)
				if err != nil {
					return err
				}
				return a.Show(api.ItemList{Items: found}, func(w io.Writer) error { return printItems(w, found) })
			})
		},
	}
	command.PartitionFlag(cmd, &partitions)
	cmd.Flags().StringVar((*string)(&wanted.filter.State), "state", "", "only this state: pending, made, staged, published, absent or quarantined")
	cmd.Flags().StringVar(&wanted.filter.Kind, "kind", "", "only this kind of failure or absence, such as corrupt")
	cmd.Flags().StringVar(&wanted.reason, "reason", "", "only items whose reason holds this text, in capitals or not")
	cmd.Flags().IntVar(&wanted.filter.Limit, "limit", 1000, "how many of an asset at most")
	return cmd
}

func items(ctx context.Context, d *host.Data, selection, partitions []string, wanted itemsWanted) ([]api.Item, error) {
	filter := wanted.filter
	filter.Reason = wanted.reason
	if filter.State != "" && !slices.Contains(ledger.States(), filter.State) {
		return nil, nearest.Value("--state", string(filter.State), command.Texts(ledger.States()))
	}
	selected, chosen, err := command.Choose(ctx, d, selection, partitions)
	if err != nil {
		return nil, err
	}
	found := []api.Item{}
	for _, made := range selected {
		filter.Asset = string(made.Key)
		keys := chosen[made.Key]
		if len(partitions) == 0 {
			keys = []string{""} // all of them
		}
		entries, err := itemsOf(ctx, d, filter, keys)
		if err != nil {
			return nil, err
		}
		views, err := itemViews(ctx, d, string(made.Key), entries)
		if err != nil {
			return nil, err
		}
		found = append(found, views...)
	}
	if len(found) == 0 && filter.Kind != "" {
		return found, checkKind(ctx, d, filter.Kind)
	}
	return found, nil
}

// checkKind refuses a kind that no item has, and that is like one that items can have. An asset may give its items others.
func checkKind(ctx context.Context, d *host.Data, kind string) error {
	known, err := d.Ledger.ItemKinds(ctx)
	if err != nil {
		return err
	}
	for _, failure := range []fault.Kind{fault.Corrupt, fault.Crash, fault.Incomplete, fault.Internal, fault.Invalid, fault.Layout, fault.NotFound, fault.Slow} {
		if !slices.Contains(known, string(failure)) {
			known = append(known, string(failure))
		}
	}
	if !slices.Contains(known, kind) && len(nearest.Names(kind, known)) > 0 {
		return nearest.Value("--kind", kind, known)
	}
	return nil
}

// itemViews shows items of an asset, with what is noted beside them.
func itemViews(ctx context.Context, d *host.Data, key string, entries []ledger.Entry) ([]api.Item, error) {
	missing, err := d.Ledger.Unlisted(ctx, key, "")
	if err != nil {
		return nil, err
	}
	waivers, err := d.Ledger.Waivers(ctx, key)
	if err != nil {
		return nil, err
	}
	views := make([]api.Item, len(entries))
	for i, e := range entries {
		here := ledger.PartitionRef{Asset: e.Asset, Partition: e.Partition}
		views[i] = api.Item{
			Asset: asset.Key(e.Asset), Partition: e.Partition, Item: e.ID, Label: e.Label, State: e.State, Kind: e.Kind,
			Reason: e.Reason, Evidence: e.Evidence, Attempts: e.Attempts, RunID: e.Run, Updated: e.Updated,
			MissingSince: missing[here][e.ID].Day,
		}
		if w, waived := waivers[here][e.ID]; waived {
			views[i].Waiver = &api.ItemWaiver{Note: w.Note, Author: w.Author, Since: w.Since}
		}
	}
	return views, nil
}

// itemsOf lists the items of some partitions of an asset, as many as the filter bounds.
func itemsOf(ctx context.Context, d *host.Data, filter ledger.Filter, keys []string) ([]ledger.Entry, error) {
	var found []ledger.Entry
	for _, filter.Partition = range keys {
		entries, err := d.Ledger.Items(ctx, filter)
		if err != nil {
			return nil, err
		}
		found = append(found, entries...)
		if filter.Limit > 0 && len(found) >= filter.Limit {
			return found[:filter.Limit], nil
		}
	}
	return found, nil
}

func printItems(w io.Writer, found []api.Item) error {
	return output.List(w, found, []output.Column[api.Item]{
		{Head: "ASSET", Cell: func(v api.Item) string { return string(v.Asset) }},
		{Head: "PARTITION", Cell: func(v api.Item) string { return v.Partition }},
		{Head: "ITEM", Cell: func(v api.Item) string { return v.Item }},
		{Head: "STATE", Cell: func(v api.Item) string { return string(v.State) }},
		{Head: "KIND", Cell: func(v api.Item) string { return v.Kind }},
		{Head: "ATTEMPTS", Cell: func(v api.Item) string { return strconv.Itoa(v.Attempts) }},
		{Head: "NAME", Cell: func(v api.Item) string { return v.Label }},
		{Head: "REASON", Cell: reasonOf},
		{Head: "EVIDENCE", Cell: func(v api.Item) string { return v.Evidence }},
	})
}

// reasonOf is why an item is in its state, with what is noted beside it.
func reasonOf(v api.Item) string {
	reason := v.Reason
	if v.MissingSince != "" {
		reason = strings.TrimSpace("missing since " + v.MissingSince + " " + reason)
	}
	if v.Waiver != nil {
		reason = fmt.Sprintf("waived by %s (%s): %s", v.Waiver.Author, v.Waiver.Note, reason)
	}
	return reason
}
