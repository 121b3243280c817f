package rows

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/parquet-go/parquet-go"

	"drugslm/internal/fault"
)

// batch is how many rows are decoded at a time: with texts of 50 kB, about 1.5 MB of them.
const batch = 32

// Read yields the rows of a Parquet file of size bytes, as T values, in the order written. Memory is one page of
// every column and a few rows. Columns that the file lacks come out empty if they may be absent.
// The first error is the last thing yielded: kind fault.Invalid when the file's columns are not those of T, else
// fault.Corrupt. A broken file ends in such an error, never in a panic.
func (c Codec) Read(r io.ReaderAt, size int64) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		file, err := c.open(r, size)
		if err != nil {
			yield(nil, err)
			return
		}
		read := c.typed.read
		if hasInt96(file.Schema()) {
			read = c.typed.readInt96
		}
		for row, err := range read(file) {
			if err != nil {
				yield(nil, fault.Wrap(fault.Corrupt, "read rows of "+c.name, err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (c Codec) open(r io.ReaderAt, size int64) (*parquet.File, error) {
	file, err := Open(r, size)
	if err != nil {
		return nil, fault.Wrap(fault.Corrupt, "read rows of "+c.name, err)
	}
	return file, c.matches(file)
}

// maxFooter is what a file's description may take: ours have some 300 bytes a column and row group.
const maxFooter = 64 << 20

// Open opens a Parquet file with whatever columns it has, without trusting it: a broken one is an error of kind
// fault.Corrupt, never a panic.
func Open(r io.ReaderAt, size int64) (file *parquet.File, err error) {
	err = guard("open parquet file", func() (err error) {
		if err := checkFooter(r, size); err != nil {
			return err
		}
		file, err = parquet.OpenFile(r, size,
			parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
		return err
	})
	if err != nil {
		return nil, &fault.Error{Kind: fault.Corrupt, Err: err}
	}
	return file, nil
}

// checkFooter looks at the last bytes of the file, the footer's length and the magic word: parquet-go would
// allocate whatever length stands there.
func checkFooter(r io.ReaderAt, size int64) error {
	const head, tail = 4, 8
	if size < head+tail {
		return fmt.Errorf("%d bytes are no file", size)
	}
	var end [tail]byte
	if _, err := r.ReadAt(end[:], size-tail); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	length := int64(binary.LittleEndian.Uint32(end[:4]))
	switch {
	case string(end[4:]) != "PAR1":
		return fmt.Errorf("the end is missing")
	case length > maxFooter || length > size-head-tail:
		return fmt.Errorf("a footer of %d bytes in a file of %d", length, size)
	}
	return nil
}

// matches compares the file's columns with the codec's: parquet-go would convert a number to text without a word.
func (c Codec) matches(file *parquet.File) error {
	var found []Column
	err := guard("read schema", func() (err error) {
		found, err = columnsOf(file.Schema(), nil)
		return err
	})
	if err != nil {
		return fault.Wrap(fault.Corrupt, "read rows of "+c.name, err)
	}
	have := make(map[string]Column, len(found))
	for _, f := range found {
		have[f.Name] = f
	}
	for _, want := range c.columns {
		switch got, ok := have[want.Name]; {
		case !ok && !want.Nullable:
			return fault.New(fault.Invalid, "read rows of "+c.name, "the file has no column %q", want.Name)
		case ok && !Widens(got.Type, want.Type):
			return fault.New(fault.Invalid, "read rows of "+c.name, "column %q is %s in the file, %s here", want.Name, got.Type, want.Type)
		}
	}
	return nil
}

func read[T any](file *parquet.File) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		reader, err := newReader[T](file)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = guard("close reader", reader.Close) }()
		var seen int64
		rows := make([]T, batch)
		for {
			n, err := next(reader, rows)
			for _, row := range rows[:n] {
				if !yield(row, nil) {
					return
				}
			}
			seen += int64(n)
			switch {
			case err == nil:
			case !errors.Is(err, io.EOF):
				yield(nil, err)
				return
			case seen != file.NumRows():
				yield(nil, fmt.Errorf("it ends after %d of %d rows", seen, file.NumRows()))
				return
			default:
				return
			}
		}
	}
}

func newReader[T any](file *parquet.File) (reader *parquet.GenericReader[T], err error) {
	err = guard("start reading", func() error {
		reader = parquet.NewGenericReader[T](file)
		return nil
	})
	return reader, err
}

// next fills rows; the slices inside them are new each time, since the rows before were given away.
func next[T any](reader *parquet.GenericReader[T], rows []T) (n int, err error) {
	clear(rows)
	err = guard("read batch", func() (err error) {
		n, err = reader.Read(rows)
		if n == 0 && err == nil {
			return io.ErrNoProgress
		}
		return err
	})
	return n, err
}
