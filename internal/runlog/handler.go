package runlog

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"drugslm/internal/telemetry"
)

// maxText bounds one text of a record, and maxLine a line.
const (
	maxText = 16 << 10
	maxLine = 64 << 10
)

// Handler passes records on to next, and writes those that are about a run to the run's files at every level.
func Handler(next slog.Handler, files *Files) slog.Handler { return handler{next: next, files: files} }

type handler struct {
	next  slog.Handler
	files *Files
	with  []func(slog.Handler) slog.Handler // the attributes and groups of the logger, in their order
}

// Enabled implements slog.Handler.
func (h handler) Enabled(ctx context.Context, level slog.Level) bool {
	return telemetry.ScopeOf(ctx).Run != "" || h.next.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, r slog.Record) error {
	if scope := telemetry.ScopeOf(ctx); scope.Run != "" {
		h.files.Append(scope.Run, h.line(ctx, r))
	}
	if !h.next.Enabled(ctx, r.Level) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

// line is a record as a line of JSON.
func (h handler) line(ctx context.Context, r slog.Record) []byte {
	var b bytes.Buffer
	to := newEncoder(&b)
	for _, with := range h.with {
		to = with(to)
	}
	if err := to.Handle(ctx, r); err == nil && b.Len() <= maxLine {
		return b.Bytes()
	}
	n := b.Len()
	b.Reset()
	short := slog.NewRecord(r.Time, r.Level, r.Message, 0)
	short.AddAttrs(slog.Int("cut_bytes", n))
	_ = newEncoder(&b).Handle(ctx, short) // a buffer takes it, and what it holds is text
	return b.Bytes()
}

// newEncoder writes records as lines of JSON, with what the context says.
func newEncoder(b *bytes.Buffer) slog.Handler {
	return telemetry.Handler(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: replace}))
}

// replace redacts an attribute, bounds its text and writes times in UTC and durations as 1m30s.
func replace(groups []string, a slog.Attr) slog.Attr {
	a = telemetry.RedactAttr(groups, a)
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(shorten(a.Value.String()))
	case slog.KindDuration:
		a.Value = slog.StringValue(a.Value.Duration().String())
	case slog.KindTime:
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	case slog.KindAny:
		if err, is := a.Value.Any().(error); is {
			a.Value = slog.StringValue(shorten(telemetry.Redact(err.Error())))
		}
	}
	return a
}

// shorten cuts a text that is too long, between two characters.
func shorten(text string) string {
	if len(text) <= maxText {
		return text
	}
	n := maxText
	for n > maxText-utf8.UTFMax && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.also(h.next.WithAttrs(attrs), func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.also(h.next.WithGroup(name), func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h handler) also(next slog.Handler, with func(slog.Handler) slog.Handler) handler {
	return handler{next: next, files: h.files, with: append(slices.Clip(h.with), with)}
}

// said makes a line of the log itself about a run.
func said(run string, at time.Time, message string, args ...any) []byte {
	var b bytes.Buffer
	r := slog.NewRecord(at, slog.LevelWarn, message, 0)
	r.Add(args...)
	_ = newEncoder(&b).Handle(telemetry.WithScope(context.Background(), telemetry.Scope{Run: run}), r)
	return b.Bytes()
}

// clean is a text that is stored as a part of a name.
func clean(host string) string {
	name := escape(host)
	return strings.ReplaceAll(name[:min(len(name), 60)], ".", "-")
}
