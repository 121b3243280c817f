package pdf

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Limits is what one document may use in all, whatever is done with it: reading its text, looking for ink on its pages,
// drawing them for a recogniser, recognising, and reading its sections. The zero value of every field means its default.
// Memory is bounded for each process by itself: what one has used is free when the next begins.
type Limits struct {
	Time   time.Duration // of work; waiting for a free process, or for one to start, is not counted; default: 10 minutes
	Pixels int64         // that are drawn; default: 4 billion (200 pages of A4 at 300 DPI have 1.7)
	Text   int64         // of the file and recognised, in bytes of UTF-8; default: 16 MiB (a leaflet has about 40 KB)
}

// ErrBudget is in the chain of the error of a document that needs more than its [Limits]. It is a [fault.Corrupt]: a document
// that was read in part must not look as if it were whole.
var ErrBudget = errors.New("over the budget of a document")

// Budget is what is left to one document. Everything that is done with it takes from one budget, which goes from hand to
// hand in the context. The nil Budget has no end.
type Budget struct {
	limits Limits

	mu   sync.Mutex
	used Limits
}

type budgetKey struct{}

// WithBudget gives a document its budget. [Extractor] finds it in the context; whoever else works on the document calls
// [Budget.Within] and [Budget.Read].
func WithBudget(ctx context.Context, l Limits) context.Context {
	l.Time = cmp.Or(l.Time, 10*time.Minute)
	l.Pixels = cmp.Or(l.Pixels, 4_000_000_000)
	l.Text = cmp.Or(l.Text, 16<<20)
	return context.WithValue(ctx, budgetKey{}, &Budget{limits: l})
}

// BudgetOf is the budget of the document that is worked on; nil where it was given none.
func BudgetOf(ctx context.Context) *Budget {
	b, _ := ctx.Value(budgetKey{}).(*Budget)
	return b
}

// Within does a piece of the work in what is left of the time. An error that is due to the end of that is [ErrBudget].
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

// Read takes so many bytes of text.
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

// Used is what was used so far.
func (b *Budget) Used() Limits {
	if b == nil {
		return Limits{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// canvas gives how many pixels may still be drawn; 0: as many as are wanted.
func (b *Budget) canvas() (pixels int64, err error) {
	if b == nil {
		return 0, nil
	}
	if left := b.limits.Pixels - b.Used().Pixels; left > 0 {
		return left, nil
	}
	return 0, b.drawnOut()
}

// draw takes pixels. It is a child that counts them.
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

// size is the text of a document in bytes.
func (d Document) size() (bytes int64) {
	for _, page := range d.Pages {
		bytes += int64(len(page.Text))
	}
	return bytes
}

// canvas counts, in the child, what is drawn of one document for one request.
type canvas struct {
	left  int64 // 0: as much as is wanted
	drawn int64
	full  int // number of the page for which nothing was left; 0: there was enough
}

// take takes the pixels of a page.
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
