package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
)

// searchPage is the page with the search form. It asks the portal for itself and, by itself, for the list of categories.
const searchPage = "/#/bulario/"

// pageState is what script "look" returns.
type pageState struct {
	Status    int  `json:"status"` // of the document; 0: the browser does not tell
	Loaded    bool `json:"loaded"` // there is a document, and not the browser's own page about why there is none
	App       bool `json:"app"`
	Challenge bool `json:"challenge"`
}

// enter opens the portal's page, which earns the session its cookies.
func (v *Visit) enter(ctx context.Context) error {
	r := request{op: "open the portal", path: searchPage, read: func(answer) error { return nil }}
	var seen pageState
	r.read = func(answer) error { return seen.judge(r.op, v.o.URL) }
	return v.send(ctx, r, func(ctx context.Context, r request) (answer, error) {
		// Whatever Open says of a page that is there, the page tells better.
		opened := v.page.Open(ctx, v.o.URL+r.path)
		if kind := fault.KindOf(opened); kind == fault.Session || kind == fault.Unavailable || ctx.Err() != nil {
			return answer{}, fmt.Errorf("%s: %w", r.op, errors.Join(opened, context.Cause(ctx)))
		}
		if err := v.page.Eval(ctx, script("look"), &seen, lookTimeout.Milliseconds()); err != nil {
			return answer{}, fmt.Errorf("%s: %w", r.op, err)
		}
		if !seen.Loaded {
			return answer{}, v.unreachable(r.op, "its page did not load")
		}
		a := seen.answer()
		a.more = VisitRequests - 1
		return a, nil
	})
}

// answer puts what was seen into the terms of judge. The body is the browser's: only whether it is a page counts.
func (s pageState) answer() answer {
	status := s.Status
	if status == 0 {
		status = http.StatusOK
	}
	a := answer{status: status, declared: -1, whole: true, body: []byte("-")}
	a.html = status != http.StatusOK
	return a
}

// judge decides about a document that came with status 200.
func (s pageState) judge(op, url string) error {
	switch {
	case s.App:
		return nil
	case s.Challenge:
		return fault.New(fault.Refused, op, "the portal sends a challenge instead of its page")
	default:
		return fault.New(fault.Layout, op, "the page at %s is not the portal's: expected its application", url)
	}
}

// fetched is what script "fetch" returns.
type fetched struct {
	Status     int    `json:"status"`
	Type       string `json:"type"`
	RetryAfter string `json:"retryAfter"`
	Date       string `json:"date"`
	Declared   int64  `json:"declared"`
	Size       int64  `json:"size"`
	Whole      bool   `json:"whole"`
	Over       bool   `json:"over"`
	Piece      string `json:"piece"`
	Failure    string `json:"failure"`
}

// fetch sends r from inside the page.
func (v *Visit) fetch(ctx context.Context, r request) (answer, error) {
	var got fetched
	err := v.page.Eval(ctx, script("fetch"), &got,
		v.o.URL+r.path, headers(ctx, r), r.bound, pieceSize, requestTimeout.Milliseconds())
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", r.op, err)
	}
	if got.Failure != "" {
		return answer{}, v.unreachable(r.op, got.Failure)
	}
	body, err := v.collect(ctx, r, got)
	return answer{
		status: got.Status, html: isHTML(got.Type), retryAfter: got.RetryAfter, date: got.Date, declared: got.Declared,
		body: body, whole: got.Whole, over: got.Over,
	}, err
}

// collect reads the body that script "fetch" left in the page, piece by piece.
func (v *Visit) collect(ctx context.Context, r request, got fetched) ([]byte, error) {
	if got.Size > r.bound {
		return nil, fault.New(fault.Internal, r.op, "the page gives %d bytes where %d are allowed", got.Size, r.bound)
	}
	body := make([]byte, 0, max(got.Size, 0))
	for piece := got.Piece; ; {
		part, err := base64.StdEncoding.DecodeString(piece)
		if err != nil {
			return nil, fault.New(fault.Session, r.op, "the browser returns a body that is not base64")
		}
		body = append(body, part...)
		from := int64(len(body))
		if from >= got.Size {
			return body, nil
		}
		if len(part) == 0 {
			return nil, fault.New(fault.Session, r.op, "the browser returns %d of %d bytes", from, got.Size)
		}
		if err := v.page.Eval(ctx, script("piece"), &piece, from, from+pieceSize); err != nil {
			return nil, fmt.Errorf("%s: %w", r.op, err)
		}
	}
}

// headers are those the portal's own page sends, and ours for tracing.
func headers(ctx context.Context, r request) map[string]string {
	h := map[string]string{"Authorization": "Guest", "Accept": "application/json, text/plain, */*"}
	if r.pdf {
		h["Accept"] = "*/*"
	}
	if parent := telemetry.Traceparent(ctx); parent != "" {
		h["traceparent"] = parent
	}
	return h
}
