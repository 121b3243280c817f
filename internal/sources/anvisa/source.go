package anvisa

import (
	"context"
	"net/url"
	"strings"

	"drugslm/internal/asset"
	"drugslm/internal/document"
	"drugslm/internal/sources"
	"drugslm/internal/sources/anvisa/client"
)

// Name is the source's name.
const Name = "anvisa"

// Settings are the source's settings, as the configuration has them.
type Settings struct {
	URL       string // the portal's origin
	OpenData  string // address or file of the agency's table; "": it is not observed
	Listing   string // how the site lists, [client.ListByAPI] or [client.ListByWalk]
	Fetch     string // how PDFs are fetched, [client.FetchByHTTP] or [client.FetchByPage]
	UserAgent string // how we show ourselves where no browser does
}

// New is the source with its settings.
func New(s Settings) sources.Source { return source{s} }

type source struct{ Settings }

func (source) Name() string { return Name }

// Hosts are the portal's, and that of the open data unless it is a file.
func (s source) Hosts() []string {
	var hosts []string
	for _, address := range []string{s.URL, s.OpenData} {
		if host := hostOf(address); host != "" {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// hostOf is the host of an address; "" of a file.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || !strings.Contains(address, "://") {
		return ""
	}
	return u.Host
}

func (source) Documents() []document.Collection { return []document.Collection{Documents()} }

// Assets opens the site where there is a browser, and the open data where hosts may be asked.
func (s source) Assets(t sources.Tools) ([]*asset.Asset, error) {
	d := Deps{
		Leaflets: t.Leaflets, Quarantine: t.Quarantine, Text: t.Text, Tracer: t.Tracer, Seen: t.Seen, Listing: s.Listing,
		OpenData: client.OpenData{Source: s.OpenData, UserAgent: s.UserAgent, Tracer: t.Tracer},
	}
	if t.Pace == nil {
		return Assets(d), nil
	}
	var err error
	if host := hostOf(s.OpenData); host != "" {
		if d.OpenData.Pace, err = t.Pace(host); err != nil {
			return nil, err
		}
	}
	if t.Browser != nil {
		if d.Site, err = s.site(t); err != nil {
			return nil, err
		}
	}
	return Assets(d), nil
}

func (s source) site(t sources.Tools) (*client.Site, error) {
	pace, err := t.Pace(hostOf(s.URL))
	if err != nil {
		return nil, err
	}
	return client.NewSite(client.Options{
		URL: s.URL, Browser: browser{t.Browser}, Pace: pace, Listing: s.Listing, Fetch: s.Fetch, Tracer: t.Tracer, Evidence: t.Evidence,
	})
}

// browser lends sessions to the site's client.
type browser struct{ from sources.Browser }

// With runs fn with a session of its own.
func (b browser) With(ctx context.Context, fn func(context.Context, client.Page) error) error {
	return b.from.With(ctx, func(ctx context.Context, p sources.Page) error { return fn(ctx, p) })
}
