// Package announce lets a development environment say in its data folder where its servers are, so that other commands find
// them with the folder alone.
//
// [Write] writes the file [File], as a whole or not at all, and holds a lock on it for as long as the process lives. [Read]
// takes a file without that lock for one that a killed process left: its number may be another process's by now, but a
// lock ends with its process. [Announcement.Close] removes the file.
//
// The file is found, not named: the folder may be an archive that a stranger packed. Package config takes only addresses of
// this machine from it.
package announce

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"drugslm/internal/fault"
	"drugslm/internal/file"
)

// File is the name of the file in the data folder.
const File = "dev.json"

// maxFile bounds the file, in bytes.
const maxFile = 64 << 10

// Servers is what is announced.
type Servers struct {
	PID      int               `json:"pid"` // of the process that announced it; it is shown, and decides nothing
	Started  time.Time         `json:"started"`
	Settings map[string]string `json:"settings"` // by the keys of the configuration, such as temporal.address
}

// Announcement is a file that is there until it is closed.
type Announcement struct {
	path string
	held *os.File
}

// Write announces settings of this process in a folder. It replaces an older announcement.
func Write(folder string, settings map[string]string) (_ *Announcement, err error) {
	const op = "announce servers"
	text, err := json.MarshalIndent(Servers{PID: os.Getpid(), Started: time.Now().UTC().Truncate(time.Second), Settings: settings}, "", "  ")
	if err != nil {
		return nil, fault.Wrap(fault.Internal, op, err)
	}
	held, err := os.CreateTemp(folder, File+".*")
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, op, err)
	}
	a := &Announcement{path: filepath.Join(folder, File), held: held}
	err = errors.Join(held.Chmod(0o644), syscall.Flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	if err == nil {
		_, err = held.Write(append(text, '\n'))
	}
	if err == nil {
		err = os.Rename(held.Name(), a.path)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, op, errors.Join(err, held.Close(), os.Remove(held.Name())))
	}
	return a, nil
}

// Close takes the announcement back, unless somebody has replaced it.
func (a *Announcement) Close() error {
	mine, err := a.held.Stat()
	if there, statErr := os.Lstat(a.path); err == nil && statErr == nil && os.SameFile(mine, there) {
		err = os.Remove(a.path)
	}
	return errors.Join(err, a.held.Close())
}

// Read gives what a process that lives has announced in a folder; found is false where there is none. A file that cannot be
// read, or is none of ours, is none.
func Read(folder string) (s Servers, found bool, err error) {
	f, err := file.Open(filepath.Join(folder, File))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR) {
			return s, false, nil
		}
		return s, false, err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err == nil {
		return s, false, nil // the process that wrote it has ended; our own lock ends with f
	} else if !errors.Is(err, syscall.EWOULDBLOCK) {
		return s, false, nil // a file system without locks: nothing is known
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil || json.Unmarshal(text, &s) != nil {
		return Servers{}, false, nil // not ours
	}
	return s, true, nil
}
