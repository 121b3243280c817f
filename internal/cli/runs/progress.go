package runs

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

// progress tells how a run goes on, from the ledger: a line for each partition that is published, and the number of
// items done where it moves.
type progress struct {
	app   *command.App
	data  *host.Data
	run   string
	done  map[ledger.PartitionRef]int64  // materialization already told of
	items map[string]string              // last line told of an asset's items
	until time.Time                      // of the last pause of the source that was told of
	waits map[ledger.PartitionRef]string // last wait told of
}

func newProgress(a *command.App, d *host.Data, run string) *progress {
	return &progress{app: a, data: d, run: run, done: make(map[ledger.PartitionRef]int64), items: make(map[string]string), waits: make(map[ledger.PartitionRef]string)}
}

// watch tells until ctx ends, and once more then.
func (p *progress) watch(ctx context.Context) {
	ticker := time.NewTicker(command.ProgressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			p.tell(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
			p.tell(ctx)
		}
	}
}

// tell prints what is new. A ledger that cannot be read just now is told of at the next look.
func (p *progress) tell(ctx context.Context) {
	latest, err := p.data.Ledger.Materializations(ctx)
	if err != nil {
		return
	}
	for _, a := range p.data.Graph.All() {
		for slice, m := range latest {
			if slice.Asset != string(a.Key) || m.Run != p.run || p.done[slice] == m.ID {
				continue
			}
			p.done[slice] = m.ID
			p.app.Note("  %-16s %-3s version %-4d %6d rows  %9s", m.Asset, m.Partition, m.Version, m.Rows, output.Size(m.Bytes))
		}
	}
	p.tellItems(ctx)
	p.tellPause(ctx)
	p.tellWaits(ctx)
}

// tellWaits says what the run's steps wait for, and when they go on.
func (p *progress) tellWaits(ctx context.Context) {
	found, err := p.data.Ledger.Waits(ctx, p.run)
	if err != nil {
		return
	}
	for _, w := range found {
		slice, line := ledger.PartitionRef{Asset: w.Asset, Partition: w.Partition}, output.Wait(api.WaitOf(w, p.data.Ledger.Shown))
		if p.waits[slice] != line {
			p.waits[slice] = line
			p.app.Note("  %-16s %-3s %s", w.Asset, w.Partition, line)
		}
	}
}

// tellPause says when the source has asked for a pause, so that a quiet run is not taken for a dead one.
func (p *progress) tellPause(ctx context.Context) {
	budgets, err := p.data.Ledger.Budgets(ctx)
	if err != nil {
		return
	}
	for _, b := range budgets {
		if left := b.BlockedUntil.Sub(p.data.Ledger.Now()); left > 0 && !b.BlockedUntil.Equal(p.until) {
			p.until = b.BlockedUntil
			p.app.Note("  %s wants a pause: nothing is asked for %s (%s)", b.Host, left.Round(time.Second), b.Reason)
		}
	}
}

func (p *progress) tellItems(ctx context.Context) {
	counts, err := p.data.Ledger.AllCounts(ctx)
	if err != nil {
		return
	}
	for _, a := range p.data.Graph.All() {
		var sum ledger.Counts
		for slice, c := range counts {
			if slice.Asset == string(a.Key) {
				sum.Discovered, sum.Pending = sum.Discovered+c.Discovered, sum.Pending+c.Pending
			}
		}
		line := fmt.Sprintf("%d of %d items to do", sum.Pending, sum.Discovered)
		if sum.Pending > 0 && p.items[string(a.Key)] != line {
			p.items[string(a.Key)] = line
			p.app.Note("  %-16s … %s", a.Key, line)
		}
	}
}

// PrintResult is the closing table of a run: assets × partitions.
func PrintResult(w io.Writer, r workflows.MaterializeResult) error {
	if len(r.Steps) == 0 {
		return nil
	}
	rows := make([][]string, 0, len(r.Steps)+1)
	var items, absent, kept int
	var count, bytes int64
	for _, s := range r.Steps {
		outcome := "unchanged"
		switch {
		case s.Error != "":
			outcome = s.Error
		case s.Changed:
			outcome = "published"
		}
		rows = append(rows, []string{
			string(s.Asset), s.Partition.Key, s.Partition.Label, strconv.Itoa(s.Discovered), strconv.FormatInt(s.Rows, 10),
			strconv.Itoa(s.Absent), strconv.Itoa(s.Quarantined), output.Size(s.Bytes), s.Took.Round(10 * time.Millisecond).String(), outcome,
		})
		items, absent, kept = items+s.Discovered, absent+s.Absent, kept+s.Quarantined
		count, bytes = count+s.Rows, bytes+s.Bytes
	}
	rows = append(rows, []string{"total", "", "", strconv.Itoa(items), strconv.FormatInt(count, 10), strconv.Itoa(absent), strconv.Itoa(kept), output.Size(bytes), "", ""})
	return output.Table(w, []string{"ASSET", "PARTITION", "NAME", "ITEMS", "ROWS", "ABSENT", "QUARANTINED", "BYTES", "TIME", "OUTCOME"}, rows)
}
