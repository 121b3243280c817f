package rows

import (
	"encoding/json"
	"reflect"
)

// Widens reports whether a column that had type was may be read and written as type is: they are the same, or structs in it
// have gained fields that may be absent. Types are as in [Column.Type].
func Widens(was, is string) bool {
	if was == is {
		return true
	}
	var before, after any
	if json.Unmarshal([]byte(was), &before) != nil || json.Unmarshal([]byte(is), &after) != nil {
		return false // the name of another type
	}
	return widens(before, after)
}

func widens(was, is any) bool {
	before, nested := was.(map[string]any)
	after, ok := is.(map[string]any)
	if !nested || !ok || before["type"] != after["type"] {
		return reflect.DeepEqual(was, is)
	}
	switch before["type"] {
	case "array":
		return widens(before["elementType"], after["elementType"])
	case "struct":
		return grows(byName(before["fields"]), byName(after["fields"]))
	default:
		return reflect.DeepEqual(was, is)
	}
}

// grows reports whether a struct keeps all its fields, and all others that it has may be absent.
func grows(was, is map[string]map[string]any) bool {
	for name, field := range is {
		before, known := was[name]
		if !known && field["nullable"] != true || known && !widens(before["type"], field["type"]) {
			return false
		}
	}
	for name := range was {
		if _, kept := is[name]; !kept {
			return false
		}
	}
	return true
}

func byName(fields any) map[string]map[string]any {
	list, _ := fields.([]any)
	found := make(map[string]map[string]any, len(list))
	for _, f := range list {
		if field, ok := f.(map[string]any); ok {
			name, _ := field["name"].(string)
			found[name] = field
		}
	}
	return found
}
