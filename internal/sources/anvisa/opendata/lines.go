package opendata

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"drugslm/internal/fault"
)

// Why a line cannot be read.
var (
	errLong   = fmt.Errorf("longer than %d bytes", MaxRecord)
	errField  = fmt.Errorf("a field is longer than %d bytes", MaxField)
	errUTF8   = errors.New("UTF-8 where ISO-8859-1 is expected")
	errOpen   = errors.New("a quote is not closed")
	errQuote  = errors.New("text after a closing quote")
	errFields = errors.New("wrong number of fields")
)

// line is one line of the file, decoded, without its end.
type line struct {
	number int // from 1
	text   string
	bad    error // it cannot be read, whatever is in it; text is then what is kept of it
}

// lines reads lines of bounded length, and takes lines back.
type lines struct {
	in     *bufio.Reader
	total  *counter
	number int
	back   []line
	end    error // why nothing more can be read
}

// counter counts the bytes of a reader.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func newLines(in io.Reader) *lines {
	c := &counter{Reader: io.LimitReader(in, MaxBytes+1)}
	return &lines{in: bufio.NewReaderSize(c, MaxRecord), total: c}
}

// next gives the next line that is not empty. io.EOF as it is: there is none.
func (l *lines) next() (line, error) {
	if n := len(l.back); n > 0 {
		first := l.back[0]
		l.back = l.back[1:]
		return first, nil
	}
	for {
		next, err := l.read()
		if err != nil || next.text != "" || next.bad != nil {
			return next, err
		}
	}
}

// unread gives lines back, to be read again in their order.
func (l *lines) unread(again ...line) { l.back = append(again, l.back...) }

// read gives the next line, empty or not; once it has failed it fails the same way again.
func (l *lines) read() (next line, err error) {
	if l.end == nil {
		next, l.end = l.scan()
	}
	return next, l.end
}

func (l *lines) scan() (line, error) {
	raw, err := l.in.ReadSlice('\n')
	long := errors.Is(err, bufio.ErrBufferFull)
	kept := string(raw)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = l.in.ReadSlice('\n')
	}
	if l.total.n > MaxBytes {
		return line{}, fault.New(fault.Layout, op, "the file is longer than %d bytes", int64(MaxBytes))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return line{}, fmt.Errorf("%s: after line %d: %w", op, l.number, err)
	}
	if kept == "" {
		return line{}, io.EOF
	}
	l.number++
	next := line{number: l.number}
	if long {
		next.bad = errLong
	}
	kept = strings.TrimRight(kept, "\r\n")
	if next.bad == nil && !ascii(kept) && utf8.ValidString(kept) {
		next.bad = errUTF8 // Portuguese in ISO-8859-1 is not valid UTF-8 by chance
	}
	next.text = decode(kept)
	return next, nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// decode turns the file's bytes into UTF-8. No byte is an error: what Windows-1252 does not have becomes U+FFFD.
func decode(raw string) string {
	text, err := charmap.Windows1252.NewDecoder().String(raw)
	if err != nil { // the decoder has none
		return strings.ToValidUTF8(raw, string(utf8.RuneError))
	}
	return text
}

// record gives the fields of the row that begins with first. A quoted text may continue in the next lines; if that does
// not come to an end, or to another number of fields, they are given back: only the first line is bad.
func (r *Reader) record(first line) ([]string, error) {
	if first.bad != nil {
		return nil, first.bad
	}
	text := first.text
	var more []line
	fields, err := split(text)
	for errors.Is(err, errOpen) && len(more) < maxLines {
		next, end := r.lines.next()
		if end != nil || next.bad != nil || len(text)+len(next.text) > MaxRecord {
			if end == nil {
				more = append(more, next)
			}
			break // at the end, too, only the first line is bad; an error of the file comes again
		}
		more = append(more, next)
		text += "\n" + next.text
		fields, err = split(text)
	}
	if err == nil && len(fields) != r.fields {
		err = fmt.Errorf("%w: %d instead of %d", errFields, len(fields), r.fields)
	}
	if err == nil {
		return fields, nil
	}
	r.lines.unread(more...)
	return nil, err
}

// split cuts a record at the semicolons outside quotes. Quotes inside a text that does not begin with one are text.
func split(record string) (fields []string, err error) {
	for rest := record; ; {
		var field string
		var more bool
		if strings.HasPrefix(rest, `"`) {
			field, rest, more, err = quoted(rest[1:])
		} else {
			field, rest, more = strings.Cut(rest, ";")
		}
		switch {
		case err != nil:
			return nil, err
		case len(field) > MaxField:
			return nil, errField
		}
		if fields = append(fields, field); !more {
			return fields, nil
		}
	}
}

// quoted reads a field after its opening quote, and gives what follows the semicolon after it.
func quoted(s string) (field, rest string, more bool, err error) {
	var text strings.Builder
	for {
		part, after, closed := strings.Cut(s, `"`)
		text.WriteString(part)
		switch {
		case !closed:
			return "", "", false, errOpen
		case after == "":
			return text.String(), "", false, nil
		case after[0] == ';':
			return text.String(), after[1:], true, nil
		case after[0] != '"':
			return "", "", false, errQuote
		}
		text.WriteByte('"')
		s = after[1:]
	}
}
