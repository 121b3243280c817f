package rows

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"drugslm/internal/fault"
)

// Rows in a row group, when the options do not say.
const (
	DefaultGroup     = 10_000
	DefaultTextGroup = 1_000
)

// WriterOptions say how a file is written. The zero value is fine.
type WriterOptions struct {
	RowGroup int               // rows in a row group; 0: DefaultTextGroup if the row has long strings, else DefaultGroup
	Meta     map[string]string // kept in the file's footer
}

// Writer writes one Parquet file, compressed with zstd.
type Writer struct {
	codec Codec
	sink  sink
	rows  int64
	err   error // the first failure; what follows it would only hide it
}

// sink is the part of parquet's writer that depends on the row's type.
type sink interface {
	write(row any) error
	Close() error
}

type typedSink[T any] struct{ *parquet.GenericWriter[T] }

func (s typedSink[T]) write(row any) error {
	var one [1]T
	if p, ok := row.(*T); ok {
		one[0] = *p
	} else {
		one[0], _ = row.(T)
	}
	_, err := s.Write(one[:])
	return err
}

// NewWriter starts a file on w. Nothing is complete before Close.
func (c Codec) NewWriter(w io.Writer, o WriterOptions) *Writer {
	return &Writer{codec: c, sink: c.typed.writer(w, c.options(o)...)}
}

func (c Codec) options(o WriterOptions) []parquet.WriterOption {
	group := o.RowGroup
	if group <= 0 {
		group = DefaultGroup
		if len(c.text) > 0 {
			group = DefaultTextGroup
		}
	}
	options := []parquet.WriterOption{
		parquet.Compression(&zstd.Codec{}),
		parquet.MaxRowsPerRowGroup(int64(group)),
		parquet.CreatedBy("drugslm", "1", ""),
	}
	for _, path := range c.text {
		options = append(options, parquet.SkipPageBounds(path...), parquet.SkipPageStatistics(path...))
	}
	for _, key := range slices.Sorted(maps.Keys(o.Meta)) {
		options = append(options, parquet.KeyValueMetadata(key, o.Meta[key]))
	}
	return options
}

// Write adds one row, a T or a *T. After an error every later call returns it again.
func (w *Writer) Write(row any) error {
	if w.err != nil {
		return w.err
	}
	if err := w.codec.check(row); err != nil {
		return err // the row was refused, the file is still sound
	}
	w.err = guard("write row of "+w.codec.name, func() error { return w.sink.write(row) })
	if w.err == nil {
		w.rows++
	}
	return w.err
}

// Close writes what is left and the footer. The file is not whole when it returns an error.
func (w *Writer) Close() error {
	if w.err == nil {
		w.err = guard("end rows of "+w.codec.name, w.sink.Close)
		if w.err == nil {
			w.err = errClosed
			return nil
		}
	}
	return w.err
}

var errClosed = fault.New(fault.Internal, "use writer", "it is closed")

// Rows counts the rows written so far.
func (w *Writer) Rows() int64 { return w.rows }

// guard runs fn and makes an error of a panic: parquet-go panics on what it did not expect.
func guard(op string, fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %v", op, r)
		}
	}()
	if err := fn(); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// badString finds a string that is not UTF-8 in v and names its field; "" when there is none.
func badString(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return v.Type().String()
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return badString(v.Elem())
		}
	case reflect.Slice:
		return badElement(v)
	case reflect.Struct:
		for i := range v.NumField() {
			if badString(v.Field(i)) != "" {
				return v.Type().Field(i).Name
			}
		}
	}
	return ""
}

func badElement(v reflect.Value) string {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return "" // bytes, which may be anything
	}
	for i := range v.Len() {
		if bad := badString(v.Index(i)); bad != "" {
			return bad
		}
	}
	return ""
}
