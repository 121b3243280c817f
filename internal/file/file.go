// Package file is for files that a person, a flag or a setting names.
//
// A name may lead anywhere: to a pipe that nobody writes to, a terminal, a device without end. [Open] refuses, without
// waiting, whatever is not a regular file, and [Read] takes no more of one than its caller can use. A symbolic link
// counts as what it leads to. [Write] replaces only what is a regular file: a rename would put one in the place of a
// device, and root may do that to /dev/null.
//
// Errors are a fault.Invalid that names the file: the caller must name another.
package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

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

// Write writes a file, readable by all, atomically: a reader sees the old file or the complete new one.
func Write(path string, write func(w io.Writer) error) (err error) {
	target, err := target(path)
	if err != nil {
		return fault.Wrap(fault.Invalid, "", err)
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".drugslm-*")
	if err != nil {
		return fault.New(fault.Invalid, "", "write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name()) // the error of the write says more
		}
	}()
	if err := write(f); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return fault.New(fault.Unavailable, "", "write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), target); err != nil {
		return fault.New(fault.Invalid, "", "write %s: %w", path, err)
	}
	return nil
}

// target is what a path leads to, if a file may be written there.
func target(path string) (string, error) {
	if path == "-" {
		return "", errors.New("- is no file: name one (./- if it is to be called so)")
	}
	info, err := os.Stat(path)
	switch {
	case err == nil:
		if err := regular(path, info); err != nil {
			return "", err
		}
		return filepath.EvalSymlinks(path)
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(path); err == nil {
			return "", fmt.Errorf("%s is a symbolic link that leads nowhere: want a regular file", path)
		}
		return path, nil
	default:
		return "", err
	}
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
