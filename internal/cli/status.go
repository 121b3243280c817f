package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// statusView is what `status -o json` prints. Fields are added, never renamed.
type statusView struct {
	Assets  []assetStatus `json:"assets"`
	Waiting []waitView    `json:"waiting,omitempty"` // runs without steps yet: they wait to ask for the partitions of a set, which Partition names
}

type assetStatus struct {
	Asset      asset.Key         `json:"asset"`
	Location   string            `json:"location"` // folder of the table
	Partitions []partitionStatus `json:"partitions"`

	windowed bool // the partitions are windows of time
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

	Freshness asset.FreshnessStatus `json:"freshness"` // fresh, overdue or unknown; empty: nothing is promised
	Due       *time.Time            `json:"due"`       // when it became, or will become, overdue; null: not known

	Foreign []ledger.ForeignCommit `json:"foreign,omitempty"` // commits of other programs that no run has followed yet

	Waiting *waitView `json:"waiting"` // why a run does not go on with it now; null: none waits
}

type itemCounts struct {
	Discovered  int `json:"discovered"`
	Published   int `json:"published"`
	Absent      int `json:"absent"`
	Quarantined int `json:"quarantined"`
	Pending     int `json:"pending"`

	Waived int `json:"waived,omitempty"` // of the quarantined: those that a person let stay as they are
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
	world, counts, latest, err := standing(ctx, d, selected)
	if err != nil {
		return v, err
	}
	found, err := d.Ledger.Waits(ctx)
	if err != nil {
		return v, err
	}
	v.Waiting = viewWaits(discovering(found), d.Ledger.Shown)
	waits, view := waitsBySlice(found), d.Graph.View(world)
	for _, made := range selected {
		others, refused, err := othersOf(ctx, d, made)
		if err != nil {
			return v, err
		}
		s := assetStatus{Asset: made.Key, Location: tableFolder(d, made), windowed: made.Partitions.Windowed()}
		s.Partitions = make([]partitionStatus, 0, len(view.Keys(made).All()))
		for _, p := range view.Keys(made).All() {
			slice := ledger.Slice{Asset: string(made.Key), Partition: p.Key}
			one := partitionStatus{Partition: p.Key, Label: p.Label, Items: itemCounts(counts[slice])}
			standing := view.Judge(made, p.Key)
			one.State, one.Axis, one.Reason = standing.State, standing.Axis, standing.Reason
			timely, err := view.Freshness(made, p.Key)
			if err != nil {
				return v, err
			}
			one.Freshness, one.Due = timely.Status, instant(timely.Due)
			if m, ok := latest[slice]; ok {
				one.published(m)
			}
			if w, waiting := waits[slice]; waiting {
				shown := viewWait(w, d.Ledger.Shown)
				one.Waiting = &shown
			}
			drift, changed := others[p.Key]
			one.changedBy(drift, changed, refused)
			delete(others, p.Key)
			s.Partitions = append(s.Partitions, one)
		}
		s.Partitions = append(s.Partitions, strangers(others)...)
		v.Assets = append(v.Assets, s)
	}
	return v, nil
}

// standing reads what a status shows of some assets, each by itself and side by side: a million items take a while.
func standing(ctx context.Context, d *host.Data, selected []*asset.Asset) (asset.World, map[ledger.Slice]ledger.Counts, map[ledger.Slice]ledger.Materialization, error) {
	counts := make(map[ledger.Slice]ledger.Counts)
	latest := make(map[ledger.Slice]ledger.Materialization)
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
	world, err := activities.World(ctx, d.Graph, d.Ledger)
	if gathered := group.Wait(); gathered != nil {
		err = gathered
	}
	return world, counts, latest, err
}

func (p *partitionStatus) published(m ledger.Materialization) {
	p.Version, p.Rows, p.Bytes, p.Snapshot = &m.Version, m.Rows, m.Bytes, m.Snapshot
	p.RunID, p.TraceID, p.CodeVersion = m.Run, m.Trace, m.CodeVersion
	p.MaterializedAt, p.VerifiedAt = &m.Finished, &m.Verified
}

func (v statusView) print(w io.Writer) error {
	var rows [][]string
	touched := false
	for _, wait := range v.Waiting {
		if _, err := writef(w, "run %s asks for the partitions of %q: %s\n", wait.RunID, wait.Partition, wait); err != nil {
			return err
		}
	}
	for _, s := range v.Assets {
		for at := 0; at < len(s.Partitions); {
			p := s.Partitions[at]
			if n := s.untouched(at); n > 1 {
				last := s.Partitions[at+n-1]
				p.Partition, p.Label = p.Partition+".."+last.Partition, strconv.Itoa(n)+" windows"
				at += n - 1
			}
			touched = touched || !p.untouched()
			rows = append(rows, p.row(s.Asset))
			at++
		}
	}
	if !touched {
		_, err := io.WriteString(w, "Nothing has been materialized yet: starter materialize '*'\n")
		return err
	}
	return table(w, []string{"ASSET", "PARTITION", "NAME", "STATE", "VERSION", "ROWS", "ITEMS", "ABSENT", "QUARANTINED", "PENDING", "MATERIALIZED", "FRESHNESS", "REASON"}, rows)
}

// untouched counts the windows from one on of which nothing is known: years of them make one line.
func (s assetStatus) untouched(from int) (n int) {
	for s.windowed && from+n < len(s.Partitions) && s.Partitions[from+n].untouched() {
		n++
	}
	return n
}

func (p partitionStatus) untouched() bool {
	return p.Version == nil && p.Items == itemCounts{} && p.Waiting == nil
}

func (p partitionStatus) row(of asset.Key) []string {
	version, at := "–", "–"
	if p.Version != nil {
		version, at = strconv.FormatInt(*p.Version, 10), when(*p.MaterializedAt)
	}
	reason := p.Reason
	if p.Waiting != nil {
		reason = p.Waiting.String() + "; " + reason
	}
	quarantined := strconv.Itoa(p.Items.Quarantined)
	if p.Items.Waived > 0 {
		quarantined += fmt.Sprintf(" (%d waived)", p.Items.Waived)
	}
	return []string{
		string(of), p.Partition, p.Label, string(p.State), version, strconv.FormatInt(p.Rows, 10),
		strconv.Itoa(p.Items.Discovered), strconv.Itoa(p.Items.Absent), quarantined,
		strconv.Itoa(p.Items.Pending), at, orDash(string(p.Freshness)), reason,
	}
}
