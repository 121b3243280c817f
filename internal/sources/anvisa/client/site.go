// Package client asks the Bulário Eletrônico, the portal in which ANVISA, Brazil's health agency, publishes the leaflets of every
// registered medicine.
//
// A [Site] knows the portal's address and how to reach it. [Site.Visit] borrows a browser session for the length of
// a function, opens the portal's page in it (that is how cookies are earned) and hands out a [Visit], which asks for
// categories, totals, listings by category or by day of publication, the current leaflets of a product, and their PDFs.
//
// # Three ways in
//
// Listings come from the page's own JSON, asked for from inside the page (Listing "api": up to 1,000 products a
// request), or by clicking through the page's table (Listing "walk": 50 products a click, and no registration numbers,
// since the table has none). PDFs come over plain HTTP with the session's cookies (Fetch "http") or by a fetch inside
// the page (Fetch "page"), for the day the portal ties its files to the browser. All ways give the same products and
// the same bytes.
//
// # Open data
//
// [OpenData] fetches the agency's table of medicines, over plain HTTP from a server of its own or from a file; package
// opendata reads it. It is the second opinion on how many products there should be.
//
// # What callers rely on
//
//   - Every request takes a turn from [Pace] before it is sent and reports back after it, whatever came of it.
//   - A listing is whole or an error: the portal reshuffles its rows every night and at times loses whole pages, so
//     the distinct products must equal the total it declares, on one and the same day of data.
//   - Errors carry a fault.Kind: throttled (with how long to wait), refused (blocked, or a challenge page instead of
//     an answer), layout (an answer of another shape), corrupt (not a whole PDF), incomplete, not_found, unavailable,
//     and session from the browser itself. Nothing is tried again here but a listing that moved while it was read.
//   - The portal's PDF addresses are tokens that live 300 s. They stay inside a [Handle], which does not print them,
//     and appear in no error, span or log.
//
// # Telemetry
//
// Each request is a span "send request" with url.full (tokens replaced by "{token}"), http.request.method,
// http.response.status_code, drugslm.item.id where there is one, and error.type, the fault's kind. The portal
// receives the span as traceparent.
//
// A Site is safe for several goroutines; each Visit belongs to one, as a browser does one thing at a time. Nothing
// needs closing.
package client

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"drugslm/internal/fault"
)

// Page is what this package needs of a browser session.
type Page interface {
	// Open navigates to url and returns when its document has been read. A change of fragment alone does not load
	// the document again.
	Open(ctx context.Context, url string) error
	// Eval runs script, the body of an async function, with args as its `arguments`, and decodes what it returns
	// from JSON into out.
	Eval(ctx context.Context, script string, out any, args ...any) error
	// Client gives an HTTP client with the session's cookies and user agent.
	Client(ctx context.Context) (*http.Client, error)
}

// Browser lends sessions.
type Browser interface {
	// With runs fn with a session of its own. The context given to fn ends when the lease does.
	With(ctx context.Context, fn func(context.Context, Page) error) error
}

// Pace is the permission to send requests to the portal.
type Pace interface {
	// Take waits for a turn.
	Take(ctx context.Context) error
	// Report tells how the request went, once for every turn taken; err nil means well.
	Report(ctx context.Context, err error, latency time.Duration) error
}

// Ways to list and to fetch; see [Options].
const (
	ListByAPI   = "api"
	ListByWalk  = "walk"
	FetchByHTTP = "http"
	FetchByPage = "page"
)

// Defaults of [Options].
const (
	DefaultURL      = "https://consultas.anvisa.gov.br"
	DefaultPageSize = 1000 // the largest count the portal is known to honour
)

// Options are the settings of a [Site]. Browser and Pace are required.
type Options struct {
	URL      string           // the portal's origin; default [DefaultURL]
	Browser  Browser          // lends sessions
	Pace     Pace             // gives turns
	Listing  string           // [ListByAPI] (default) or [ListByWalk]
	Fetch    string           // [FetchByHTTP] (default) or [FetchByPage]
	PageSize int              // products a listing request asks for, 1 to 1,000; default [DefaultPageSize]
	Clock    func() time.Time // default time.Now
	Tracer   trace.Tracer     // default: none
	Evidence Evidence         // keeps what has no known form; nil: it is not kept
}

// Site is the portal. It is made by [NewSite] and safe for several goroutines.
type Site struct {
	o Options
}

// NewSite checks o and fills in its defaults. A mistake is a fault.Invalid.
func NewSite(o Options) (*Site, error) {
	o.URL = strings.TrimRight(cmp.Or(o.URL, DefaultURL), "/")
	o.Listing = cmp.Or(o.Listing, ListByAPI)
	o.Fetch = cmp.Or(o.Fetch, FetchByHTTP)
	o.PageSize = cmp.Or(o.PageSize, DefaultPageSize)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Tracer == nil {
		o.Tracer = noop.NewTracerProvider().Tracer("")
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Site{o: o}, nil
}

func (o Options) check() error {
	const op = "set up the portal"
	address, err := url.Parse(o.URL)
	switch {
	case err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https"):
		return fault.New(fault.Invalid, op, "%q is not an address such as %s", o.URL, DefaultURL)
	case o.Browser == nil:
		return fault.New(fault.Invalid, op, "a browser is required")
	case o.Pace == nil:
		return fault.New(fault.Invalid, op, "a pace is required")
	case o.Listing != ListByAPI && o.Listing != ListByWalk:
		return fault.New(fault.Invalid, op, "listing by %q: known are %q and %q", o.Listing, ListByAPI, ListByWalk)
	case o.Fetch != FetchByHTTP && o.Fetch != FetchByPage:
		return fault.New(fault.Invalid, op, "fetching by %q: known are %q and %q", o.Fetch, FetchByHTTP, FetchByPage)
	case o.PageSize < 1 || o.PageSize > DefaultPageSize:
		return fault.New(fault.Invalid, op, "page size %d: must be 1 to %d", o.PageSize, DefaultPageSize)
	}
	return nil
}

// Visit is one stay on the portal with one browser session. It is not safe for several goroutines and ends with the
// function it was given to.
type Visit struct {
	requester
	page   Page
	client *http.Client // the session's, once a PDF has asked for it

	asked    request // the last one
	answered answer
	table    *table // the last sight of the results table; nil: the last answer was none
	shown    error  // that evidence was looked for
}

// Visit borrows a session, opens the portal's page in it and runs fn. The context given to fn ends with the lease.
// A page that is a block or a challenge instead of the portal is a fault.Refused.
func (s *Site) Visit(ctx context.Context, fn func(context.Context, *Visit) error) error {
	return s.o.Browser.With(ctx, func(ctx context.Context, page Page) error {
		v := &Visit{requester: requester{o: s.o}, page: page}
		if err := v.enter(ctx); err != nil {
			return err
		}
		return fn(ctx, v)
	})
}

// ListingURL is where a category's listing is asked for.
func (s *Site) ListingURL(category string) string {
	return s.o.URL + "/api/consulta/bulario?filter%5BcategoriasRegulatorias%5D=" + category
}

// DayURL is where the listing of a day is asked for.
func (s *Site) DayURL(day string) string {
	return fmt.Sprintf("%s%s?filter%%5BperiodoPublicacaoInicial%%5D=%s&filter%%5BperiodoPublicacaoFinal%%5D=%s", s.o.URL, pathListing, day, day)
}
