// Package status has the verbs that show how partitions stand.
package status

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strconv"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/config"
	"drugslm/internal/engine/planning"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// NewStatus is the verb `status`.
func NewStatus(a *command.App) *cobra.Command {
	return &cobra.Command{
		Use:   "status [SELECT...]",
		Short: "Show how every partition stands: fresh, stale, failed or missing, and its items",
		RunE: func(cmd *cobra.Command, selection []string) error {
			selection = command.Everything(selection)
			return a.WithData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				v, err := status(ctx, d, selection)
				if err != nil {
					return err
				}
				return a.Show(statusDocument{v}, func(w io.Writer) error { return printStatus(w, v) })
			})
		},
	}
}

func status(ctx context.Context, d *host.Data, selection []string) (api.Status, error) {
	v := api.Status{Assets: []api.AssetStatus{}}
	selected, err := planning.Select(ctx, d.Graph, d.Ledger, selection...)
	if err != nil {
		return v, err
	}
	state, counts, latest, err := readStatus(ctx, d, selected)
	if err != nil {
		return v, err
	}
	found, err := d.Ledger.Waits(ctx)
	if err != nil {
		return v, err
	}
	v.Waiting = api.WaitsOf(discovering(found), d.Ledger.WallTime)
	waits, view := waitsByPartition(found), d.Graph.View(state)
	for _, made := range selected {
		others, refused, err := foreignChanges(ctx, d, made)
		if err != nil {
			return v, err
		}
		s := api.AssetStatus{Asset: made.Key, Location: command.TableFolder(d, made), Windowed: made.Partitions.Windowed()}
		s.Partitions = make([]api.PartitionStatus, 0, len(view.Keys(made).All()))
		for _, p := range view.Keys(made).All() {
			slice := ledger.PartitionRef{Asset: string(made.Key), Partition: p.Key}
			one := api.PartitionStatus{Partition: p.Key, Label: p.Label, Items: api.ItemCounts(counts[slice])}
			standing := view.Status(made, p.Key)
			one.State, one.Axis, one.Reason = standing.State, standing.Axis, standing.Reason
			timely, err := view.Freshness(made, p.Key)
			if err != nil {
				return v, err
			}
			one.Freshness, one.Due = timely.Status, api.Instant(timely.Due)
			if m, ok := latest[slice]; ok {
				published(&one, m)
			}
			if w, waiting := waits[slice]; waiting {
				shown := api.WaitOf(w, d.Ledger.WallTime)
				one.Waiting = &shown
			}
			drift, changed := others[p.Key]
			changedBy(&one, drift, changed, refused)
			delete(others, p.Key)
			s.Partitions = append(s.Partitions, one)
		}
		s.Partitions = append(s.Partitions, foreignPartitions(others)...)
		v.Assets = append(v.Assets, s)
	}
	return v, nil
}

// readStatus reads what a status shows of some assets, each by itself and side by side: a million items take a while.
func readStatus(ctx context.Context, d *host.Data, selected []*asset.Asset) (asset.GraphState, map[ledger.PartitionRef]ledger.Counts, map[ledger.PartitionRef]ledger.Materialization, error) {
	counts := make(map[ledger.PartitionRef]ledger.Counts)
	latest := make(map[ledger.PartitionRef]ledger.Materialization)
	var mu sync.Mutex
	group, within := errgroup.WithContext(ctx)
	for _, made := range selected {
		group.Go(func() error {
			counted, err := d.Ledger.AllCounts(within, string(made.Key))
			if err != nil {
				return err
			}
			published, err := d.Ledger.Materializations(within, string(made.Key))
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(counts, counted)
			maps.Copy(latest, published)
			return err
		})
	}
	state, err := planning.LoadState(ctx, d.Graph, d.Ledger)
	if gathered := group.Wait(); gathered != nil {
		err = gathered
	}
	return state, counts, latest, err
}

func published(p *api.PartitionStatus, m ledger.Materialization) {
	p.Version, p.Rows, p.Bytes, p.Snapshot = &m.Version, m.Rows, m.Bytes, m.Snapshot
	p.RunID, p.TraceID, p.CodeVersion = m.Run, m.Trace, m.CodeVersion
	p.MaterializedAt, p.VerifiedAt = &m.Finished, &m.Verified
}

func printStatus(w io.Writer, v api.Status) error {
	var rows [][]string
	touched := false
	for _, wait := range v.Waiting {
		if _, err := output.Writef(w, "run %s asks for the partitions of %q: %s\n", wait.RunID, wait.Partition, output.Wait(wait)); err != nil {
			return err
		}
	}
	for _, s := range v.Assets {
		for at := 0; at < len(s.Partitions); {
			p := s.Partitions[at]
			if n := untouchedFrom(s, at); n > 1 {
				last := s.Partitions[at+n-1]
				p.Partition, p.Label = p.Partition+".."+last.Partition, strconv.Itoa(n)+" windows"
				at += n - 1
			}
			touched = touched || !isUntouched(p)
			rows = append(rows, statusRow(p, s.Asset))
			at++
		}
	}
	if !touched {
		_, err := io.WriteString(w, "Nothing has been materialized yet: starter materialize '*'\n")
		return err
	}
	return output.Table(w, []string{"ASSET", "PARTITION", "NAME", "STATE", "VERSION", "ROWS", "ITEMS", "ABSENT", "QUARANTINED", "PENDING", "MATERIALIZED", "FRESHNESS", "REASON"}, rows)
}

// untouchedFrom counts the windows from one on of which nothing is known: years of them make one line.
func untouchedFrom(s api.AssetStatus, from int) (n int) {
	for s.Windowed && from+n < len(s.Partitions) && isUntouched(s.Partitions[from+n]) {
		n++
	}
	return n
}

func isUntouched(p api.PartitionStatus) bool {
	return p.Version == nil && p.Items == api.ItemCounts{} && p.Waiting == nil
}

func statusRow(p api.PartitionStatus, of asset.Key) []string {
	version, at := "–", "–"
	if p.Version != nil {
		version, at = strconv.FormatInt(*p.Version, 10), output.When(*p.MaterializedAt)
	}
	reason := p.Reason
	if p.Waiting != nil {
		reason = output.Wait(*p.Waiting) + "; " + reason
	}
	quarantined := strconv.Itoa(p.Items.Quarantined)
	if p.Items.Waived > 0 {
		quarantined += fmt.Sprintf(" (%d waived)", p.Items.Waived)
	}
	return []string{
		string(of), p.Partition, p.Label, string(p.State), version, strconv.FormatInt(p.Rows, 10),
		strconv.Itoa(p.Items.Discovered), strconv.Itoa(p.Items.Absent), quarantined,
		strconv.Itoa(p.Items.Pending), at, output.OrDash(string(p.Freshness)), reason,
	}
}
