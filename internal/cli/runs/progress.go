package runs

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"drugslm/internal/api"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// progress tells how a run goes on, from the ledger: at each look at most one line for each step, where something moved.
type progress struct {
	app   *command.App
	data  *host.Data
	run   string
	steps map[ledger.PartitionRef]*told
	until time.Time // of the last pause of the source that was told of
}

// told is what was told of a step.
type told struct {
	state   ledger.AttemptState
	retries int
	text    string // last line of what it waits for, or of its items

	since time.Time // when its items were first counted
	done  int       // that were done then
}

func newProgress(a *command.App, d *host.Data, run string) *progress {
	return &progress{app: a, data: d, run: run, steps: make(map[ledger.PartitionRef]*told)}
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
	steps, err := p.data.Ledger.RunSteps(ctx, p.run)
	if err != nil {
		return
	}
	found, err := p.data.Ledger.Waits(ctx, p.run)
	if err != nil {
		return
	}
	waits := make(map[ledger.PartitionRef]ledger.Wait, len(found))
	for _, w := range found {
		waits[ledger.PartitionRef{Asset: w.Asset, Partition: w.Partition}] = w
	}
	ended := 0
	for _, s := range steps {
		if !s.State.Open() {
			ended++
		}
	}
	for _, s := range steps {
		ref := ledger.PartitionRef{Asset: s.Asset, Partition: s.Partition}
		var wait *ledger.Wait
		if w, waiting := waits[ref]; waiting {
			wait = &w
		}
		delete(waits, ref)
		if line := p.moved(ctx, ref, s, wait); line != "" {
			p.app.Note("  [%d/%d] %s[%s] %s", ended, len(steps), s.Asset, s.Partition, line)
		}
	}
	for ref, w := range waits { // a run without steps yet: the partition is the name of a set
		line := output.Wait(api.WaitOf(w, p.data.Ledger.WallTime))
		if t := p.of(ref); t.text != line {
			t.text = line
			p.app.Note("  partitions of %s: %s", w.Partition, line)
		}
	}
	p.tellPause(ctx)
}

func (p *progress) of(ref ledger.PartitionRef) *told {
	t, known := p.steps[ref]
	if !known {
		t = &told{state: ledger.AttemptQueued}
		p.steps[ref] = t
	}
	return t
}

// moved is what is new of a step; "" is nothing.
func (p *progress) moved(ctx context.Context, ref ledger.PartitionRef, s ledger.RunStep, wait *ledger.Wait) string {
	t := p.of(ref)
	switch {
	case !s.State.Open() && t.state != s.State:
		t.state = s.State
		return outcomeOf(s)
	case !s.State.Open():
		return ""
	case wait != nil:
		line := output.Wait(api.WaitOf(*wait, p.data.Ledger.WallTime))
		if t.text == line {
			return ""
		}
		t.text = line
		return line
	case s.Retries > t.retries:
		t.retries, t.state = s.Retries, s.State
		return fmt.Sprintf("is tried again, after %d failed attempts; the first: %s", s.Retries, s.FirstError)
	case s.State != ledger.AttemptRunning:
		return ""
	}
	line := p.items(ctx, ref, t)
	if line == "" && t.state != s.State {
		line = "running"
	}
	t.state = s.State
	if line == t.text {
		return ""
	}
	if line != "" {
		t.text = line
	}
	return line
}

// items says how many of the items of a running step are done, how fast, and how long the rest takes at that rate.
func (p *progress) items(ctx context.Context, ref ledger.PartitionRef, t *told) string {
	counts, err := p.data.Ledger.Counts(ctx, ref.Asset, ref.Partition)
	if err != nil || counts.Pending == 0 {
		return ""
	}
	now, done := time.Now(), counts.Discovered-counts.Pending
	if t.since.IsZero() || done < t.done {
		t.since, t.done = now, done
	}
	line := fmt.Sprintf("%d of %d items", done, counts.Discovered)
	if counts.Quarantined > 0 {
		line += ", " + strconv.Itoa(counts.Quarantined) + " quarantined"
	}
	elapsed := now.Sub(t.since)
	if elapsed < 2*command.ProgressEvery || done == t.done {
		return line
	}
	rate := float64(done-t.done) / elapsed.Seconds()
	left := time.Duration(float64(counts.Pending) / rate * float64(time.Second))
	return line + fmt.Sprintf(", %.1f a second, about %s left", rate, left.Round(time.Second))
}

// outcomeOf says how a step ended.
func outcomeOf(s ledger.RunStep) string {
	took := ""
	if !s.Started.IsZero() && !s.Finished.IsZero() {
		took = ", in " + s.Finished.Sub(s.Started).Round(10*time.Millisecond).String()
	}
	switch {
	case s.State == ledger.AttemptSkipped && s.Error != "":
		return s.Error // says that it was skipped
	case s.State != ledger.AttemptSucceeded && s.Error != "":
		return fmt.Sprintf("%s: %s", s.State, s.Error)
	case s.State != ledger.AttemptSucceeded:
		return string(s.State)
	case !s.Changed:
		return "unchanged" + took
	}
	text := fmt.Sprintf("published version %d, %d rows, %s", s.Version, s.Rows, output.Size(s.Bytes))
	if s.Quarantined > 0 {
		text += fmt.Sprintf(", %d items quarantined", s.Quarantined)
	}
	return text + took
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
