package rows

import (
	"reflect"
	"time"
)

// Fields gives a row whole, column by column, as it is stored: times in UTC, bytes as they are.
func (c Codec) Fields(row any) (Fields, error) {
	if err := c.check(row); err != nil {
		return nil, err
	}
	return wholeStruct(reflect.Indirect(reflect.ValueOf(row))), nil
}

func wholeStruct(v reflect.Value) Fields {
	fields := Fields{}
	for _, f := range flat(v.Type()) {
		fields = append(fields, Field{columnName(f), whole(v.FieldByName(f.Name))})
	}
	return fields
}

func whole(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return whole(v.Elem())
	case reflect.String:
		return v.String()
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v.Bytes()
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = whole(v.Index(i))
		}
		return list
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			return at.UTC()
		}
		return wholeStruct(v)
	default:
		return v.Interface()
	}
}
