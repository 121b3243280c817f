package telemetry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// ids makes span ids: from the seed in ctx if there is one, else random. Its zero value is ready.
type ids struct{}

// seed is what a replay of the same workflow run computes again: 16 bytes for a trace id, 8 for a span id.
type seed [24]byte

type seedKey struct{}

// withSeed derives ids from what started a workflow run, its name and its start, all of which its history holds.
func withSeed(ctx context.Context, parent trace.SpanContext, name string, start time.Time) context.Context {
	h := sha256.New()
	traceID, spanID := parent.TraceID(), parent.SpanID()
	h.Write(traceID[:])
	h.Write(spanID[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(start.UnixNano())))
	h.Write([]byte(name))
	return context.WithValue(ctx, seedKey{}, seed(h.Sum(nil)[:24]))
}

func seedOf(ctx context.Context) seed {
	s, ok := ctx.Value(seedKey{}).(seed)
	if !ok {
		_, _ = rand.Read(s[:]) // it never fails: crypto/rand ends the process first
	}
	return s
}

// NewIDs implements the SDK's IDGenerator for a root span.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	s := seedOf(ctx)
	return trace.TraceID(s[:16]), trace.SpanID(s[16:])
}

// NewSpanID implements the SDK's IDGenerator for a nested span.
func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	s := seedOf(ctx)
	return trace.SpanID(s[16:])
}
