package rows

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// Spark writes times as INT96 unless told otherwise: nanoseconds of a day, and the day since the beginning of the Julian
// period. parquet-go reads them, and makes no times of them.
const (
	julianUnix = 2_440_588 // the Julian day of 1 January 1970
	dayMicros  = 24 * 60 * 60 * 1_000_000
)

// hasInt96 reports whether a file has such columns.
func hasInt96(node parquet.Node) bool {
	if node.Leaf() {
		return node.Type().Kind() == parquet.Int96
	}
	return slices.ContainsFunc(node.Fields(), func(f parquet.Field) bool { return hasInt96(f) })
}

// stamped is a node of a file's schema with its INT96 leaves as the times they are.
type stamped struct{ parquet.Node }

// Type is that of a time in place of INT96.
func (s stamped) Type() parquet.Type {
	if s.Leaf() && s.Node.Type().Kind() == parquet.Int96 {
		return parquet.Timestamp(parquet.Microsecond).Type()
	}
	return s.Node.Type()
}

// Fields are the nodes below.
func (s stamped) Fields() []parquet.Field {
	fields := slices.Clone(s.Node.Fields())
	for i, f := range fields {
		fields[i] = stampedField{f, stamped{f}}
	}
	return fields
}

// stampedField is a field that is stamped.
type stampedField struct {
	parquet.Field
	as stamped
}

// Type is that of a time in place of INT96.
func (s stampedField) Type() parquet.Type { return s.as.Type() }

// Fields are the nodes below.
func (s stampedField) Fields() []parquet.Field { return s.as.Fields() }

// stamp makes times of the INT96 values of a row.
func stamp(row parquet.Row) {
	for i, v := range row {
		if v.Kind() != parquet.Int96 || v.IsNull() {
			continue
		}
		parts := v.Int96()
		nanos := int64(uint64(parts[1])<<32 | uint64(parts[0]))
		micros := (int64(parts[2])-julianUnix)*dayMicros + nanos/1000
		row[i] = parquet.Int64Value(micros).Level(v.RepetitionLevel(), v.DefinitionLevel(), v.Column())
	}
}

// readInt96 reads a file with INT96 columns, row by row: it is slower than read.
func readInt96[T any](file *parquet.File) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		to, err := schemaOfType[T]()
		if err != nil {
			yield(nil, err)
			return
		}
		from := parquet.NewSchema(file.Schema().Name(), stamped{file.Schema()})
		conversion, err := parquet.Convert(to, from)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, group := range file.RowGroups() {
			for row, err := range groupRows[T](group, to, conversion) {
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

func schemaOfType[T any]() (schema *parquet.Schema, err error) {
	err = guard("schema", func() error {
		var row T
		schema = parquet.SchemaOf(row)
		return nil
	})
	return schema, err
}

func groupRows[T any](group parquet.RowGroup, to *parquet.Schema, conversion parquet.Conversion) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		var from parquet.Rows
		if err := guard("start reading", func() error { from = group.Rows(); return nil }); err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = guard("close rows", from.Close) }()
		buffer := make([]parquet.Row, batch)
		var seen int64
		for {
			var found []T
			var n int
			err := guard("read batch", func() (err error) {
				n, err = from.ReadRows(buffer)
				found, err = converted[T](buffer[:n], to, conversion, err)
				return err
			})
			for _, row := range found {
				if !yield(row, nil) {
					return
				}
			}
			seen += int64(n)
			switch {
			case err == nil && n == 0:
				err = io.ErrNoProgress
			case errors.Is(err, io.EOF) && seen == group.NumRows():
				return
			case errors.Is(err, io.EOF):
				err = fmt.Errorf("it ends after %d of %d rows", seen, group.NumRows())
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// converted gives rows as values; err is what the reading of them ended in.
func converted[T any](rows []parquet.Row, to *parquet.Schema, conversion parquet.Conversion, err error) ([]T, error) {
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	fresh := make([]parquet.Row, len(rows)) // the values' bytes belong to a page that the next read reuses
	for i, row := range rows {
		fresh[i] = row.Clone()
		stamp(fresh[i])
	}
	if _, bad := conversion.Convert(fresh); bad != nil {
		return nil, bad
	}
	found := make([]T, len(fresh))
	for i, row := range fresh {
		if bad := to.Reconstruct(&found[i], row); bad != nil {
			return nil, bad
		}
	}
	return found, err
}
