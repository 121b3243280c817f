package host

import (
	"slices"
	"strings"

	"drugslm/internal/asset"
	"drugslm/internal/budget"
	"drugslm/internal/config"
	"drugslm/internal/corpus"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/sources"
	"drugslm/internal/sources/anvisa"
)

// sourcesOf are the sources there are, as they are configured. One is added here and nowhere else.
func sourcesOf(c config.Config) []sources.Source {
	return []sources.Source{
		anvisa.New(anvisa.Settings{
			URL: string(c.Sources.Anvisa.URL), OpenData: c.Sources.Anvisa.Observed(), Listing: c.Sources.Anvisa.Listing, Fetch: c.Sources.Anvisa.Fetch, UserAgent: UserAgent(c.Sources.Anvisa),
		}),
	}
}

// collectionsOf are the documents of all sources.
func collectionsOf(all []sources.Source) []document.Collection {
	var found []document.Collection
	for _, s := range all {
		found = append(found, s.Documents()...)
	}
	return found
}

// graphOf is every asset there is: those of the sources, which work with tools, and those that are made from them.
func graphOf(all []sources.Source, tools func(sources.Source) sources.Tools) (*asset.Graph, error) {
	var declared []*asset.Asset
	for _, s := range all {
		assets, err := s.Assets(tools(s))
		if err != nil {
			return nil, fault.Wrap(fault.KindOf(err), "open source "+s.Name(), err)
		}
		declared = append(declared, assets...)
		if err := named(s, assets); err != nil {
			return nil, err
		}
	}
	if err := apart(all); err != nil {
		return nil, err
	}
	return asset.NewGraph(slices.Concat(declared, corpus.Assets(collectionsOf(all)...))...)
}

// named wants the assets of a source to be in the group of its name: by that its files are found.
func named(s sources.Source, assets []*asset.Asset) error {
	for _, a := range assets {
		if !strings.HasPrefix(string(a.Key), s.Name()+"/") {
			return fault.New(fault.Invalid, "declare assets", "asset %s is of source %s: its key must begin with %s/", a.Key, s.Name(), s.Name())
		}
	}
	return nil
}

// apart wants each source to have a name of its own, and each collection a prefix: products of two sources may have one number.
func apart(all []sources.Source) error {
	names, prefixes := make(map[string]bool), make(map[string]asset.Key)
	for _, s := range all {
		if names[s.Name()] {
			return fault.New(fault.Invalid, "declare assets", "two sources are called %s", s.Name())
		}
		names[s.Name()] = true
		for _, c := range s.Documents() {
			if other, taken := prefixes[c.Prefix]; taken {
				return fault.New(fault.Invalid, "declare assets", "the documents of %s and %s have the same prefix, %q: give one of them another", other, c.Documents, c.Prefix)
			}
			prefixes[c.Prefix] = c.Documents
		}
	}
	return nil
}

// noTools are those of definitions.
func noTools(sources.Source) sources.Tools { return sources.Tools{} }

// Asked is a host that sources ask, and how fast it may be asked.
type Asked struct {
	Host string
	RPS  float64 // requests a second; 0: no limit, which only this machine has
}

// Hosts are those that the sources of a configuration ask, each once, that of most requests first.
func Hosts(c config.Config) []Asked { return hostsOf(sourcesOf(c), c.Budget) }

func hostsOf(all []sources.Source, b config.Budget) []Asked {
	var found []Asked
	for _, s := range all {
		for _, host := range s.Hosts() {
			if !slices.ContainsFunc(found, func(a Asked) bool { return a.Host == host }) {
				found = append(found, Asked{Host: host, RPS: rateOf(host, b)})
			}
		}
	}
	return found
}

// rateOf is the rate of a host. No limit is for this machine.
func rateOf(host string, b config.Budget) float64 {
	if b.RPS == 0 && !config.Loopback("http://"+host) {
		return 1
	}
	return b.RPS
}

// pacer gives the budgets of hosts: one each, however many ask for it.
func (h *Host) pacer() func(host string) (sources.Pace, error) {
	made := make(map[string]*budget.Budget)
	return func(host string) (sources.Pace, error) {
		if b, ok := made[host]; ok {
			return b, nil
		}
		b, err := budget.New(h.Ledger, host, budget.Options{RPS: rateOf(host, h.config.Budget), Circuit: circuit(h.config.Budget), Log: h.log})
		if err != nil {
			return nil, err
		}
		made[host] = b
		return b, nil
	}
}

// tools are what a source works with in this process.
func (h *Host) tools(pace func(host string) (sources.Pace, error)) func(sources.Source) sources.Tools {
	return func(s sources.Source) sources.Tools {
		stored := h.Stored(s.Name())
		t := sources.Tools{
			Leaflets: stored.Leaflets, Quarantine: stored.Quarantine, Evidence: h.Lake.Evidence(), Seen: h.Ledger, Tracer: h.Tracer(),
			Text: document.Tools{Reader: h.reader, Recognizer: h.scans, Limits: DocumentLimits(h.config)},
		}
		if h.asks() {
			t.Pace = pace
		}
		if pool := h.pool.Load(); pool != nil {
			t.Browser = browser{pool}
		}
		return t
	}
}

// asks reports whether this process sends requests to sources.
func (h *Host) asks() bool { return h.serves(asset.QueueBrowser) || h.serves(asset.QueueHTTP) }
