package rows

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// schemaOf is parquet.SchemaOf with an error that names the field, where that one panics.
func schemaOf(kind reflect.Type) (*parquet.Schema, error) {
	if kind.Kind() != reflect.Struct {
		return nil, fmt.Errorf("a row must be a struct, %s is a %s", kind, kind.Kind())
	}
	var schema *parquet.Schema
	err := guard("schema", func() error {
		schema = parquet.SchemaOf(reflect.Zero(kind).Interface())
		return nil
	})
	if err != nil {
		return nil, blame(kind, err)
	}
	if len(schema.Fields()) == 0 {
		return nil, fmt.Errorf("no field is exported")
	}
	return schema, nil
}

// blame finds the field whose schema alone cannot be made either.
func blame(kind reflect.Type, err error) error {
	for _, f := range flat(kind) {
		one := func() error {
			alone := reflect.StructOf([]reflect.StructField{{Name: f.Name, Type: f.Type, Tag: f.Tag}})
			parquet.SchemaOf(reflect.Zero(alone).Interface())
			return nil
		}
		if err := guard("field "+f.Name, one); err != nil {
			return err
		}
	}
	return err
}

// flat lists the exported fields of a struct, with those of embedded structs in their place.
func flat(kind reflect.Type) []reflect.StructField {
	var fields []reflect.StructField
	for i := range kind.NumField() {
		f := kind.Field(i)
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct:
			fields = append(fields, flat(f.Type)...)
		case f.IsExported() && f.Tag.Get("parquet") != "-":
			fields = append(fields, f)
		}
	}
	return fields
}

func columnName(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("parquet"), ","); name != "" {
		return name
	}
	return f.Name
}

// columnsOf describes the top level of a schema. kind gives the descriptions; nil for a schema read from a file.
func columnsOf(schema *parquet.Schema, kind reflect.Type) ([]Column, error) {
	tagged := fieldsByColumn(kind)
	columns := make([]Column, 0, len(schema.Fields()))
	for _, field := range schema.Fields() {
		from := tagged[field.Name()]
		spark, err := sparkType(field, from.Type)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", field.Name(), err)
		}
		columns = append(columns, Column{
			Name: field.Name(), Type: spark.text(), Nullable: field.Optional() || has(from, added), Description: from.Tag.Get("doc"),
		})
	}
	return columns, nil
}

// fieldsByColumn gives the fields of a struct by the names of their columns; none where there is no struct.
func fieldsByColumn(kind reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	if kind == nil || kind.Kind() != reflect.Struct {
		return fields
	}
	for _, f := range flat(kind) {
		fields[columnName(f)] = f
	}
	return fields
}

// What the tag "rows" may say of a field, with commas between.
const (
	longText = "text"  // a long string
	added    = "added" // it came later: files written before do not have it
)

func has(f reflect.StructField, option string) bool {
	return slices.Contains(strings.Split(f.Tag.Get("rows"), ","), option)
}

// textPaths finds the leaves below node that come from fields tagged rows:"text".
func textPaths(node parquet.Node, kind reflect.Type, above []string) [][]string {
	tagged := fieldsByColumn(kind)
	var paths [][]string
	for _, field := range node.Fields() {
		f := tagged[field.Name()]
		path := slices.Concat(above, []string{field.Name()})
		var below parquet.Node = field
		if isList(field) {
			list := field.Fields()[0]
			below = list.Fields()[0]
			path = append(path, list.Name(), list.Fields()[0].Name())
		}
		switch {
		case below.Leaf() && has(f, longText):
			paths = append(paths, path)
		case !below.Leaf():
			paths = append(paths, textPaths(below, structUnder(f.Type), path)...)
		}
	}
	return paths
}

// structUnder is the struct that a field holds itself, behind a pointer, or in a list.
func structUnder(kind reflect.Type) reflect.Type {
	for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice {
		kind = kind.Elem()
	}
	return kind
}

func isList(node parquet.Node) bool {
	if node.Leaf() {
		return false
	}
	if _, list := logicalOf(node.Type()).(*format.ListType); !list {
		return false
	}
	fields := node.Fields()
	return len(fields) == 1 && fields[0].Repeated() && len(fields[0].Fields()) == 1
}

// logicalOf is nil for a type that has only its physical one.
func logicalOf(t parquet.Type) format.LogicalTypeValue {
	if l := t.LogicalType(); l != nil {
		return l.Value
	}
	return nil
}

// spark is a type as Delta Lake's schemas write it: a name, or an object for what is nested.
type spark struct {
	name   string
	nested any
}

func (s spark) MarshalJSON() ([]byte, error) {
	if s.nested != nil {
		return json.Marshal(s.nested)
	}
	return json.Marshal(s.name)
}

func (s spark) text() string {
	if s.nested == nil {
		return s.name
	}
	b, _ := json.Marshal(s.nested) // strings and booleans only
	return string(b)
}

type sparkArray struct {
	Type         string `json:"type"` // "array"
	Element      spark  `json:"elementType"`
	ContainsNull bool   `json:"containsNull"`
}

type sparkStruct struct {
	Type   string       `json:"type"` // "struct"
	Fields []sparkField `json:"fields"`
}

type sparkField struct {
	Name     string   `json:"name"`
	Type     spark    `json:"type"`
	Nullable bool     `json:"nullable"`
	Metadata struct{} `json:"metadata"`
}

// sparkType is the type of a node that comes from a field of type kind; nil for a schema read from a file.
func sparkType(node parquet.Node, kind reflect.Type) (spark, error) {
	switch {
	case node.Repeated():
		return spark{}, fmt.Errorf("a slice needs the tag list")
	case node.Leaf():
		name, err := leafType(node.Type())
		return spark{name: name}, err
	case isList(node):
		element := node.Fields()[0].Fields()[0]
		of, err := sparkType(element, kind)
		return spark{nested: sparkArray{"array", of, element.Optional()}}, err
	case logicalOf(node.Type()) != nil:
		return spark{}, fmt.Errorf("%s cannot be carried", node.Type())
	}
	var tagged map[string]reflect.StructField
	if kind != nil {
		tagged = fieldsByColumn(structUnder(kind))
	}
	var fields []sparkField
	for _, f := range node.Fields() {
		of, err := sparkType(f, tagged[f.Name()].Type)
		if err != nil {
			return spark{}, fmt.Errorf("%s: %w", f.Name(), err)
		}
		fields = append(fields, sparkField{Name: f.Name(), Type: of, Nullable: f.Optional() || has(tagged[f.Name()], added)})
	}
	return spark{nested: sparkStruct{"struct", fields}}, nil
}

func leafType(t parquet.Type) (string, error) {
	switch logical := logicalOf(t).(type) {
	case nil:
		return plainType(t)
	case *format.StringType, *format.EnumType, *format.JsonType:
		return "string", nil
	case *format.DateType:
		return "date", nil
	case *format.TimestampType:
		return instant(logical)
	case *format.DecimalType:
		return fmt.Sprintf("decimal(%d,%d)", logical.Precision, logical.Scale), nil
	case *format.IntType:
		return integer(t, logical)
	}
	return "", fmt.Errorf("%s cannot be carried", t)
}

func integer(t parquet.Type, logical *format.IntType) (string, error) {
	switch {
	case !logical.IsSigned:
		return "", fmt.Errorf("unsigned numbers cannot be carried")
	case logical.BitWidth == 8:
		return "byte", nil
	case logical.BitWidth == 16:
		return "short", nil
	}
	return plainType(t)
}

// instant accepts what every reader takes for the same moment: microseconds in UTC.
func instant(t *format.TimestampType) (string, error) {
	if _, micros := t.Unit.Value.(*format.MicroSeconds); !micros || !t.IsAdjustedToUTC {
		return "", fmt.Errorf("a time needs the tag timestamp(microsecond)")
	}
	return "timestamp", nil
}

func plainType(t parquet.Type) (string, error) {
	switch t.Kind() {
	case parquet.Boolean:
		return "boolean", nil
	case parquet.Int32:
		return "integer", nil
	case parquet.Int64:
		return "long", nil
	case parquet.Int96:
		return "timestamp", nil // as Spark writes it: see int96.go
	case parquet.Float:
		return "float", nil
	case parquet.Double:
		return "double", nil
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return "binary", nil
	}
	return "", fmt.Errorf("%s cannot be carried", t)
}
