package grid

import (
	"context"
	"errors"
	"time"

	"github.com/tebeka/selenium"
)

// The browsers, as WebDriver names them.
const (
	chrome  = "chrome"
	firefox = "firefox"
)

// dial starts a browser.
func (p *Pool) dial(ctx context.Context) (*Session, error) {
	s := &Session{
		wire:     board().connect(p.hub),
		browser:  p.options.Browser,
		limits:   timeouts{page: p.options.NavigationTimeout, script: p.options.ScriptTimeout},
		born:     time.Now(),
		origins:  map[string]bool{},
		agent:    p.options.UserAgent,
		download: p.downloads,
	}
	s.set = s.limits
	err := s.wire.during(ctx, func() (err error) {
		s.wd, err = selenium.NewRemote(p.capabilities(), s.wire.prefix())
		if err == nil && s.wd.SessionID() == "" {
			// The library returns such a session when it could not read the answer: later commands would go astray.
			err = errors.New("the hub answered without a session id")
		}
		return err
	})
	if err != nil {
		board().hang(s.wire)
		return nil, notCreated(ctx, err)
	}
	s.id = s.wd.SessionID()
	return s, nil
}

// capabilities asks for the browser: pages count as loaded once their document is, and timeouts are ours from the start.
func (p *Pool) capabilities() selenium.Capabilities {
	o := p.options
	c := selenium.Capabilities{
		"browserName":             o.Browser,
		"pageLoadStrategy":        "eager",
		"unhandledPromptBehavior": "dismiss",
		"timeouts":                timeouts{page: o.NavigationTimeout, script: o.ScriptTimeout}.capability(),
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
