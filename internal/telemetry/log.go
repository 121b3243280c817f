package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger makes a logger that writes records of level and above to w as text or, when json is set, as one JSON
// object a line. Each record made under a span has trace_id and span_id, and each made with a context of [WithScope] says
// what it is about: JSON has run_id, asset, partition, attempt, workflow_id and execution_id, text has step, run_id and an
// attempt after the first. Messages and values pass [Redact].
func NewLogger(w io.Writer, level slog.Leveler, json bool) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: RedactAttr}
	if json {
		return slog.New(Handler(slog.NewJSONHandler(w, opts)))
	}
	return slog.New(contextHandler{slog.NewTextHandler(w, opts), Scope.short})
}

// Handler adds the scope, trace_id and span_id of the context to each record before next gets it.
func Handler(next slog.Handler) slog.Handler { return contextHandler{next, Scope.attrs} }

type contextHandler struct {
	slog.Handler
	attrs func(Scope) []slog.Attr // that a record gets
}

// Handle implements slog.Handler.
func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	attrs := h.attrs(ScopeOf(ctx))
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		attrs = append(attrs, slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	if len(attrs) > 0 {
		r = r.Clone()
		r.AddAttrs(attrs...)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(attrs), h.attrs}
}

// WithGroup implements slog.Handler.
func (h contextHandler) WithGroup(name string) slog.Handler {
	return contextHandler{h.Handler.WithGroup(name), h.attrs}
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
