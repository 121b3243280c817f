// Package budget limits the rate of requests to one host. The rate is recorded in a [Store], shared by every worker and every run,
// and survives a restart.
//
// Make one [Budget] per process and host. It is safe for use by any number of goroutines. Before each request [Budget.Take] waits
// for its turn; after it, [Budget.Report] records the result:
//
//	if err := b.Take(ctx); err != nil {
//		return err // throttled or refused, with After: wait on a durable timer
//	}
//	start := time.Now()
//	page, err := fetch(ctx)
//	if noted := b.Report(ctx, err, time.Since(start)); noted != nil {
//		return errors.Join(err, noted)
//	}
//
// # What is promised
//
// With a rate of R requests a second, no sliding window of W seconds holds more than R × W + 1 grants. This holds for all workers
// on one ledger together, whatever is restarted, stopped or continued, and whatever the clocks of the processes show: each turn is
// granted in a transaction of the store, at the time that is read in it, no sooner than 1/R ÷ pace after the one before. Nothing is
// granted while the host is blocked. The time from the grant to the source differs from request to request: a window at the source
// may hold R × (W + J) + 1, where J is that difference. A process that is stopped between a grant and its use for more than a
// quarter of the interval takes another turn. A process that is stopped after that, in the few instructions before it sends, or
// whose browser is stopped, sends that one request late.
//
// Unused turns do not add up: an hour without requests, or of a stopped process, allows no burst.
//
// # The pace
//
// The pace adapts as in TCP: additive increase, multiplicative decrease. fault.Throttled blocks the host for everybody for as long
// as the source says, and halves the pace. An answer slower than Options.Patience takes a quarter off the pace. So do three
// failures (fault.Unavailable: 5xx, no connection, nothing in time); each good answer makes up for a quarter of a failure. A good
// answer gives back a twentieth of the full pace, unless failures are left to make up for. Other faults say nothing about the host.
//
// fault.Refused opens the circuit: nobody asks for ten minutes (Options.Circuit), then twice as long after each further refusal, up
// to two hours, or as long as the source says. After that time one request probes, and the others wait for its result: a good
// answer closes the circuit, a refusal opens it for longer.
//
// # What counts
//
// Every request that this program, or a page of its browsers, sends on its behalf: JSON, PDFs, open data, clicks that make the page
// ask. Each load of the page counts as two: itself, and the list of categories that it asks for. Static files that a browser loads
// with the page (scripts, styles, pictures) do not count: they are cached, and cannot be held back one by one.
package budget

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"sync"
	"time"

	"drugslm/internal/fault"
)

// The defaults of Options.
const (
	DefaultMaxWait  = 20 * time.Second
	DefaultPatience = 15 * time.Second
	DefaultCircuit  = 10 * time.Minute
)

const (
	throttled     = time.Minute      // the block when the source asks to slow down and does not say for how long
	maxBlockAge   = time.Second      // how old the knowledge of a block may be when turns cost nothing
	reportTimeout = 30 * time.Second // to write a report, also if its request was canceled
	latenessShare = 4                // a grant that is older than this part of the interval, and than lateLeast, is not used
	minLateness   = 50 * time.Millisecond
)

// Options limit the rate of requests to a host.
type Options struct {
	RPS      float64       // requests a second, all workers together; 0: no limit, which only a loopback host may have
	MaxWait  time.Duration // the longest wait that Take sleeps; a longer one is returned as a fault. 0: DefaultMaxWait
	Patience time.Duration // a slower answer means that the host is strained. 0: DefaultPatience
	Circuit  time.Duration // how long nobody asks after a first refusal; further ones double it, up to 12 times. 0: DefaultCircuit
	Log      *slog.Logger  // told of blocks, of times that cannot be, and at level debug of every request; nil: nobody is
}

// Budget is the access of one process to the pace of one host.
type Budget struct {
	store    Store
	host     string
	interval time.Duration // 0: no limit
	o        Options

	mu             sync.Mutex
	free           time.Time // until then turns of a host without a limit cost not even a look
	recordedAnswer bool      // the last answer found the host at full pace, with nothing to make up for
	probe          string    // the probe that is ours, if there is one
	probing        time.Time // since when
}

// New returns the budget of a host, "host:port" as in the address of the source. No limit for a host that is not this
// machine, and a rate that is not a number, are fault.Invalid.
func New(book Store, host string, o Options) (*Budget, error) {
	b := &Budget{store: book, host: host, o: o}
	switch {
	case host == "":
		return nil, fault.New(fault.Invalid, "make budget", "the source has no host")
	case math.IsNaN(o.RPS) || o.RPS < 0 || o.RPS > 1e6:
		return nil, fault.New(fault.Invalid, "make budget", "%g requests a second is no rate", o.RPS)
	case o.RPS == 0 && !loopback(host):
		return nil, fault.New(fault.Invalid, "make budget", "%s is not this machine: give it a rate, such as 1 request a second", host)
	case o.RPS > 0:
		b.interval = interval(o.RPS)
	}
	if b.o.MaxWait <= 0 {
		b.o.MaxWait = DefaultMaxWait
	}
	if b.o.Patience <= 0 {
		b.o.Patience = DefaultPatience
	}
	if b.o.Circuit <= 0 {
		b.o.Circuit = DefaultCircuit
	}
	if b.o.Log == nil {
		b.o.Log = slog.New(slog.DiscardHandler)
	}
	return b, nil
}

// interval is the time between two requests at a rate.
func interval(rps float64) time.Duration {
	return max(time.Duration(float64(time.Second)/rps), time.Microsecond)
}

func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// Take waits for a turn. When it returns nil, send the request at once. A blocked host, or a turn that is further away
// than MaxWait, is fault.Throttled, or fault.Refused while the circuit is open, with After; then no turn is taken. Call
// it right before every request.
func (b *Budget) Take(ctx context.Context) error {
	ask := Ask{Interval: b.interval, Patience: b.o.MaxWait, Who: rand.Text()}
	for {
		if free, err := b.unlimited(ctx); free || err != nil {
			return err
		}
		turn, decided, err := b.turn(ctx, ask)
		switch {
		case err != nil:
			return err
		case turn.Blocked > 0:
			return b.denied(turn)
		case turn.Wait > b.o.MaxWait:
			return &fault.Error{Kind: fault.Throttled, Op: "take turn", After: turn.Wait,
				Err: errors.New("the budget of " + b.host + " is used up for now")}
		case turn.Granted && (turn.Probe || time.Since(decided) <= max(turn.Step/latenessShare, minLateness)):
			// A probe may be late: nobody else is let go, so it cannot be too close to another request.
			b.o.Log.DebugContext(ctx, "a request is let go", "host", b.host, "at", turn.At, "probe", turn.Probe)
			return nil
		case turn.Granted: // the process stood still meanwhile: what it was granted may be long past
			ask.Place = time.Time{}
		default:
			if err := sleep(ctx, turn.Wait); err != nil {
				return err
			}
			ask.Place = turn.Place
		}
	}
}

// unlimited reports whether a turn costs nothing, as that of a host on this machine without a limit does. It looks at the
// store once a second.
func (b *Budget) unlimited(ctx context.Context) (bool, error) {
	if b.interval > 0 {
		return false, nil
	}
	b.mu.Lock()
	free := time.Now().Before(b.free)
	b.mu.Unlock()
	if free {
		return true, nil
	}
	s, now, err := b.store.ReadBudget(ctx, b.host)
	if err != nil || s.Rate > 0 || s.Circuit(now) != CircuitClosed {
		return false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = time.Now().Add(maxBlockAge)
	b.recordedAnswer = s.Pace >= 1 && s.Refusals == 0 && s.Strain == 0
	return true, nil
}

// turn asks the store, and gives the moment at which it decided, by the clock that runs on while a process is stopped.
func (b *Budget) turn(ctx context.Context, ask Ask) (turn Turn, decided time.Time, err error) {
	var recorded bool
	err = b.store.ChangeBudget(ctx, b.host, func(now time.Time, s *State) (changed bool) {
		turn, changed = s.Take(now, ask)
		decided, recorded = time.Now(), s.Pace >= 1 && s.Refusals == 0 && s.Strain == 0
		return changed
	})
	if err != nil {
		return turn, decided, err
	}
	if turn.Bounded != "" {
		b.o.Log.WarnContext(ctx, "a time in the budget cannot be: is a clock wrong?", "host", b.host, "wrong", turn.Bounded)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recordedAnswer = recorded
	if turn.Granted && turn.Probe {
		b.probe, b.probing = ask.Who, decided
	}
	return turn, decided, nil
}

// denied is the fault of a blocked turn.
func (b *Budget) denied(turn Turn) error {
	kind := fault.Throttled
	if turn.Refused {
		kind = fault.Refused
	}
	return &fault.Error{Kind: kind, Op: "take turn", After: turn.Blocked,
		Err: errors.New(b.host + " is not asked until " + turn.Until.UTC().Format(time.RFC3339) + ": " + turn.Reason)}
}

// Report records the result of a request and how long it took. Call it after every request. It writes only if the pace
// changes. It records a block even if ctx is canceled.
func (b *Budget) Report(ctx context.Context, err error, latency time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportTimeout)
	defer cancel()
	probe := b.probeOf(time.Now().Add(-latency))
	switch kind := fault.KindOf(err); kind {
	case fault.Throttled, fault.Refused:
		k := Block{For: fault.AfterOf(err), Refused: kind == fault.Refused, Circuit: b.o.Circuit, Reason: err.Error()}
		if k.For <= 0 && !k.Refused {
			k.For = throttled
		}
		b.mu.Lock()
		b.free, b.recordedAnswer = time.Time{}, false
		b.mu.Unlock()
		return b.block(ctx, k)
	case "", fault.NotFound: // "there is none" is an answer like any other
		return b.answered(ctx, Answer{Good: true, Slow: latency > b.o.Patience, Probe: probe})
	default:
		return b.answered(ctx, Answer{Failed: kind == fault.Unavailable, Probe: probe})
	}
}

// block keeps everybody away, and says so in the log.
func (b *Budget) block(ctx context.Context, k Block) error {
	var from, until time.Time
	err := b.store.ChangeBudget(ctx, b.host, func(now time.Time, s *State) bool {
		s.Block(now, k)
		from, until = now, s.BlockedUntil
		return true
	})
	if err == nil {
		b.o.Log.WarnContext(ctx, "the host is not asked for a while", "host", b.host, "from", from, "until", until, "refused", k.Refused, "reason", k.Reason)
	}
	return err
}

// probeOf is the name of the probe that a request was which began at a time; "" when it was none. While one probes
// nobody else begins.
func (b *Budget) probeOf(began time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.probe == "" || began.Before(b.probing) {
		return ""
	}
	probe := b.probe
	b.probe = ""
	return probe
}

func (b *Budget) answered(ctx context.Context, a Answer) error {
	b.mu.Lock()
	recorded := b.recordedAnswer
	b.mu.Unlock()
	if a.Probe == "" && !a.Failed && !a.Slow && (recorded || !a.Good) {
		return nil
	}
	return b.store.ChangeBudget(ctx, b.host, func(now time.Time, s *State) bool { return s.Answer(now, a) })
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
