package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger makes a logger that writes records of level and above to w as text or, when json is set, as one JSON
// object a line. Each record made with a context of [WithScope] says what it is about, and each made under a span has trace_id and
// span_id. JSON has all of it: run_id, asset, partition, attempt, workflow_id, execution_id. Text is for people: about a run it has step,
// an attempt after the first, and run_id, and no ids of spans. Messages and values pass [Redact].
func NewLogger(w io.Writer, level slog.Leveler, json bool) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: RedactAttr}
	if json {
		return slog.New(Handler(slog.NewJSONHandler(w, opts)))
	}
	return slog.New(contextHandler{slog.NewTextHandler(w, opts), true})
}

// Handler adds the scope, trace_id and span_id of the context to each record before next gets it.
func Handler(next slog.Handler) slog.Handler { return contextHandler{next, false} }

type contextHandler struct {
	slog.Handler
	people bool // who read the records
}

// Handle implements slog.Handler.
func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	scope := ScopeOf(ctx)
	span := trace.SpanContextFromContext(ctx)
	if scope == (Scope{}) && !span.IsValid() {
		return h.Handler.Handle(ctx, r)
	}
	with := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	if h.people {
		with.AddAttrs(scope.step()...)
	}
	r.Attrs(func(a slog.Attr) bool { with.AddAttrs(a); return true })
	if !h.people {
		with.AddAttrs(scope.attrs()...)
	} else if scope.Run != "" {
		with.AddAttrs(slog.String("run_id", scope.Run))
	}
	if span.IsValid() && (scope.Run == "" || !h.people) {
		with.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, with)
}

// WithAttrs implements slog.Handler.
func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(attrs), h.people}
}

// WithGroup implements slog.Handler.
func (h contextHandler) WithGroup(name string) slog.Handler {
	return contextHandler{h.Handler.WithGroup(name), h.people}
}

// RedactAttr redacts all that is printed as text. Values of other types keep their form unless a secret shows in it. It is
// the ReplaceAttr of a handler.
func RedactAttr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Redact(a.Value.String()))
	case slog.KindAny:
		shown := fmt.Sprintf("%+v", a.Value.Any())
		if clean := Redact(shown); clean != shown {
			a.Value = slog.StringValue(clean)
		}
	}
	return a
}
