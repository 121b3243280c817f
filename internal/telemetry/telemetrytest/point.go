package telemetrytest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
)

// Point is the state of one metric for one set of attributes, as one process sent it last.
type Point struct {
	Name     string
	Unit     string
	Attrs    map[string]string // values as text
	Resource map[string]string // of the process
	Value    float64           // of a sum or a gauge; of a histogram, the sum of what it saw
	Count    uint64            // of a histogram, how often it saw something
}

// meters is the collector's gRPC service for metrics.
type meters struct {
	colmetrics.UnimplementedMetricsServiceServer
	receiver *Receiver
}

// Export implements the collector's gRPC service.
func (m meters) Export(
	_ context.Context, req *colmetrics.ExportMetricsServiceRequest,
) (*colmetrics.ExportMetricsServiceResponse, error) {
	m.receiver.count(req)
	return &colmetrics.ExportMetricsServiceResponse{}, nil
}

func (r *Receiver) count(req *colmetrics.ExportMetricsServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rm := range req.GetResourceMetrics() {
		for _, sm := range rm.GetScopeMetrics() {
			for _, m := range sm.GetMetrics() {
				for _, p := range pointsOf(m, rm.GetResource()) {
					r.points[fmt.Sprint(p.Name, p.Attrs, p.Resource)] = p // maps print sorted
				}
			}
		}
	}
}

func pointsOf(m *metrics.Metric, res *resource.Resource) []Point {
	var points []Point
	numbers := slices.Concat(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints())
	for _, p := range numbers {
		points = append(points, Point{Attrs: attrs(p.GetAttributes()), Value: p.GetAsDouble() + float64(p.GetAsInt())})
	}
	for _, p := range m.GetHistogram().GetDataPoints() {
		points = append(points, Point{Attrs: attrs(p.GetAttributes()), Value: p.GetSum(), Count: p.GetCount()})
	}
	for i := range points {
		points[i].Name, points[i].Unit, points[i].Resource = m.GetName(), m.GetUnit(), attrs(res.GetAttributes())
	}
	return points
}

// Points gives the points of a metric whose attributes include those given: pairs of a name and a value.
func (r *Receiver) Points(name string, with ...string) []Point {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Point
	for _, key := range slices.Sorted(maps.Keys(r.points)) {
		p := r.points[key]
		fits := p.Name == name
		for i := 0; i+1 < len(with); i += 2 {
			fits = fits && p.Attrs[with[i]] == with[i+1]
		}
		if fits {
			found = append(found, p)
		}
	}
	return found
}

// Sum adds up the values of what [Receiver.Points] gives.
func (r *Receiver) Sum(name string, with ...string) float64 {
	sum := 0.0
	for _, p := range r.Points(name, with...) {
		sum += p.Value
	}
	return sum
}
