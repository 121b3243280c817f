package activities_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/lake/laketest"
	"drugslm/internal/ledger"
)

// randomFaults drives a world through days on which anything may happen.
type randomFaults struct {
	*rand.Rand
	w      *fixture
	k      *crashingStore
	panics int            // after how many items the maker dies; 0: never
	lost   map[string]int // browsers, at a content: at a third one the item would rightly be set aside
	log    []string
}

func TestRuns(t *testing.T) {
	t.Parallel()
	t.Run("keep every promise under random faults", runsKeepEveryPromiseUnderRandomFaults)
}

// runsKeepEveryPromiseUnderRandomFaults plays random days: items come, change and go, fail in every way, the code gets new versions,
// and the process dies anywhere. After each publish that is completed the tables are what the source says, and ledger
// and tables agree. DRUGSLM_SEED repeats a run.
func runsKeepEveryPromiseUnderRandomFaults(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("DRUGSLM_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	c := &randomFaults{Rand: rand.New(rand.NewPCG(seed, 0)), k: &crashingStore{}, lost: map[string]int{}}
	defer func() {
		if t.Failed() {
			t.Logf("DRUGSLM_SEED=%d\n%s", seed, strings.Join(c.log, "\n"))
		}
	}()
	c.w = newFixture(t, under(c.k))
	c.w.fault = c.fate
	for _, key := range []asset.Key{download, extract} {
		c.w.make[key] = c.mortal
	}
	for day := range 25 {
		c.note("day %d", day)
		c.mutate()
		for _, key := range []asset.Key{catalog, download, extract} {
			c.day(key)
		}
	}
}

func (c *randomFaults) note(format string, args ...any) {
	c.log = append(c.log, fmt.Sprintf(format, args...))
}

// mutate changes some of the source. The first word of an item's content is its fate.
func (c *randomFaults) mutate() {
	for range c.IntN(6) {
		id := fmt.Sprintf("%02d", c.IntN(30))
		if c.IntN(4) == 0 {
			delete(c.w.source, id)
			continue
		}
		fate := []string{"fine", "fine", "fine", "fine", "none", "corrupt", "flaky"}[c.IntN(7)]
		c.w.source[id] = fate + strconv.Itoa(c.IntN(1000))
	}
	if c.IntN(8) == 0 {
		key := []asset.Key{catalog, download, extract}[c.IntN(3)]
		c.w.versions[key] += "'"
		c.w.deploy()
		c.note("new code of %s", key)
	}
}

func (c *randomFaults) fate(id string) error {
	content := c.w.source[id]
	switch {
	case strings.HasPrefix(content, "none"):
		return fault.New(fault.NotFound, "fetch", "none")
	case strings.HasPrefix(content, "corrupt"):
		return fault.New(fault.Corrupt, "fetch", "not a PDF")
	case strings.HasPrefix(content, "flaky") && c.lost[content] < 2 && c.IntN(3) == 0:
		c.lost[content]++
		return fault.New(fault.Session, "fetch", "the browser is gone")
	default:
		return nil
	}
}

// mortal makes a batch, and may die of it.
func (c *randomFaults) mortal(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
	if c.panics == 0 || c.panics >= len(batch) {
		return c.w.honest(ctx, run, batch, report)
	}
	if err := c.w.honest(ctx, run, batch[:c.panics], report); err != nil {
		return err
	}
	panic("killed")
}

// day brings an asset up to date, in as many runs as it takes, and looks at what readers see.
func (c *randomFaults) day(key asset.Key) {
	t := c.w.tb
	before := int64(-1)
	if m, ok, err := c.w.ledger.Latest(t.Context(), string(key), here.Key); ok {
		require.NoError(t, err)
		before = m.Version
	}
	in, givenUp := c.step(key), false
	for try := 1; ; try++ {
		require.Less(t, try, 100, "it never comes to an end")
		made, err := c.attempt(in)
		if err == nil {
			require.True(t, made.Changed || givenUp || made.Version == before, "a step that changes nothing writes no version")
			break
		}
		c.note("  %s of %s: %v", in.Run, key, err)
		if c.IntN(2) == 0 {
			in, givenUp = c.step(key), true // another run takes over, and may find it published
		}
	}
	require.Equal(t, c.want(key), c.w.rows(key))
	c.w.sound()
}

func (c *randomFaults) step(key asset.Key) materialize.StepInput {
	in := c.w.step(key)
	if c.IntN(6) == 0 {
		in.Mode = []ledger.Mode{ledger.Failed, ledger.Force}[c.IntN(2)]
	}
	return in
}

// attempt does a step with a death in it, more often than not.
func (c *randomFaults) attempt(in materialize.StepInput) (materialize.Result, error) {
	c.panics = max(0, c.IntN(12)-6)
	if c.IntN(3) > 0 {
		c.k.arm(1+c.Int64N(60), laketest.Mode(c.IntN(3)))
	}
	defer c.k.disarm()
	_, made, err := c.w.materialize(in)
	return made, err
}

// want is what an asset's table must hold.
func (c *randomFaults) want(key asset.Key) []string {
	rows := []string{}
	for _, id := range slices.Sorted(maps.Keys(c.w.source)) {
		content := c.w.source[id]
		if key != catalog && (strings.HasPrefix(content, "none") || strings.HasPrefix(content, "corrupt")) {
			continue
		}
		rows = append(rows, id+" "+content)
	}
	return rows
}
