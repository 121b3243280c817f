package rows

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// Field is one column of a row, or one field of what it nests, for people.
type Field struct {
	Name  string
	Value any // nil, a bool, a number, a string, a time, [Fields], or a list of those
}

// Fields are fields in the order of the schema. As JSON they are an object.
type Fields []Field

// MarshalJSON writes an object with the fields in their order; null for nil.
func (f Fields) MarshalJSON() ([]byte, error) {
	if f == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, field := range f {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(field.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(field.Value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Get is the value of a field; nil when there is none.
func (f Fields) Get(name string) any {
	for _, field := range f {
		if field.Name == name {
			return field.Value
		}
	}
	return nil
}

// maxListed is how many elements of a list Brief shows.
const maxListed = 64

// Brief shows a row in short: strings are cut after longest characters, lists after 64 elements, and white space is
// one blank. A column tagged rows:"text" comes with how many characters it has, as "text_characters".
func (c Codec) Brief(row any, longest int) (Fields, error) {
	if err := c.check(row); err != nil {
		return nil, err
	}
	return briefStruct(reflect.Indirect(reflect.ValueOf(row)), longest), nil
}

func briefStruct(v reflect.Value, longest int) Fields {
	var fields Fields
	for _, f := range flat(v.Type()) {
		value, name := v.FieldByName(f.Name), columnName(f)
		fields = append(fields, Field{name, brief(value, longest)})
		if f.Tag.Get("rows") == "text" && value.Kind() == reflect.String {
			fields = append(fields, Field{name + "_characters", utf8.RuneCountInString(value.String())})
		}
	}
	return fields
}

func brief(v reflect.Value, longest int) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return brief(v.Elem(), longest)
	case reflect.String:
		return cut(v.String(), longest)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v.Len() // bytes: how many
		}
		list := make([]any, 0, min(v.Len(), maxListed))
		for i := range min(v.Len(), maxListed) {
			list = append(list, brief(v.Index(i), longest))
		}
		if more := v.Len() - maxListed; more > 0 {
			list = append(list, Fields{{"more", more}})
		}
		return list
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			return at.UTC()
		}
		return briefStruct(v, longest)
	default:
		return v.Interface()
	}
}

// cut is the beginning of a string, on one line.
func cut(s string, longest int) string {
	if len(s) > 8*longest { // more than what can be shown: no need to look at all of it
		s = strings.ToValidUTF8(s[:8*longest], "") + "…"
	}
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest-1]) + "…"
}
