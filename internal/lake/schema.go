package lake

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
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
		PartitionColumns: t.partitionColumns(), Configuration: t.withProperties(nil), CreatedTime: now.UnixMilli(),
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

// errNewerCode says why rows do not fit a table that newer code of this program has written.
var errNewerCode = errors.New("newer code has written the table, and a worker with that code must do this")

// newerCodeAfter is how long work on such a table waits before it is offered to a worker again.
const newerCodeAfter = 30 * time.Second

// evolve gives the table's new metadata when the codec has columns, or descriptions, that the table has not, or it has
// not been given our properties; nil when nothing is new. Only columns, and fields of structs, that may be absent can be
// added: old files do not have them. What other programs added that may be absent stays: our rows are null there.
func (t *Table) evolve(old *metaData) (*metaData, error) {
	fresh, err := t.schemaString()
	if err != nil {
		return nil, err
	}
	if err := t.samePartitions(old); err != nil {
		return nil, err
	}
	var was, is sparkSchema
	if err := json.Unmarshal([]byte(old.SchemaString), &was); err != nil {
		return nil, fault.Wrap(fault.Corrupt, "schema of "+t.location, err)
	}
	if err := json.Unmarshal([]byte(fresh), &is); err != nil {
		return nil, fault.Wrap(fault.Internal, "schema of "+t.location, err)
	}
	merged, err := merge(was.Fields, is.Fields, strings.Split(old.Configuration[markColumns], ","))
	switch {
	case errors.Is(err, errNewerCode):
		return nil, &fault.Error{Kind: fault.CodeVersion, Op: "schema of " + t.location, After: newerCodeAfter, Err: err}
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, "schema of "+t.location, err)
	}
	next := *old
	next.Configuration = t.withProperties(old.Configuration)
	if !reflect.DeepEqual(plainColumns(merged), plainColumns(was.Fields)) {
		b, err := json.Marshal(sparkSchema{was.Type, merged})
		if err != nil {
			return nil, fault.Wrap(fault.Internal, "schema of "+t.location, err)
		}
		next.SchemaString = string(b)
	}
	if next.SchemaString == old.SchemaString && maps.Equal(next.Configuration, old.Configuration) {
		return nil, nil
	}
	return &next, nil
}

func (t *Table) samePartitions(meta *metaData) error {
	if want := t.partitionColumns(); !slices.Equal(meta.PartitionColumns, want) {
		return fault.New(fault.Invalid, "schema of "+t.location, "the table is partitioned by %q, not by %q", meta.PartitionColumns, want)
	}
	return nil
}

func (t *Table) partitionColumns() []string {
	if t.partition == "" {
		return []string{}
	}
	return []string{t.partition}
}

// merge gives the columns of a table that has columns "was" and gets rows with columns "is", or says why it cannot. own are
// the columns that this program made, in whatever version of it: older code must not take them away.
func merge(was, is []sparkColumn, own []string) (merged []sparkColumn, err error) {
	fresh := make(map[string]sparkColumn, len(is))
	for _, c := range is {
		fresh[c.Name] = c
	}
	have := make(map[string]sparkColumn, len(was))
	for _, c := range is {
		if !c.Nullable && !slices.ContainsFunc(was, func(old sparkColumn) bool { return old.Name == c.Name }) {
			return nil, fmt.Errorf("the new column %s must be optional: the rows there are do not have it", c.Name)
		}
	}
	foreign := false // the table has columns that the rows do not have
	for _, c := range was {
		ours, known := fresh[c.Name]
		switch {
		case !known && slices.Contains(own, c.Name):
			return nil, fmt.Errorf("the table's column %s is missing from the rows: %w", c.Name, errNewerCode)
		case !known && !c.Nullable:
			return nil, fmt.Errorf("the table's column %s is missing from the rows, and may not be null", c.Name)
		case !known:
			foreign = true
		default:
			if c, err = grown(c, ours, slices.Contains(own, c.Name)); err != nil {
				return nil, err
			}
		}
		have[c.Name] = c
		merged = append(merged, c)
	}
	for _, c := range is {
		if _, known := have[c.Name]; known {
			continue
		}
		have[c.Name] = c
		merged = append(merged, c)
	}
	if foreign {
		return merged, nil
	}
	merged = merged[:0] // in the order of the rows
	for _, c := range is {
		merged = append(merged, have[c.Name])
	}
	return merged, nil
}

// grown is a column of the table, which may be one of ours, as it is once rows with ours in its place are there.
func grown(old, ours sparkColumn, own bool) (sparkColumn, error) {
	before, after := typeName(old.Type), typeName(ours.Type)
	if !rows.Widens(before, after) {
		err := fmt.Errorf("column %s is %s in the table and %s in the rows", ours.Name, old.Type, ours.Type)
		if own && rows.Widens(after, before) {
			err = fmt.Errorf("%w: %w", err, errNewerCode)
		}
		return old, err
	}
	old.Type = ours.Type
	if ours.Nullable && !old.Nullable {
		return old, fmt.Errorf("column %s may be absent in the rows, and not in the table", ours.Name)
	}
	if comment, told := ours.Metadata["comment"]; told {
		metadata := maps.Clone(old.Metadata)
		if metadata == nil {
			metadata = map[string]any{}
		}
		metadata["comment"] = comment
		old.Metadata = metadata
	}
	return old, nil
}

// plainColumns is a list of columns as it can be compared: however its types are spaced.
func plainColumns(columns []sparkColumn) []any {
	var plain []any
	for _, c := range columns {
		var kind any
		_ = json.Unmarshal(c.Type, &kind) // it was read from JSON
		plain = append(plain, c.Name, kind, c.Nullable, len(c.Metadata), c.Metadata["comment"])
	}
	return plain
}

// typeName is a type as package rows has it: a name without quotes, or the JSON of what is nested.
func typeName(t json.RawMessage) string {
	var name string
	if json.Unmarshal(t, &name) == nil {
		return name
	}
	return string(t)
}
