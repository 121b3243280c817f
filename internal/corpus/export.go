package corpus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drugslm/internal/fault"
)

// The formats of an export.
const (
	JSONL   = "jsonl"
	Parquet = "parquet"
)

// suffixes are the names' ends of the formats' files.
var suffixes = map[string]string{JSONL: ".jsonl.gz", Parquet: ".parquet"}

// DefaultShard bounds the text of a file, in bytes before compression.
const DefaultShard = 200 << 20

// ExportOptions say what is written. The zero value writes representatives in both formats.
type ExportOptions struct {
	Formats  []string       // JSONL, Parquet; none: both. The first is what a reader gets who does not choose
	All      bool           // duplicates, too
	Shard    int64          // bytes of JSON in a file, and a row more; 0: DefaultShard
	About    About          // for the card
	Progress func(rows int) // called after each row; may be nil
}

// File is one file of an export.
type File struct {
	Name   string `json:"name"` // in the folder, with slashes
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	path   string // where it was written
	split  string // of a shard
}

// Exported is what an export wrote.
type Exported struct {
	Folder string         `json:"folder"`
	Rows   map[string]int `json:"rows"` // by split
	Files  []File         `json:"files"`
	Stats  *Stats         `json:"-"` // of all rows, whether written or not
}

// Export writes a corpus as a folder: data/train-00000-of-00002.parquet and so on, README.md (the card), histograms,
// excluded.jsonl (each document that is in no split, and why), and SHA256SUMS. One row at a time is in memory, and a row group of each split.
//
// The folder is there as a whole or not at all: files are written beside it, made durable, and moved. One that is there already and
// not empty is refused, with an error of kind fault.Invalid. The same rows in the same order give the same bytes.
func Export(ctx context.Context, folder string, rows iter.Seq2[Row, error], o ExportOptions) (Exported, error) {
	if err := o.check(); err != nil {
		return Exported{}, err
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return Exported{}, fault.Wrap(fault.Invalid, "export corpus", err)
	}
	if err := vacant(folder); err != nil {
		return Exported{}, err
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return Exported{}, fault.Wrap(fault.Unavailable, "export corpus", err)
	}
	temporary, err := os.MkdirTemp(filepath.Dir(folder), "."+filepath.Base(folder)+".part-")
	if err != nil {
		return Exported{}, fault.Wrap(fault.Unavailable, "export corpus", err)
	}
	out, err := export(ctx, temporary, rows, o)
	if err == nil {
		err = move(temporary, folder)
	}
	if err != nil {
		return Exported{}, errors.Join(err, os.RemoveAll(temporary))
	}
	out.Folder = folder
	return out, nil
}

func (o *ExportOptions) check() error {
	if len(o.Formats) == 0 {
		o.Formats = []string{Parquet, JSONL}
	}
	if o.Shard == 0 {
		o.Shard = DefaultShard
	}
	var errs []error
	for i, f := range o.Formats {
		if _, known := suffixes[f]; !known {
			errs = append(errs, fmt.Errorf("there is no format %q: jsonl and parquet are", f))
		}
		if slices.Contains(o.Formats[:i], f) {
			errs = append(errs, fmt.Errorf("format %s is named twice", f))
		}
	}
	if o.Shard < 0 {
		errs = append(errs, fmt.Errorf("a file cannot hold %d bytes", o.Shard))
	}
	return fault.Wrap(fault.Invalid, "export corpus", errors.Join(errs...))
}

// vacant reports whether a folder may be written.
func vacant(folder string) error {
	entries, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fault.Wrap(fault.Invalid, "export corpus", err)
	case len(entries) > 0:
		return fault.New(fault.Invalid, "export corpus", "%s is there and not empty: remove it, or name another folder", folder)
	default:
		return nil
	}
}

// move puts a finished folder in its place.
func move(temporary, folder string) error {
	if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) { // only an empty one goes
		return fault.Wrap(fault.Unavailable, "export corpus", err)
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return fault.Wrap(fault.Unavailable, "export corpus", err)
	}
	if err := os.Rename(temporary, folder); err != nil {
		return fault.Wrap(fault.Unavailable, "export corpus", err)
	}
	parent, err := os.Open(filepath.Dir(folder))
	if err != nil {
		return fault.Wrap(fault.Unavailable, "export corpus", err)
	}
	defer parent.Close()
	return fault.Wrap(fault.Unavailable, "export corpus", parent.Sync())
}

// export writes everything into a folder that nobody sees yet.
func export(ctx context.Context, folder string, rows iter.Seq2[Row, error], o ExportOptions) (Exported, error) {
	out := Exported{Rows: map[string]int{}, Stats: NewStats()}
	w, err := newWriter(folder, o)
	if err != nil {
		return out, err
	}
	defer w.abort()
	n := 0
	for row, err := range rows {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return out, err
		}
		out.Stats.Add(row)
		switch {
		case row.Split == Excluded:
			err = w.exclude(row)
		case o.All || row.Representative:
			out.Rows[row.Split]++
			err = w.write(row)
		}
		if err != nil {
			return out, err
		}
		if n++; o.Progress != nil {
			o.Progress(n)
		}
	}
	if err := w.close(); err != nil {
		return out, err
	}
	out.Stats.Finish()
	shipped := Shipped{Formats: o.Formats, All: o.All, Rows: out.Rows, Shards: w.shards()}
	if err := w.text("README.md", Card(out.Stats, o.About, &shipped)); err != nil {
		return out, err
	}
	for _, h := range out.Stats.Histograms {
		if err := w.text(h.Name+".svg", h.SVG()); err != nil {
			return out, err
		}
	}
	slices.SortFunc(w.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	var sums strings.Builder
	for _, f := range w.files {
		fmt.Fprintf(&sums, "%s  %s\n", f.SHA256, f.Name)
	}
	err = w.text("SHA256SUMS", sums.String())
	out.Files = w.files
	return out, err
}
