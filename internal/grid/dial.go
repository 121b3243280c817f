package grid

import (
	"context"
	"errors"
	"time"

	"github.com/tebeka/selenium"

	"drugslm/internal/fault"
)

// The browsers, as WebDriver names them.
const (
	chrome  = "chrome"
	firefox = "firefox"
)

const (
	// dialTries is how often a browser is started before its failure is told: a driver or browser that dies meanwhile
	// is replaced.
	dialTries = 3
	// startTimeout bounds the start of a local browser. chromedriver itself gives up after a minute.
	startTimeout = 90 * time.Second
	// queueTimeout bounds a new session of a hub, where it may wait for a place: beyond a hub's own limit, 300 s by default.
	queueTimeout = 330 * time.Second
)

// dial starts a browser where one can be started.
func (p *Pool) dial(ctx context.Context) (s *Session, err error) {
	for range dialTries {
		if s, err = p.dialOnce(ctx); err == nil || ctx.Err() != nil || fault.KindOf(err) != fault.Unavailable {
			break
		}
		if p.local == nil {
			break // a hub has its own queue, and tries by itself
		}
	}
	return s, err
}

func (p *Pool) dialOnce(ctx context.Context) (*Session, error) {
	if p.local == nil {
		// A hub that hangs, or is gone, says nothing to a new session for as long as its queue may be.
		if err := p.hub.answers(ctx); err != nil {
			return nil, notCreated(ctx, err)
		}
		return p.create(ctx, p.hub, nil, queueTimeout)
	}
	d, err := p.local.current(ctx)
	if err != nil {
		return nil, err
	}
	return p.createLocal(ctx, d)
}

// createLocal starts a browser of a local driver. The driver continues with what its client does not wait for: such a
// browser is ended as soon as it is there.
func (p *Pool) createLocal(ctx context.Context, d *driver) (*Session, error) {
	type result struct {
		s   *Session
		err error
	}
	made, left := make(chan result), make(chan struct{})
	p.tidy.Go(func() {
		s, err := p.create(context.WithoutCancel(ctx), d.hub, d, startTimeout)
		if errors.Is(err, errNotStarted) {
			killGroup(d.process) // and with it whatever it may start yet
			<-d.done
		}
		select {
		case made <- result{s, err}:
		case <-left:
			if err == nil {
				p.live.Add(1)
				p.quit(ctx, s)
			}
		}
	})
	select {
	case r := <-made:
		return r.s, r.err
	case <-ctx.Done():
		close(left)
		return nil, notCreated(ctx, ctx.Err())
	}
}

// errNotStarted is the cause of the end of a start that took too long.
var errNotStarted = errors.New("no browser within the time for its start")

// create asks a hub or driver for a new session.
func (p *Pool) create(ctx context.Context, at *hub, d *driver, limit time.Duration) (*Session, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errNotStarted)
	defer cancel()
	s := &Session{
		wire:     board().connect(at),
		owner:    p.owner(),
		driver:   d,
		browser:  p.options.Browser,
		limits:   timeouts{page: p.options.NavigationTimeout, script: p.options.ScriptTimeout},
		born:     time.Now(),
		origins:  map[string]bool{},
		agent:    p.options.UserAgent,
		download: p.downloads,
	}
	s.set = s.limits
	err := s.wire.during(ctx, func() (err error) {
		s.wd, err = selenium.NewRemote(p.capabilities(s.name()), s.wire.prefix())
		if err == nil && s.wd.SessionID() == "" {
			// The library returns such a session when it could not read the answer: later commands would go astray.
			err = errors.New("the hub answered without a session id")
		}
		return err
	})
	if err != nil {
		p.failed.Store(true)
		board().disconnect(s.wire)
		return nil, notCreated(ctx, err)
	}
	s.id = s.wd.SessionID()
	return s, nil
}

// owner is the worker in its present life; "" where nothing is recorded.
func (p *Pool) owner() string {
	if p.options.Owner == nil {
		return ""
	}
	return p.options.Owner()
}

// capabilities asks for the browser: pages count as loaded once their document is, and timeouts are ours from the start.
// A hub remembers the name, if there is one.
func (p *Pool) capabilities(name string) selenium.Capabilities {
	o := p.options
	c := selenium.Capabilities{
		"browserName":             o.Browser,
		"pageLoadStrategy":        "eager",
		"unhandledPromptBehavior": "dismiss",
		"timeouts":                timeouts{page: o.NavigationTimeout, script: o.ScriptTimeout}.capability(),
	}
	if name != "" {
		c[nameKey] = name
	}
	if o.Browser == firefox {
		c["moz:firefoxOptions"] = firefoxOptions(o)
	} else {
		c["goog:chromeOptions"] = chromeOptions(o)
	}
	return c
}

func chromeOptions(o Options) map[string]any {
	args := []string{
		"--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		// The browser ends when the pipe to its driver breaks; over a port it would outlive a driver that was killed.
		"--remote-debugging-pipe",
	}
	if o.NoSandbox {
		args = append(args, "--no-sandbox")
	}
	if o.UserAgent != "" {
		args = append(args, "--user-agent="+o.UserAgent)
	}
	return map[string]any{"args": append(args, o.Args...)}
}

func firefoxOptions(o Options) map[string]any {
	prefs := map[string]any{
		"network.captive-portal-service.enabled": false,
		"network.connectivity-service.enabled":   false,
	}
	if o.UserAgent != "" {
		prefs["general.useragent.override"] = o.UserAgent
	}
	return map[string]any{"args": append([]string{"-headless"}, o.Args...), "prefs": prefs}
}
