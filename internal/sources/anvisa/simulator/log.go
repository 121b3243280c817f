package simulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"
)

// The kinds of request.
const (
	KindPage       = "page"       // the single-page application
	KindAsset      = "asset"      // its script, style and pictures
	KindCategories = "categories" // the list of regulatory categories
	KindList       = "list"       // a page of the listing
	KindHistory    = "history"    // a product's leaflets
	KindDetail     = "detail"     // a product
	KindSuggest    = "suggest"    // the autocomplete field
	KindPDF        = "pdf"        // a leaflet
	KindOpenData   = "open-data"  // the agency's table of medicines
	KindOther      = "other"      // nothing there
)

// Request is one request as the portal saw it. It holds no token and no cookie.
type Request struct {
	Time        time.Time     `json:"time"`
	Method      string        `json:"method"`
	Path        string        `json:"path"`            // tokens are replaced by "{token}"
	Query       string        `json:"query,omitempty"` // unescaped, for reading
	Kind        string        `json:"kind"`
	Product     int           `json:"product,omitempty"`  // idProduto, of history, detail and pdf
	Audience    Audience      `json:"audience,omitempty"` // of a pdf
	SHA256      string        `json:"sha256,omitempty"`   // of a pdf that was sent whole and undamaged
	Category    string        `json:"category,omitempty"` // the categories a list was filtered by
	Status      int           `json:"status"`
	Bytes       int           `json:"bytes"`                 // of the body as sent
	Fault       string        `json:"fault,omitempty"`       // what was made to go wrong
	RetryAfter  time.Duration `json:"retry_after,omitempty"` // how long a 429 asked to wait, in nanoseconds
	Traceparent string        `json:"traceparent,omitempty"`
	UserAgent   string        `json:"user_agent,omitempty"`
}

// tokenPattern finds a JWT, whole or in part, by how every JSON header begins in base64.
var tokenPattern = regexp.MustCompile(`eyJ[\w.-]+`)

// longestLogged bounds each text of a client that is kept.
const longestLogged = 2000

func newRequest(now time.Time, kind string, r *http.Request) Request {
	query, err := url.QueryUnescape(r.URL.RawQuery)
	if err != nil {
		query = r.URL.RawQuery
	}
	path := r.URL.Path
	if token := r.PathValue("token"); token != "" { // also what is no JWT at all may be a secret
		path = "/api/consulta/medicamentos/arquivo/bula/parecer/{token}/"
	}
	return Request{Time: now, Method: r.Method, Path: redact(path), Query: redact(query), Kind: kind,
		Traceparent: redact(r.Header.Get("Traceparent")), UserAgent: redact(r.UserAgent())}
}

func redact(s string) string {
	return tokenPattern.ReplaceAllString(s[:min(len(s), longestLogged)], "{token}")
}

// maxLogged is how many requests are kept. The counts continue.
const maxLogged = 200_000

// requestLog keeps the latest requests, in a ring once it is full.
type requestLog struct {
	mu     sync.Mutex
	size   int
	ring   []Request
	oldest int // where the ring begins, once it is full
	kinds  map[string]int
	faults map[string]int
}

func newRequestLog(size int) *requestLog {
	return &requestLog{size: size, kinds: map[string]int{}, faults: map[string]int{}}
}

func (l *requestLog) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[r.Kind]++
	if r.Fault != "" {
		l.faults[r.Fault]++
	}
	if len(l.ring) < l.size {
		l.ring = append(l.ring, r)
		return
	}
	l.ring[l.oldest] = r
	l.oldest = (l.oldest + 1) % l.size
}

// LogReport is what GET /_log answers.
type LogReport struct {
	Totals   map[string]int `json:"totals"`   // requests of each kind since the portal was made
	Faults   map[string]int `json:"faults"`   // how often each fault happened
	Requests []Request      `json:"requests"` // the latest 200,000, oldest first
}

func (l *requestLog) report() LogReport {
	l.mu.Lock()
	defer l.mu.Unlock()
	report := LogReport{Totals: map[string]int{}, Faults: map[string]int{}, Requests: make([]Request, 0, len(l.ring))}
	for kind, n := range l.kinds {
		report.Totals[kind] = n
	}
	for name, n := range l.faults {
		report.Faults[name] = n
	}
	report.Requests = append(report.Requests, l.ring[l.oldest:]...)
	report.Requests = append(report.Requests, l.ring[:l.oldest]...)
	return report
}

// Requests gives the latest 200,000 requests, oldest first. A request is there before its client has read the answer.
func (p *Portal) Requests() []Request { return p.log.report().Requests }

// Report gives the requests with the counts of each kind and fault.
func (p *Portal) Report() LogReport { return p.log.report() }

func (p *Portal) showLog(w http.ResponseWriter, _ *http.Request) { writeJSON(w, p.log.report()) }

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", mediaJSON)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone: nobody is left to tell
}
