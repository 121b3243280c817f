package grid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"drugslm/internal/fault"
)

// quitTimeout bounds everything done for a session that nobody waits for: its wipe and its end. A healthy browser on an
// overloaded machine was seen to take more than 10 s, and one given up on holds its slot of a hub for minutes.
const quitTimeout = 30 * time.Second

// Pool lends sessions. Make one with [Open].
type Pool struct {
	options   Options
	hub       *hub        // nil with drivers of our own
	local     *supervisor // nil with a hub
	downloads *http.Transport

	idle   chan *Session // sessions that nobody has: taken first
	free   chan struct{} // places where there is no session yet; with idle and leased ones they make Options.Sessions
	closed chan struct{}
	once   sync.Once
	tidy   sync.WaitGroup // wipes and quits in the background

	left   sync.Map    // session id -> when it may be asked for again, of those that could not be ended
	failed atomic.Bool // a hub was asked for a session and did not say which

	leased, live, created, retired, lost, ended atomic.Int64
}

// Stats are counts of sessions.
type Stats struct {
	Leased int // leased now
	Live   int // browsers that run now, as far as the pool knows

	Created  int // since Open
	Restarts int // of the local driver, which had died or hung
	Retired  int // replaced because of their uses or age, or because a wipe did not work
	Lost     int // replaced because they were dead, stuck or left in doubt
	Ended    int // orphans of dead owners ended at Open
}

func newPool(o Options, local *supervisor) *Pool {
	p := &Pool{options: o, local: local, downloads: newDownloads(),
		idle: make(chan *Session, o.Sessions), free: make(chan struct{}, o.Sessions), closed: make(chan struct{})}
	for range o.Sessions {
		p.free <- struct{}{}
	}
	return p
}

// checkHub checks that the hub answers as one.
func (p *Pool) checkHub(ctx context.Context) error {
	w := board().connect(p.hub)
	defer board().disconnect(w)
	if err := w.command(ctx, http.MethodGet, "/status", nil, nil); err != nil {
		return p.unreachable(ctx, "open browser pool", err)
	}
	return nil
}

func (p *Pool) unreachable(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", op, context.Cause(ctx))
	}
	if created := notCreated(ctx, err); fault.KindOf(created) == fault.Invalid {
		return created
	}
	return fault.New(fault.Unavailable, op, "no WebDriver hub answers at %s (%w): start one there or set HUB_URL",
		p.hub.address, explain(err))
}

// With leases a session to fn, and waits for one if all are leased. The context of fn ends with the lease. An error of fn
// is returned as it is, unless the lease expired: then it is a fault.Session with [ErrLeaseExpired] in its chain.
func (p *Pool) With(ctx context.Context, fn func(context.Context, *Session) error) error {
	ctx, end := startSpan(ctx, "lease session", "", "")
	err := p.with(ctx, fn)
	end(err)
	return err
}

func (p *Pool) with(ctx context.Context, fn func(context.Context, *Session) error) error {
	s, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	describe(ctx, s.id)
	broken := true // until fn has returned: a panic must not put a session back
	defer func() { p.release(ctx, s, broken) }()

	leased, cancel := context.WithTimeoutCause(ctx, p.options.Lease, ErrLeaseExpired)
	defer cancel()
	err = fn(leased, s)
	broken = leased.Err() != nil || fault.KindOf(err) == fault.Session || s.suspect.Load()
	if err != nil && errors.Is(context.Cause(leased), ErrLeaseExpired) {
		return &fault.Error{Kind: fault.Session, Op: "use browser", Err: errors.Join(ErrLeaseExpired, err)}
	}
	return err
}

// acquire waits for a place, asks the session it finds there whether it lives, and dials if there is none.
func (p *Pool) acquire(ctx context.Context) (*Session, error) {
	s, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	s, err = p.ready(ctx, s)
	if err != nil {
		p.free <- struct{}{}
		return nil, err
	}
	s.uses++
	p.leased.Add(1)
	return s, nil
}

// take waits for a place; its session is nil if none has been made there. select picks at random among what is ready,
// so the two things that come first (being closed, a browser that runs) are asked for by themselves before.
func (p *Pool) take(ctx context.Context) (*Session, error) {
	select {
	case <-p.closed:
		return nil, fault.Wrap(fault.Unavailable, "borrow browser", ErrClosed)
	default:
	}
	select {
	case s := <-p.idle:
		return s, nil
	default:
	}
	select {
	case s := <-p.idle:
		return s, nil
	case <-p.free:
		return nil, nil
	case <-p.closed:
		return nil, fault.Wrap(fault.Unavailable, "borrow browser", ErrClosed)
	case <-ctx.Done():
		return nil, fmt.Errorf("borrow browser: %w", context.Cause(ctx))
	}
}

// ready makes a place's session one that can be leased: alive, not worn out, and recorded as ours.
func (p *Pool) ready(ctx context.Context, s *Session) (*Session, error) {
	if s != nil && p.isWornOut(s) {
		p.retired.Add(1)
		p.quit(ctx, s)
		s = nil
	}
	if s != nil {
		held, err := p.acquireLease(ctx, s)
		if err != nil {
			p.quit(ctx, s)
			return nil, err
		}
		if held && s.probe(ctx) == nil {
			return s, nil
		}
		p.lost.Add(1)
		p.quit(ctx, s)
	}
	return p.fresh(ctx)
}

// fresh starts a session, which must be recorded before it is leased.
func (p *Pool) fresh(ctx context.Context) (*Session, error) {
	s, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	p.created.Add(1)
	p.live.Add(1)
	held, err := p.acquireLease(ctx, s)
	if err == nil && !held {
		err = fault.New(fault.Offline, "borrow browser", "others took this worker for dead: it goes on as a new one within seconds")
	}
	if err != nil {
		p.quit(ctx, s)
		return nil, err
	}
	return s, nil
}

func (p *Pool) isWornOut(s *Session) bool {
	return s.uses >= p.options.MaxUses || time.Since(s.born) >= p.options.MaxAge
}

// acquireLease records that the session is ours, for one lease and a minute for its end. A session of which somebody else
// disposes by now is not.
func (p *Pool) acquireLease(ctx context.Context, s *Session) (bool, error) {
	if p.options.Leases == nil {
		return true, nil
	}
	held, err := p.options.Leases.Acquire(ctx, Lease{Session: s.id, Hub: p.place(), Owner: s.owner,
		Expires: time.Now().Add(p.options.Lease + time.Minute)})
	if err != nil {
		return false, fmt.Errorf("record lease of session %s: %w", s.id, err)
	}
	return held, nil
}

// place is what leases name as the hub.
func (p *Pool) place() string {
	if p.local != nil {
		return LocalHub
	}
	return p.hub.name()
}

// release gives the place back once its session is clean or ended, without keeping the borrower waiting: ending a hung
// session takes as long as it may.
func (p *Pool) release(ctx context.Context, s *Session, broken bool) {
	p.leased.Add(-1)
	if broken {
		p.lost.Add(1)
	}
	ctx = context.WithoutCancel(ctx)
	p.tidy.Go(func() {
		if !broken {
			if !p.isWornOut(s) && s.wipe(ctx) == nil {
				p.idle <- s
				return
			}
			p.retired.Add(1)
		}
		p.quit(ctx, s)
		p.free <- struct{}{}
	})
}

// quit ends a session, within a bounded time and also if ctx is over: only that frees the slot of a crashed browser.
func (p *Pool) quit(ctx context.Context, s *Session) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quitTimeout)
	defer cancel()
	p.end(ctx, s)
}

// end ends a session while ctx lasts.
func (p *Pool) end(ctx context.Context, s *Session) {
	if s.driver != nil && !s.driver.check(ctx) { // its browsers have ended with it
		board().disconnect(s.wire)
		p.live.Add(-1)
		p.forget(ctx, s)
		return
	}
	err := s.wire.command(ctx, http.MethodDelete, s.path(""), nil, nil)
	if err != nil && classify(err) != dead {
		s.driver.kill(s.wire.process)
	}
	board().disconnect(s.wire)
	p.live.Add(-1)
	if err != nil && classify(err) != dead && s.driver == nil {
		return // a session that may still live stays recorded, for others to end
	}
	p.forget(ctx, s)
}

// forget takes a session that has ended out of the record. An entry that stays is harmless: others find no such session.
func (p *Pool) forget(ctx context.Context, s *Session) {
	if p.options.Leases != nil {
		_ = p.options.Leases.Release(context.WithoutCancel(ctx), s.id)
	}
}

// Stats returns the counts.
func (p *Pool) Stats() Stats {
	return Stats{
		Restarts: p.local.count(), Leased: int(p.leased.Load()), Live: int(p.live.Load()), Created: int(p.created.Load()),
		Retired: int(p.retired.Load()), Lost: int(p.lost.Load()), Ended: int(p.ended.Load()),
	}
}

// Close stops leasing, waits for leased sessions, and ends every session and the local driver. If ctx ends first, it
// returns an error, but still stops the local driver and with it every browser. A second Close does nothing.
func (p *Pool) Close(ctx context.Context) error {
	var err error
	p.once.Do(func() {
		close(p.closed)
		err = p.drain(ctx)
		if p.failed.Load() && ctx.Err() == nil { // nobody looks for it later: this owner leaves no trace
			_, unended := p.reapUnrecorded(ctx)
			err = errors.Join(err, unended)
		}
		p.local.stop(ctx)
		p.downloads.CloseIdleConnections()
	})
	return err
}

func (p *Pool) drain(ctx context.Context) error {
	var quits sync.WaitGroup
	defer quits.Wait() // ctx ends them
	for i := range p.options.Sessions {
		select {
		case <-p.free:
		case s := <-p.idle:
			quits.Go(func() { p.end(ctx, s) })
		case <-ctx.Done():
			return fmt.Errorf("close browser pool: %d sessions still leased: %w", p.options.Sessions-i, context.Cause(ctx))
		}
	}
	tidied := make(chan struct{})
	go func() { p.tidy.Wait(); close(tidied) }()
	select {
	case <-tidied:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close browser pool: sessions are still being ended: %w", context.Cause(ctx))
	}
}
