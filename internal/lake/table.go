package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"

	"drugslm/internal/fault"
	"drugslm/internal/rows"
)

// Lake holds the datasets of one store.
type Lake struct {
	store  Store
	latest *snapshots
}

// New returns the lake in a store. Its tables cache the newest state they have read: share one lake in a process.
func New(s Store) *Lake { return &Lake{store: s, latest: newSnapshots()} }

// Table is a Delta table with the rows of one codec.
type Table struct {
	store     Store
	location  string
	codec     rows.Codec
	partition string
	latest    *snapshots
}

// Table returns the table in the folder path ("interim/anvisa/catalog"), whether or not it exists yet. partition names
// its one partition column, a string that is not part of the row type; "" for a table without partitions. Nothing is
// read or written before one of the methods of the table is called.
func (l *Lake) Table(path string, c rows.Codec, partition string) *Table {
	return &Table{store: l.store, location: strings.Trim(path, "/"), codec: c, partition: partition, latest: l.latest}
}

// File is a data file of a table.
type File struct {
	Path      string // within the table's folder: "category=5/part-….zstd.parquet"
	Partition string // the partition column's value; "" in a table without partitions
	Rows      int64
	Bytes     int64
	Marked    bool // another program marked rows in it as deleted (a deletion vector): it cannot be read
}

// Paths returns the paths of files, as Remove of a [Change] needs them.
func Paths(files []File) []string {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	return paths
}

// Location returns the folder of the table within the store.
func (t *Table) Location() string { return t.location }

func (t *Table) name(elements ...string) string {
	return path.Join(append([]string{t.location}, elements...)...)
}

// Rows yields the rows of one file, as the row type of the codec, in the order written. Memory use is small. An error is
// the last thing yielded; of a vacuumed file it is fs.ErrNotExist.
func (t *Table) Rows(ctx context.Context, f File) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		o, err := t.store.Open(ctx, t.name(f.Path))
		if errors.Is(err, fs.ErrNotExist) {
			err = vacuumed(f.Path)
		}
		if err != nil {
			yield(nil, fmt.Errorf("rows of %s: %w", t.location, err))
			return
		}
		defer o.Close()
		for row, err := range t.codec.Read(o, o.Size()) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, fmt.Errorf("rows of %s: %w", t.name(f.Path), err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// folder is where the files of a partition lie, as Spark names it: "category=5", with what is not plain escaped.
func (t *Table) folder(partition string) (string, error) {
	switch {
	case t.partition == "" && partition == "":
		return "", nil
	case t.partition == "":
		return "", fault.New(fault.Invalid, "use table "+t.location, "it has no partitions, %q was asked for", partition)
	case partition == "":
		return "", fault.New(fault.Invalid, "use table "+t.location, "the partition is missing")
	}
	folder := escape(t.partition) + "=" + escape(partition)
	if len(folder) > maxFolder {
		return "", fault.New(fault.Invalid, "use table "+t.location, "partition %.20q… makes a folder's name of %d bytes, at most %d are possible", partition, len(folder), maxFolder)
	}
	return folder, nil
}

func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
