package activities_test

import (
	"context"
	"io"
	"iter"
	"sync/atomic"

	"drugslm/internal/lake"
	"drugslm/internal/lake/laketest"
)

// crashingStore is a store that can be told to die at one of its next operations, and to come back.
type crashingStore struct {
	lake.Store
	dying atomic.Pointer[laketest.Faulty]
}

// under puts a killer below the lake.
func under(k *crashingStore) option {
	return inStore(func(s lake.Store) lake.Store {
		k.Store = s
		return k
	})
}

// arm lets operation number at, and all later ones, fail.
func (k *crashingStore) arm(at int64, mode laketest.Mode) {
	k.dying.Store(&laketest.Faulty{Store: k.Store, At: at, Mode: mode})
}

// disarm ends it, and says whether it came to the operation.
func (k *crashingStore) disarm() bool {
	was := k.dying.Swap(nil)
	return was != nil && was.Count() >= was.At
}

func (k *crashingStore) now() lake.Store {
	if dying := k.dying.Load(); dying != nil {
		return dying
	}
	return k.Store
}

func (k *crashingStore) Open(ctx context.Context, name string) (lake.Object, error) {
	return k.now().Open(ctx, name)
}

func (k *crashingStore) List(ctx context.Context, prefix string) iter.Seq2[lake.Info, error] {
	return k.now().List(ctx, prefix)
}

func (k *crashingStore) Put(ctx context.Context, name string, r io.Reader) (int64, error) {
	return k.now().Put(ctx, name, r)
}

func (k *crashingStore) Create(ctx context.Context, name string, r io.Reader) error {
	return k.now().Create(ctx, name, r)
}

func (k *crashingStore) Delete(ctx context.Context, name string) error {
	return k.now().Delete(ctx, name)
}
