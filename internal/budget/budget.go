// Package budget is the permission to send requests to one host: one pace, written down in a [Book], that every
// worker and every run shares and a restart does not forget.
//
// A [Budget] is made once per process and host and is safe for any number of goroutines. Before each request
// [Budget.Take] waits its turn; after it [Budget.Report] says how it went:
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
// The pace adapts as TCP does, additive up, multiplicative down. fault.Throttled blocks the host for everybody for as
// long as the source says and halves the pace. fault.Refused opens the circuit: nobody asks for ten minutes
// (Options.Circuit), then twice as long at each further refusal, up to two hours. An answer slower than Options.Patience takes a quarter off
// the pace; every good answer gives a twentieth of the full pace back. Other failures say nothing about the host.
//
// Turns are given in order and never caught up: an hour without requests is no credit for a burst.
package budget

import (
	"context"
	"errors"
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
	slowTimes     = 0.75             // of the pace is left after a slow answer
	successPlus   = 0.05             // of the full pace comes back with a good answer
	throttled     = time.Minute      // the block when the source asks to slow down and does not say for how long
	circuitGrowth = 12               // the longest open circuit, in first ones; unless the source itself asks for more
	blockMost     = 24 * time.Hour   // however long the source asks for: its header is not to be trusted with more
	glance        = time.Second      // how old the knowledge of a block may be when turns cost nothing
	reportTimeout = 30 * time.Second // to write a report down, though its request was cancelled
)

// Options say how fast a host may be asked.
type Options struct {
	RPS      float64       // requests a second, all workers together; 0: no limit, which only a loopback host may have
	MaxWait  time.Duration // the longest wait that Take sleeps; a longer one is returned as a fault. 0: DefaultMaxWait
	Patience time.Duration // a slower answer means that the host is strained. 0: DefaultPatience
	Circuit  time.Duration // how long nobody asks after a first refusal; further ones double it, up to 12 times. 0: DefaultCircuit
}

// Budget is one process's hold on the pace of one host.
type Budget struct {
	book     Book
	host     string
	interval time.Duration // 0: no limit
	o        Options

	mu   sync.Mutex
	last Turn      // the newest answer of the book
	seen time.Time // when it came
}

// New makes the budget of a host, "host:port" as the source's address has it. No limit for a host that is not this
// machine, and a rate that is no number, are fault.Invalid.
func New(book Book, host string, o Options) (*Budget, error) {
	b := &Budget{book: book, host: host, o: o, last: Turn{Pace: 1}}
	switch {
	case host == "":
		return nil, fault.New(fault.Invalid, "make budget", "the source has no host")
	case math.IsNaN(o.RPS) || o.RPS < 0 || o.RPS > 1e6:
		return nil, fault.New(fault.Invalid, "make budget", "%g requests a second is no rate", o.RPS)
	case o.RPS == 0 && !loopback(host):
		return nil, fault.New(fault.Invalid, "make budget", "%s is not this machine: give it a rate, such as 1 request a second", host)
	case o.RPS > 0:
		b.interval = max(time.Duration(float64(time.Second)/o.RPS), time.Microsecond)
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
	return b, nil
}

func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// Take returns when a request may be sent. A blocked host, or a turn further off than MaxWait, is fault.Throttled, or
// fault.Refused while the circuit is open, with After; the turn is then not taken. It is called before every request.
func (b *Budget) Take(ctx context.Context) error {
	now := time.Now()
	turn, err := b.turn(ctx, now)
	if err != nil {
		return err
	}
	if err := b.denied(turn, now); err != nil {
		return err
	}
	wait := turn.At.Sub(now)
	if wait <= 0 {
		return nil
	}
	if wait > b.o.MaxWait {
		return &fault.Error{Kind: fault.Throttled, Op: "take turn", After: wait,
			Err: errors.New("the budget of " + b.host + " is used up for now")}
	}
	if err := sleep(ctx, wait); err != nil {
		return err
	}
	// Another worker may have been told to stop while this one slept.
	now = time.Now()
	turn, err = b.book.Turn(ctx, b.host, now, 0, 0)
	if err != nil {
		return err
	}
	b.note(turn, now)
	return b.denied(turn, now)
}

// turn asks the book; where turns cost nothing, only when the last answer is old.
func (b *Budget) turn(ctx context.Context, now time.Time) (Turn, error) {
	if b.interval == 0 {
		b.mu.Lock()
		last, age := b.last, now.Sub(b.seen)
		b.mu.Unlock()
		if age < glance && (last.Blocked.IsZero() || last.Blocked.After(now)) {
			return last, nil
		}
	}
	turn, err := b.book.Turn(ctx, b.host, now, b.interval, b.o.MaxWait)
	if err == nil {
		b.note(turn, now)
	}
	return turn, err
}

func (b *Budget) note(turn Turn, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last, b.seen = turn, now
}

// denied is the fault of a blocked turn.
func (b *Budget) denied(turn Turn, now time.Time) error {
	if turn.Blocked.IsZero() {
		return nil
	}
	kind := fault.Throttled
	if turn.Refused {
		kind = fault.Refused
	}
	return &fault.Error{Kind: kind, Op: "take turn", After: turn.Blocked.Sub(now),
		Err: errors.New(b.host + " is not asked until " + turn.Blocked.UTC().Format(time.RFC3339) + ": " + turn.Reason)}
}

// Report says how a request went and how long it took. It is called after every request, and writes only when that
// changes the pace. A cancelled ctx does not keep it from writing a block down.
func (b *Budget) Report(ctx context.Context, err error, latency time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportTimeout)
	defer cancel()
	switch fault.KindOf(err) {
	case fault.Throttled:
		return b.block(ctx, err, throttled, false)
	case fault.Refused:
		b.mu.Lock()
		before := b.last.Refusals
		b.mu.Unlock()
		return b.block(ctx, err, max(b.circuit(before), fault.AfterOf(err)), true)
	case "", fault.NotFound: // "there is none" is an answer like any other
		return b.answered(ctx, latency)
	default:
		return nil
	}
}

// circuit is how long it stays open after a number of refusals in a row.
func (b *Budget) circuit(before int) time.Duration {
	d := b.o.Circuit
	for range before {
		if d = 2 * d; d >= circuitGrowth*b.o.Circuit {
			return circuitGrowth * b.o.Circuit
		}
	}
	return d
}

// block closes the host for as long as err asks; for d when it does not say, or is refused.
func (b *Budget) block(ctx context.Context, err error, d time.Duration, refused bool) error {
	if after := fault.AfterOf(err); after > 0 && !refused {
		d = after
	}
	now := time.Now()
	b.note(Turn{}, time.Time{}) // what is known of the host is old now
	return b.book.Block(ctx, b.host, now, now.Add(min(d, blockMost)), err.Error(), refused)
}

func (b *Budget) answered(ctx context.Context, latency time.Duration) error {
	if latency > b.o.Patience {
		return b.book.Slow(ctx, b.host, slowTimes, 0)
	}
	b.mu.Lock()
	full := b.last.Pace >= 1 && b.last.Refusals == 0
	b.mu.Unlock()
	if full {
		return nil
	}
	return b.book.Slow(ctx, b.host, 1, successPlus)
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
