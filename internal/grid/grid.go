// Package grid lends browser sessions, a fixed number at a time, from a Selenium Grid or from one chromedriver on this machine.
//
// [Pool.With] lends a session for the length of a function, so a caller cannot forget to return it. The pool makes sessions when
// they are first needed, checks before each lease that they still live, and wipes them between leases. It replaces a session after
// [Options.MaxUses] leases, after [Options.MaxAge], or when its state is in doubt: the lease expired, a command was interrupted, the
// function panicked or returned a [fault.Session].
//
// A [Pool] is safe for use by several goroutines; the caller of [Open] must call Close. A [Session] belongs to the function it was
// leased to and must not outlive it. Its commands run one at a time. The zero values of both are not usable.
//
// The client library, github.com/tebeka/selenium, knows no contexts and hides some of the Grid's errors. transport.go fixes both.
// It also writes to one global variable of another package, selenium.HTTPClient, once, when the first pool opens. Requests of
// others through that client are not changed.
//
// A session that does not answer (an endless script) is given up after thirty seconds. A local browser is killed; a browser of a
// hub keeps its slot until the hub's session timeout (300 s by default). A command that gets no answer at all (a driver or node
// that hangs) ends half a minute after the longest limit of the browser.
//
// A local chromedriver that has died, or has not answered for twenty seconds, is replaced when it is next needed, with growing
// pauses if it dies again and again. Its browsers end with it. A hub that is down or has no node is asked again at each lease;
// until it answers, leases fail as Offline.
//
// Errors have a kind of package fault: Session (that browser is dead or stuck, take another), Offline (the hub or driver is down,
// and may come back), Unavailable (no browser could be started), Invalid (the options cannot work). Errors of the page itself (a
// script that threw, a host that does not resolve) are Internal, unless [Session.Open] says more. No error holds a password or the
// query of an address.
package grid

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"drugslm/internal/fault"
)

// What Options leave open.
const (
	DefaultSessions          = 2                // two cores carry two busy browsers
	DefaultLease             = 10 * time.Minute // below it a command cannot hang a worker for good
	DefaultMaxUses           = 50
	DefaultMaxAge            = 30 * time.Minute
	DefaultNavigationTimeout = 30 * time.Second
	DefaultScriptTimeout     = time.Minute
)

// ErrLeaseExpired is the cause of the context of an expired lease, and part of the error that With then returns.
var ErrLeaseExpired = errors.New("the lease of the browser session is over")

// ErrClosed is returned by With on a pool that is closed or closing.
var ErrClosed = errors.New("the pool of browser sessions is closed")

// Options say where browsers come from, and how they are used. The zero value is a local headless Chromium.
type Options struct {
	// Hub is the address of a Grid, with or without /wd/hub, a trailing slash, user:password@. Empty: one
	// chromedriver is started on this machine, on a free loopback port; it ends with the pool and with this process.
	Hub string
	// Browser is "chrome" (default) or "firefox", which needs a hub. Firefox is wiped between leases only where its
	// geckodriver runs with --allow-system-access: elsewhere each session that saw a page is replaced, some seconds.
	Browser string

	Sessions int           // at most this many at once; 0: DefaultSessions
	Lease    time.Duration // how long one lease may last; 0: DefaultLease
	MaxUses  int           // leases after which a session is replaced; 0: DefaultMaxUses
	MaxAge   time.Duration // age at which a session is replaced; 0: DefaultMaxAge

	UserAgent string // what the browser and Session.Client call themselves; empty: the browser's own

	// NavigationTimeout and ScriptTimeout end one page load and one script inside the browser. They must be shorter
	// than Lease: a command that outlives its client blocks the browser. 0: the defaults, or half of a short Lease.
	NavigationTimeout time.Duration
	ScriptTimeout     time.Duration

	Args []string // more arguments for the browser

	// NoSandbox runs Chromium without its sandbox: a page that breaks out of it is then the user who runs the browser.
	// As root Chromium does not run otherwise, which is why Open refuses root without this, where the browser is local.
	NoSandbox bool

	Leases Leases        // where sessions are recorded; nil: nowhere
	Owner  func() string // who leases: the worker's identity in its present life; needed with Leases

	// Gone tells of another owner whether it is gone for good, so that sessions that it could not record can be ended. A
	// hub keeps each session's owner in its name. nil: such sessions are left to the hub's own timeout.
	Gone func(ctx context.Context, owner string) (bool, error)
}

// Lease is the record of one session: its owner, and until when an owner that did not register is believed to hold it.
type Lease struct {
	Session string
	Hub     string // address without user and password; LocalHub for a driver of the owner's own
	Owner   string
	Expires time.Time
}

// LocalHub stands for the hub of an owner with a chromedriver of its own, which ends with the owner.
const LocalHub = "local"

// Leases records sessions, so that the sessions of a dead owner can be ended: a hub keeps them, and their slots, until
// its session timeout. Hold records or renews a lease, and returns false if the session no longer belongs to the owner.
// Release deletes a lease; an unknown one is no error. Orphans returns the leases of dead owners.
type Leases interface {
	Acquire(ctx context.Context, l Lease) (held bool, err error)
	Release(ctx context.Context, session string) error
	Orphans(ctx context.Context) ([]Lease, error)
}

// Open makes a pool and checks that the hub, or the driver that it starts, answers. It starts no browser yet. Options
// that cannot work are fault.Invalid; a hub or driver that does not answer is fault.Unavailable.
func Open(ctx context.Context, o Options) (*Pool, error) {
	return open(ctx, o, newBase())
}

func open(ctx context.Context, o Options, base http.RoundTripper) (*Pool, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if err := o.confined(os.Geteuid() == 0); err != nil {
		return nil, err
	}
	if o.Hub == "" {
		local, err := supervise(ctx, base)
		if err != nil {
			return nil, err
		}
		return newPool(o, local), nil
	}
	p := newPool(o, nil)
	if p.hub, err = parseHub(o.Hub, base); err == nil {
		err = p.checkHub(ctx)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// confined refuses to run a browser of this machine as root without being told so.
func (o Options) confined(root bool) error {
	if !root || o.Hub != "" || o.NoSandbox {
		return nil
	}
	return fault.New(fault.Invalid, "open browser pool",
		"Chromium does not run as root inside its sandbox, and outside of it a hostile page is root too: run this as another user,"+
			" use a hub (HUB_URL), or accept that with DRUGSLM_GRID_NO_SANDBOX=true")
}

// complete fills in the defaults and reports what cannot work.
func (o Options) complete() (Options, error) {
	o.Browser = cmp.Or(o.Browser, chrome)
	o.Sessions = cmp.Or(o.Sessions, DefaultSessions)
	o.Lease = cmp.Or(o.Lease, DefaultLease)
	o.MaxUses = cmp.Or(o.MaxUses, DefaultMaxUses)
	o.MaxAge = cmp.Or(o.MaxAge, DefaultMaxAge)
	o.NavigationTimeout = cmp.Or(o.NavigationTimeout, min(DefaultNavigationTimeout, o.Lease/2))
	o.ScriptTimeout = cmp.Or(o.ScriptTimeout, min(DefaultScriptTimeout, o.Lease/2))
	const op = "open browser pool"
	switch {
	case o.Browser != chrome && o.Browser != firefox:
		return o, fault.New(fault.Invalid, op, "browser %q is neither %q nor %q", o.Browser, chrome, firefox)
	case o.Browser == firefox && o.Hub == "":
		return o, fault.New(fault.Invalid, op, "Firefox needs a hub: set HUB_URL, or use %q", chrome)
	case o.Sessions < 0 || o.MaxUses < 0 || o.Lease < 0 || o.MaxAge < 0 || o.NavigationTimeout < 0 || o.ScriptTimeout < 0:
		return o, fault.New(fault.Invalid, op, "a number of sessions, of uses or a duration is negative")
	case o.NavigationTimeout >= o.Lease || o.ScriptTimeout >= o.Lease:
		return o, fault.New(fault.Invalid, op, "the timeouts of navigation (%s) and scripts (%s) must be below the lease (%s)",
			o.NavigationTimeout, o.ScriptTimeout, o.Lease)
	}
	return o, nil
}
