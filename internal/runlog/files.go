package runlog

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"drugslm/internal/process"
)

// Options say where logs are kept, and how much.
type Options struct {
	Data  string // the data folder
	Limit int64  // bytes of the log of one run; 0: none is kept
}

// How the log of a run is divided: a segment is this part of the limit, and not smaller than leastSegment.
const (
	segments     = 16
	leastSegment = 16 << 10
)

const (
	// idle is after how long a file is opened anew before it is written to: it may be gone.
	idle = time.Minute
	// settled is after how long a segment that is not written to may be cut although no newer one of its worker is there:
	// no process has it open any more that would write to it.
	settled = 10 * idle
	// maxOpen bounds the files that are open at a time.
	maxOpen = 64
)

// Files are the logs of runs, as one process writes them. Safe for use by several goroutines.
type Files struct {
	folder  string
	worker  string // the beginning of the names of this process's files
	limit   int64
	segment int64

	mu   sync.Mutex
	open map[string]*part // by run
}

// part is this process's part of the log of a run.
type part struct {
	run     string
	folder  string
	file    *os.File // nil: it has to be opened
	number  int      // of the segment
	size    int64
	torn    bool      // the last line may have no end
	lost    int       // lines that could not be written
	why     error     // of the last of them
	written time.Time // the last line
}

// New makes the logs of a data folder. Nothing is created before the first line is written.
func New(o Options) *Files {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	self := process.Self()
	return &Files{
		folder: filepath.Join(o.Data, FolderName), worker: fmt.Sprintf("%s-%d-%x", clean(host), self.PID, self.Birth),
		limit: o.Limit, segment: max(o.Limit/segments, leastSegment), open: make(map[string]*part),
	}
}

// Append writes a line, with its end, to the log of a run. It never fails: what cannot be written is counted, and told with
// the next line.
func (f *Files) Append(run string, line []byte) {
	if f.limit <= 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.open[run]
	if p == nil {
		p = &part{run: run, folder: filepath.Join(f.folder, folderName(run))}
		f.open[run] = p
		f.closeOldest()
	}
	if err := f.write(p, line); err != nil {
		p.lost++
		p.why = err
		p.close() // its end is looked at before the next line
	}
}

func (f *Files) write(p *part, line []byte) error {
	if p.file != nil && time.Since(p.written) > idle {
		p.close()
	}
	if p.file == nil {
		if err := f.begin(p, 0); err != nil {
			return err
		}
	}
	if p.size > 0 && p.size+int64(len(line)) > f.segment {
		number := p.number + 1
		p.close()
		if err := f.begin(p, number); err != nil {
			return err
		}
	}
	if p.lost > 0 {
		line = append(said(p.run, time.Now(), "lines of the log were lost: they could not be written", "lines", p.lost, "error", p.why), line...)
	}
	if p.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := p.file.Write(line)
	p.size, p.torn, p.written = p.size+int64(n), err != nil && (n > 0 || p.torn), time.Now()
	if err == nil {
		p.lost, p.why = 0, nil
	}
	return err
}

// begin opens a segment of a part for writing; number 0 is the last there is. What the log has too much of is cut.
func (f *Files) begin(p *part, number int) error {
	if err := os.MkdirAll(p.folder, 0o700); err != nil {
		return err
	}
	cut, err := f.cut(p)
	if err != nil {
		return err
	}
	if number == 0 {
		all, err := segmentsIn(p.folder)
		if err != nil {
			return err
		}
		number = 1
		for _, s := range all {
			if s.worker == f.worker {
				number = max(number, s.number)
			}
		}
	}
	file, err := os.OpenFile(filepath.Join(p.folder, segmentName(f.worker, number)), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	p.file, p.number, p.size, p.written = file, number, info.Size(), time.Now()
	if p.torn, err = isTorn(file, p.size); err != nil {
		return err
	}
	if cut.lines > 0 {
		line := said(p.run, time.Now(), cutMessage, "lines", cut.lines, "bytes", cut.bytes, "limit", f.limit)
		if p.torn {
			line = append([]byte{'\n'}, line...)
		}
		n, err := p.file.Write(line)
		p.size, p.torn = p.size+int64(n), err != nil
		return err
	}
	return nil
}

// isTorn reports whether a file does not end with the end of a line.
func isTorn(file *os.File, size int64) (bool, error) {
	if size == 0 {
		return false, nil
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], size-1); err != nil {
		return false, err
	}
	return last[0] != '\n', nil
}

// removed counts what was cut.
type removed struct {
	lines int
	bytes int64
}

// cut removes the oldest segments of a log, but for its very first, until there is room for another one. A segment that a
// process may be writing to stays.
func (f *Files) cut(p *part) (gone removed, err error) {
	all, err := segmentsIn(p.folder)
	if err != nil {
		return gone, err
	}
	newest := make(map[string]int)
	total := f.segment
	for _, s := range all {
		newest[s.worker] = max(newest[s.worker], s.number)
		total += s.size
	}
	for i, s := range all {
		if i == 0 || s.number == newest[s.worker] && (s.worker == f.worker || time.Since(s.written) < settled) {
			continue
		}
		if total <= f.limit {
			break
		}
		path := filepath.Join(p.folder, s.name)
		content, err := os.ReadFile(path)
		if err == nil {
			err = os.Remove(path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue // another worker cut it
		}
		if err != nil {
			return gone, err
		}
		total -= s.size
		gone.bytes += s.size
		gone.lines += countLines(content)
	}
	return gone, nil
}

// cutMessage is the message of a line that stands for others.
const cutMessage = "lines of the log were cut: it is longer than log.run"

// countLines counts the lines of a segment, and instead of a line about lines that were cut before, those.
func countLines(content []byte) (n int) {
	for raw := range bytes.Lines(content) {
		n++
		if !bytes.Contains(raw, []byte(cutMessage)) {
			continue
		}
		line, err := parse(bytes.TrimSpace(raw))
		if before, is := strconv.Atoi(line.Field("lines")); err == nil && is == nil && line.Message == cutMessage {
			n += before - 1
		}
	}
	return n
}

// segment is a file of the log of a run.
type segment struct {
	name    string
	worker  string
	number  int
	size    int64
	written time.Time
}

// segmentsIn lists the files of the log in a folder, the oldest first; none if there is no folder.
func segmentsIn(folder string) ([]segment, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var found []segment
	for _, e := range entries {
		worker, number, is := segmentOf(e.Name())
		if !is || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, segment{name: e.Name(), worker: worker, number: number, size: info.Size(), written: info.ModTime()})
	}
	slices.SortFunc(found, func(a, b segment) int { return cmp.Or(a.written.Compare(b.written), cmp.Compare(a.name, b.name)) })
	return found, nil
}

// closeOldest closes the file that was not written to for the longest time, if too many are open.
func (f *Files) closeOldest() {
	if len(f.open) <= maxOpen {
		return
	}
	var oldest *part
	for _, p := range f.open {
		if p.lost == 0 && p.file != nil && (oldest == nil || p.written.Before(oldest.written)) {
			oldest = p
		}
	}
	if oldest != nil {
		oldest.close()
		delete(f.open, oldest.run)
	}
}

func (p *part) close() {
	if p.file != nil {
		_ = p.file.Close() // every line is written
		p.file = nil
	}
}

// Close closes the files. A later line opens them again.
func (f *Files) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.open {
		p.close()
	}
}
