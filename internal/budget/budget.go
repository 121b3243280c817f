// Package budget is the permission to send requests to one host.
package budget

import (
	"context"
	"time"
)

// Options of a budget.
type Options struct {
	RPS     float64                                          // requests a second; 0: no limit, for a loopback host only
	MaxWait time.Duration                                    // the longest wait slept in the worker; 0: DefaultMaxWait
	Now     func() time.Time                                 // nil: time.Now
	Sleep   func(ctx context.Context, d time.Duration) error // nil: a timer that ctx ends
}

// Budget is one worker's view of the pace of one host.
type Budget struct{}

// New makes a budget.
func New(book Book, host string, o Options) (*Budget, error) { return &Budget{}, nil }

// Take waits for a turn.
func (b *Budget) Take(ctx context.Context) error { return nil }

// Report says how the request went.
func (b *Budget) Report(ctx context.Context, err error, latency time.Duration) error { return nil }
