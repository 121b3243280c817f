package pdf

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"drugslm/internal/fault"
)

// timeout is the cause of the deadline of one call, with its duration.
type timeout time.Duration

// Error gives the duration.
func (t timeout) Error() string { return "took longer than " + time.Duration(t).String() }

// Extractor reads documents in child processes. [Open] makes one.
type Extractor struct {
	options Options
	slots   chan *child   // one for each worker; nil where no child runs yet
	starts  chan struct{} // one start at a time: the first on a machine compiles the engine for all
	closed  chan struct{}
	closing sync.Once

	mu   sync.Mutex
	live map[*child]bool // what Close kills when its context ends
}

// Open makes an extractor. It starts no process: each is started when a document first needs it.
func Open(o Options) (*Extractor, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Extractor{
		options: o,
		slots:   make(chan *child, o.Workers),
		starts:  make(chan struct{}, 1),
		closed:  make(chan struct{}),
		live:    map[*child]bool{},
	}
	for range o.Workers {
		e.slots <- nil
	}
	return e, nil
}

// Extract reads content, and waits for a free worker first. A document that cannot be read is a [fault.Corrupt] error with its reason.
// If a child cannot be started, or the extractor is closed, the error is [fault.Unavailable]. If a child dies, it is replaced and the
// document is tried once more, in case another document caused it. When ctx ends, Extract kills the child and returns the error of
// ctx.
func (e *Extractor) Extract(ctx context.Context, content []byte) (Document, error) {
	a, err := e.ask(ctx, request{}, content)
	if _, slow := errors.AsType[timeout](err); slow { // drawing may have failed: the text may still be readable
		if a, err = e.ask(ctx, request{Blind: true}, content); err == nil {
			a.Document.Warnings = append(a.Document.Warnings, fmt.Sprintf("pages without text were not looked at for ink: that takes longer than %s", e.options.Timeout))
		}
	}
	if err == nil {
		err = fault.Wrap(fault.Corrupt, op, BudgetOf(ctx).Read(a.Document.size()))
	}
	if err == nil && len(a.Document.Pages) == 0 {
		err = fault.New(fault.Corrupt, op, "no pages")
	}
	if err != nil {
		return Document{}, err
	}
	return a.Document, nil
}

// ask reads one document in a child, as requested.
func (e *Extractor) ask(ctx context.Context, wanted request, content []byte) (answer, error) {
	if err := Check(content); err != nil {
		return answer{}, err
	}
	if int64(len(content)) > e.options.MaxBytes {
		return answer{}, fault.New(fault.Corrupt, op, "%d bytes, at most %d", len(content), e.options.MaxBytes)
	}
	var err error
	budget := BudgetOf(ctx)
	if wanted.Pixels, err = budget.canvas(); err != nil {
		return answer{}, fault.Wrap(fault.Corrupt, op, err)
	}
	c, err := e.acquire(ctx)
	if err != nil {
		return answer{}, err
	}
	a, c, err := e.try(ctx, c, wanted, content)
	e.release(c, a)
	budget.draw(a.Pixels)
	switch {
	case err != nil:
	case a.Full > 0:
		err = fault.New(fault.Corrupt, op, "%w: page %d was being drawn", budget.drawnOut(), a.Full)
	case a.Reason != "":
		err = fault.New(fault.Corrupt, op, "%s", a.Reason)
	}
	return a, err
}

// acquire takes a slot, with the child in it.
func (e *Extractor) acquire(ctx context.Context) (*child, error) {
	select {
	case <-e.closed:
		return nil, errClosed()
	default:
	}
	select {
	case c := <-e.slots:
		return c, nil
	case <-e.closed:
		return nil, errClosed()
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: wait for a worker: %w", op, ctx.Err())
	}
}

// release returns the slot, without its child if that has read enough documents.
func (e *Extractor) release(c *child, a answer) {
	if c != nil && (a.Spent || c.served >= e.options.Documents) {
		c.stop()
		c = e.forget(c)
	}
	e.slots <- c
}

// try reads content with c, or with a new child if c is nil, and once more with a new one if that dies. It returns the child that is
// now in the slot.
func (e *Extractor) try(ctx context.Context, c *child, wanted request, content []byte) (answer, *child, error) {
	var died error
	op := wanted.operation()
	for range 2 {
		if c == nil {
			fresh, err := e.start(ctx)
			if err != nil {
				return answer{}, nil, err
			}
			c = fresh
		}
		a, err := e.read(ctx, c, wanted, content)
		if err == nil {
			return a, c, nil
		}
		c.kill()
		c = e.forget(c)
		_, slow := errors.AsType[timeout](err)
		switch {
		case ctx.Err() != nil:
			return answer{}, nil, fmt.Errorf("%s: %w", op, ctx.Err())
		case slow, errors.Is(err, ErrBudget):
			return answer{}, nil, fault.Wrap(fault.Corrupt, op, err)
		}
		died = err
	}
	return answer{}, nil, fault.New(fault.Corrupt, op, "ended two children: %w", died)
}

// read asks one child, within the time of a call and of the document's budget.
func (e *Extractor) read(ctx context.Context, c *child, wanted request, content []byte) (a answer, err error) {
	err = BudgetOf(ctx).Within(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeoutCause(ctx, e.options.Timeout, timeout(e.options.Timeout))
		defer cancel()
		a, err = c.read(ctx, wanted, content)
		return err
	})
	return a, err
}

// start starts a child. Starts are serialised.
func (e *Extractor) start(ctx context.Context) (*child, error) {
	select {
	case e.starts <- struct{}{}:
		defer func() { <-e.starts }()
	case <-e.closed:
		return nil, errClosed()
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: wait for the engine: %w", op, ctx.Err())
	}
	c, err := startChild(ctx, e.options)
	switch {
	case err == nil:
		return e.remember(c)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: start the engine: %w", op, ctx.Err())
	default:
		return nil, fault.New(fault.Unavailable, op, "start %q: %w", e.options.Command, err)
	}
}

// remember registers c for Close, unless Close was called.
func (e *Extractor) remember(c *child) (*child, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.closed:
		c.kill()
		return nil, errClosed()
	default:
		e.live[c] = true
		return c, nil
	}
}

func errClosed() error { return fault.New(fault.Unavailable, op, "extractor is closed") }

// forget unregisters a dead child, and returns what remains in its slot.
func (e *Extractor) forget(c *child) *child {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.live, c)
	return nil
}

// Close waits for the documents in progress, and ends all children. When ctx ends first, it kills them: their documents fail as
// [fault.Unavailable], and Close returns the error of ctx. A second call returns nil at once.
func (e *Extractor) Close(ctx context.Context) (err error) {
	e.closing.Do(func() {
		e.mu.Lock()
		close(e.closed)
		e.mu.Unlock()
		defer context.AfterFunc(ctx, e.killAll)()
		for range e.options.Workers {
			if c := <-e.slots; c != nil {
				c.stop()
			}
		}
		err = ctx.Err()
	})
	return err
}

// killAll kills every child; calls in progress fail.
func (e *Extractor) killAll() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.live {
		c.Kill()
	}
}
