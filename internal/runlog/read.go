package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Field is an attribute of a line: a text as it is, anything else as JSON.
type Field struct {
	Key, Value string
}

// Line is one line of a log.
type Line struct {
	Time    time.Time
	Level   slog.Level
	Message string
	Fields  []Field // in the order written
	Raw     []byte  // the line as it is stored, without its end
}

// Field returns the value of the first field with a key; "" if there is none.
func (l Line) Field(key string) string {
	for _, f := range l.Fields {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}

// Log is the log of a run, which may still be written to. It is for one goroutine.
type Log struct {
	run    string
	folder string
	read   map[string]*progress // by file
	last   time.Time            // of the newest line that was read
}

// progress is how far a file was read.
type progress struct {
	offset int64
	rest   []byte // the beginning of a line whose end is not there yet
}

// Open begins to read the log of a run in a data folder. It reads nothing yet; a run without a log has no lines.
func Open(data, run string) *Log {
	return &Log{run: run, folder: Folder(data, run), read: make(map[string]*progress)}
}

// Exists reports whether there is a log of the run.
func (l *Log) Exists() (bool, error) {
	all, err := segmentsIn(l.folder)
	return len(all) > 0, err
}

// Next returns the whole lines that came since it was last called, by time. Half a line at the end of a file waits for its
// end.
func (l *Log) Next() ([]Line, error) {
	all, err := segmentsIn(l.folder)
	if err != nil {
		return nil, err
	}
	var lines []Line
	for _, s := range all {
		p := l.read[s.name]
		if p == nil {
			p = &progress{}
			l.read[s.name] = p
		}
		if s.size <= p.offset {
			continue
		}
		content, err := readFrom(filepath.Join(l.folder, s.name), p.offset)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was cut meanwhile, and a line says so
		}
		if err != nil {
			return nil, err
		}
		p.offset += int64(len(content))
		lines = l.split(lines, p, content)
	}
	return l.sorted(lines), nil
}

// Rest returns the lines without an end, which killed workers left. Call it when no more lines come.
func (l *Log) Rest() []Line {
	var lines []Line
	for _, p := range l.read {
		if len(p.rest) > 0 {
			lines = l.add(lines, p.rest)
			p.rest = nil
		}
	}
	return l.sorted(lines)
}

func (l *Log) sorted(lines []Line) []Line {
	slices.SortStableFunc(lines, func(a, b Line) int { return a.Time.Compare(b.Time) })
	if n := len(lines); n > 0 {
		l.last = lines[n-1].Time
	}
	return lines
}

// readFrom reads a file from an offset to its end.
func readFrom(path string, offset int64) (content []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(file)
}

// split adds the whole lines of what was read of a file.
func (l *Log) split(lines []Line, p *progress, content []byte) []Line {
	content = slices.Concat(p.rest, content)
	for {
		line, rest, whole := bytes.Cut(content, []byte{'\n'})
		if !whole {
			p.rest = line
			return lines
		}
		if len(line) > 0 {
			lines = l.add(lines, line)
		}
		content = rest
	}
}

// add adds a line, unless it is of a run whose id differs only where the file system sees no difference. One that is not
// whole becomes a warning at the time of the line before.
func (l *Log) add(lines []Line, raw []byte) []Line {
	line, err := parse(raw)
	if err != nil {
		at := l.last
		if n := len(lines); n > 0 {
			at = lines[n-1].Time
		}
		raw = bytes.TrimSpace(said(l.run, at, "half a line of the log, as a killed worker leaves it", "text", string(raw)))
		line, _ = parse(raw) // it was just made
	}
	if run := line.Field("run_id"); run != "" && run != l.run {
		return lines
	}
	return append(lines, line)
}

// parse reads a line.
func parse(raw []byte) (Line, error) {
	line := Line{Raw: raw}
	d := json.NewDecoder(bytes.NewReader(raw))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return line, errors.Join(err, errNoObject)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return line, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return line, err
		}
		name, _ := key.(string)
		if err := line.set(name, value); err != nil {
			return line, err
		}
	}
	_, err := d.Token()
	if err == nil && line.Time.IsZero() {
		err = errNoObject
	}
	return line, err
}

var errNoObject = errors.New("the line is no JSON object with a time")

// set takes one member of the object over.
func (l *Line) set(name string, value json.RawMessage) error {
	switch name {
	case slog.TimeKey:
		return json.Unmarshal(value, &l.Time)
	case slog.LevelKey:
		return json.Unmarshal(value, &l.Level)
	case slog.MessageKey:
		return json.Unmarshal(value, &l.Message)
	}
	text := string(value)
	if text[0] == '"' {
		var plain string
		if err := json.Unmarshal(value, &plain); err != nil {
			return err
		}
		text = plain
	}
	l.Fields = append(l.Fields, Field{name, text})
	return nil
}

// Attempt returns the number of the attempt that a line is of; 0 if it is of none.
func (l Line) Attempt() int {
	n, _ := strconv.Atoi(l.Field("attempt"))
	return n
}
