package items

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/nearest"
)

// itemQuery says which quarantined items are meant: by id, or by what is wrong with them.
type itemQuery struct {
	ids        []string
	selection  string
	partitions []string
	kind       string
	reason     string
	all        bool
}

func (q *itemQuery) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&q.selection, "asset", "", "only items of this asset, or of these: a selection")
	command.PartitionFlag(cmd, &q.partitions)
	cmd.Flags().StringVar(&q.kind, "kind", "", "only this kind of failure, such as corrupt")
	cmd.Flags().StringVar(&q.reason, "reason", "", "only items whose reason holds this text, in capitals or not")
	cmd.Flags().BoolVar(&q.all, "all", false, "all quarantined items, where nothing else says which")
}

func (q *itemQuery) check() error {
	if len(q.ids) == 0 && q.selection == "" && len(q.partitions) == 0 && q.kind == "" && q.reason == "" && !q.all {
		return fault.New(fault.Invalid, "", "say which items: by id, with --asset, --partition, --kind or --reason, or --all")
	}
	return nil
}

// find gives the quarantined items that are meant. An id that none of them has is a mistake.
func (q *itemQuery) find(ctx context.Context, d *host.Data) ([]api.Item, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	wanted := itemsWanted{filter: ledger.Filter{State: ledger.Quarantined, Kind: q.kind, Limit: maxChanged + 1}, reason: q.reason}
	selection := []string{cmp.Or(q.selection, "*")}
	ids := q.ids
	if len(ids) == 0 {
		ids = []string{""}
	}
	var found []api.Item
	for _, wanted.filter.ID = range ids {
		some, err := items(ctx, d, selection, q.partitions, wanted)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 && wanted.filter.ID != "" {
			return nil, notQuarantined(ctx, d, wanted.filter.ID)
		}
		found = append(found, some...)
	}
	if len(found) > maxChanged {
		return nil, fault.New(fault.Invalid, "", "more than %d items of an asset: choose fewer with --asset, --partition, --kind or --reason", maxChanged)
	}
	return found, nil
}

// maxChanged bounds how many items one call changes.
const maxChanged = 100_000

func printChanged(w io.Writer, c api.ItemsChanged, verb string) error {
	if _, err := output.Writef(w, "%d items %s\n", c.Changed, verb); err != nil || c.Next == "" {
		return err
	}
	_, err := output.Writef(w, "next: %s\n", c.Next)
	return err
}

func newItemsList(a *command.App) *cobra.Command {
	cmd := itemsCommand(a, "list [SELECT...]")
	cmd.Example = `  starter items list --state quarantined --kind corrupt
  starter items list anvisa/download --state quarantined --reason truncated -o json`
	return cmd
}

func newItemsShow(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use:     "show ITEM",
		Short:   "Show all that is known of an item, in every asset that has it",
		Example: `  starter items show 1156882/patient`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				found, err := items(ctx, d, []string{"*"}, nil, itemsWanted{filter: ledger.Filter{ID: args[0], Limit: 1000}})
				if err != nil {
					return err
				}
				if len(found) == 0 {
					return unknownItem(ctx, d, args[0])
				}
				return a.Show(api.ItemList{Items: found}, func(w io.Writer) error { return printItem(w, found) })
			})
		},
	}
}

// notQuarantined says that an item is unknown, or in no need of what was asked for.
func notQuarantined(ctx context.Context, d *host.Data, id string) error {
	known, err := d.Ledger.Items(ctx, ledger.Filter{ID: id, Limit: 1})
	if err != nil {
		return err
	}
	if len(known) == 0 {
		return unknownItem(ctx, d, id)
	}
	return fault.New(fault.Invalid, "", "item %q is not quarantined there: `starter items list --state quarantined` lists those that are", id)
}

func unknownItem(ctx context.Context, d *host.Data, id string) error {
	near, err := d.Ledger.NearestItems(ctx, id)
	if err != nil {
		return err
	}
	return nearest.Unknown("item", id, near, "starter items list")
}

func printItem(w io.Writer, found []api.Item) error {
	for i, v := range found {
		if i > 0 {
			output.Writeln(w)
		}
		output.Writef(w, "%s[%s]  %s  %s\n", v.Asset, v.Partition, v.Item, v.Label)
		lines := [][2]string{{"state", strings.TrimSpace(string(v.State) + " " + v.Kind)}, {"reason", v.Reason}, {"evidence", v.Evidence},
			{"missing since", v.MissingSince}, {"attempts", fmt.Sprint(v.Attempts)}, {"run", v.RunID}, {"updated", output.When(v.Updated)}}
		if v.Waiver != nil {
			lines = append(lines, [2]string{"waived", fmt.Sprintf("by %s, %s: %s", v.Waiver.Author, output.When(v.Waiver.Since), v.Waiver.Note)})
		}
		for _, line := range lines {
			if line[1] != "" {
				output.Writef(w, "  %-14s %s\n", line[0], line[1])
			}
		}
	}
	return nil
}

func newItemsRetry(a *command.App) *cobra.Command {
	var q itemQuery
	cmd := &cobra.Command{
		Use:   "retry [ITEM...]",
		Short: "Let quarantined items be made again by the next run, and no others",
		Long: `Make quarantined items pending, with new attempts: the next run of their partitions makes them again, and touches no others.
Which, is said by id, or by asset, partition, kind or reason. A waiver of one goes. While a run is at a partition nothing is
changed. The command that runs them is printed.`,
		Example: `  starter items retry 1156882/patient
  starter items retry --asset anvisa/download --kind corrupt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			q.ids = args
			return changeItems(a, cmd, &q, "are tried again by the next run", func(ctx context.Context, d *host.Data, found []api.Item, c *api.ItemsChanged) error {
				entries := make([]ledger.Entry, len(found))
				for i, v := range found {
					entries[i] = ledger.Entry{Asset: string(v.Asset), Partition: v.Partition, Item: ledger.Item{ID: v.Item}}
				}
				c.Changed, c.Next = len(found), nextRun(found)
				return d.Ledger.Retry(ctx, entries)
			})
		},
	}
	q.register(cmd)
	return cmd
}

// nextRun is the command that makes items again.
func nextRun(found []api.Item) string {
	var assets, partitions []string
	seen := make(map[string]bool)
	for _, v := range found {
		if !seen["a"+string(v.Asset)] {
			assets = append(assets, string(v.Asset))
		}
		if !seen["p"+v.Partition] {
			partitions = append(partitions, "--partition '"+v.Partition+"'")
		}
		seen["a"+string(v.Asset)], seen["p"+v.Partition] = true, true
	}
	const most = 5
	if len(partitions) > most {
		partitions = nil
	}
	if len(assets) == 0 {
		return ""
	}
	return strings.Join(append(append([]string{"starter materialize"}, assets...), partitions...), " ") + " --wait"
}

func newItemsWaive(a *command.App) *cobra.Command {
	var q itemQuery
	var note string
	cmd := &cobra.Command{
		Use:   "waive [ITEM...] --note TEXT",
		Short: "Let quarantined items stay as they are: a person has looked, and knows why",
		Long: `Record that quarantined items may stay quarantined: who said so, when and why. A waived item counts as waived: it makes no
partition look failed, and no run tries it again, not even with --failed, until its fingerprint changes at the source, or until
"starter items unwaive" or "retry". --force makes it again. Items that are waived already get the new note.`,
		Example: `  starter items waive 1156882/patient --note "the company filed a scan of a fax"
  starter items waive --asset anvisa/extract --kind needs_ocr --note "no OCR on this machine"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			q.ids = args
			if note = strings.TrimSpace(note); note == "" || len(note) > maxNote {
				return command.Usage(cmd, fault.New(fault.Invalid, "", "--note says why, in at most %d bytes", maxNote))
			}
			return changeItems(a, cmd, &q, "are waived", func(ctx context.Context, d *host.Data, found []api.Item, c *api.ItemsChanged) error {
				c.Changed = len(found)
				return d.Ledger.Waive(ctx, waivers(found, note))
			})
		},
	}
	q.register(cmd)
	cmd.Flags().StringVar(&note, "note", "", "why they may stay as they are; required")
	return cmd
}

// maxNote bounds why something is waived, in bytes.
const maxNote = 500

func newItemsUnwaive(a *command.App) *cobra.Command {
	var q itemQuery
	cmd := &cobra.Command{
		Use:     "unwaive [ITEM...]",
		Short:   "Take waivers back: the items count as quarantined again",
		Example: `  starter items unwaive 1156882/patient`,
		RunE: func(cmd *cobra.Command, args []string) error {
			q.ids = args
			return changeItems(a, cmd, &q, "are not waived any more", func(ctx context.Context, d *host.Data, found []api.Item, c *api.ItemsChanged) (err error) {
				c.Changed, err = d.Ledger.Unwaive(ctx, waivers(found, ""))
				return err
			})
		},
	}
	q.register(cmd)
	return cmd
}

func waivers(found []api.Item, note string) []ledger.Waiver {
	all := make([]ledger.Waiver, len(found))
	for i, v := range found {
		all[i] = ledger.Waiver{Asset: string(v.Asset), Partition: v.Partition, ID: v.Item, Note: note, Author: author()}
	}
	return all
}

// author is who runs the command.
func author() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return cmp.Or(os.Getenv("USER"), "unknown")
}

// changeItems changes the items that are meant and says how many there were.
func changeItems(a *command.App, cmd *cobra.Command, q *itemQuery, verb string, change func(context.Context, *host.Data, []api.Item, *api.ItemsChanged) error) error {
	return a.ToChange(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
		found, err := q.find(ctx, d)
		if err != nil {
			return err
		}
		c := api.ItemsChanged{Items: found}
		if c.Items == nil {
			c.Items = []api.Item{}
		}
		if err := change(ctx, d, found, &c); err != nil {
			return err
		}
		return a.Show(c, func(w io.Writer) error { return printChanged(w, c, verb) })
	})
}
