// Package gridtest has what tests of browser sessions need. A hub that only pretends ([NewHub]), with the failures real
// ones have, is for unit tests of any package. The promises that every pool keeps ([RunLeases], [Run]) are to be held
// against the pretended hub, a local chromedriver and a real Grid alike.
//
// A [Hub] runs no browser and no script: Hub.Script answers what scripts return. It is safe for several goroutines.
package gridtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Hub pretends to be a Selenium Grid. Make one with [NewHub].
type Hub struct {
	// URL is where the hub listens; empty for one made by [NewTransport].
	URL string

	mu       sync.Mutex
	script   func(session, script string, args []any) (any, error)
	status   func(url string) int
	answers  map[string]Answer
	pages    map[string]string // session -> the page that is open there
	names    map[string]string // session -> its name
	cookies  []map[string]any
	made     int
	login    [2]string
	requests []Request
}

// Request is one command that a hub received.
type Request struct {
	Method  string
	Session string // empty for new sessions and the status
	Command string // what follows the session in the path: "url", "execute/sync"; "session" makes one, "" ends one
	Body    string
	Header  http.Header
}

// NewHub starts a hub on loopback; it ends with the test.
func NewHub(t testing.TB) *Hub {
	t.Helper()
	h := newHub()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections() // hung commands never end by themselves
		server.Close()
	})
	h.URL = server.URL
	return h
}

// NewTransport makes a hub without a network: requests sent through the transport reach it, wherever they are addressed
// to. It is for tests of time (testing/synctest), which a network would stop.
func NewTransport() (*Hub, http.RoundTripper) {
	h := newHub()
	return h, transport{h}
}

func newHub() *Hub {
	return &Hub{answers: map[string]Answer{}, pages: map[string]string{}, names: map[string]string{}}
}

// Script sets what scripts return; f gets the script as it was given to Session.Eval. An error is what the script threw.
// Without it every script returns null. Scripts that only ask for the page's address are answered by the hub.
func (h *Hub) Script(f func(session, script string, args []any) (any, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.script = f
}

// Status sets with which HTTP status pages come; 200 without it.
func (h *Hub) Status(f func(url string) int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = f
}

// Cookies sets what every page's cookies are, as WebDriver writes them: name, value, path, domain, httpOnly.
func (h *Hub) Cookies(cookies ...map[string]any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cookies = cookies
}

// RequireUser makes the hub refuse, with a 401 that is no JSON, requests without this user and password.
func (h *Hub) RequireUser(user, password string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.login = [2]string{user, password}
}

// On makes the hub answer a command ("POST session", "POST url", "GET title", "POST execute/sync", "DELETE ") so from now on.
func (h *Hub) On(command string, a Answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers[command] = a
}

// Off makes the hub answer a command as usual again.
func (h *Hub) Off(command string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.answers, command)
}

// Restart makes the hub forget its sessions, as one does that was restarted.
func (h *Hub) Restart() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.pages)
}

// Sessions lists the sessions that exist, sorted.
func (h *Hub) Sessions() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]string, 0, len(h.pages))
	for id := range h.pages {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Requests lists what the hub received, in order.
func (h *Hub) Requests() []Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.requests)
}

// Count tells how often a command ("POST url") was received.
func (h *Hub) Count(command string) int {
	n := 0
	for _, r := range h.Requests() {
		if r.Method+" "+r.Command == command {
			n++
		}
	}
	return n
}

// ServeHTTP answers one command.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // the client left
	}
	req := parse(r, string(body))
	if a, ok := h.receive(req); ok {
		a.write(w, r)
		return
	}
	if req.Method+" "+req.Command == "POST execute/sync" && slices.Contains(h.Sessions(), req.Session) {
		h.run(req).write(w, r)
		return
	}
	h.answer(req).write(w, r)
}

func parse(r *http.Request, body string) Request {
	req := Request{Method: r.Method, Body: body, Header: r.Header.Clone()}
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/wd/hub"), "/")
	if rest, ok := strings.CutPrefix(path, "session/"); ok {
		req.Session, req.Command, _ = strings.Cut(rest, "/")
	} else {
		req.Command = path
	}
	return req
}

// receive records a request and finds an answer that was set for it.
func (h *Hub) receive(req Request) (Answer, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, req)
	if h.login != [2]string{} {
		user, password, _ := (&http.Request{Header: req.Header}).BasicAuth()
		if [2]string{user, password} != h.login {
			return Page(http.StatusUnauthorized, "Unauthorized"), true
		}
	}
	a, ok := h.answers[req.Method+" "+req.Command]
	return a, ok
}

// answer is what a hub in good health says.
func (h *Hub) answer(req Request) Answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case req.Command == "status":
		return h.told()
	case strings.HasPrefix(req.Command, "/"):
		return Page(http.StatusNotFound, "") // a real Grid has no answer to a double slash either
	case req.Session == "" && req.Command == "session":
		return h.create(req.Body)
	case req.Session != "" && !h.exists(req.Session):
		return Error(http.StatusNotFound, "invalid session id", "no session "+req.Session)
	case req.Method == http.MethodDelete && req.Command == "":
		delete(h.pages, req.Session)
		return Value(nil)
	}
	return h.command(req)
}

func (h *Hub) exists(id string) bool { _, ok := h.pages[id]; return ok }

// told is the hub's status: one node, with a slot for each session.
func (h *Hub) told() Answer {
	slots := []any{}
	for id := range h.pages {
		slots = append(slots, map[string]any{"session": map[string]any{"sessionId": id, "start": "2026-01-02T03:04:05Z",
			"capabilities": map[string]any{"se:name": h.names[id]}}})
	}
	node := map[string]any{"availability": "UP", "uri": "http://node", "slots": slots}
	return Value(map[string]any{"ready": true, "message": "a pretended hub", "nodes": []any{node}})
}

func (h *Hub) create(body string) Answer {
	var in struct {
		Capabilities struct {
			AlwaysMatch struct {
				Name string `json:"se:name"`
			}
		}
	}
	_ = json.Unmarshal([]byte(body), &in) // whatever else is asked for, it gets a session
	h.made++
	id := fmt.Sprintf("pretended-%d", h.made)
	h.names[id] = in.Capabilities.AlwaysMatch.Name
	h.pages[id] = "about:blank"
	return Value(map[string]any{"sessionId": id, "capabilities": map[string]any{"browserVersion": "156.0.1"}})
}

func (h *Hub) command(req Request) Answer {
	var in struct{ URL string }
	if req.Method == http.MethodPost && !json.Valid([]byte(req.Body)) {
		return Error(http.StatusBadRequest, "invalid argument", "not JSON")
	}
	_ = json.Unmarshal([]byte(req.Body), &in) // other commands use these names for other things
	switch req.Method + " " + req.Command {
	case "POST url":
		h.pages[req.Session] = in.URL
		return Value(nil)
	case "GET url":
		return Value(h.pages[req.Session])
	case "GET title":
		return Value("a page")
	case "GET cookie":
		return Value(append([]map[string]any{}, h.cookies...))
	case "GET screenshot":
		return Value("iVBORw0KGgo=") // the eight bytes with which a PNG starts
	case "GET window/handles":
		return Value([]string{"window"})
	case "POST element":
		return Value(map[string]string{"element-6066-11e4-a52e-4f735466cecf": "element"})
	case "POST timeouts", "POST goog/cdp/execute", "POST element/element/click", "POST moz/context":
		return Value(nil)
	case "POST execute/async":
		return Value(0) // nothing that Firefox could not clear
	}
	return Error(http.StatusNotFound, "unknown command", req.Method+" "+req.Command)
}

// run answers a script in the way of the wrapper that Session.Eval puts around it.
func (h *Hub) run(req Request) Answer {
	var in struct {
		Script string
		Args   []any
	}
	if err := json.Unmarshal([]byte(req.Body), &in); err != nil {
		return Error(http.StatusBadRequest, "invalid argument", err.Error())
	}
	_, script, _ := strings.Cut(in.Script, "{\n")
	if i := strings.LastIndex(script, "\n}).apply"); i >= 0 {
		script = script[:i]
	}
	result, err := h.result(req.Session, script, in.Args)
	if err != nil {
		return Value(map[string]any{"done": false, "message": err.Error()})
	}
	text, err := json.Marshal(result)
	if err != nil {
		return Value(map[string]any{"done": false, "message": err.Error()})
	}
	return Value(map[string]any{"done": true, "json": string(text)})
}

func (h *Hub) result(session, script string, args []any) (any, error) {
	h.mu.Lock()
	page, answer, status := h.pages[session], h.script, h.status
	h.mu.Unlock() // what the test gave us may use the hub
	switch {
	case strings.Contains(script, "getEntriesByType('navigation')"):
		code := http.StatusOK
		if status != nil {
			code = status(page)
		}
		return map[string]any{"href": page, "status": code}, nil
	case script == "return location.href":
		return page, nil
	case script == "return navigator.userAgent":
		return "Pretended/1.0", nil
	case answer != nil:
		return answer(session, script, args)
	}
	return nil, nil
}
