package corpus

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip" // three times as fast as the standard library's, and this is what an export waits for

	"drugslm/internal/fault"
	"drugslm/internal/rows"
)

// rowGroup is how many rows a Parquet file buffers: with text, Markdown and sections a row has some 200 kB.
const rowGroup = 100

// writer writes the files of an export into a folder.
type writer struct {
	folder   string
	o        ExportOptions
	codec    rows.Codec
	open     map[string]*shard // by split
	done     map[string]int    // finished shards of a split
	excluded *file
	files    []File
}

func newWriter(folder string, o ExportOptions) (*writer, error) {
	if err := os.Mkdir(filepath.Join(folder, "data"), 0o755); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "export corpus", err)
	}
	w := &writer{folder: folder, o: o, codec: codec(), open: map[string]*shard{}, done: map[string]int{}}
	var err error
	w.excluded, err = create(filepath.Join(folder, "excluded.jsonl"))
	return w, err
}

// shard is the part of a split that is being written, once in each format.
type shard struct {
	bytes   int64 // of JSON
	json    *file
	gzip    *gzip.Writer
	parquet *file
	table   *rows.Writer
}

// part is the name of a shard while it is not known how many there are.
func (w *writer) part(split string, n int, format string) string {
	return filepath.Join(w.folder, "data", fmt.Sprintf("%s-%05d%s", split, n, suffixes[format]))
}

// begin opens the next shard of a split.
func (w *writer) begin(split string) (s *shard, err error) {
	s = &shard{}
	w.open[split] = s
	for _, format := range w.o.Formats {
		f, err := create(w.part(split, w.done[split], format))
		if err != nil {
			return nil, err
		}
		if format == JSONL {
			s.json, s.gzip = f, gzip.NewWriter(f) // without a name or a time in its head
		} else {
			s.parquet, s.table = f, w.codec.NewWriter(f, rows.WriterOptions{RowGroup: rowGroup})
		}
	}
	return s, nil
}

// write puts a row into its split.
func (w *writer) write(row Row) (err error) {
	s, ok := w.open[row.Split]
	if !ok {
		if s, err = w.begin(row.Split); err != nil {
			return err
		}
	}
	line, err := w.line(row)
	if err != nil {
		return err
	}
	if s.gzip != nil {
		if _, err := s.gzip.Write(line); err != nil {
			return fault.Wrap(fault.Unavailable, "export corpus", err)
		}
	}
	if s.table != nil {
		if err := s.table.Write(&row); err != nil {
			return fmt.Errorf("export row %s: %w", row.ID, err)
		}
	}
	if s.bytes += int64(len(line)); s.bytes >= w.o.Shard {
		return w.end(row.Split)
	}
	return nil
}

// line is a row as JSON on one line, its columns named and ordered as in Parquet.
func (w *writer) line(row Row) ([]byte, error) {
	values, err := w.codec.Values(&row)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for i, column := range w.codec.Columns() {
		fmt.Fprintf(&b, "%c%q:", "{,"[min(i, 1)], column.Name)
		if err := encoder.Encode(listed(values[i])); err != nil {
			return nil, fmt.Errorf("export row %s: %w", row.ID, err)
		}
		b.Truncate(b.Len() - 1) // the line's end
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}

// listed makes an empty list of none, as Parquet has it.
func listed(value any) any {
	switch v := value.(type) {
	case []string:
		return append([]string{}, v...)
	case []Section:
		return append([]Section{}, v...)
	default:
		return value
	}
}

// exclude notes a document that is in no split.
func (w *writer) exclude(row Row) error {
	err := json.NewEncoder(w.excluded).Encode(ExcludedDoc{row.ID, row.Excluded, row.Kind, row.Language, row.Characters})
	return fault.Wrap(fault.Unavailable, "export corpus", err)
}

// end finishes the shard of a split that is open.
func (w *writer) end(split string) error {
	s := w.open[split]
	delete(w.open, split)
	w.done[split]++
	var errs []error
	if s.gzip != nil {
		errs = append(errs, s.gzip.Close(), s.json.close())
	}
	if s.table != nil {
		errs = append(errs, s.table.Close(), s.parquet.close())
	}
	for _, f := range []*file{s.json, s.parquet} {
		if f != nil {
			sum := f.sum("")
			sum.split = split
			w.files = append(w.files, sum)
		}
	}
	return fault.Wrap(fault.Unavailable, "export corpus", errors.Join(errs...))
}

// close finishes all files and gives shards their names, of which the last part is how many there are.
func (w *writer) close() error {
	for _, split := range []string{Train, Validation, Test} {
		if _, ok := w.open[split]; ok {
			if err := w.end(split); err != nil {
				return err
			}
		}
	}
	if err := w.excluded.close(); err != nil {
		return fault.Wrap(fault.Unavailable, "export corpus", err)
	}
	for i, f := range w.files {
		name := filepath.Base(f.path) // train-00000.jsonl.gz
		number, suffix, _ := strings.Cut(name, ".")
		w.files[i].Name = fmt.Sprintf("data/%s-of-%05d.%s", number, w.done[f.split], suffix)
		if err := os.Rename(f.path, filepath.Join(w.folder, filepath.FromSlash(w.files[i].Name))); err != nil {
			return fault.Wrap(fault.Unavailable, "export corpus", err)
		}
	}
	w.files = append(w.files, w.excluded.sum("excluded.jsonl"))
	return nil
}

// shards counts the shards of each split.
func (w *writer) shards() map[string]int { return w.done }

// text writes a small file.
func (w *writer) text(name, content string) error {
	f, err := create(filepath.Join(w.folder, name))
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, content)
	if err := errors.Join(err, f.close()); err != nil {
		return fault.Wrap(fault.Unavailable, "export corpus", err)
	}
	w.files = append(w.files, f.sum(name))
	return nil
}

// abort closes what an error left open.
func (w *writer) abort() {
	for _, s := range w.open {
		for _, f := range []*file{s.json, s.parquet} {
			if f != nil {
				f.file.Close()
			}
		}
	}
	w.excluded.file.Close()
}

// file counts and sums what is written to it.
type file struct {
	path  string
	file  *os.File
	buf   *bufio.Writer
	hash  hash.Hash
	bytes int64
}

func create(path string) (*file, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "export corpus", err)
	}
	return &file{path: path, file: f, buf: bufio.NewWriterSize(f, 1<<20), hash: sha256.New()}, nil
}

func (f *file) Write(b []byte) (int, error) {
	n, err := f.buf.Write(b)
	f.hash.Write(b[:n])
	f.bytes += int64(n)
	return n, err
}

// close makes the file durable.
func (f *file) close() error { return errors.Join(f.buf.Flush(), f.file.Sync(), f.file.Close()) }

func (f *file) sum(name string) File {
	return File{Name: name, Bytes: f.bytes, SHA256: hex.EncodeToString(f.hash.Sum(nil)), path: f.path}
}
