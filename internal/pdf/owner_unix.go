//go:build unix

package pdf

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByUs reports whether a file belongs to the current user.
func ownedByUs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(stat.Uid) == int64(os.Geteuid())
}
