package budget_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"drugslm/internal/budget"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

const host = "consultas.example.org:443"

// bundle is a ledger in a bubble of its own time.
type bundle struct {
	*testing.T
	path string
	book *ledger.Ledger
}

func inBubble(t *testing.T, test func(*bundle)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	synctest.Test(t, func(t *testing.T) {
		b := &bundle{T: t, path: path}
		b.open()
		defer func() { require.NoError(t, b.book.Close()) }()
		test(b)
	})
}

func (b *bundle) open() {
	var err error
	b.book, err = ledger.Open(b.Context(), b.path, ledger.WithClock(ledger.Clock{Wall: time.Now}))
	require.NoError(b, err)
}

// read is what is noted of the host.
func (b *bundle) read() budget.State {
	s, _, err := b.book.ReadBudget(b.Context(), host)
	require.NoError(b, err)
	return s
}

// change changes what is noted of the host.
func (b *bundle) change(fn func(now time.Time, s *budget.State)) {
	require.NoError(b, b.book.ChangeBudget(b.Context(), host, func(now time.Time, s *budget.State) bool { fn(now, s); return true }))
}

func (b *bundle) budget(o budget.Options) *budget.Budget {
	got, err := budget.New(b.book, host, o)
	require.NoError(b, err)
	return got
}

// denied wants Take to refuse with a kind and a wait.
func (b *bundle) denied(of *budget.Budget, kind fault.Kind, after time.Duration) {
	b.Helper()
	err := of.Take(b.Context())
	require.Equal(b, kind, fault.KindOf(err), "%v", err)
	require.Equal(b, after, fault.AfterOf(err))
}

// waits gives how long Take slept.
func (b *bundle) waits(of *budget.Budget) time.Duration {
	b.Helper()
	start := time.Now()
	require.NoError(b, of.Take(b.Context()))
	return time.Since(start)
}

func TestBudget(t *testing.T) {
	t.Parallel()
	t.Run("gives two workers one pace", budgetGivesTwoWorkersOnePace)
	t.Run("keeps the pace over a restart", budgetKeepsPaceOverRestart)
	t.Run("returns long waits as errors", budgetReturnsLongWaitsAsErrors)
	t.Run("respects Retry-After for all workers", budgetRespectsRetryAfterForAllWorkers)
	t.Run("stops workers that wait", budgetStopsWorkersThatWait)
	t.Run("doubles the block with each refusal", budgetDoublesBlockWithEachRefusal)
	t.Run("sends one probe after a refusal", budgetSendsOneProbeAfterRefusal)
	t.Run("lowers the pace after several failures", budgetLowersPaceAfterSeveralFailures)
	t.Run("lowers the pace after slow answers", budgetLowersPaceAfterSlowAnswers)
	t.Run("ends a wait with its context", budgetEndsWaitWithItsContext)
	t.Run("has no limit on loopback", budgetHasNoLimitOnLoopback)
}

func budgetGivesTwoWorkersOnePace(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		start := time.Now()
		sent := make(chan time.Duration, 40)
		group, ctx := errgroup.WithContext(b.Context())
		for range 2 {
			worker := b.budget(budget.Options{RPS: 4})
			for range 4 {
				group.Go(func() error {
					for range 5 {
						if err := worker.Take(ctx); err != nil {
							return err
						}
						sent <- time.Since(start)
					}
					return nil
				})
			}
		}
		require.NoError(b, group.Wait())
		close(sent)
		n := 0
		for at := range sent {
			require.GreaterOrEqual(b, at, time.Duration(n)*250*time.Millisecond, "request %d", n)
			n++
		}
		require.Equal(b, 40, n)
	})
}

func budgetKeepsPaceOverRestart(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		first := b.budget(budget.Options{RPS: 0.1})
		require.Zero(b, b.waits(first))
		require.NoError(b, b.book.Close())
		b.open()
		require.Equal(b, 10*time.Second, b.waits(b.budget(budget.Options{RPS: 0.1})))
		pass(time.Hour)
		require.Zero(b, b.waits(b.budget(budget.Options{RPS: 0.1})))
		require.Equal(b, 10*time.Second, b.waits(b.budget(budget.Options{RPS: 0.1})), "an idle hour is no credit")
	})
}

func budgetReturnsLongWaitsAsErrors(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		of := b.budget(budget.Options{RPS: 1.0 / 60})
		start := time.Now()
		require.Zero(b, b.waits(of))
		for range 3 {
			b.denied(of, fault.Throttled, time.Minute)
		}
		require.Equal(b, start, time.Now())
		pass(time.Minute)
		require.Zero(b, b.waits(of), "the turns refused were not taken")
	})
}

func budgetRespectsRetryAfterForAllWorkers(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		one, two := b.budget(budget.Options{RPS: 1}), b.budget(budget.Options{RPS: 1})
		free := b.budget(budget.Options{RPS: 1, MaxWait: time.Hour})
		require.NoError(b, one.Take(b.Context()))
		ctx, cancel := context.WithCancel(b.Context())
		cancel()
		require.NoError(b, one.Report(ctx, &fault.Error{Kind: fault.Throttled, Op: "list", After: 37 * time.Second, Err: errors.New("429")}, 0))

		b.denied(two, fault.Throttled, 37*time.Second)
		pass(36 * time.Second)
		b.denied(free, fault.Throttled, time.Second)
		pass(time.Second)
		require.Zero(b, b.waits(two))
		require.Equal(b, 2*time.Second, b.waits(two), "half the pace")
		for range 10 {
			require.NoError(b, two.Report(b.Context(), nil, time.Second))
		}
		pass(time.Minute)
		require.Zero(b, b.waits(two))
		require.Equal(b, time.Second, b.waits(two), "ten good answers later, the full one")

		require.NoError(b, two.Report(b.Context(), fault.New(fault.Throttled, "list", "429 without a time"), 0))
		b.denied(one, fault.Throttled, time.Minute)
		require.NoError(b, two.Report(b.Context(), &fault.Error{Kind: fault.Throttled, After: 1e6 * time.Hour}, 0))
		b.denied(one, fault.Throttled, 24*time.Hour)
	})
}

func budgetStopsWorkersThatWait(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		of := b.budget(budget.Options{RPS: 0.1})
		require.NoError(b, of.Take(b.Context()))
		answer := make(chan error)
		go func() { answer <- of.Take(b.Context()) }()
		synctest.Wait()
		require.NoError(b, of.Report(b.Context(), &fault.Error{Kind: fault.Throttled, Op: "list", After: time.Minute}, 0))
		err := <-answer
		require.Equal(b, fault.Throttled, fault.KindOf(err))
		require.Equal(b, 50*time.Second, fault.AfterOf(err))
	})
}

func budgetDoublesBlockWithEachRefusal(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		one, two := b.budget(budget.Options{RPS: 1}), b.budget(budget.Options{RPS: 1})
		refuse := fault.New(fault.Refused, "list", "403")
		for _, minutes := range []int{10, 20, 40, 80, 120, 120} {
			require.NoError(b, one.Take(b.Context()))
			require.NoError(b, one.Report(b.Context(), refuse, 0))
			require.NoError(b, two.Report(b.Context(), refuse, 0)) // on its way at the same time: counts once
			b.denied(two, fault.Refused, time.Duration(minutes)*time.Minute)
			pass(time.Duration(minutes) * time.Minute)
		}
		require.NoError(b, two.Take(b.Context()))
		require.NoError(b, two.Report(b.Context(), fault.New(fault.NotFound, "fetch", "404"), 0)) // an answer is an answer
		pass(2 * time.Minute)                                                                     // the pace is low now
		require.NoError(b, one.Take(b.Context()))
		require.NoError(b, one.Report(b.Context(), refuse, 0))
		b.denied(one, fault.Refused, 10*time.Minute)
		b.change(func(now time.Time, s *budget.State) { s.Close(now, "they let us") })
		require.NoError(b, b.budget(budget.Options{RPS: 1, MaxWait: time.Hour}).Take(b.Context()))
		require.Zero(b, b.read().Refusals)
	})
}

func budgetSendsOneProbeAfterRefusal(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		one, two := b.budget(budget.Options{RPS: 100}), b.budget(budget.Options{RPS: 100})
		refuse := fault.New(fault.Refused, "list", "403")
		require.NoError(b, one.Take(b.Context()))
		require.NoError(b, one.Report(b.Context(), refuse, 0))
		pass(10 * time.Minute)

		require.NoError(b, one.Take(b.Context()), "the probe")
		for _, of := range []*budget.Budget{one, two} {
			b.denied(of, fault.Refused, 10*time.Second)
		}
		pass(time.Second)
		require.NoError(b, two.Report(b.Context(), nil, time.Hour), "sent before the refusal: it proves nothing")
		require.Equal(b, budget.CircuitHalfOpen, b.read().Circuit(time.Now()))
		require.NoError(b, one.Report(b.Context(), refuse, time.Second))
		b.denied(two, fault.Refused, 20*time.Minute)
		pass(20 * time.Minute)

		require.NoError(b, two.Take(b.Context()))
		require.NoError(b, two.Report(b.Context(), fault.New(fault.Session, "open", "the browser died"), 0))
		b.denied(one, fault.Refused, 10*time.Second)
		pass(30 * time.Second)
		require.NoError(b, one.Take(b.Context()), "another one probes")
		pass(110 * time.Second) // its worker was killed
		b.denied(two, fault.Refused, 10*time.Second)
		pass(10 * time.Second)
		require.NoError(b, two.Take(b.Context()))
		require.NoError(b, two.Report(b.Context(), &fault.Error{Kind: fault.Throttled, After: time.Minute}, 0))
		b.denied(one, fault.Refused, time.Minute)
		pass(time.Minute)
		require.NoError(b, two.Take(b.Context()))
		require.NoError(b, two.Report(b.Context(), nil, 0))
		require.Equal(b, budget.CircuitClosed, b.read().Circuit(time.Now()))
		for range 3 {
			require.NoError(b, one.Take(b.Context()))
		}
	})
}

func budgetLowersPaceAfterSeveralFailures(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		of := b.budget(budget.Options{RPS: 1000})
		report := func(err error, times int) {
			for range times {
				require.NoError(b, of.Take(b.Context()))
				require.NoError(b, of.Report(b.Context(), err, 0))
			}
		}
		failure := fault.New(fault.Unavailable, "list", "503")
		report(failure, 2)
		require.InDelta(b, 1, b.read().Pace, 1e-9, "two are bad luck")
		report(failure, 1)
		require.InDelta(b, 0.75, b.read().Pace, 1e-9)
		for range 60 { // one in three
			report(nil, 2)
			report(failure, 1)
		}
		require.Less(b, b.read().Pace, 0.5)
		for range 60 { // one in ten
			report(nil, 9)
			report(failure, 1)
		}
		require.Greater(b, b.read().Pace, 0.9)
	})
}

func budgetLowersPaceAfterSlowAnswers(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		of := b.budget(budget.Options{RPS: 1, Patience: 5 * time.Second})
		require.NoError(b, of.Report(b.Context(), nil, 5*time.Second))
		require.NoError(b, of.Report(b.Context(), fault.New(fault.Session, "open", "gone"), time.Hour))
		noted, err := b.book.Budgets(b.Context())
		require.NoError(b, err)
		require.Empty(b, noted, "what changes nothing writes nothing")
		require.NoError(b, of.Report(b.Context(), nil, 6*time.Second))
		require.InDelta(b, 0.75, b.read().Pace, 1e-9)
	})
}

func budgetEndsWaitWithItsContext(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		of := b.budget(budget.Options{RPS: 0.1})
		require.NoError(b, of.Take(b.Context()))
		ctx, cancel := context.WithTimeout(b.Context(), 3*time.Second)
		defer cancel()
		require.ErrorIs(b, of.Take(ctx), context.DeadlineExceeded)
	})
}

// counting counts the questions to a store.
type counting struct {
	budget.Store
	read, changed int
}

func (c *counting) ReadBudget(ctx context.Context, host string) (budget.State, time.Time, error) {
	c.read++
	return c.Store.ReadBudget(ctx, host)
}

func (c *counting) ChangeBudget(ctx context.Context, host string, fn func(time.Time, *budget.State) bool) error {
	c.changed++
	return c.Store.ChangeBudget(ctx, host, fn)
}

func budgetHasNoLimitOnLoopback(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bundle) {
		const local = "127.0.0.1:8080"
		book := &counting{Store: b.book}
		of, err := budget.New(book, local, budget.Options{})
		require.NoError(b, err)
		for range 1000 {
			require.NoError(b, of.Take(b.Context()))
			require.NoError(b, of.Report(b.Context(), nil, time.Millisecond))
		}
		require.Equal(b, []int{1, 0}, []int{book.read, book.changed}, "one look a second")

		block := func(now time.Time, s *budget.State) bool {
			s.Block(now, budget.Block{For: time.Minute, Reason: "429"})
			return true
		}
		require.NoError(b, b.book.ChangeBudget(b.Context(), local, block))
		pass(time.Second)
		b.denied(of, fault.Throttled, 59*time.Second)
		require.NoError(b, of.Report(b.Context(), &fault.Error{Kind: fault.Throttled, After: 2 * time.Minute}, 0))
		b.denied(of, fault.Throttled, 2*time.Minute)
		pass(2 * time.Minute)
		require.NoError(b, of.Take(b.Context()))

		rate := func(_ time.Time, s *budget.State) bool { s.Rate, s.Pace = 2, 1; return true }
		require.NoError(b, b.book.ChangeBudget(b.Context(), local, rate))
		pass(time.Second)
		require.Zero(b, b.waits(of))
		require.Equal(b, 500*time.Millisecond, b.waits(of), "a rate set by hand counts here, too")
	})
}

func TestNew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		host string
		rps  float64
		want string // of the error; "" for none
	}{
		{"consultas.anvisa.gov.br:443", 1, ""},
		{"consultas.anvisa.gov.br:443", 0, "is not this machine"},
		{"localhost.example.org:80", 0, "is not this machine"},
		{"127.0.0.1.example.org:80", 0, "is not this machine"},
		{"10.0.0.1:80", 0, "is not this machine"},
		{"0.0.0.0:80", 0, "is not this machine"},
		{"127.0.0.1:8080", 0, ""}, {"127.8.8.8", 0, ""}, {"[::1]:8080", 0, ""}, {"localhost:8080", 0, ""}, {"localhost", 0, ""},
		{"[::ffff:127.0.0.1]:80", 0, ""},
		{"localhost:1", -1, "is no rate"}, {"localhost:1", math.NaN(), "is no rate"}, {"localhost:1", math.Inf(1), "is no rate"},
		{"", 1, "no host"},
	}
	for _, tt := range tests {
		_, err := budget.New(nil, tt.host, budget.Options{RPS: tt.rps})
		if tt.want == "" {
			require.NoError(t, err, tt.host)
			continue
		}
		require.Equal(t, fault.Invalid, fault.KindOf(err), tt.host)
		require.ErrorContains(t, err, tt.want)
	}
}

// pass lets fake time go by.
func pass(d time.Duration) { <-time.After(d) }
