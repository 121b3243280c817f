package lake

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"drugslm/internal/fault"
	"drugslm/internal/rows"
)

// The protocol versions of our tables: what every reader has known since Delta's first release, with nothing optional.
const (
	readerVersion = 1
	writerVersion = 2
)

type sparkSchema struct {
	Type   string        `json:"type"` // "struct"
	Fields []sparkColumn `json:"fields"`
}

type sparkColumn struct {
	Name     string          `json:"name"`
	Type     json.RawMessage `json:"type"`
	Nullable bool            `json:"nullable"`
	Metadata map[string]any  `json:"metadata"`
}

// newMetaData describes the table as its codec has it.
func (t *Table) newMetaData(now time.Time) (*metaData, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return nil, err
	}
	schema, err := t.schemaString()
	if err != nil {
		return nil, err
	}
	return &metaData{
		ID: id.String(), Format: format{Provider: "parquet", Options: map[string]string{}}, SchemaString: schema,
		PartitionColumns: t.partitionColumns(), Configuration: map[string]string{}, CreatedTime: now.UnixMilli(),
	}, nil
}

func (t *Table) schemaString() (string, error) {
	schema := sparkSchema{Type: "struct"}
	for _, c := range t.codec.Columns() {
		if strings.EqualFold(c.Name, t.partition) {
			return "", fault.New(fault.Invalid, "schema of "+t.location, "the partition column %q is also a column of the rows", c.Name)
		}
		kind := json.RawMessage(c.Type)
		if !json.Valid(kind) { // a plain name
			kind, _ = json.Marshal(c.Type)
		}
		metadata := map[string]any{}
		if c.Description != "" {
			metadata["comment"] = c.Description
		}
		schema.Fields = append(schema.Fields, sparkColumn{c.Name, kind, c.Nullable, metadata})
	}
	if t.partition != "" {
		schema.Fields = append(schema.Fields, sparkColumn{t.partition, json.RawMessage(`"string"`), true, map[string]any{}})
	}
	b, err := json.Marshal(schema)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, "schema of "+t.location, err)
	}
	return string(b), nil
}

// evolve gives the table's new metadata when the codec has columns, or descriptions, that the table has not; nil when
// nothing is new. Only columns, and fields of structs, that may be absent can be added: old files do not have them.
func (t *Table) evolve(old *metaData) (*metaData, error) {
	fresh, err := t.schemaString()
	if err != nil {
		return nil, err
	}
	if want := t.partitionColumns(); !slices.Equal(old.PartitionColumns, want) {
		return nil, fault.New(fault.Invalid, "schema of "+t.location, "the table is partitioned by %q, not by %q", old.PartitionColumns, want)
	}
	if fresh == old.SchemaString {
		return nil, nil
	}
	var was, is sparkSchema
	if err := json.Unmarshal([]byte(old.SchemaString), &was); err != nil {
		return nil, fault.Wrap(fault.Corrupt, "schema of "+t.location, err)
	}
	if err := json.Unmarshal([]byte(fresh), &is); err != nil {
		return nil, fault.Wrap(fault.Internal, "schema of "+t.location, err)
	}
	if why := widened(was.Fields, is.Fields); why != "" {
		return nil, fault.New(fault.Invalid, "schema of "+t.location, "%s", why)
	}
	next := *old
	next.SchemaString = fresh
	return &next, nil
}

func (t *Table) partitionColumns() []string {
	if t.partition == "" {
		return []string{}
	}
	return []string{t.partition}
}

// widened says why columns "is" cannot take the place of "was"; "" when they can.
func widened(was, is []sparkColumn) string {
	have := make(map[string]sparkColumn, len(was))
	for _, c := range was {
		have[c.Name] = c
	}
	for _, c := range is {
		old, known := have[c.Name]
		delete(have, c.Name)
		switch {
		case !known && !c.Nullable:
			return "the new column " + c.Name + " must be optional: the rows there are do not have it"
		case !known:
		case !rows.Widens(typeName(old.Type), typeName(c.Type)):
			return "column " + c.Name + " is " + string(old.Type) + " in the table and " + string(c.Type) + " in the rows"
		case old.Nullable != c.Nullable:
			return "column " + c.Name + " became optional, or no longer is"
		}
	}
	for _, c := range was {
		if _, gone := have[c.Name]; gone {
			return "the table's column " + c.Name + " is missing from the rows"
		}
	}
	return ""
}

// typeName is a type as package rows has it: a name without quotes, or the JSON of what is nested.
func typeName(t json.RawMessage) string {
	var name string
	if json.Unmarshal(t, &name) == nil {
		return name
	}
	return string(t)
}
