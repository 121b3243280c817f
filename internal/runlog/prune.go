package runlog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Pruned counts the logs that were deleted, or would be.
type Pruned struct {
	Runs  int   // whose logs are gone
	Bytes int64 // of their files
}

// young is how long a log is kept that was written to lately, whatever the ledger says of its run: it may be about to begin.
const young = time.Hour

// Prune deletes the logs in a data folder of all runs but those in keep. With dry it only counts them.
func Prune(data string, keep []string, dry bool) (Pruned, error) {
	var gone Pruned
	kept := make(map[string]bool, len(keep))
	for _, run := range keep {
		kept[folderName(run)] = true
	}
	folder := filepath.Join(data, FolderName)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return gone, nil
	}
	if err != nil {
		return gone, err
	}
	for _, e := range entries {
		if !e.IsDir() || kept[e.Name()] {
			continue
		}
		path := filepath.Join(folder, e.Name())
		bytes, written, err := sizeOf(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && time.Since(written) < young {
			continue // another worker deleted it, or writes to it
		}
		if err != nil {
			return gone, err
		}
		if !dry {
			if err := os.RemoveAll(path); err != nil {
				return gone, err
			}
		}
		gone.Runs++
		gone.Bytes += bytes
	}
	return gone, nil
}

// sizeOf gives the size of the log in a folder, and when it was last written to.
func sizeOf(folder string) (bytes int64, written time.Time, err error) {
	info, err := os.Stat(folder)
	if err != nil {
		return 0, written, err
	}
	written = info.ModTime()
	all, err := segmentsIn(folder)
	for _, s := range all {
		bytes += s.size
		if s.written.After(written) {
			written = s.written
		}
	}
	return bytes, written, err
}
