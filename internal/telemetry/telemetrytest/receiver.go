// Package telemetrytest is a collector inside the test. It takes OTLP traces and metrics by gRPC and by HTTP on
// 127.0.0.1 and keeps them, so that a test can ask what was traced and counted.
//
// [Start] begins it and the test's end stops it; all methods are safe for concurrent use. Spans and metrics arrive when
// the sender flushes them, so shut the sender down first or use [Receiver.Wait].
package telemetrytest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// maxBody bounds one HTTP export: the exporter sends at most 512 spans at a time.
const maxBody = 64 << 20

// Receiver keeps every span it is sent, and the last state of every metric.
type Receiver struct {
	coltrace.UnimplementedTraceServiceServer

	GRPC string // endpoint for protocol grpc: "http://127.0.0.1:4317"
	HTTP string // endpoint for protocol http/protobuf: "http://127.0.0.1:4318"

	mu      sync.Mutex
	spans   []Span
	arrived chan struct{} // closed and replaced whenever spans arrive
	points  map[string]Point
}

// Start listens on two free ports until the test ends.
func Start(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{arrived: make(chan struct{}), points: make(map[string]Point)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	coltrace.RegisterTraceServiceServer(server, r)
	colmetrics.RegisterMetricsServiceServer(server, meters{receiver: r})
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	web := httptest.NewServer(http.HandlerFunc(r.serveHTTP))
	t.Cleanup(func() {
		web.Close()
		server.Stop()
		require.NoError(t, <-served)
	})
	r.GRPC, r.HTTP = "http://"+listener.Addr().String(), web.URL
	return r
}

// Env gives the environment that sends traces and metrics here by protocol "grpc" or "http/protobuf", with more on top: pairs of
// a variable and its value.
func (r *Receiver) Env(protocol string, more ...string) func(string) string {
	env := map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_EXPORTER_OTLP_ENDPOINT": r.HTTP}
	if protocol == "grpc" {
		env["OTEL_EXPORTER_OTLP_ENDPOINT"] = r.GRPC
	}
	for i := 0; i+1 < len(more); i += 2 {
		env[more[i]] = more[i+1]
	}
	return func(name string) string { return env[name] }
}

// Export implements the collector's gRPC service.
func (r *Receiver) Export(
	_ context.Context, req *coltrace.ExportTraceServiceRequest,
) (*coltrace.ExportTraceServiceResponse, error) {
	r.add(req)
	return &coltrace.ExportTraceServiceResponse{}, nil
}

func (r *Receiver) serveHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost || req.URL.Path != "/v1/traces" && req.URL.Path != "/v1/metrics" {
		http.NotFound(w, req)
		return
	}
	body, err := readBody(req)
	var spans coltrace.ExportTraceServiceRequest
	var points colmetrics.ExportMetricsServiceRequest
	if err == nil && req.URL.Path == "/v1/traces" {
		err = proto.Unmarshal(body, &spans)
	} else if err == nil {
		err = proto.Unmarshal(body, &points)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.add(&spans)
	r.count(&points)
	w.Header().Set("Content-Type", "application/x-protobuf") // the empty response is zero bytes
}

func readBody(req *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(req.Body, maxBody))
	if err != nil || req.Header.Get("Content-Encoding") != "gzip" {
		return body, err
	}
	unzip, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(unzip, maxBody))
}

func (r *Receiver) add(req *coltrace.ExportTraceServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rs := range req.GetResourceSpans() {
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				r.spans = append(r.spans, spanOf(s, rs.GetResource()))
			}
		}
	}
	close(r.arrived)
	r.arrived = make(chan struct{})
}

// Spans gives all spans so far, by start.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	spans := slices.Clone(r.spans)
	slices.SortStableFunc(spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
	return spans
}

// Find gives the spans of a name, by start.
func (r *Receiver) Find(name string) []Span {
	return slices.DeleteFunc(r.Spans(), func(s Span) bool { return s.Name != name })
}

// Wait gives the first span of a name as soon as there is one, or ctx's error.
func (r *Receiver) Wait(ctx context.Context, name string) (Span, error) {
	for {
		r.mu.Lock()
		arrived := r.arrived
		r.mu.Unlock()
		if found := r.Find(name); len(found) > 0 {
			return found[0], nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return Span{}, context.Cause(ctx)
		}
	}
}

// Tree draws all traces, a span a line, indented below its parent, as "name" or "name ! error.type"; links are drawn
// as "name -> linked name, linked name". A span whose parent has not arrived stands at the left with "…" before it.
func (r *Receiver) Tree() string {
	spans := r.Spans()
	names, children := map[string]string{}, map[string][]Span{}
	for _, s := range spans {
		names[s.SpanID] = s.Name
	}
	var roots []Span
	for _, s := range spans {
		if _, ok := names[s.ParentID]; ok {
			children[s.ParentID] = append(children[s.ParentID], s)
		} else {
			roots = append(roots, s)
		}
	}
	var b strings.Builder
	var draw func(s Span, indent string)
	draw = func(s Span, indent string) {
		b.WriteString(indent + s.label(names) + "\n")
		for _, c := range children[s.SpanID] {
			draw(c, indent+"  ")
		}
	}
	for _, s := range roots {
		draw(s, "")
	}
	return b.String()
}

func id(b []byte) string { return hex.EncodeToString(b) }
