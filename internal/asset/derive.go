package asset

import "context"

// Derives reports whether all rows of a partition are made together from rows of its inputs (Spec.Derive).
func (a *Asset) Derives() bool { return a.derive != nil }

// Derive runs Spec.Derive.
func (a *Asset) Derive(ctx context.Context, run Run, emit func(Item, Row) error) error {
	return a.derive(ctx, run, emit)
}

// derived is Spec.Derive without the row's type; nil where there is none.
func (s Spec[T]) derived() func(context.Context, Run, func(Item, Row) error) error {
	if s.Derive == nil {
		return nil
	}
	return func(ctx context.Context, run Run, emit func(Item, Row) error) error {
		return s.Derive(ctx, run, s.belonging(emit))
	}
}

// enumeration is Spec.Items, or Spec.Derive without the rows.
func (s Spec[T]) enumeration() func(context.Context, Run, func(Item) error) error {
	if s.Derive == nil {
		return s.Items
	}
	return func(ctx context.Context, run Run, emit func(Item) error) error {
		return s.Derive(ctx, run, s.belonging(func(item Item, _ Row) error { return emit(item) }))
	}
}

// belonging is emit for rows of type T, which refuses one that names another item.
func (s Spec[T]) belonging(emit func(Item, Row) error) func(Item, T) error {
	return func(item Item, row T) error {
		if err := belongs(s.Key, item.ID, row); err != nil {
			return err
		}
		return emit(item, boundTo(row, item.Fingerprint))
	}
}
