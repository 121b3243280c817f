package telemetrytest

import (
	"strconv"
	"strings"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Span is a span as it arrived. Ids are in hexadecimal.
type Span struct {
	Name     string
	TraceID  string
	SpanID   string
	ParentID string // "" for the root of a trace
	Start    time.Time
	End      time.Time
	Attrs    map[string]string // values as text
	Resource map[string]string // of the process: service.name and so on
	Links    []Link
	Events   []string // names
	Failed   bool     // its status is an error
	Message  string   // of the status
}

// Link is a link to another span.
type Link struct{ TraceID, SpanID string }

func spanOf(s *trace.Span, res *resource.Resource) Span {
	span := Span{
		Name: s.GetName(), TraceID: id(s.GetTraceId()), SpanID: id(s.GetSpanId()), ParentID: id(s.GetParentSpanId()),
		Start: time.Unix(0, int64(s.GetStartTimeUnixNano())), End: time.Unix(0, int64(s.GetEndTimeUnixNano())),
		Attrs: attrs(s.GetAttributes()), Resource: attrs(res.GetAttributes()),
		Failed: s.GetStatus().GetCode() == trace.Status_STATUS_CODE_ERROR, Message: s.GetStatus().GetMessage(),
	}
	for _, l := range s.GetLinks() {
		span.Links = append(span.Links, Link{TraceID: id(l.GetTraceId()), SpanID: id(l.GetSpanId())})
	}
	for _, e := range s.GetEvents() {
		span.Events = append(span.Events, e.GetName())
	}
	return span
}

func attrs(pairs []*common.KeyValue) map[string]string {
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		m[p.GetKey()] = text(p.GetValue())
	}
	return m
}

func text(v *common.AnyValue) string {
	switch x := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return x.StringValue
	case *common.AnyValue_IntValue:
		return strconv.FormatInt(x.IntValue, 10)
	case *common.AnyValue_BoolValue:
		return strconv.FormatBool(x.BoolValue)
	case *common.AnyValue_DoubleValue:
		return strconv.FormatFloat(x.DoubleValue, 'g', -1, 64)
	default:
		return v.String()
	}
}

// label is a span's line in [Receiver.Tree].
func (s Span) label(names map[string]string) string {
	var b strings.Builder
	if s.ParentID != "" && names[s.ParentID] == "" {
		b.WriteString("… ")
	}
	b.WriteString(s.Name)
	if s.Failed {
		b.WriteString(" ! " + s.Attrs["error.type"])
	}
	for i, l := range s.Links {
		b.WriteString([]string{" -> ", ", "}[min(i, 1)])
		if name := names[l.SpanID]; name != "" {
			b.WriteString(name)
		} else {
			b.WriteString(l.SpanID)
		}
	}
	return b.String()
}
