// Package laketest says what every [lake.Store] must do. It also makes stores that fail.
//
//	func TestMyStore(t *testing.T) {
//		laketest.Run(t, func(t *testing.T) lake.Store { return open(t) })
//	}
//
// open gives an empty store each time.
package laketest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

// Run checks the stores that open gives. Each subtest runs in parallel with the others.
func Run(t *testing.T, open func(t *testing.T) lake.Store) {
	tests := map[string]func(*testing.T, lake.Store){
		"a missing object is ErrNotExist":      missing,
		"put replaces whole":                   replace,
		"a failed put changes nothing":         failedPut,
		"a canceled put changes nothing":       canceledPut,
		"create refuses a name that is taken":  createExisting,
		"a failed create leaves the name free": failedCreate,
		"create has one winner of sixteen":     createRace,
		"an open object stays as it was":       openSurvivesDelete,
		"list goes by prefix":                  list,
		"delete":                               remove,
		"bad names are refused":                names,
		"readers never see half an object":     replacedWhileRead,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

var errBroken = errors.New("broken on purpose")

// broken gives some bytes and then an error.
func broken() io.Reader {
	return io.MultiReader(strings.NewReader("half of "), iotest.ErrReader(errBroken))
}

func put(t *testing.T, s lake.Store, name, content string) {
	t.Helper()
	n, err := s.Put(t.Context(), name, strings.NewReader(content))
	require.NoError(t, err)
	require.EqualValues(t, len(content), n)
}

// get reads an object; "" when there is none.
func get(t *testing.T, s lake.Store, name string) string {
	t.Helper()
	o, err := s.Open(t.Context(), name)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	require.NoError(t, err)
	defer o.Close()
	b, err := io.ReadAll(io.NewSectionReader(o, 0, o.Size()))
	require.NoError(t, err)
	require.Len(t, b, int(o.Size()))
	return string(b)
}

func listed(t *testing.T, s lake.Store, prefix string) []string {
	t.Helper()
	names := []string{}
	for info, err := range s.List(t.Context(), prefix) {
		require.NoError(t, err)
		require.False(t, info.Modified.IsZero())
		require.Len(t, get(t, s, info.Name), int(info.Size))
		names = append(names, info.Name)
	}
	return names
}

func missing(t *testing.T, s lake.Store) {
	_, err := s.Open(t.Context(), "a/b")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorIs(t, s.Delete(t.Context(), "a/b"), fs.ErrNotExist)
	put(t, s, "a/b", "x")
	_, err = s.Open(t.Context(), "a")
	require.ErrorIs(t, err, fs.ErrNotExist, "a prefix of names is no object")
	require.Empty(t, listed(t, s, "nothing/here/"))
}

func replace(t *testing.T, s lake.Store) {
	put(t, s, "a", "a longer first text")
	put(t, s, "a", "second")
	require.Equal(t, "second", get(t, s, "a"))
	put(t, s, "a", "")
	require.Equal(t, []string{"a"}, listed(t, s, ""))
}

func failedPut(t *testing.T, s lake.Store) {
	_, err := s.Put(t.Context(), "a/new", broken())
	require.ErrorIs(t, err, errBroken)
	put(t, s, "a/old", "old")
	_, err = s.Put(t.Context(), "a/old", broken())
	require.ErrorIs(t, err, errBroken)
	require.Equal(t, "old", get(t, s, "a/old"))
	require.Equal(t, []string{"a/old"}, listed(t, s, ""))
}

func canceledPut(t *testing.T, s lake.Store) {
	put(t, s, "a", "old")
	ctx, cancel := context.WithCancel(t.Context())
	stop := readFunc(func(p []byte) (int, error) {
		cancel()
		return copy(p, "x"), nil // and so on without end
	})
	_, err := s.Put(ctx, "a", stop)
	require.ErrorIs(t, err, context.Canceled)
	require.Error(t, s.Create(ctx, "b", strings.NewReader("b")))
	require.Equal(t, "old", get(t, s, "a"))
	require.Equal(t, []string{"a"}, listed(t, s, ""))
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func createExisting(t *testing.T, s lake.Store) {
	require.NoError(t, s.Create(t.Context(), "log/1", strings.NewReader("first")))
	require.ErrorIs(t, s.Create(t.Context(), "log/1", strings.NewReader("second")), fs.ErrExist)
	put(t, s, "log/2", "put")
	require.ErrorIs(t, s.Create(t.Context(), "log/2", strings.NewReader("created")), fs.ErrExist)
	require.Equal(t, "first", get(t, s, "log/1"))
	require.Equal(t, "put", get(t, s, "log/2"))
}

func failedCreate(t *testing.T, s lake.Store) {
	require.ErrorIs(t, s.Create(t.Context(), "a", broken()), errBroken)
	require.Empty(t, listed(t, s, ""))
	require.NoError(t, s.Create(t.Context(), "a", strings.NewReader("whole")))
	require.Equal(t, "whole", get(t, s, "a"))
}

func createRace(t *testing.T, s lake.Store) {
	for round := range 20 {
		name := fmt.Sprintf("log/%d", round)
		var won atomic.Int32
		var winner atomic.Value
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range 16 {
			all.Go(func() {
				<-start
				mine := fmt.Sprint("writer ", i)
				err := s.Create(t.Context(), name, strings.NewReader(mine))
				if err == nil {
					won.Add(1)
					winner.Store(mine)
				} else if !errors.Is(err, fs.ErrExist) {
					t.Errorf("a loser must get ErrExist, not %v", err)
				}
			})
		}
		close(start)
		all.Wait()
		require.EqualValues(t, 1, won.Load())
		require.Equal(t, winner.Load(), get(t, s, name))
	}
}

func openSurvivesDelete(t *testing.T, s lake.Store) {
	put(t, s, "a", "before")
	o, err := s.Open(t.Context(), "a")
	require.NoError(t, err)
	defer o.Close()
	put(t, s, "a", "after it")
	b := make([]byte, o.Size())
	_, err = io.ReadFull(io.NewSectionReader(o, 0, o.Size()), b)
	require.NoError(t, err)
	require.Equal(t, "before", string(b))
}

func list(t *testing.T, s lake.Store) {
	all := []string{"a/1", "a/2", "a/b/3", "ab/4", "b"}
	for _, name := range all {
		put(t, s, name, name)
	}
	require.ElementsMatch(t, all, listed(t, s, ""))
	require.ElementsMatch(t, []string{"a/1", "a/2", "a/b/3"}, listed(t, s, "a/"))
	require.ElementsMatch(t, []string{"a/1", "a/2", "a/b/3", "ab/4"}, listed(t, s, "a"))
	require.ElementsMatch(t, []string{"a/b/3"}, listed(t, s, "a/b"))
	for _, err := range s.List(t.Context(), "") {
		require.NoError(t, err)
		break // a consumer may stop
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range s.List(ctx, "") {
		last = err
	}
	require.ErrorIs(t, last, context.Canceled)
}

func remove(t *testing.T, s lake.Store) {
	put(t, s, "a/1", "x")
	require.NoError(t, s.Delete(t.Context(), "a/1"))
	require.Equal(t, "", get(t, s, "a/1"))
	require.Empty(t, listed(t, s, ""))
	require.NoError(t, s.Create(t.Context(), "a/1", strings.NewReader("again")))
}

func names(t *testing.T, s lake.Store) {
	for _, name := range []string{
		"", ".", "..", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", "a\x00b", "a\nb", `a\b`, "\xff",
		strings.Repeat("x", 201), strings.Repeat("x", 256) + "/a", strings.Repeat("x/", 600) + "x", "a/" + lake.TempPrefix + "1",
	} {
		_, err := s.Open(t.Context(), name)
		require.Equal(t, fault.Invalid, fault.KindOf(err), "open %q", name)
		_, err = s.Put(t.Context(), name, strings.NewReader("x"))
		require.Equal(t, fault.Invalid, fault.KindOf(err), "put %q", name)
		err = s.Create(t.Context(), name, strings.NewReader("x"))
		require.Equal(t, fault.Invalid, fault.KindOf(err), "create %q", name)
		require.Equal(t, fault.Invalid, fault.KindOf(s.Delete(t.Context(), name)), "delete %q", name)
	}
	for _, name := range []string{"category=5/part-1.parquet", "a b/ção%20x", strings.Repeat("x", 200), strings.Repeat("y", 255) + "/a"} {
		put(t, s, name, "x")
		require.Equal(t, "x", get(t, s, name))
	}
}

// replacedWhileRead reads while a big object is replaced again and again: each read is all of one letter.
func replacedWhileRead(t *testing.T, s lake.Store) {
	const size = 1 << 18
	letter := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i%26)}, size) }
	_, err := s.Put(t.Context(), "big", bytes.NewReader(letter(0)))
	require.NoError(t, err)
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		defer close(done)
		for i := range 30 {
			if _, err := s.Put(t.Context(), "big", bytes.NewReader(letter(i))); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer writer.Wait()
	for {
		content := get(t, s, "big")
		require.Len(t, content, size)
		require.Equal(t, size, strings.Count(content, content[:1]))
		select {
		case <-done:
			return
		default:
		}
	}
}
