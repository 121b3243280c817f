package main

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// statusView is what `status -o json` prints. Fields are added, never renamed.
type statusView struct {
	Assets []assetStatus `json:"assets"`
}

type assetStatus struct {
	Asset      asset.Key         `json:"asset"`
	Location   string            `json:"location"` // folder of the table
	Partitions []partitionStatus `json:"partitions"`
}

type partitionStatus struct {
	Partition      string      `json:"partition"`
	Label          string      `json:"label"`
	State          asset.State `json:"state"`          // missing, failed, stale or fresh
	Axis           asset.Axis  `json:"axis,omitempty"` // of a stale one: source or code
	Reason         string      `json:"reason"`
	Version        *int64      `json:"version"` // of the table; null: never published
	Rows           int64       `json:"rows"`
	Bytes          int64       `json:"bytes"`
	Items          itemCounts  `json:"items"`
	Snapshot       string      `json:"snapshot,omitempty"` // day of the source's data
	MaterializedAt *time.Time  `json:"materialized_at"`
	VerifiedAt     *time.Time  `json:"verified_at"` // last found to be right, changed or not
	RunID          string      `json:"run_id"`
	TraceID        string      `json:"trace_id"`
	CodeVersion    string      `json:"code_version"`
}

type itemCounts struct {
	Discovered  int `json:"discovered"`
	Published   int `json:"published"`
	Absent      int `json:"absent"`
	Quarantined int `json:"quarantined"`
	Pending     int `json:"pending"`
}

func newStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status [SELECT...]",
		Short: "Show how every partition stands: fresh, stale, failed or missing, and its items",
		RunE: func(cmd *cobra.Command, selection []string) error {
			if len(selection) == 0 {
				selection = []string{"*"}
			}
			return a.withData(cmd, func(ctx context.Context, _ config.Config, d *host.Data) error {
				v, err := status(ctx, d, selection)
				if err != nil {
					return err
				}
				return a.show(v, v.print)
			})
		},
	}
}

func status(ctx context.Context, d *host.Data, selection []string) (statusView, error) {
	v := statusView{Assets: []assetStatus{}}
	selected, err := activities.Select(ctx, d.Graph, d.Ledger, selection...)
	if err != nil {
		return v, err
	}
	world, err := activities.World(ctx, d.Graph, d.Ledger)
	if err != nil {
		return v, err
	}
	counts, err := d.Ledger.AllCounts(ctx)
	if err != nil {
		return v, err
	}
	latest, err := d.Ledger.Materializations(ctx)
	if err != nil {
		return v, err
	}
	view := d.Graph.View(world)
	for _, made := range selected {
		s := assetStatus{Asset: made.Key, Location: tableFolder(d, made), Partitions: []partitionStatus{}}
		for _, p := range view.Keys(made).All() {
			slice := ledger.Slice{Asset: string(made.Key), Partition: p.Key}
			one := partitionStatus{Partition: p.Key, Label: p.Label, Items: itemCounts(counts[slice])}
			standing := view.Judge(made, p.Key)
			one.State, one.Axis, one.Reason = standing.State, standing.Axis, standing.Reason
			if m, ok := latest[slice]; ok {
				one.published(m)
			}
			s.Partitions = append(s.Partitions, one)
		}
		v.Assets = append(v.Assets, s)
	}
	return v, nil
}

func (p *partitionStatus) published(m ledger.Materialization) {
	p.Version, p.Rows, p.Bytes, p.Snapshot = &m.Version, m.Rows, m.Bytes, m.Snapshot
	p.RunID, p.TraceID, p.CodeVersion = m.Run, m.Trace, m.CodeVersion
	p.MaterializedAt, p.VerifiedAt = &m.Finished, &m.Verified
}

func (v statusView) print(w io.Writer) error {
	var rows [][]string
	for _, s := range v.Assets {
		for _, p := range s.Partitions {
			version, at := "–", "–"
			if p.Version != nil {
				version, at = strconv.FormatInt(*p.Version, 10), when(*p.MaterializedAt)
			}
			rows = append(rows, []string{
				string(s.Asset), p.Partition, p.Label, string(p.State), version, strconv.FormatInt(p.Rows, 10),
				strconv.Itoa(p.Items.Discovered), strconv.Itoa(p.Items.Absent), strconv.Itoa(p.Items.Quarantined),
				strconv.Itoa(p.Items.Pending), at, p.Reason,
			})
		}
	}
	if len(rows) == 0 {
		_, err := io.WriteString(w, "Nothing has been materialized yet: starter materialize '*'\n")
		return err
	}
	return table(w, []string{"ASSET", "PARTITION", "NAME", "STATE", "VERSION", "ROWS", "ITEMS", "ABSENT", "QUARANTINED", "PENDING", "MATERIALIZED", "REASON"}, rows)
}
