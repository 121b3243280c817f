package progress

import (
	"context"
	"sync"
	"time"

	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// Follower tells how one run or backfill goes on. In a live region it shows what is under way, and above that each step of a
// run that has ended. Elsewhere it appends at most one line for each step at each look, where something has moved; and
// for a backfill, which may have thousands of steps, one with its totals.
type Follower struct {
	app  *command.App
	look func(ctx context.Context) (Look, error)
	name string // of a backfill, whose lines are totals

	told  map[ledger.PartitionRef]*told
	until time.Time // of the last pause that was told of
	state string    // of the backfill
	at    time.Time // when its totals were told
}

// told is what was told of a step.
type told struct {
	ended   bool
	running bool
	retries int
	text    string // the last line
}

// OfRun follows a run.
func OfRun(a *command.App, d *host.Data, run string) *Follower {
	r := &reader{data: d, first: make(map[ledger.PartitionRef]counted)}
	return &Follower{app: a, told: make(map[ledger.PartitionRef]*told), look: func(ctx context.Context) (Look, error) { return r.run(ctx, run) }}
}

// OfBackfill follows a backfill.
func OfBackfill(a *command.App, d *host.Data, id string) *Follower {
	r := &reader{data: d, first: make(map[ledger.PartitionRef]counted)}
	return &Follower{
		app: a, name: id, told: make(map[ledger.PartitionRef]*told), look: func(ctx context.Context) (Look, error) { return r.backfill(ctx, id) },
	}
}

// Skip tells nothing of the steps that have ended by now, for who comes later, and gives what it saw.
func (f *Follower) Skip(ctx context.Context) (Look, error) {
	l, err := f.look(ctx)
	for _, s := range l.Ended {
		f.of(ledger.PartitionRef{Asset: s.Asset, Partition: s.Partition}).ended = true
	}
	return l, err
}

// Watch tells until ctx ends, and once more then.
func (f *Follower) Watch(ctx context.Context) {
	defer f.Close()
	if f.app.Region != nil {
		f.Tell(ctx)
	}
	ticker := time.NewTicker(command.ProgressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			f.Tell(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
			f.Tell(ctx)
		}
	}
}

// Close takes away what is shown.
func (f *Follower) Close() {
	if f.app.Region != nil {
		f.app.Region.Hide()
	}
}

// Tell tells what is new. A ledger that cannot be read just now is told of at the next look.
func (f *Follower) Tell(ctx context.Context) {
	l, err := f.look(ctx)
	if err != nil {
		return
	}
	for _, s := range l.Ended {
		ref := ledger.PartitionRef{Asset: s.Asset, Partition: s.Partition}
		if t := f.of(ref); !t.ended {
			t.ended = true
			f.line(l, ref, outcomeOf(s))
		}
	}
	if f.app.Region != nil {
		columns, lines := f.app.Region.Size()
		f.app.Region.Show(Render(l, columns, lines-1)) // one is for an alert
		return
	}
	if f.name != "" {
		f.totals(l)
	} else {
		f.steps(l)
	}
	for _, p := range l.Pauses {
		if !p.Until.Equal(f.until) {
			f.until = p.Until
			f.app.Note("  %s", pauseText(p))
		}
	}
}

func (f *Follower) line(l Look, ref ledger.PartitionRef, text string) {
	f.app.Note("  [%d/%d] %s[%s] %s", len(l.Ended), l.Total, ref.Asset, ref.Partition, text)
}

// totalsEvery is how often the totals of a backfill are appended while nothing but the counts change.
const totalsEvery = 5 * time.Second

func (f *Follower) totals(l Look) {
	if l.State == f.state && l.Now.Sub(f.at) < totalsEvery {
		return
	}
	f.state, f.at = l.State, l.Now
	text := Totals(l) + elapsed(l)
	if pace := paceText(l); pace != "" {
		text += "; " + pace
	}
	f.app.Note("  %s %s: %s", f.name, l.State, text)
}

// steps appends what has moved of the steps under way.
func (f *Follower) steps(l Look) {
	for _, s := range l.Open {
		if text := f.moved(s); text != "" {
			f.line(l, s.Ref, text)
		}
	}
	for _, set := range l.Sets {
		text := output.Wait(set)
		if t := f.of(ledger.PartitionRef{Asset: set.Asset, Partition: set.Partition}); t.text != text {
			t.text = text
			f.app.Note("  partitions of %s: %s", set.Partition, text)
		}
	}
}

// moved is what is new of a step under way; "" is nothing.
func (f *Follower) moved(s Step) string {
	t := f.of(s.Ref)
	text := ""
	switch {
	case s.Wait != nil:
		text = output.Wait(*s.Wait)
	case s.Retries > t.retries:
		t.retries, t.running = s.Retries, true
		return s.retriesText()
	case s.Items.Pending > 0:
		text, t.running = s.itemsText(), true
	case !t.running:
		text, t.running = "running", true
	}
	if text == "" || text == t.text {
		return ""
	}
	t.text = text
	return text
}

func (f *Follower) of(ref ledger.PartitionRef) *told {
	t, known := f.told[ref]
	if !known {
		t = &told{}
		f.told[ref] = t
	}
	return t
}

// Beside starts functions. What it returns ends their context, and waits for them.
func Beside(ctx context.Context, fns ...func(context.Context)) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	for _, fn := range fns {
		group.Go(func() { fn(ctx) })
	}
	return func() {
		stop()
		group.Wait()
	}
}
