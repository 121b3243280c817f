// Package clienttest is a browser for tests of whatever visits the portal through package client: it runs no
// JavaScript, but answers that package's scripts by plain HTTP, as the portal's page would.
//
// A [Browser]'s zero value is ready and safe for several goroutines; nothing needs closing.
package clienttest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"time"

	"drugslm/internal/sources/anvisa/client"
)

// Browser lends pages, each with cookies of its own.
type Browser struct{}

// With implements client.Browser.
func (Browser) With(ctx context.Context, fn func(context.Context, client.Page) error) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return fn(ctx, &page{client: &http.Client{Jar: jar, CheckRedirect: stay}})
}

// page is one session. The walk's place in the table is kept here.
type page struct {
	client *http.Client
	opened string // the portal's origin
	status int    // of the document opened
	app    bool   // it was the portal's

	body  []byte // what script "fetch" left behind
	place place  // where script "walk" is
}

// Open implements client.Page. Like a browser it succeeds for error pages, too.
func (p *page) Open(ctx context.Context, url string) error {
	url, _, _ = strings.Cut(url, "#")
	resp, err := p.get(ctx, url, nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	p.opened, p.status = strings.TrimSuffix(url, "/"), resp.StatusCode
	p.app = resp.StatusCode == http.StatusOK && !bytes.Contains(body, []byte("Attention Required"))
	if err != nil || !p.app {
		return err
	}
	// The application fills its form. It shows an empty one when it gets no answer.
	if list, err := p.get(ctx, p.opened+"/api/tipoCategoriaRegulatoria", map[string]string{"Authorization": "Guest"}); err == nil {
		_ = list.Body.Close()
	}
	return nil
}

func (p *page) get(ctx context.Context, url string, headers map[string]string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	for key, value := range headers {
		req.Header.Set(key, value)
	}
	return p.client.Do(req)
}

// Client implements client.Page.
func (p *page) Client(context.Context) (*http.Client, error) { return p.client, nil }

// Eval implements client.Page for the scripts of package client, which say their names in their first lines.
func (p *page) Eval(ctx context.Context, script string, out any, args ...any) error {
	first, _, _ := strings.Cut(script, "\n")
	var result any
	var err error
	switch name := strings.TrimPrefix(first, "// script: "); name {
	case "look":
		result = map[string]any{"status": p.status, "loaded": p.status != 0, "app": p.app, "challenge": p.opened != "" && !p.app}
	case "fetch":
		result = p.fetch(ctx, args)
	case "piece":
		result, err = p.piece(args)
	case "walk":
		result, err = p.walk(ctx, args)
	default:
		err = fmt.Errorf("no JavaScript here, and no script called %q", name)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	// By way of JSON, as from a real browser.
	encoded, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return json.Unmarshal(encoded, out)
}

// fetch does what script "fetch" does.
func (p *page) fetch(ctx context.Context, args []any) map[string]any {
	url, headers, bound, first := args[0].(string), args[1].(map[string]string), args[2].(int64), args[3].(int)
	deadline := time.UnixMilli(time.Now().UnixMilli() + args[4].(int64))
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	resp, err := p.get(ctx, url, headers)
	if err != nil {
		return map[string]any{"failure": "no connection", "declared": -1}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, bound+1))
	over := int64(len(body)) > bound
	if over {
		body = body[:bound]
	}
	p.body = body
	return map[string]any{
		"status": resp.StatusCode, "type": resp.Header.Get("Content-Type"), "retryAfter": resp.Header.Get("Retry-After"),
		"declared": resp.ContentLength, "size": len(body), "whole": err == nil, "over": over,
		"piece": base64.StdEncoding.EncodeToString(body[:min(first, len(body))]),
	}
}

// piece does what script "piece" does.
func (p *page) piece(args []any) (string, error) {
	from, to := args[0].(int64), min(args[1].(int64), int64(len(p.body)))
	if from > to {
		return "", fmt.Errorf("no bytes %d to %d in a body of %d", from, to, len(p.body))
	}
	return base64.StdEncoding.EncodeToString(p.body[from:to]), nil
}

// Pace gives every turn at once and remembers how the requests went. Its zero value is ready.
type Pace struct {
	mu      sync.Mutex
	taken   int
	reports []error
}

// Take implements client.Pace.
func (p *Pace) Take(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken++
	return ctx.Err()
}

// Report implements client.Pace.
func (p *Pace) Report(_ context.Context, err error, _ time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports = append(p.reports, err)
	return nil
}

// Turns is how many turns have been asked for.
func (p *Pace) Turns() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// Reports are the outcomes so far, nil for each request that went well.
func (p *Pace) Reports() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]error(nil), p.reports...)
}
