// Package file opens files that a person, a flag or a setting names.
//
// A name may lead anywhere: to a pipe that nobody writes to, a terminal, a device without end. [Open] refuses, without
// waiting, whatever is not a regular file, and [Read] takes no more of one than its caller can use. A symbolic link
// counts as what it leads to.
//
// Errors are a fault.Invalid that names the file: whoever named it must name another.
package file

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"drugslm/internal/fault"
)

// Open opens a regular file for reading.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path) // a device may act on being opened, so it is looked at first
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "", err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonblocking, 0)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "", err)
	}
	if info, err = f.Stat(); err == nil { // another file may have been put in its place
		err = regular(path, info)
	}
	if err != nil {
		_ = f.Close()
		return nil, fault.Wrap(fault.Invalid, "", err)
	}
	return f, nil
}

// Read gives the content of a regular file of at most limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return content, fault.Wrap(fault.Invalid, "", err)
}

// regular refuses what is not a regular file, by its name for people.
func regular(path string, info fs.FileInfo) error {
	mode := info.Mode()
	what := "no regular file"
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		what = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		what = "a pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	}
	return fmt.Errorf("%s is %s: want a regular file", path, what)
}
