package budget_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"drugslm/internal/budget"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// machine is what the workers of one machine share: the time since it started, and the ledger's file. In a bubble both
// go by the bubble's time.
type machine struct {
	path  string
	began time.Time
}

// open opens the ledger as a process whose wall clock is off.
func (m machine) open(t *testing.T, off time.Duration) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), m.path, ledger.WithClock(ledger.Clock{
		Wall: func() time.Time { return time.Now().Add(off) }, Boot: func() time.Duration { return time.Since(m.began) }, Start: "one",
	}))
	require.NoError(t, err)
	return l
}

// stopped is the store of a process that at times stands still: before it gets the lock, and after it had its answer.
type stopped struct {
	budget.Store
	mu  *sync.Mutex // the ledger's lock, which fake time can wait for
	rng *rand.Rand
}

func (s stopped) ChangeBudget(ctx context.Context, host string, fn func(time.Time, *budget.State) bool) error {
	s.pause()
	s.mu.Lock()
	err := s.Store.ChangeBudget(ctx, host, fn)
	s.mu.Unlock()
	s.pause()
	return err
}

func (s stopped) pause() {
	if s.rng.IntN(20) == 0 {
		pass(time.Duration(s.rng.Int64N(int64(10 * time.Second))))
	}
}

// windows wants no sliding window over the times at which requests were sent to hold more than the rate allows. lag is
// how late a grant may be used.
func windows(t *testing.T, sent []time.Time, rps float64, lag time.Duration) {
	t.Helper()
	slices.SortFunc(sent, time.Time.Compare)
	for i := range sent {
		for j := i + 1; j < len(sent); j++ {
			w := sent[j].Sub(sent[i])
			if most := rps*(w+lag).Seconds() + 1; float64(j-i+1) > most+1e-6 {
				require.Failf(t, "too many requests", "%d within %s from %s on: at most %.2f", j-i+1, w, sent[i], most)
			}
		}
	}
}

func TestGuarantee(t *testing.T) {
	t.Parallel()
	t.Run("holds in every window", guaranteeHoldsInEveryWindow)
	t.Run("sends no burst after a stop", guaranteeSendsNoBurstAfterStop)
	t.Run("holds with wrong clocks", guaranteeHoldsWithWrongClocks)
}

// guaranteeHoldsInEveryWindow lets workers with clocks that are off, and that stop, are killed and start again, ask one host.
func guaranteeHoldsInEveryWindow(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "ledger.db")
			synctest.Test(t, func(t *testing.T) { promise(t, path, seed) })
		})
	}
}

func promise(t *testing.T, path string, seed uint64) {
	const rps, year = 4, 365 * 24 * time.Hour
	m := machine{path, time.Now()}
	var mu, lock sync.Mutex
	var sent []time.Time
	var blocked [][2]time.Time // bans that the source has spoken out
	group, ctx := errgroup.WithContext(t.Context())
	for worker, off := range []time.Duration{0, year, -year, time.Hour} {
		group.Go(func() error {
			rng := rand.New(rand.NewPCG(seed, uint64(worker)))
			for range 3 { // lives of the process
				l := m.open(t, off)
				life, end := errgroup.WithContext(ctx)
				for browser := range 3 {
					own := rand.New(rand.NewPCG(seed, uint64(100*worker+browser)))
					b, err := budget.New(stopped{l, &lock, own}, host, budget.Options{RPS: rps})
					if err != nil {
						return err
					}
					life.Go(func() error {
						for range 8 {
							err := b.Take(end)
							switch after := fault.AfterOf(err); {
							case after > 0:
								pass(after) // as the durable timer does
								continue
							case err != nil:
								return err
							}
							mu.Lock()
							sent = append(sent, time.Now())
							refuse := len(sent)%37 == 0
							if refuse {
								blocked = append(blocked, [2]time.Time{time.Now(), time.Now().Add(time.Minute)})
							}
							mu.Unlock()
							var answer error
							if refuse {
								answer = &fault.Error{Kind: fault.Throttled, Op: "fetch", After: time.Minute}
							}
							if err := b.Report(end, answer, 0); err != nil {
								return err
							}
						}
						return nil
					})
				}
				if err := life.Wait(); err != nil {
					return err
				}
				if err := l.Close(); err != nil {
					return err
				}
				pass(time.Duration(rng.Int64N(int64(time.Minute))))
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.Greater(t, len(sent), 200)
	require.NotEmpty(t, blocked)
	windows(t, sent, rps, time.Second/rps/4)
	require.Less(t, time.Since(m.began), 2*time.Hour, "no clock that is off keeps anybody away")
	for _, ban := range blocked {
		for _, at := range sent {
			// The one who was told may stand still before it has written the ban down, for two pauses of 10 s each.
			if at.After(ban[0].Add(20*time.Second)) && at.Before(ban[1]) {
				require.Failf(t, "a request was sent during a ban", "at %s, banned from %s to %s", at, ban[0], ban[1])
			}
		}
	}
}

// guaranteeSendsNoBurstAfterStop stops a process whose goroutines wait for turns one after the other.
func guaranteeSendsNoBurstAfterStop(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		var group errgroup.Group
		sent := make(chan time.Time, 20)
		gate := make(chan struct{})
		of, err := budget.New(gated{b.book, gate}, host, budget.Options{RPS: 4})
		require.NoError(b, err)
		for range 8 {
			group.Go(func() error {
				err := of.Take(b.Context())
				sent <- time.Now()
				return err
			})
		}
		for range 8 { // each has its place, and one was granted
			gate <- struct{}{}
		}
		pass(10 * time.Second) // all woke up, and stand still before they ask again
		for range 7 {
			synctest.Wait()
		}
		go func() {
			for {
				select {
				case gate <- struct{}{}:
				case <-b.Context().Done():
					return
				}
			}
		}()
		require.NoError(b, group.Wait())
		close(sent)
		var times []time.Time
		for at := range sent {
			times = append(times, at)
		}
		require.Len(b, times, 8)
		windows(b.T, times, 4, 0)
	})
}

// gated is a store that answers one question for each pass through its gate.
type gated struct {
	budget.Store
	gate chan struct{}
}

func (g gated) ChangeBudget(ctx context.Context, host string, fn func(time.Time, *budget.State) bool) error {
	<-g.gate
	return g.Store.ChangeBudget(ctx, host, fn)
}

func guaranteeHoldsWithWrongClocks(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	inBubble(t, func(b *bundle) {
		ahead, err := ledger.Open(b.Context(), b.path, ledger.WithClock(ledger.Clock{Wall: func() time.Time { return time.Now().Add(year) }}))
		require.NoError(b, err)
		defer func() { require.NoError(b, ahead.Close()) }()
		wrong, err := budget.New(ahead, host, budget.Options{RPS: 1})
		require.NoError(b, err)
		right := b.budget(budget.Options{RPS: 1})

		require.NoError(b, wrong.Take(b.Context()))
		require.Equal(b, time.Second, b.waits(right), "one interval, not a year")
		s := b.read()
		require.Contains(b, s.Bounded, "in the future")
		require.NoError(b, wrong.Report(b.Context(), &fault.Error{Kind: fault.Throttled, After: 24 * time.Hour}, 0))
		b.denied(right, fault.Throttled, 24*time.Hour)
		pass(time.Hour)
		b.denied(right, fault.Throttled, 23*time.Hour)
	})
	for name, edit := range map[string]func(now time.Time, s *budget.State){
		"the next turn":        func(now time.Time, s *budget.State) { s.NextAt = now.Add(year) },
		"the last request":     func(now time.Time, s *budget.State) { s.SentAt = now.Add(year) },
		"all of it":            func(now time.Time, s *budget.State) { s.NextAt, s.SentAt = now.Add(year), now.Add(year) },
		"the end of the probe": func(now time.Time, s *budget.State) { s.Refused, s.Probe, s.ProbeUntil = true, "x", now.Add(year) },
	} {
		inBubble(t, func(b *bundle) {
			b.change(edit)
			of := b.budget(budget.Options{RPS: 1, MaxWait: 3 * time.Minute})
			start := time.Now()
			for range 20 {
				err := of.Take(b.Context())
				if fault.KindOf(err) == fault.Refused {
					pass(fault.AfterOf(err))
					continue
				}
				require.NoError(b, err, name)
				require.NoError(b, of.Report(b.Context(), nil, 0))
			}
			require.Less(b, time.Since(start), 3*time.Minute, name)
		})
	}
	inBubble(t, func(b *bundle) {
		b.change(func(now time.Time, s *budget.State) { s.BlockedUntil, s.Reason = now.Add(year), "429" })
		b.denied(b.budget(budget.Options{RPS: 1}), fault.Throttled, 24*time.Hour)
		require.Contains(b, b.read().Bounded, "the end of the block")
		b.change(func(now time.Time, s *budget.State) { s.Open(now, now.Add(7*24*time.Hour), "maintenance") })
		b.denied(b.budget(budget.Options{RPS: 1}), fault.Refused, 7*24*time.Hour)
	})
}
