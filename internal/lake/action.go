package lake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// Limits of what is read from a log: a commit of ours has some 300 bytes a file, and a checkpoint less.
const (
	maxCommit     = 64 << 20
	maxLine       = 4 << 20
	maxCheckpoint = 256 << 20
)

// action is one line of a commit or one row of a checkpoint; exactly one field is set. The names and their meaning
// are the Delta protocol's.
type action struct {
	CommitInfo *commitInfo `json:"commitInfo,omitempty" parquet:"-"`
	Protocol   *protocol   `json:"protocol,omitempty" parquet:"protocol,optional"`
	MetaData   *metaData   `json:"metaData,omitempty" parquet:"metaData,optional"`
	Txn        *txn        `json:"txn,omitempty" parquet:"txn,optional"`
	Add        *add        `json:"add,omitempty" parquet:"add,optional"`
	Remove     *remove     `json:"remove,omitempty" parquet:"remove,optional"`
	Domain     *domain     `json:"domainMetadata,omitempty" parquet:"domainMetadata,optional"`
}

type protocol struct {
	MinReader      int32    `json:"minReaderVersion" parquet:"minReaderVersion"`
	MinWriter      int32    `json:"minWriterVersion" parquet:"minWriterVersion"`
	ReaderFeatures []string `json:"readerFeatures,omitempty" parquet:"readerFeatures,optional,list"`
	WriterFeatures []string `json:"writerFeatures,omitempty" parquet:"writerFeatures,optional,list"`
}

type metaData struct {
	ID               string            `json:"id" parquet:"id"`
	Name             *string           `json:"name,omitempty" parquet:"name,optional"`
	Description      *string           `json:"description,omitempty" parquet:"description,optional"`
	Format           format            `json:"format" parquet:"format"`
	SchemaString     string            `json:"schemaString" parquet:"schemaString"`
	PartitionColumns []string          `json:"partitionColumns" parquet:"partitionColumns,list"`
	Configuration    map[string]string `json:"configuration" parquet:"configuration"`
	CreatedTime      int64             `json:"createdTime" parquet:"createdTime"`
}

type format struct {
	Provider string            `json:"provider" parquet:"provider"`
	Options  map[string]string `json:"options" parquet:"options"`
}

type txn struct {
	App         string `json:"appId" parquet:"appId"`
	Version     int64  `json:"version" parquet:"version"`
	LastUpdated int64  `json:"lastUpdated" parquet:"lastUpdated"`
}

type add struct {
	Path             string            `json:"path" parquet:"path"` // URL-encoded
	PartitionValues  map[string]string `json:"partitionValues" parquet:"partitionValues"`
	Size             int64             `json:"size" parquet:"size"`
	ModificationTime int64             `json:"modificationTime" parquet:"modificationTime"`
	DataChange       bool              `json:"dataChange" parquet:"dataChange"`
	Stats            string            `json:"stats,omitempty" parquet:"stats"` // JSON; numRecords is all we read
	Tags             map[string]string `json:"tags,omitempty" parquet:"tags,optional"`
	Vector           *deletionVector   `json:"deletionVector,omitempty" parquet:"deletionVector,optional"`
}

// deletionVector names rows of a file that are deleted. Files with one are not read: see unreadable.
type deletionVector struct {
	Storage     string `json:"storageType" parquet:"storageType"`
	Path        string `json:"pathOrInlineDv" parquet:"pathOrInlineDv"`
	Offset      *int32 `json:"offset,omitempty" parquet:"offset,optional"`
	Size        int32  `json:"sizeInBytes" parquet:"sizeInBytes"`
	Cardinality int64  `json:"cardinality" parquet:"cardinality"`
}

// id is what makes a file with a vector another one than the same file without, or with another.
func (v *deletionVector) id() string {
	if v == nil {
		return ""
	}
	if v.Offset == nil {
		return "\x00" + v.Storage + v.Path
	}
	return fmt.Sprintf("\x00%s%s@%d", v.Storage, v.Path, *v.Offset)
}

// domain is metadata that another program keeps in the table; it is carried along.
type domain struct {
	Name          string `json:"domain" parquet:"domain"`
	Configuration string `json:"configuration" parquet:"configuration"`
	Removed       bool   `json:"removed" parquet:"removed"`
}

type remove struct {
	Path              string            `json:"path" parquet:"path"`
	DeletionTimestamp int64             `json:"deletionTimestamp" parquet:"deletionTimestamp"`
	DataChange        bool              `json:"dataChange" parquet:"dataChange"`
	ExtendedMetadata  bool              `json:"extendedFileMetadata" parquet:"extendedFileMetadata"`
	PartitionValues   map[string]string `json:"partitionValues" parquet:"partitionValues"`
	Size              int64             `json:"size" parquet:"size"`
	Vector            *deletionVector   `json:"deletionVector,omitempty" parquet:"deletionVector,optional"`
}

type stats struct {
	Rows *int64 `json:"numRecords"`
}

// parseCommit reads the lines of one commit. Kinds of actions it does not know are skipped, as the protocol asks.
func parseCommit(b []byte) ([]action, error) {
	var actions []action
	n := 0
	for line := range bytes.Lines(b) {
		n++
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0:
			continue
		case len(line) > maxLine:
			return nil, fault.New(fault.Corrupt, "read commit", "line %d has %d bytes", n, len(line))
		}
		var a action
		if err := json.Unmarshal(line, &a); err != nil {
			return nil, fault.Wrap(fault.Corrupt, "read commit", fmt.Errorf("line %d: %w", n, err))
		}
		if err := a.check(); err != nil {
			return nil, fault.Wrap(fault.Corrupt, "read commit", fmt.Errorf("line %d: %w", n, err))
		}
		actions = append(actions, a)
	}
	return actions, nil
}

// check refuses what would lead a reader out of the table's folder.
func (a action) check() error {
	switch {
	case a.Add != nil && a.Add.Size < 0:
		return fmt.Errorf("the file %.80q has %d bytes", a.Add.Path, a.Add.Size)
	case a.Add != nil:
		_, err := decodePath(a.Add.Path)
		return err
	case a.Remove != nil:
		_, err := decodePath(a.Remove.Path)
		return err
	}
	return nil
}

func formatCommit(actions []action) ([]byte, error) {
	var b bytes.Buffer
	lines := json.NewEncoder(&b) // ends each with a newline
	lines.SetEscapeHTML(false)
	for _, a := range actions {
		if err := lines.Encode(a); err != nil {
			return nil, fault.Wrap(fault.Invalid, "write commit", err)
		}
	}
	return b.Bytes(), nil
}

// encodePath writes a file's path as the log has it: a URL's path.
func encodePath(p string) string {
	elements := strings.Split(p, "/")
	for i, e := range elements {
		elements[i] = url.PathEscape(e)
	}
	return strings.Join(elements, "/")
}

func decodePath(p string) (string, error) {
	decoded, err := url.PathUnescape(p)
	if err != nil {
		return "", err
	}
	return decoded, CheckName(decoded)
}

// file gives the file that is added. Other programs may leave its statistics out: its rows are then unknown, -1.
func (a add) file(column string) (File, error) {
	p, err := decodePath(a.Path)
	if err != nil {
		return File{}, err
	}
	f := File{Path: p, Partition: a.PartitionValues[column], Rows: -1, Bytes: a.Size, Marked: a.Vector != nil}
	var s stats
	if json.Unmarshal([]byte(a.Stats), &s) == nil && s.Rows != nil && *s.Rows >= 0 {
		f.Rows = *s.Rows
	}
	return f, nil
}

func (t *Table) values(partition string) map[string]string {
	if t.partition == "" {
		return map[string]string{}
	}
	return map[string]string{t.partition: partition}
}

func (t *Table) adding(f File, now time.Time) action {
	s, _ := json.Marshal(stats{&f.Rows}) // a number
	return action{Add: &add{
		Path: encodePath(f.Path), PartitionValues: t.values(f.Partition), Size: f.Bytes,
		ModificationTime: now.UnixMilli(), DataChange: true, Stats: string(s),
	}}
}

func (t *Table) removing(f held, now time.Time) action {
	return action{Remove: &remove{
		Path: f.added.Path, DeletionTimestamp: now.UnixMilli(), DataChange: true, ExtendedMetadata: true,
		PartitionValues: f.added.PartitionValues, Size: f.Bytes, Vector: f.added.Vector,
	}}
}
