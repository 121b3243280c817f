package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// NewLogger makes a logger that writes records of level and above to w as text or, when json is set, as one JSON
// object a line. Each record made under a span has trace_id and span_id. Messages and values pass [Redact].
func NewLogger(w io.Writer, level slog.Leveler, json bool) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: redactAttr}
	if json {
		return slog.New(Handler(slog.NewJSONHandler(w, opts)))
	}
	return slog.New(Handler(slog.NewTextHandler(w, opts)))
}

// Handler adds trace_id and span_id of the context to each record before next gets it.
func Handler(next slog.Handler) slog.Handler { return traceHandler{next} }

type traceHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h traceHandler) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.Handler.WithGroup(name)}
}

// redactAttr redacts all that is printed as text. Values of other types keep their form unless a secret shows in it.
func redactAttr(_ []string, a slog.Attr) slog.Attr {
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
