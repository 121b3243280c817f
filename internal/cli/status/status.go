// Package status has the verbs that show how partitions stand.
package status

import (
	"context"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/nearest"
)

// query is what `status` is asked for.
type query struct {
	selection, partitions, words []string // words are statuses
	all                          bool
	limit                        int
	after                        string // ASSET[PARTITION]
}

// NewStatus is the verb `status`.
func NewStatus(a *command.App) *cobra.Command {
	var q query
	cmd := &cobra.Command{
		Use:   "status [SELECT...]",
		Short: "Show what is published of every partition, and how the last attempt at it ended",
		Long: `Show two facts of every partition: what is published (missing, rolled_back, stale or fresh), and the last attempt (queued,
running, waiting, succeeded, failed, skipped, canceled or interrupted). A refresh that failed leaves what was published as
it was: both are shown.

Each asset has one line. Below are the partitions that need attention: not fresh, with an attempt that did not succeed,
with quarantined items, or overdue. --all lists the others too. With --partition, --state or a status: in the selection,
those partitions are listed that are meant. -o json lists all of them; --limit and --after page through them.`,
		Example: `  starter status
  starter status status:failed
  starter status anvisa/catalog --partition Genérico
  starter status --state stale --state missing
  starter status anvisa/download -o json --limit 1000`,
		RunE: func(cmd *cobra.Command, selection []string) error {
			q.selection = command.Everything(selection)
			if err := q.check(); err != nil {
				return err
			}
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				// Nearly all that is read is kept until the end, which comes soon: collecting it again and again is a tenth of the time.
				defer debug.SetGCPercent(debug.SetGCPercent(keepAll))
				v, said, err := status(ctx, d, q, a.JSON())
				if err != nil {
					return err
				}
				return a.Show(statusDocument{v}, func(w io.Writer) error { return printStatus(w, v, said) })
			})
		},
	}
	command.PartitionFlag(cmd, &q.partitions)
	cmd.Flags().StringSliceVar(&q.words, "state", nil, "only partitions with this status: "+strings.Join(words(), ", "))
	cmd.Flags().BoolVar(&q.all, "all", false, "list the partitions that need no attention, too")
	cmd.Flags().IntVar(&q.limit, "limit", 0, "list at most so many partitions; 0: all")
	cmd.Flags().StringVar(&q.after, "after", "", "list what comes after ASSET[PARTITION]")
	return cmd
}

// keepAll is the growth of the heap, in percent, after which garbage is collected while a status is read.
const keepAll = 400

// words are the statuses that can be asked for.
func words() []string { return command.Texts(asset.Statuses()) }

// check refuses what cannot be asked.
func (q query) check() error {
	for _, word := range q.words {
		if !slices.Contains(words(), word) {
			return nearest.Value("--state", word, words())
		}
	}
	if q.limit < 0 {
		return fault.New(fault.Invalid, "", "--limit is %d: want 0 or more", q.limit)
	}
	if q.after != "" {
		if _, _, ok := q.cursor(); !ok {
			return fault.New(fault.Invalid, "", "--after is %q: want ASSET[PARTITION], as \"next\" gave it", q.after)
		}
	}
	return nil
}

// cursor is the partition after which the list begins.
func (q query) cursor() (key asset.Key, partition string, ok bool) {
	before, rest, found := strings.Cut(q.after, "[")
	partition, closed := strings.CutSuffix(rest, "]")
	return asset.Key(before), partition, found && closed
}

// listing says what a text lists of a status.
type listing struct {
	details bool // of each partition
	asked   bool // those with a status that was asked for
}

// status reads how the partitions stand, and leaves out those that are not to be listed.
func status(ctx context.Context, d *host.Data, q query, everything bool) (api.Status, listing, error) {
	said := listing{details: len(q.partitions) > 0}
	v := api.Status{Assets: []api.AssetStatus{}}
	r, err := read(ctx, d, q)
	if err != nil {
		return v, said, err
	}
	said.asked = len(q.words) > 0 || r.expression != nil
	v.Waiting = r.discovering
	for _, made := range r.selected {
		s, shown, err := r.asset(made)
		if err != nil {
			return v, said, err
		}
		if shown {
			v.Assets = append(v.Assets, s)
		}
	}
	keep, err := r.keep(v.Assets)
	if err != nil {
		return v, said, err
	}
	if !everything && !q.all && !said.details && !said.asked {
		keep = attention
	}
	if v.Next, err = q.page(v.Assets, keep); err != nil {
		return v, said, err
	}
	if err := r.details(ctx, v.Assets); err != nil {
		return v, said, err
	}
	if said.asked { // an asset of which no partition is known is missing
		v.Assets = slices.DeleteFunc(v.Assets, func(s api.AssetStatus) bool {
			return len(s.Partitions) == 0 && (s.Total > 0 || !keep(&s, &api.PartitionStatus{State: asset.Missing}))
		})
	}
	return v, said, nil
}
