package gridtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
)

// Answer is one answer of a [Hub]. The zero value hangs.
type Answer struct {
	status int
	kind   string
	body   string
	drop   bool
}

// Value is a command that worked.
func Value(v any) Answer {
	body, err := json.Marshal(map[string]any{"value": v})
	if err != nil {
		panic(err) // a test asks for what cannot be said
	}
	return Answer{status: http.StatusOK, kind: "application/json; charset=utf-8", body: string(body)}
}

// Error is a command that failed, as WebDriver says it: "invalid session id", "timeout", "unknown error".
func Error(status int, code, message string) Answer {
	a := Value(map[string]any{"error": code, "message": message, "stacktrace": "at line 1"})
	a.status = status
	return a
}

// NotCreated is a new session that could not be made, in the Grid's way: with a list as the stack trace.
func NotCreated(message string) Answer {
	a := Value(map[string]any{"error": "session not created", "message": message,
		"stacktrace": []map[string]any{{"fileName": "LocalNewSessionQueue.java", "lineNumber": 1}}})
	a.status = http.StatusInternalServerError
	return a
}

// QueueFull is what the Grid says when no browser came free in time.
func QueueFull() Answer {
	return NotCreated("Could not start a new session. New session request timed out")
}

// Crashed is what the driver says once the page's process has died.
func Crashed() Answer {
	return Error(http.StatusInternalServerError, "tab crashed", "tab crashed\n  (Session info: chrome=156.0)")
}

// Page is an answer that is no JSON, such as a proxy's.
func Page(status int, text string) Answer {
	return Answer{status: status, kind: "text/html", body: text}
}

// Hang never answers.
func Hang() Answer { return Answer{} }

// Drop closes the connection without an answer.
func Drop() Answer { return Answer{drop: true} }

func (a Answer) write(w http.ResponseWriter, r *http.Request) {
	switch {
	case a.drop:
		panic(http.ErrAbortHandler) // how a handler closes its connection
	case a.status == 0:
		<-r.Context().Done()
		return
	}
	if a.kind != "" {
		w.Header().Set("Content-Type", a.kind)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body)) // a client that left is no concern of ours
}

// transport hands requests to a hub in the same process.
type transport struct{ hub *Hub }

// RoundTrip answers a request, or gives up with its context.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	answered := make(chan *http.Response, 1)
	go func() {
		w := httptest.NewRecorder()
		req := req.Clone(req.Context())
		if req.Body == nil {
			req.Body = http.NoBody
		}
		t.hub.ServeHTTP(w, req)
		answered <- w.Result()
	}()
	select {
	case resp := <-answered:
		return resp, nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}
