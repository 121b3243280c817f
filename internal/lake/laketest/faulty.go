package laketest

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync/atomic"

	"drugslm/internal/lake"
)

// ErrInjected is what a [Faulty] store fails with.
var ErrInjected = errors.New("injected failure")

// Mode says how an operation fails.
type Mode int

const (
	// Before means that nothing is done.
	Before Mode = iota
	// During means that the content of a put or create breaks off half-way; other operations fail before.
	During
	// After means that the operation is done, and reports an error nevertheless.
	After
)

// Faulty is a store in which operation number At (from 1) fails, and, as after a crash, every later one.
// Reads of an object that is already open still work.
type Faulty struct {
	lake.Store
	At   int64
	Mode Mode

	count atomic.Int64
}

// Count is how many operations were asked for so far.
func (f *Faulty) Count() int64 { return f.count.Load() }

// next counts an operation: whether it is done, and what it must report.
func (f *Faulty) next() (do bool, err error) {
	switch n := f.count.Add(1); {
	case f.At == 0 || n < f.At:
		return true, nil
	case n == f.At && f.Mode != Before:
		return true, ErrInjected
	}
	return false, ErrInjected
}

// Open opens an object, or fails.
func (f *Faulty) Open(ctx context.Context, name string) (lake.Object, error) {
	if _, err := f.next(); err != nil {
		return nil, err
	}
	return f.Store.Open(ctx, name)
}

// List lists, or fails at once.
func (f *Faulty) List(ctx context.Context, prefix string) iter.Seq2[lake.Info, error] {
	if _, err := f.next(); err != nil {
		return func(yield func(lake.Info, error) bool) { yield(lake.Info{}, err) }
	}
	return f.Store.List(ctx, prefix)
}

// Put stores an object, or fails as the mode says.
func (f *Faulty) Put(ctx context.Context, name string, r io.Reader) (int64, error) {
	do, err := f.next()
	if !do {
		return 0, err
	}
	n, failed := f.Store.Put(ctx, name, f.content(r, err))
	return n, errors.Join(err, failed)
}

// Create makes an object, or fails as the mode says.
func (f *Faulty) Create(ctx context.Context, name string, r io.Reader) error {
	do, err := f.next()
	if !do {
		return err
	}
	return errors.Join(err, f.Store.Create(ctx, name, f.content(r, err)))
}

// Delete removes an object, or fails as the mode says.
func (f *Faulty) Delete(ctx context.Context, name string) error {
	do, err := f.next()
	if !do {
		return err
	}
	return errors.Join(err, f.Store.Delete(ctx, name))
}

// content breaks r off after a few bytes when the operation is to fail during its work.
func (f *Faulty) content(r io.Reader, err error) io.Reader {
	if err == nil || f.Mode != During {
		return r
	}
	return io.MultiReader(io.LimitReader(r, 20), readFunc(func([]byte) (int, error) { return 0, err }))
}
