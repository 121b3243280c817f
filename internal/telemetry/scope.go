package telemetry

import (
	"context"
	"log/slog"
)

// Scope says what work a log record is about: a run, a step of it, an attempt at a part of the step. What is not known is
// empty.
type Scope struct {
	Run       string
	Asset     string
	Partition string
	Attempt   int    // of the activity, from 1
	Workflow  string // its id
	Execution string // its run id
}

// scopeKey is the key of a Scope in a context.
type scopeKey struct{}

// WithScope returns a context whose log records are about s. A logger of [NewLogger] adds s to each of them.
func WithScope(ctx context.Context, s Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// ScopeOf returns what the log records of a context are about; the zero Scope if nobody said.
func ScopeOf(ctx context.Context) Scope {
	s, _ := ctx.Value(scopeKey{}).(Scope)
	return s
}

// Step names the step as commands do, "anvisa/catalog[5]"; "" of a record about no step.
func (s Scope) Step() string {
	if s.Asset == "" {
		return ""
	}
	return s.Asset + "[" + s.Partition + "]"
}

// attrs are all that is known, for a record that a program reads.
func (s Scope) attrs() []slog.Attr {
	var attrs []slog.Attr
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("run_id", s.Run)
	if s.Asset != "" {
		attrs = append(attrs, slog.String("asset", s.Asset), slog.String("partition", s.Partition))
	}
	if s.Attempt > 0 {
		attrs = append(attrs, slog.Int("attempt", s.Attempt))
	}
	add("workflow_id", s.Workflow)
	add("execution_id", s.Execution)
	return attrs
}

// step is what a person needs first who reads a record in a terminal.
func (s Scope) step() []slog.Attr {
	var attrs []slog.Attr
	if s.Asset != "" {
		attrs = append(attrs, slog.String("step", s.Step()))
	}
	if s.Attempt > 1 {
		attrs = append(attrs, slog.Int("attempt", s.Attempt))
	}
	return attrs
}
