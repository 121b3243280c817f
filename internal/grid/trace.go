package grid

import (
	"context"
	"net/http"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/fault"
)

// startSpan starts a span beside the one in ctx, from the same provider: without a span in ctx nothing is traced.
// An empty session or address is left out.
func startSpan(ctx context.Context, name, session, address string) (context.Context, func(error)) {
	ctx, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("drugslm/internal/grid").Start(ctx, name)
	describe(ctx, session)
	if address != "" {
		span.SetAttributes(attribute.String("url.full", bare(address)))
	}
	return ctx, func(err error) {
		if err != nil {
			kind := string(fault.KindOf(err))
			span.SetAttributes(attribute.String("error.type", kind))
			span.SetStatus(codes.Error, kind)
		}
		span.End()
	}
}

func describe(ctx context.Context, session string) {
	if session != "" {
		trace.SpanFromContext(ctx).SetAttributes(attribute.String("drugslm.session.id", session))
	}
}

// bare is an address without what may be secret: user, query, fragment.
func bare(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(no address)"
	}
	u.User, u.RawQuery, u.Fragment, u.RawFragment = nil, "", "", ""
	return u.String()
}

// origin is where storage belongs to: scheme and host, "" for pages without one.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// announce makes the page's requests carry the trace context of ctx, or none. Only Chromium can.
func (s *Session) announce(ctx context.Context) error {
	if s.browser != chrome {
		return nil
	}
	parent := traceparent(ctx)
	if parent == s.announced {
		return nil
	}
	set := map[string]string{}
	if parent != "" {
		set["traceparent"] = parent
	}
	return s.setHeaders(ctx, set)
}

// announceAgain follows the caller from span to span, once a trace has been announced: what Chromium was told stands
// above what a script sets itself.
func (s *Session) announceAgain(ctx context.Context) error {
	if s.announced == "" {
		return nil
	}
	return s.announce(ctx)
}

func traceparent(ctx context.Context) string {
	headers := http.Header{}
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(headers))
	return headers.Get("traceparent")
}

func (s *Session) setHeaders(ctx context.Context, headers map[string]string) error {
	if s.announced == "" {
		if err := s.cdp(ctx, "Network.enable", map[string]any{}); err != nil {
			return err
		}
	}
	err := s.cdp(ctx, "Network.setExtraHTTPHeaders", map[string]any{"headers": headers})
	if err == nil {
		s.announced = headers["traceparent"]
	}
	return err
}
