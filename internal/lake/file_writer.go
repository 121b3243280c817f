package lake

import (
	"context"
	"fmt"
	"io"
	"path"

	"github.com/google/uuid"

	"drugslm/internal/fault"
	"drugslm/internal/rows"
)

// FileWriter is a data file that is being written in its final place. No commit mentions it yet, so readers do not see it. End
// it with Close or Abort; a killed process leaves a file for [Table.Sweep].
type FileWriter struct {
	file   File
	writer *rows.Writer
	pipe   *io.PipeWriter
	put    chan error // the store's answer, once
	cancel context.CancelFunc
	done   bool
}

// NewFile starts a file of a partition. Rows stream into the store under ctx, which must last until Close. meta is
// written into the footer of the file. Memory holds one row group.
func (t *Table) NewFile(ctx context.Context, partition string, meta map[string]string) (*FileWriter, error) {
	folder, err := t.folder(partition)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7() // ordered by time, and so are the files of a table when listed
	if err != nil {
		return nil, fmt.Errorf("name part: %w", err)
	}
	file := File{Path: path.Join(folder, "part-"+id.String()+".zstd.parquet"), Partition: partition}
	if err := CheckName(t.name(file.Path)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	from, to := io.Pipe()
	p := &FileWriter{file: file, writer: t.codec.NewWriter(to, rows.WriterOptions{Meta: meta}), pipe: to, put: make(chan error, 1), cancel: cancel}
	stop := context.AfterFunc(ctx, func() { to.CloseWithError(context.Cause(ctx)) })
	go func() {
		defer stop()
		n, err := t.store.Put(ctx, t.name(file.Path), from)
		from.CloseWithError(err) // a writer still at work learns of it
		p.file.Bytes = n
		p.put <- err
	}()
	return p, nil
}

// Write adds a row. An error of kind fault.Invalid refuses only the row; after any other error the part must be aborted.
func (p *FileWriter) Write(row any) error { return p.writer.Write(row) }

// Rows counts the rows written so far.
func (p *FileWriter) Rows() int64 { return p.writer.Rows() }

// Close ends the file and returns once it is durable. The file is complete, and no reader sees it before a commit. After
// an error, or on a second call, there is no file.
func (p *FileWriter) Close(ctx context.Context) (File, error) {
	if p.done {
		return File{}, fault.New(fault.Internal, "close part", "it is closed")
	}
	if err := ctx.Err(); err != nil {
		p.Abort()
		return File{}, fmt.Errorf("close part %s: %w", p.file.Path, err)
	}
	stop := context.AfterFunc(ctx, p.cancel)
	defer stop()
	p.done = true
	defer p.cancel()
	if err := p.writer.Close(); err != nil {
		p.pipe.CloseWithError(err)
		<-p.put //nolint:errcheck // the failure to write says more
		return File{}, fmt.Errorf("close part %s: %w", p.file.Path, err)
	}
	_ = p.pipe.Close() // never fails
	if err := <-p.put; err != nil {
		return File{}, fmt.Errorf("close part %s: %w", p.file.Path, err)
	}
	p.file.Rows = p.writer.Rows()
	return p.file, nil
}

// Abort deletes the file. After Close it does nothing, so it can be deferred.
func (p *FileWriter) Abort() {
	if p.done {
		return
	}
	p.done = true
	p.pipe.CloseWithError(errAborted)
	p.cancel()
	<-p.put //nolint:errcheck // it was aborted
}

var errAborted = fault.New(fault.Internal, "write part", "it was aborted")
