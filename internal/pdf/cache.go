package pdf

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"drugslm/internal/fault"
)

// cacheDir is the default place of the compiled engine: under the user's cache directory or else, as in a container whose user has no
// home, under the system's temporary one. It is "" if neither is private and writable: then each child compiles the engine.
func cacheDir() string {
	places := []string{filepath.Join(os.TempDir(), fmt.Sprintf("drugslm-pdfium-%d", os.Getuid()))}
	if user, err := os.UserCacheDir(); err == nil {
		places = append([]string{filepath.Join(user, "drugslm", "pdfium")}, places...)
	}
	for _, dir := range places {
		if private(dir) == nil {
			return dir
		}
	}
	return ""
}

// private makes dir, and rejects a directory in which others may write files: the code in it is executed.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	at, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	above, err := os.Stat(filepath.Dir(dir))
	if err != nil {
		return err
	}
	const others = 0o022
	switch {
	case !at.IsDir() || !ownedByUs(at) || at.Mode().Perm()&others != 0:
		return fault.New(fault.Invalid, op, "%s is not a directory that only this user can write", dir)
	case above.Mode().Perm()&0o002 != 0 && above.Mode()&fs.ModeSticky == 0:
		return fault.New(fault.Invalid, op, "anybody can put another directory in the place of %s", dir)
	}
	probe, err := os.CreateTemp(dir, "probe-*")
	if err != nil {
		return err
	}
	if err := probe.Close(); err != nil {
		return err
	}
	return os.Remove(probe.Name())
}
