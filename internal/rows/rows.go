// Package rows stores Go structs as Parquet rows. The struct's type is erased, so that tables of many row types fit into
// one list.
//
// The row type is the schema. Its fields carry these tags:
//
//	parquet:"pages,list"                          name and encoding, as parquet-go spells them; dict, optional, …
//	parquet:"published,timestamp(microsecond)"    an instant, in UTC; with a pointer or "optional" it may be absent
//	rows:"text"                                   a long string: no minimum and maximum are kept for it
//	rows:"added"                                  a column, or a field of a struct in a list, that came later: files
//	                                              written before do not have it, and it has its zero value there
//	doc:"The product's number at the source."     what the column means; readers of a table see it as its comment
//
// Embedded structs are flattened into the row. Slices must be tagged as lists: only then do all readers agree on
// what they see. What other readers would misread is refused by [Of]: maps, unsigned numbers, durations, local time.
//
// A row with long strings goes into row groups of 1,000 rows, any other into groups of 10,000: with texts of 50 kB
// a group of 1,000 takes under 200 MB to write, one of 40,000 over 700 MB. Full minima and maxima of such texts
// would make a file a quarter larger, which is why rows:"text" exists.
//
// A [Codec] is a value, safe for several goroutines; its zero value is unusable. A [Writer] belongs to one
// goroutine and must be closed by the caller that made it; it does not close what it writes to.
package rows

import (
	"encoding/json"
	"io"
	"iter"
	"reflect"

	"github.com/parquet-go/parquet-go"

	"drugslm/internal/fault"
)

// Codec reads and writes rows of one Go type, which it was made for by [Of].
type Codec struct {
	name    string
	schema  *parquet.Schema
	columns []Column
	text    [][]string // paths of the leaves tagged rows:"text"
	typed   typed
}

// typed is what only the row's Go type can do.
type typed struct {
	writer func(io.Writer, ...parquet.WriterOption) sink
	read   func(*parquet.File) iter.Seq2[any, error]

	readInt96 func(*parquet.File) iter.Seq2[any, error]

	decode func([]byte) (any, error)
	same   func(any) bool // the row is a T or a non-nil *T
}

// Column is one top-level column of a row.
type Column struct {
	Name        string
	Type        string // as Delta Lake and Spark name it: "string", "long", "timestamp"; JSON when nested
	Description string // from the field's doc tag
	Nullable    bool
}

// Of makes the codec of T, a struct with parquet tags. The error is of kind fault.Invalid and names the field
// that cannot be carried.
func Of[T any]() (Codec, error) {
	kind := reflect.TypeFor[T]()
	schema, err := schemaOf(kind)
	if err != nil {
		return Codec{}, fault.Wrap(fault.Invalid, "rows of "+kind.String(), err)
	}
	columns, err := columnsOf(schema, kind)
	if err != nil {
		return Codec{}, fault.Wrap(fault.Invalid, "rows of "+kind.String(), err)
	}
	return Codec{
		name:    kind.String(),
		schema:  schema,
		columns: columns,
		text:    textPaths(schema, kind, nil),
		typed: typed{
			writer: func(w io.Writer, o ...parquet.WriterOption) sink {
				return typedSink[T]{parquet.NewGenericWriter[T](w, o...)}
			},
			read: read[T],

			readInt96: readInt96[T],

			decode: decode[T],
			same: func(row any) bool {
				p, pointer := row.(*T)
				_, value := row.(T)
				return value || pointer && p != nil
			},
		},
	}, nil
}

// Schema gives the Parquet schema of the rows.
func (c Codec) Schema() *parquet.Schema { return c.schema }

// Columns lists the columns in the order of the schema. The caller may keep the slice but not change it.
func (c Codec) Columns() []Column { return c.columns }

// Values gives what a row, a T or a *T, has in each column, in the order of Columns.
func (c Codec) Values(row any) ([]any, error) {
	if !c.typed.same(row) {
		return nil, fault.New(fault.Invalid, "use row", "a %T is not a row of %s", row, c.name)
	}
	byName := make(map[string]any, len(c.columns))
	collect(reflect.Indirect(reflect.ValueOf(row)), byName)
	values := make([]any, len(c.columns))
	for i, column := range c.columns {
		values[i] = byName[column.Name]
	}
	return values, nil
}

// collect puts the fields of a row, with those of embedded structs, under their columns' names.
func collect(row reflect.Value, into map[string]any) {
	kind := row.Type()
	for i := range kind.NumField() {
		switch f := kind.Field(i); {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			collect(row.Field(i), into)
		case f.IsExported() && f.Tag.Get("parquet") != "-":
			into[columnName(f)] = row.Field(i).Interface()
		}
	}
}

// Encode gives one row, a T or a *T, as a JSON object.
func (c Codec) Encode(row any) ([]byte, error) {
	if err := c.check(row); err != nil {
		return nil, err
	}
	b, err := json.Marshal(row)
	return b, fault.Wrap(fault.Invalid, "encode row of "+c.name, err)
}

// Decode gives back, as a T, the row that Encode was given. Fields that T does not have (any more) are skipped.
func (c Codec) Decode(b []byte) (any, error) {
	row, err := c.typed.decode(b)
	if err != nil {
		return nil, fault.Wrap(fault.Corrupt, "decode row of "+c.name, err)
	}
	return row, nil
}

func decode[T any](b []byte) (any, error) {
	var row T
	err := json.Unmarshal(b, &row)
	return row, err
}

// check refuses what is not a row of this codec, and strings that are not UTF-8: JSON would change them silently,
// and other readers of the Parquet file stop at them.
func (c Codec) check(row any) error {
	if !c.typed.same(row) {
		return fault.New(fault.Invalid, "use row", "a %T is not a row of %s", row, c.name)
	}
	if field := badString(reflect.ValueOf(row)); field != "" {
		return fault.New(fault.Invalid, "use row of "+c.name, "the string in %s is not UTF-8", field)
	}
	return nil
}
