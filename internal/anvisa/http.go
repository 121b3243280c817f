package anvisa

import (
	"context"
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
	limited, cancel := context.WithTimeoutCause(ctx, requestTimeout, errSlow)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, v.o.URL+r.path, http.NoBody)
	if err != nil {
		return answer{}, fault.New(fault.Internal, r.op, "the address cannot be used")
	}
	for key, value := range headers(ctx, r) {
		req.Header.Set(key, value)
	}
	req.Header.Set("Accept-Encoding", "identity") // so that Content-Length counts the bytes we see
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, v.unsent(ctx, limited, r, err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := answer{
		status: resp.StatusCode, html: isHTML(resp.Header.Get("Content-Type")),
		retryAfter: resp.Header.Get("Retry-After"), declared: resp.ContentLength,
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
		own := *client
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		v.client = &own
	}
	return v.client, nil
}

// unsent explains why no answer came. A url.Error names the address, and so the token: only what is inside it is kept.
func (v *Visit) unsent(ctx, limited context.Context, r request, err error) error {
	if over := ended(ctx, r.op); over != nil {
		return over
	}
	if over := context.Cause(limited); over != nil {
		err = over
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	return v.unreachable(r.op, err.Error())
}
