package grid

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// clientTimeout bounds one request of a Session.Client with its body: leaflets are a few hundred KB, the largest some MB.
const clientTimeout = 2 * time.Minute

func newDownloads() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   4,
		ForceAttemptHTTP2:     true,
	}
}

// Client returns a plain HTTP client that looks to the site like the browser: it sends the cookies of the open page,
// HttpOnly ones included, and the User-Agent of the browser. A request may take two minutes, body included. A redirect
// to another host is an error. The cookies are those of this moment: call Client again after the page has changed them.
func (s *Session) Client(ctx context.Context) (*http.Client, error) {
	const op = "take cookies"
	agent, err := s.UserAgent(ctx)
	if err != nil {
		return nil, err
	}
	here, err := s.address(ctx)
	if err != nil {
		return nil, err
	}
	site, err := url.Parse(here)
	if err != nil || origin(here) == "" {
		return nil, fault.New(fault.Internal, op, "no page is open")
	}
	var cookies []cookie
	err = s.call(ctx, op, func() error {
		return s.wire.command(ctx, http.MethodGet, s.path("/cookie"), nil, &cookies)
	})
	if err != nil {
		return nil, err
	}
	jar, err := newJar(site, cookies)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return &http.Client{
		Jar:           jar,
		Timeout:       clientTimeout,
		Transport:     namedTransport{agent: agent, base: s.download},
		CheckRedirect: sameHost,
	}, nil
}

// cookie is a cookie as WebDriver gives it.
type cookie struct {
	Name, Value, Path, Domain string
	Secure, HTTPOnly          bool
	Expiry                    int64 // Unix seconds; 0: ends with the browser
}

func newJar(site *url.URL, cookies []cookie) (*cookiejar.Jar, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	for _, c := range cookies {
		//nolint:gosec // as the site set it: nothing to add
		h := &http.Cookie{Name: c.Name, Value: c.Value, Path: c.Path, Secure: c.Secure, HttpOnly: c.HTTPOnly}
		if strings.HasPrefix(c.Domain, ".") { // without the dot it belongs to this host alone
			h.Domain = c.Domain
		}
		if c.Expiry != 0 {
			h.Expires = time.Unix(c.Expiry, 0)
		}
		jar.SetCookies(site, []*http.Cookie{h})
	}
	return jar, nil
}

// namedTransport gives each request the browser's User-Agent.
type namedTransport struct {
	agent string
	base  http.RoundTripper
}

func (t namedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", t.agent)
	return t.base.RoundTrip(req)
}

func sameHost(req *http.Request, via []*http.Request) error {
	switch {
	case req.URL.Host != via[0].URL.Host:
		return fmt.Errorf("redirect to another host, %s", req.URL.Host)
	case len(via) >= 10:
		return errors.New("more than 10 redirects")
	}
	return nil
}
