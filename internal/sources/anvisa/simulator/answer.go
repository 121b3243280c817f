package simulator

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
)

// answer is a whole response, made before any of it is written: so a client that has read it finds it in the log.
type answer struct {
	status int
	media  string // Content-Type
	header map[string]string
	body   []byte

	sent      int  // how much of body is really sent, when cut
	cut       bool // the body ends early …
	unlabeled bool // … and no Content-Length betrays it
}

const (
	mediaJSON = "application/json;charset=UTF-8"
	mediaHTML = "text/html; charset=UTF-8"
	mediaPDF  = "application/force-download" // what the real portal sends for PDFs
)

func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil { // only types of this package come here, and none of them can fail
		return htmlAnswer(http.StatusInternalServerError, err.Error())
	}
	return answer{status: status, media: mediaJSON, body: body}
}

func htmlAnswer(status int, body string) answer {
	return answer{status: status, media: mediaHTML, body: []byte(body)}
}

// message is how the real portal words an error: a key of its message file.
type message struct {
	Error string `json:"error"`
}

func refuse(status int, key string) answer { return jsonAnswer(status, message{Error: key}) }

func (a answer) with(name, value string) answer {
	header := map[string]string{name: value}
	for k, v := range a.header {
		header[k] = v
	}
	a.header = header
	return a
}

func (a answer) write(w http.ResponseWriter) {
	body := a.body
	if a.cut {
		body = a.body[:a.sent]
	}
	h := w.Header()
	h.Set("Content-Type", a.media)
	h.Set("Cache-Control", "no-cache, no-store")
	for k, v := range a.header {
		h.Set(k, v)
	}
	if !a.unlabeled {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if a.unlabeled {
		_ = http.NewResponseController(w).Flush() // makes net/http chunk the body instead of counting it
	}
	_, _ = w.Write(body) // the client may be gone: nobody is left to tell
}

// serve makes a handler that hinders, answers, logs and writes, in this order.
func (p *Portal) serve(kind string, answers func(*http.Request, *Request) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		rec := newRequest(p.now(), kind, r)
		a, hindered := p.injectFault(r, &rec)
		if !hindered {
			a = answers(r, &rec)
		}
		rec.Status, rec.Bytes = a.status, len(a.body)
		if a.cut {
			rec.Bytes = a.sent
		}
		p.memory.log(rec)
		p.log.add(rec)
		p.opt.Log.LogAttrs(r.Context(), slog.LevelDebug, "portal request", slog.String("kind", kind), slog.String("path", rec.Path),
			slog.Int("status", rec.Status), slog.Int("bytes", rec.Bytes), slog.String("fault", rec.Fault))
		a.write(w)
	}
}
