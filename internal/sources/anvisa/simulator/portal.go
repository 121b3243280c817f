// Package simulator is a simulated Bulário Eletrônico: an HTTP server that behaves as the Brazilian regulator's leaflet portal
// does. That includes the DOM of its table and pager, its tokens, its daily reshuffle and its bans. Tests and the demo run against it,
// so that neither ever needs the internet.
//
// It is faithful where a client could notice, and hostile where the real one has been seen to be: [Faults] are switched on by
// name, all are off by default, and each is decided by a seeded generator, so that a retry usually succeeds. [FaultNames] lists them.
//
// # What it serves
//
//   - "/" is the single-page application (hash routes #/bulario/, #/bulario/q/?…, #/bulario/detalhe/{id}, #/medicamentos/{id}).
//   - "/api/…" is the JSON API that the page itself uses. A request needs the header "Authorization: Guest".
//   - "/api/consulta/medicamentos/arquivo/bula/parecer/{token}/" is a leaflet. Tokens live 300 seconds on the portal's clock.
//   - "/dados/DADOS_ABERTOS_MEDICAMENTOS.csv" is the agency's open data, really on a host of its own: ISO-8859-1, other content
//     every day, with ETag and Last-Modified. It agrees with the listing: 86 in 100 of its active registered products have a leaflet.
//   - "/_log" (GET) is every request seen, "/_truth" (GET) the true totals, "/_day" (POST) turns the day. They are ours, are
//     neither logged nor hindered, and do not exist on the real portal.
//
// # What it knows
//
// Products and leaflets come from a seed, or from files: a real listing ([Options].Listing) and a folder of PDFs
// ([Options].Leaflets). A product's category, and which of its leaflets are missing, follow from its number alone, so they are
// the same in every run and for every seed. A leaflet's bytes follow from seed, product, expediente and audience: its SHA-256
// is stable until the product gets a new expediente. Nothing is generated before it is asked for.
//
// With [Options].Cases some products have special leaflets, one of each kind, as far as there are three products for each: scanned
// in whole or in part, encrypted, broken, a web page in place of a PDF, none at all, with words that nobody sees (some, or most),
// filed twice, for both audiences in one file, with the wrong registration, a cover sheet alone. A special leaflet is the first
// version of its product; what the company files later is an ordinary one. In the first night the encrypted one and one that was
// ordinary get another version, in addition to the others that do.
//
// With a state folder ([Options].State) a portal that was killed goes on where it was: the same day and products, the ban
// that was in force, and /_log with all that was ever asked. Only the clock and the faults are given anew.
//
// A [Portal] is made by [New], is safe for concurrent use, starts no goroutine and need not be closed. Its zero value is not usable.
package simulator

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"drugslm/internal/fault"
)

// Options say what a portal serves and how badly it behaves. The zero value is a well-behaved portal of 150 products.
type Options struct {
	Products   int              // how many products to make from the seed; 0: 150. Ignored with Listing and Leaflets
	Seed       uint64           // what products, texts, order and random faults are drawn from; 0: 1
	Listing    string           // a CSV or CSV.gz file of a real listing to serve instead; its columns: [ListingColumns]
	Claims     string           // a file like Listing whose rows give the totals that are declared; "": what is served
	Leaflets   string           // a directory of PDFs served instead of generated ones, assigned to documents by a stable hash
	Cases      bool             // some products have special leaflets: scans, an encrypted file and others, see the package's comment. Ignored with Listing and Leaflets
	Faults     Faults           // what goes wrong; the zero value: nothing
	Latency    time.Duration    // added to each API and PDF request
	RetryAfter time.Duration    // how long throttling and bans ask a client to wait; 0: 600 s, as the real portal
	Clock      func() time.Time // what tokens, bans and log go by; nil: time.Now
	Log        *slog.Logger     // one debug line a request; nil: none

	// State is a folder in which the portal keeps its day, its bans and every request, so that one that is killed at any
	// moment continues as the same portal; it is made if it is missing. "": nothing outlives the process.
	State string
}

func (o Options) withDefaults() Options {
	o.Products = cmp.Or(o.Products, 150)
	o.Seed = cmp.Or(o.Seed, 1)
	o.RetryAfter = cmp.Or(o.RetryAfter, 600*time.Second)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) validate() error {
	switch {
	case o.Products < 0 || o.Products > maxProducts:
		return fault.New(fault.Invalid, "portal", "products: %d is not between 1 and %d", o.Products, maxProducts)
	case o.Latency < 0 || o.RetryAfter < 0:
		return fault.New(fault.Invalid, "portal", "latency and retry-after cannot be negative")
	case o.State != "" && o.Listing != "":
		return fault.New(fault.Invalid, "portal", "a listing from a file has no days to remember: leave out the state folder")
	case o.Claims != "" && o.Listing == "":
		return fault.New(fault.Invalid, "portal", "claims need a listing that they differ from")
	}
	return nil
}

// maxProducts bounds the seeded products, and so the space of document numbers. The real portal has about 8,800.
const maxProducts = 20_000

// Portal is one simulated portal.
type Portal struct {
	opt     Options
	signer  signer
	printer *printer
	log     *requestLog
	dice    *dice
	memory  *memory // nil: nothing outlives the process

	mu    sync.RWMutex // guards index, its products, and open
	index *index
	open  *openFile // the open data made last

	otherFault sync.Mutex // guards what follows: the faults and what they remember
	faults     Faults
	bucket     *rate.Limiter
	banned     time.Time    // until when; zero: not banned
	listed     int          // listing requests seen since the faults were set
	turned     bool         // the day-switch has happened
	denied     map[int]bool // products whose false negative has been given
}

// New makes a portal. The listing and the leaflets' folder are read and checked here; what is wrong with them is [fault.Invalid].
func New(o Options) (*Portal, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	memory, err := openMemory(o)
	if err != nil {
		return nil, err
	}
	index, err := openIndex(o, memory)
	if err != nil {
		return nil, err
	}
	press, err := newPrinter(o.Seed, o.Leaflets)
	if err != nil {
		return nil, err
	}
	p := &Portal{opt: o, signer: newSigner(o.Seed), printer: press, log: newRequestLog(maxLogged), memory: memory, index: index}
	p.dice = newDice(o.Seed, memory.starts())
	p.SetFaults(o.Faults)
	if err := memory.recall(p); err != nil {
		return nil, err
	}
	return p, nil
}

func openIndex(o Options, m *memory) (*index, error) {
	if o.Listing == "" {
		x := seedIndex(o.Seed, o.Products, midnight(m.firstDay(o.Clock())))
		if o.Cases && o.Leaflets == "" {
			x.setCases()
		}
		for _, t := range m.turns() {
			x.nextDay(t)
		}
		return x, nil
	}
	served, err := readListing(o.Listing)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", o.Listing, err)
	}
	if o.Claims == "" {
		return newIndex(o.Seed, served.day, served.products), nil
	}
	declared, err := readListing(o.Claims)
	if err != nil {
		return nil, fmt.Errorf("claims %s: %w", o.Claims, err)
	}
	return newIndex(o.Seed, served.day, mergeDeclared(served.products, declared.products)), nil
}

// NextDay does what the real portal does every night: a new dataAtualizacao, a whole new order, one or two products more and
// one or two fewer, and new leaflets for 27 products in 8,800 (for one at least).
func (p *Portal) NextDay() { p.turn(dayChange{}) }

func (p *Portal) turn(t dayChange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.memory.note(func(s *state) { s.Turns = append(s.Turns, t) })
	p.index.nextDay(t)
}

// SetFaults replaces the faults from now on, and forgets a ban, and that a day-switch or a false negative was already given.
func (p *Portal) SetFaults(f Faults) {
	p.otherFault.Lock()
	defer p.otherFault.Unlock()
	p.faults = f
	p.bucket, p.banned = nil, time.Time{}
	p.listed, p.turned, p.denied = 0, false, map[int]bool{}
}

func (p *Portal) now() time.Time { return p.opt.Clock() }

// pause waits, or until the client is gone.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Handler serves the page, the API and our own three addresses.
func (p *Portal) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range []struct {
		pattern string
		kind    string
		answer  func(*http.Request, *Request) answer
	}{
		{"GET /{$}", KindPage, p.page},
		{"GET /assets/{path...}", KindAsset, p.asset},
		{"GET /api/tipoCategoriaRegulatoria", KindCategories, p.listCategories},
		{"GET /api/consulta/bulario", KindList, p.list},
		{"GET /api/consulta/bulario/{id}", KindHistory, p.history},
		{"GET /api/consulta/medicamento/produtos/codigo/{id}", KindDetail, p.detail},
		{"GET /api/produto/listaMedicamentoBula/{text}", KindSuggest, p.suggest},
		{"GET /api/consulta/medicamentos/arquivo/bula/parecer/{token}", KindPDF, p.leaflet},
		{"GET /api/consulta/medicamentos/arquivo/bula/parecer/{token}/{$}", KindPDF, p.leaflet},
		{"GET " + OpenDataPath, KindOpenData, p.openData},
		{"/", KindOther, p.unknown},
	} {
		mux.HandleFunc(route.pattern, p.serve(route.kind, route.answer))
	}
	mux.HandleFunc("GET /_log", p.showLog)
	mux.HandleFunc("GET /_truth", p.showInventory)
	mux.HandleFunc("POST /_day", p.advanceDay)
	return mux
}
