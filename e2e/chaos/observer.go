//go:build linux

package chaos

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sync"
	"time"

	"drugslm/internal/host"
	"drugslm/internal/ledger"
	"drugslm/internal/sources/anvisa"
	"drugslm/internal/sources/anvisa/simulator"
)

// Observer looks at the ledger and at the portal's log all the time: it measures progress, and notes when it first saw that a
// PDF is stored.
type Observer struct {
	ledgerFile, requestsFile string
	family                   *Family

	mu       sync.Mutex
	progress int
	last     observed
	stored   map[string]time.Time // by sha256: when the ledger was first seen to have a row with it
}

// observed is what one look saw.
type observed struct {
	requests int
	items    map[string]int // by asset and state
	versions int            // publishes
}

// lookStep is how often it looks.
const lookStep = 250 * time.Millisecond

func newObserver(w *Cluster) *Observer {
	return &Observer{ledgerFile: host.LedgerFile(w.data), requestsFile: filepath.Join(w.root, "portal", "requests.jsonl"), family: w.family,
		stored: map[string]time.Time{}}
}

// run looks until ctx ends.
func (o *Observer) run(ctx context.Context) {
	ticker := time.NewTicker(lookStep)
	defer ticker.Stop()
	var l *ledger.Ledger
	for {
		select {
		case <-ctx.Done():
			if l != nil {
				_ = l.Close() // it was only read
			}
			return
		case <-ticker.C:
		}
		o.family.Reap()
		if l == nil {
			var err error
			if l, err = ledger.Open(ctx, o.ledgerFile); err != nil {
				l = nil // the first worker has not made it yet, or the disk is full
				continue
			}
		}
		o.look(ctx, l)
	}
}

// look sees nothing when it cannot: the next one will.
func (o *Observer) look(ctx context.Context, l *ledger.Ledger) {
	asked := time.Now()
	items, err := l.Items(ctx, ledger.Filter{Limit: 100_000})
	if err != nil {
		return
	}
	latest, err := l.Materializations(ctx)
	if err != nil {
		return
	}
	requests, err := simulator.ReadRequests(o.requestsFile)
	if err != nil {
		return
	}
	now := observed{requests: len(requests), items: map[string]int{}}
	for _, e := range items {
		now.items[e.Asset+" "+string(e.State)]++
	}
	for _, m := range latest {
		now.versions += int(m.Version)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.progress += now.since(o.last)
	o.last = now
	for _, e := range items {
		if e.Asset != string(anvisa.DownloadKey) {
			continue
		}
		if sum := sha256Of(e); sum != "" && o.stored[sum].IsZero() {
			o.stored[sum] = asked
		}
	}
}

// since counts what changed between two looks.
func (o observed) since(last observed) int {
	sum := max(0, o.requests-last.requests) + max(0, o.versions-last.versions)
	for name, n := range o.items {
		sum += max(0, n-last.items[name])
	}
	return sum
}

// sha256Of is the PDF of an item that the ledger has a row of; "": it has none.
func sha256Of(e ledger.Entry) string {
	if len(e.Row) == 0 || (e.State != ledger.Made && e.State != ledger.Staged && e.State != ledger.Published) {
		return ""
	}
	var row anvisa.DownloadRow
	if err := json.Unmarshal(e.Row, &row); err != nil {
		return ""
	}
	return row.SHA256
}

// Progress is how much has happened so far: requests, items that changed their state, publishes.
func (o *Observer) Progress() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.progress
}

// Stored says when each PDF was first seen to be in the ledger, by sha256.
func (o *Observer) Stored() map[string]time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := make(map[string]time.Time, len(o.stored))
	for sum, at := range o.stored {
		found[sum] = at
	}
	return found
}
