package lake

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"drugslm/internal/fault"
)

// Store holds objects by name. Names are slash-separated paths, as [CheckName] allows.
type Store interface {
	Reader
	Writer
}

// Reader finds objects.
type Reader interface {
	// Open opens an object. Its content stays the same until it is closed, whatever is put in its place. A missing
	// object is fs.ErrNotExist.
	Open(ctx context.Context, name string) (Object, error)
	// List yields the objects whose names start with prefix, in no particular order. An object that comes or goes
	// meanwhile may be missed. An error is the last thing yielded.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
}

// Writer creates and deletes objects.
type Writer interface {
	// Put stores the bytes of r under name, in place of the present object, and returns their number. When it returns
	// nil, the object survives a power cut. When it fails, also because r failed, the former object is still there.
	Put(ctx context.Context, name string, r io.Reader) (int64, error)
	// Create is Put for a name that must be free. Of several calls at the same time exactly one succeeds; the others
	// return fs.ErrExist.
	Create(ctx context.Context, name string, r io.Reader) error
	// Delete removes an object; a missing one is fs.ErrNotExist.
	Delete(ctx context.Context, name string) error
}

// Object is an open object. It may be read by several goroutines, and must be closed.
type Object interface {
	io.ReaderAt
	io.Closer
	Size() int64 // in bytes
}

// Info describes an object.
type Info struct {
	Name     string
	Size     int64 // in bytes
	Modified time.Time
}

// Limits of names, in bytes: those of ext4, for the last element less what a temporary name adds.
const (
	maxName    = 1024
	maxElement = 200
	maxFolder  = 255
)

// TempPrefix starts the last element of the names that stores use while they write. No object may have such a name.
const TempPrefix = ".tmp-"

// CheckName refuses what cannot name an object in every store: empty, absolute, with "..", too long, not UTF-8, …
// The error is of kind fault.Invalid.
func CheckName(name string) error {
	if why := badName(name); why != "" {
		return fault.New(fault.Invalid, "use object", "the name %.80q is %s", name, why)
	}
	return nil
}

func badName(name string) string {
	switch {
	case len(name) > maxName:
		return fmt.Sprintf("longer than %d bytes", maxName)
	case !utf8.ValidString(name):
		return "not UTF-8"
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return "not printable"
	case !fs.ValidPath(name) || name == ".":
		return "not a plain relative path"
	}
	elements := strings.Split(name, "/")
	for i, element := range elements {
		most := maxFolder
		if i == len(elements)-1 {
			most = maxElement
		}
		if len(element) > most {
			return fmt.Sprintf("too long: one of its elements has over %d bytes", most)
		}
		if strings.HasPrefix(element, TempPrefix) {
			return "reserved for temporary files"
		}
	}
	return ""
}

// readAll reads a whole object of at most limit bytes.
func readAll(ctx context.Context, s Reader, name string, limit int64) ([]byte, error) {
	o, err := s.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if o.Size() > limit {
		return nil, fault.New(fault.Corrupt, "read "+name, "it has %d bytes, at most %d are expected", o.Size(), limit)
	}
	b := make([]byte, o.Size())
	if _, err := io.ReadFull(io.NewSectionReader(o, 0, o.Size()), b); err != nil {
		return nil, fault.Wrap(fault.Corrupt, "read "+name, err)
	}
	return b, nil
}
