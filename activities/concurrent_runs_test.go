package activities_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// concurrentRuns drives several runs over one partition, each of which takes it from the others whenever it comes along, as runs do
// whose workflows were terminated; with batches that are suspended in the midst of a row, and workers of two builds.
type concurrentRuns struct {
	*rand.Rand
	w      *fixture
	builds []*asset.Graph // the newest last
	runs   []materialize.BatchInput
	asleep []suspended
	kinds  map[fault.Kind]int // of what was refused; "": of what went well
	log    []string
}

// suspended is an attempt that continues when it is woken.
type suspended struct {
	name string
	wake func()
	done <-chan error
}

func TestConcurrentRuns(t *testing.T) {
	t.Parallel()
	t.Run("publish what the source shows", concurrentRunsPublishWhatSourceShows)
}

// concurrentRunsPublishWhatSourceShows interleaves runs over one partition at random. Whatever comes late, no row is published under a
// fingerprint or a code version that is not its own. DRUGSLM_SEED repeats a run.
func concurrentRunsPublishWhatSourceShows(t *testing.T) {
	t.Parallel()
	seeds := []uint64{1, 2, 3, 4}
	if text := os.Getenv("DRUGSLM_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		seeds = []uint64{seed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			d := &concurrentRuns{Rand: rand.New(rand.NewPCG(seed, 0)), w: listed(t, "a 0", "b 0", "c 0", "d 0", "e 0", "f 0"), kinds: map[fault.Kind]int{}}
			defer func() {
				if t.Failed() {
					t.Logf("DRUGSLM_SEED=%d\n%s", seed, strings.Join(d.log, "\n"))
				}
			}()
			d.builds = []*asset.Graph{d.w.acts.Engine.Graph}
			for range 150 {
				d.step()
				d.w.sound()
			}
			d.finish()
			require.Positive(t, d.kinds[""], "%v", d.kinds)
			require.Positive(t, d.kinds[fault.Superseded], "%v", d.kinds)
			require.Positive(t, d.kinds[fault.CodeVersion], "%v", d.kinds)
			require.Zero(t, d.kinds[fault.Internal], "%v", d.kinds)
		})
	}
}

func (d *concurrentRuns) note(what string, err error) {
	kind := fault.KindOf(nil)
	if err != nil {
		kind = fault.Kind(failure(d.w.tb, err).Type())
	}
	d.kinds[kind]++
	d.log = append(d.log, fmt.Sprintf("%s: %v", what, err))
}

// offered is one of the last two builds: any worker takes any work.
func (d *concurrentRuns) offered() {
	d.w.acts.Engine.Graph = d.builds[max(0, len(d.builds)-1-d.IntN(2))]
}

func (d *concurrentRuns) step() {
	switch d.IntN(9) {
	case 0:
		d.change()
	case 1, 2:
		d.offered()
		in := d.w.step(download)
		synced, err := call(d.w, d.w.acts.Enrol, in)
		d.note("sync "+in.Run, err)
		if err == nil {
			d.runs = append(d.runs, materialize.BatchInput{StepInput: synced.Of(in), Batch: synced.Batches})
		}
	case 3, 4:
		d.batch(false)
	case 5:
		d.batch(true)
	case 6:
		if n := len(d.asleep); n > 0 {
			d.wake(d.IntN(n))
		}
	default:
		d.publish()
	}
}

// change publishes a new catalog, or deploys newer code beside the old.
func (d *concurrentRuns) change() {
	if d.IntN(4) == 0 {
		d.w.versions[download] = strconv.Itoa(len(d.builds) + 1)
		d.w.deploy()
		d.builds = append(d.builds, d.w.acts.Engine.Graph)
		d.note("deploy "+d.w.versions[download], nil)
		return
	}
	d.w.source[string(rune('a'+d.IntN(6)))] = strconv.Itoa(d.IntN(100))
	d.w.acts.Engine.Graph = d.builds[len(d.builds)-1]
	d.w.must(d.w.step(catalog))
	d.note("list", nil)
}

// some is one of the last runs, and one of its batches.
func (d *concurrentRuns) some() (materialize.BatchInput, bool) {
	if len(d.runs) == 0 {
		return materialize.BatchInput{}, false
	}
	in := d.runs[max(0, len(d.runs)-1-d.IntN(3))]
	if in.Batch > 0 {
		in.Batch = 1 + d.IntN(in.Batch)
	}
	return in, true
}

func (d *concurrentRuns) batch(suspend bool) {
	in, ok := d.some()
	if !ok || in.Batch == 0 {
		return
	}
	d.offered()
	name := fmt.Sprint("batch ", in.Batch, " of ", in.Run)
	if !suspend {
		_, err := call(d.w, d.w.acts.Batch, in)
		d.note(name, err)
		return
	}
	began, goes := make(chan struct{}, 1), make(chan struct{})
	d.w.make[download] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		began <- struct{}{}
		<-goes
		return d.w.honest(ctx, run, batch, report)
	}
	done := d.w.inBackground(in)
	select {
	case <-began:
		d.asleep = append(d.asleep, suspended{name, func() { close(goes) }, done})
	case err := <-done:
		d.note(name, err)
	}
	delete(d.w.make, download)
}

func (d *concurrentRuns) wake(i int) {
	s := d.asleep[i]
	d.asleep = append(d.asleep[:i:i], d.asleep[i+1:]...)
	s.wake()
	d.note("wake "+s.name, <-s.done)
}

func (d *concurrentRuns) publish() {
	in, ok := d.some()
	if !ok {
		return
	}
	d.offered()
	checked, err := call(d.w, d.w.acts.Check, materialize.CheckInput{StepInput: in.StepInput})
	if err == nil {
		_, err = call(d.w, d.w.acts.Publish, materialize.PublishInput{StepInput: in.StepInput, CheckResults: checked.Results})
	}
	d.note("publish "+in.Run, err)
}

// finish wakes all that sleeps, and brings the partition up to date: it holds what the source shows.
func (d *concurrentRuns) finish() {
	for len(d.asleep) > 0 {
		d.wake(0)
		d.w.sound()
	}
	d.w.acts.Engine.Graph = d.builds[len(d.builds)-1]
	d.w.must(d.w.step(download))
	want := []string{}
	for id, content := range maps.All(d.w.source) {
		want = append(want, id+" "+content)
	}
	require.ElementsMatch(d.w.tb, want, d.w.rows(download))
	require.Equal(d.w.tb, ledger.Counts{Discovered: 6, Published: 6}, d.w.counts(download))
	d.w.sound()
}
