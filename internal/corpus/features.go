package corpus

import (
	"encoding/json"
	"fmt"
	"strings"

	"drugslm/internal/rows"
)

// codec is that of the corpus' rows. The type is right, or no program of ours starts.
func codec() rows.Codec {
	c, err := rows.Of[Row]()
	if err != nil {
		panic(err)
	}
	return c
}

// features are the columns as a card names them for Hugging Face: without them a reader guesses types from the first rows of a file,
// and takes a list that is empty there for one of nothing.
func features() string {
	var b strings.Builder
	for _, c := range codec().Columns() {
		fmt.Fprintf(&b, "  - name: %s\n", c.Name)
		feature(&b, json.RawMessage(quoteWord(c.Type)), "    ")
	}
	return b.String()
}

// quoteWord makes JSON of the name of a simple type.
func quoteWord(t string) string {
	if strings.HasPrefix(t, "{") || strings.HasPrefix(t, `"`) {
		return t
	}
	return `"` + t + `"`
}

// feature writes the type of one column, as Delta Lake has it, in the words of the datasets library.
func feature(b *strings.Builder, delta json.RawMessage, indent string) {
	var word string
	if json.Unmarshal(delta, &word) == nil {
		fmt.Fprintf(b, "%sdtype: %s\n", indent, dtype(word))
		return
	}
	var list struct {
		Element json.RawMessage `json:"elementType"`
	}
	var of struct {
		Fields []struct {
			Name string          `json:"name"`
			Type json.RawMessage `json:"type"`
		} `json:"fields"`
	}
	_ = json.Unmarshal(delta, &list) // made by package rows
	if json.Unmarshal(list.Element, &word) == nil {
		fmt.Fprintf(b, "%slist: %s\n", indent, dtype(word))
		return
	}
	_ = json.Unmarshal(list.Element, &of)
	fmt.Fprintf(b, "%slist:\n", indent)
	for _, f := range of.Fields {
		fmt.Fprintf(b, "%s- name: %s\n", indent, f.Name)
		feature(b, f.Type, indent+"  ")
	}
}

func dtype(delta string) string {
	switch delta {
	case "long":
		return "int64"
	case "integer":
		return "int32"
	case "double":
		return "float64"
	case "boolean":
		return "bool"
	case "timestamp":
		return "timestamp[us, tz=UTC]"
	default:
		return delta
	}
}
