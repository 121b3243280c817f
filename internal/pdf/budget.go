package pdf

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Limits is what one document may use in all: reading its text, finding ink on its pages, drawing them for OCR, OCR, and reading its
// sections. Zero fields have defaults. Memory is limited for each process separately: it is free when the next one begins.
type Limits struct {
	Time   time.Duration // of work; waiting for a free process, or for its start, does not count; default: 10 minutes
	Pixels int64         // drawn; default: 4 billion (200 pages of A4 at 300 DPI have 1.7)
	Text   int64         // from the file and from OCR, in bytes of UTF-8; default: 16 MiB (a leaflet has about 40 KB)
}

// ErrBudget is in the chain of the error of a document that exceeds its [Limits]. It is a [fault.Corrupt]: a partly read document must
// not pass for a complete one.
var ErrBudget = errors.New("over the budget of a document")

// Budget is what remains for one document. The context carries it through all work on the document. A nil Budget has no limits.
type Budget struct {
	limits Limits

	mu   sync.Mutex
	used Limits
}

type budgetKey struct{}

// WithBudget sets the budget of a document. [Extractor] reads it from the context; other work on the document must call
// [Budget.Within] and [Budget.Read].
func WithBudget(ctx context.Context, l Limits) context.Context {
	l.Time = cmp.Or(l.Time, 10*time.Minute)
	l.Pixels = cmp.Or(l.Pixels, 4_000_000_000)
	l.Text = cmp.Or(l.Text, 16<<20)
	return context.WithValue(ctx, budgetKey{}, &Budget{limits: l})
}

// BudgetOf returns the budget of the document in progress; nil for none.
func BudgetOf(ctx context.Context) *Budget {
	b, _ := ctx.Value(budgetKey{}).(*Budget)
	return b
}

// Within runs a part of the work with the remaining time as a limit. If the time runs out the error is [ErrBudget].
func (b *Budget) Within(ctx context.Context, work func(context.Context) error) error {
	if b == nil {
		return work(ctx)
	}
	up := fmt.Errorf("%w: took longer than %s in all", ErrBudget, b.limits.Time)
	left := b.limits.Time - b.Used().Time
	if left <= 0 {
		return up
	}
	timed, cancel := context.WithTimeoutCause(ctx, left, up)
	defer cancel()
	began := time.Now()
	err := work(timed)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used.Time += time.Since(began)
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(timed), up) {
		return up
	}
	return err
}

// Read charges bytes of text.
func (b *Budget) Read(bytes int64) error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used.Text += bytes; b.used.Text > b.limits.Text {
		return fmt.Errorf("%w: more than %d bytes of text in all", ErrBudget, b.limits.Text)
	}
	return nil
}

// Used returns what was used so far.
func (b *Budget) Used() Limits {
	if b == nil {
		return Limits{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// canvas returns how many pixels may still be drawn; 0: any number.
func (b *Budget) canvas() (pixels int64, err error) {
	if b == nil {
		return 0, nil
	}
	if left := b.limits.Pixels - b.Used().Pixels; left > 0 {
		return left, nil
	}
	return 0, b.drawnOut()
}

// draw charges pixels, which a child has counted.
func (b *Budget) draw(pixels int64) {
	if b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.used.Pixels += max(0, pixels)
	}
}

func (b *Budget) drawnOut() error {
	if b == nil {
		return ErrBudget
	}
	return fmt.Errorf("%w: more than %d pixels in all", ErrBudget, b.limits.Pixels)
}

// size returns the length of the text of a document in bytes.
func (d Document) size() (bytes int64) {
	for _, page := range d.Pages {
		bytes += int64(len(page.Text))
	}
	return bytes
}

// canvas counts, in the child, the pixels that are drawn of one document for one request.
type canvas struct {
	left  int64 // 0: any number
	drawn int64
	full  int // the page for which pixels did not suffice; 0: they sufficed
}

// take charges the pixels of a page.
func (c *canvas) take(pixels int64, number int) error {
	if c == nil {
		return nil
	}
	if c.left > 0 && c.drawn+pixels > c.left {
		c.full = number
		return fmt.Errorf("%w: pixels", errTooMuch)
	}
	c.drawn += pixels
	return nil
}
