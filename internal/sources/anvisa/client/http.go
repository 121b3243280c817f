package client

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"drugslm/internal/fault"
)

// errSlow says that an answer took longer than requestTimeout.
var errSlow = errors.New("no answer in time")

// get sends r over plain HTTP with the session's cookies and user agent.
func (v *Visit) get(ctx context.Context, r request) (answer, error) {
	client, err := v.session(ctx)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", r.op, err)
	}
	return v.exchange(ctx, client, r, headers(ctx, r))
}

// exchange sends r over plain HTTP by a client that follows no redirects.
func (c *requester) exchange(ctx context.Context, client *http.Client, r request, header map[string]string) (answer, error) {
	limited, cancel := context.WithTimeoutCause(ctx, cmp.Or(r.patience, requestTimeout), errSlow)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, c.o.URL+r.path, http.NoBody)
	if err != nil {
		return answer{}, fault.New(fault.Internal, r.op, "the address cannot be used")
	}
	for key, value := range header {
		req.Header.Set(key, value)
	}
	req.Header.Set("Accept-Encoding", "identity") // so that Content-Length counts the bytes we see
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, c.unsent(ctx, limited, r, err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := answer{
		status: resp.StatusCode, html: isHTML(resp.Header.Get("Content-Type")),
		retryAfter: resp.Header.Get("Retry-After"), date: resp.Header.Get("Date"), declared: resp.ContentLength, header: resp.Header,
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, r.bound+1))
	a.whole, a.over = err == nil, int64(len(a.body)) > r.bound
	return a, ended(ctx, r.op)
}

// session gives the session's HTTP client, with redirects left alone: they would carry the token elsewhere.
func (v *Visit) session(ctx context.Context) (*http.Client, error) {
	if v.client == nil {
		client, err := v.page.Client(ctx)
		if err != nil {
			return nil, err
		}
		v.client = staying(client)
	}
	return v.client, nil
}

// staying is a client that leaves redirects alone.
func staying(client *http.Client) *http.Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// unsent explains why no answer came. A url.Error names the address, and so the token: only what is inside it is kept.
func (c *requester) unsent(ctx, limited context.Context, r request, err error) error {
	if over := ended(ctx, r.op); over != nil {
		return over
	}
	if over := context.Cause(limited); over != nil {
		err = over
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	if invalid, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && r.uncertified != nil {
		return r.uncertified(invalid.Err)
	}
	return c.unreachable(r.op, err.Error())
}
