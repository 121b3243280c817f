package client

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/fault"
	"drugslm/internal/telemetry"
)

const (
	requestTimeout = 45 * time.Second // for one answer, all of it; sessions end scripts after a minute
	lookTimeout    = 10 * time.Second // for the page to show that it is the portal's
	pieceSize      = 4 << 20          // bytes of a body in one script result: base64 makes a third more of it
	maxJSON        = 32 << 20         // 1,000 products are about 1 MiB
)

// MaxPDF is the most bytes that are taken for one PDF; the largest of 31 real leaflets has 2.4 MB.
const MaxPDF = 64 << 20

//go:embed scripts/*.js
var scripts embed.FS

// script gives one of the scripts that run in the page. Its first line names it.
func script(name string) string {
	body, err := scripts.ReadFile("scripts/" + name + ".js")
	if err != nil {
		panic(err) // embedded: a misspelt name, which any test meets
	}
	return string(body)
}

// request is one GET to the portal, or to the agency's other servers, by any client.
type request struct {
	op    string // what is being done, for errors
	path  string // what follows the portal's origin; may hold a token
	shown string // path as it may be printed, when it is another one
	item  string // drugslm.item.id, when the request is about one
	pdf   bool   // a PDF is asked for, not JSON
	bound int64  // bytes accepted
	read  func(answer) error

	known       string            // the keys that the answer's JSON has, as paths; "": it is none
	conditional bool              // 304 is an answer, too
	patience    time.Duration     // for the answer, all of it; 0: requestTimeout
	uncertified func(error) error // explains an invalid certificate; nil: as any network error
}

// url is the address as it may be printed.
func (r request) url(origin string) string {
	if r.shown != "" {
		return origin + r.shown
	}
	return origin + r.path
}

// answer is what came back.
type answer struct {
	status     int
	html       bool // the response says that it is a page
	retryAfter string
	date       string // when the server says that it answered
	declared   int64  // Content-Length; -1: not said
	body       []byte
	whole      bool        // the body was read to its end
	over       bool        // the body is longer than the request's bound
	header     http.Header // nil when the page sent the request
	more       int         // requests that the page sent by itself meanwhile
}

// requester sends requests to one origin, with a turn and a span for each.
type requester struct {
	o    Options // URL, Pace, Clock and Tracer of it
	sent int     // requests so far
}

// send takes a turn, lets the request go by way, judges and reads the answer, and reports how it went. What the page sent by
// itself takes its turns after that, and only when the request went well: while a probe is not reported, no other turn is granted.
func (c *requester) send(ctx context.Context, r request, way func(context.Context, request) (answer, error)) error {
	if err := c.take(ctx, r); err != nil {
		return err
	}
	start, more := c.o.Clock(), 0
	err := telemetry.Do(ctx, c.o.Tracer, telemetry.SendRequest, func(ctx context.Context) error {
		a, err := way(ctx, r)
		if err != nil {
			return err
		}
		trace.SpanFromContext(ctx).SetAttributes(telemetry.HTTPResponseStatus.Int(a.status))
		if err := classify(r, a, c.o.Clock()); err != nil {
			return err
		}
		more = a.more
		return r.read(a)
	}, trace.WithSpanKind(trace.SpanKindClient), c.describe(r))
	// The turn is given back even when the work has been canceled.
	if told := c.o.Pace.Report(context.WithoutCancel(ctx), err, c.o.Clock().Sub(start)); told != nil {
		return reported(r, err, told)
	}
	for ; more > 0 && err == nil; more-- {
		err = c.take(ctx, r)
	}
	return err
}

// take waits for a turn.
func (c *requester) take(ctx context.Context, r request) error {
	if err := c.o.Pace.Take(ctx); err != nil {
		return fmt.Errorf("%s: wait for a turn: %w", r.op, err)
	}
	c.sent++
	return nil
}

func reported(r request, err, told error) error {
	if err == nil {
		return fmt.Errorf("%s: report to the pace: %w", r.op, told)
	}
	return fmt.Errorf("%w (and the pace could not be told: %w)", err, told)
}

func (c *requester) describe(r request) trace.SpanStartEventOption {
	attributes := []attribute.KeyValue{
		telemetry.URLFull.String(r.url(c.o.URL)),
		telemetry.HTTPRequestMethod.String("GET"),
	}
	if r.item != "" {
		attributes = append(attributes, telemetry.ItemID.String(r.item))
	}
	return trace.WithAttributes(attributes...)
}

// ended is the error of an interruption of ours, not of the portal: nil unless ctx is over.
func ended(ctx context.Context, op string) error {
	if ctx.Err() == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, context.Cause(ctx))
}

// unreachable is a network error: what the portal's name or the network did, with no address that holds a token.
func (c *requester) unreachable(op, why string) error {
	return fault.New(fault.Unavailable, op, "portal unreachable at %s: %s", c.o.URL, telemetry.Redact(why))
}
