package grid

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tebeka/selenium"
	"go.opentelemetry.io/otel/propagation"

	"drugslm/internal/fault"
)

// maxAnswer bounds one answer of a hub or driver. Results of scripts and screenshots are the largest.
const maxAnswer = 64 << 20

// The codes of errors that WebDriver does not know and fixResponse makes up.
const (
	codeUnauthorized = "unauthorized"
	codeNotWebDriver = "not a webdriver answer"
)

var errTooLarge = errors.New("the answer of the browser is larger than 64 MiB")

// hub is where requests go: an address without credentials, and how to get there.
type hub struct {
	address string
	user    *url.Userinfo
	base    http.RoundTripper
}

// newBase is how hubs are reached: fast to notice that nobody answers, patient with a command once it is sent, since
// commands end by their context.
func newBase() http.RoundTripper {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     time.Minute,
	}
}

// parseHub takes the credentials and the trailing slash off an address: the Grid answers neither to a double slash nor
// may a password be seen in an error.
func parseHub(address string, base http.RoundTripper) (*hub, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		// The text of err would hold the address, and with it the password.
		return nil, fault.New(fault.Invalid, "open browser pool",
			"the address of the hub is not like http://host:4444: set HUB_URL")
	}
	h := &hub{user: u.User, base: base}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	h.address = strings.TrimRight(u.String(), "/")
	return h, nil
}

// name is the address by which leases know the hub, however its user wrote it.
func (h *hub) name() string { return strings.TrimSuffix(h.address, "/wd/hub") }

// connection is the line of one session to its hub. It gives the library what it lacks: a context for each command, the
// hub's credentials, a trace header, and answers that it reads as they are meant.
type connection struct {
	hub *hub
	key string // host under which the library knows this wire

	process int // of the browser, as far as the driver told when it made the session

	turn chan struct{}   // holds one token: browsers take one command at a time
	ctx  context.Context //nolint:containedctx // of the command that has the turn: the library passes none on
}

// router finds the wire of a request by its host. It is the transport of selenium.HTTPClient.
type router struct {
	wires sync.Map // key -> *wire
	last  atomic.Int64
}

// board is the only global: the library has one HTTP client for all sessions, so there is one switchboard for all pools.
var board = sync.OnceValue(func() *router {
	b := &router{}
	selenium.HTTPClient = &http.Client{
		Transport:     b,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return b
})

// wirePrefix begins the keys of wires.
const wirePrefix = "session-"

// connect makes a wire; hang must be called once its session has ended.
func (b *router) connect(h *hub) *connection {
	w := &connection{hub: h, key: fmt.Sprintf("%s%d.invalid", wirePrefix, b.last.Add(1)), turn: make(chan struct{}, 1)}
	b.wires.Store(w.key, w)
	return w
}

func (b *router) disconnect(w *connection) { b.wires.Delete(w.key) }

// RoundTrip sends a request of the client library through its wire.
func (b *router) RoundTrip(req *http.Request) (*http.Response, error) {
	if w, ok := b.wires.Load(req.URL.Host); ok {
		w := w.(*connection)
		return w.send(w.ctx, req)
	}
	return http.DefaultTransport.RoundTrip(req)
}

// prefix is the address handed to the library.
func (w *connection) prefix() string { return "http://" + w.key }

// during runs fn with ctx as the context of every command the library sends, while nobody else uses the wire.
func (w *connection) during(ctx context.Context, fn func() error) error {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { w.ctx = nil; <-w.turn }()
	w.ctx = ctx
	return fn()
}

// send passes one request on to the hub and fixes its answer.
func (w *connection) send(ctx context.Context, req *http.Request) (*http.Response, error) {
	r := req.Clone(ctx)
	target, err := url.Parse(w.hub.address + req.URL.Path)
	if err != nil {
		return nil, err
	}
	r.URL, r.Host = target, ""
	if u := w.hub.user; u != nil {
		password, _ := u.Password()
		r.SetBasicAuth(u.Username(), password)
	}
	if r.Method == http.MethodPost {
		// Without the charset the Grid refuses the request.
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(r.Header))
	resp, err := w.hub.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up: nothing left to learn
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, errTooLarge
	}
	if r.Method == http.MethodPost && req.URL.Path == "/session" {
		w.process = browserProcess(body)
	}
	return fixResponse(resp, body), nil
}

// browserProcess reads from the answer to a new session what the library does not keep; 0 if it is not there.
func browserProcess(body []byte) int {
	var answer struct {
		Value struct {
			Capabilities struct {
				Process int `json:"goog:processID"`
			}
		}
	}
	_ = json.Unmarshal(body, &answer) // errors are for the library to find
	return answer.Value.Capabilities.Process
}

// fixResponse makes an answer one that the library reads: always JSON, errors with a stack trace that is a string. The Grid
// sends an array when a session cannot be made, upon which the library loses the error and reports success.
func fixResponse(resp *http.Response, body []byte) *http.Response {
	var answer struct {
		Value json.RawMessage `json:"value"`
	}
	switch {
	case json.Unmarshal(body, &answer) != nil:
		body = notWebDriver(resp, body)
	case resp.StatusCode >= http.StatusBadRequest:
		body = flatten(answer.Value, body)
	}
	resp.Header = http.Header{"Content-Type": {"application/json"}}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp
}

// notWebDriver turns an answer that is no JSON (a proxy's page, the Grid's 401) into an error that keeps its text.
func notWebDriver(resp *http.Response, body []byte) []byte {
	code := codeNotWebDriver
	if resp.StatusCode == http.StatusUnauthorized {
		code = codeUnauthorized
	}
	text := string(body[:min(len(body), 200)])
	resp.StatusCode = max(resp.StatusCode, http.StatusBadRequest)
	return encodeError(code, resp.Status+": "+strconv.Quote(text))
}

// flatten rewrites a failure with only the texts that matter.
func flatten(value json.RawMessage, body []byte) []byte {
	var e struct{ Error, Message string }
	if json.Unmarshal(value, &e) != nil || e.Error == "" {
		return encodeError("unknown error", string(body[:min(len(body), 500)]))
	}
	return encodeError(e.Error, e.Message)
}

func encodeError(code, message string) []byte {
	body, _ := json.Marshal(map[string]any{ // strings always marshal
		"value": map[string]string{"error": code, "message": message, "stacktrace": ""},
	})
	return body
}

// command sends a command that the library lacks and decodes its value into out, unless that is nil.
func (w *connection) command(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if method == http.MethodPost {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, w.prefix()+path, body)
	if err != nil {
		return err
	}
	resp, err := w.send(ctx, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		var e struct{ Error, Message string }
		if err := json.Unmarshal(answer.Value, &e); err != nil {
			return err
		}
		return &selenium.Error{Err: e.Error, Message: e.Message, HTTPCode: resp.StatusCode}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, out)
}
