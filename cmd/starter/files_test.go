//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhatIsNoFileIsRefused types a pipe that nobody writes to, a device and a folder wherever a file is read: each would
// hang, or never end.
func TestWhatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe.pdf")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	device := filepath.Join(folder, "device.pdf")
	require.NoError(t, os.Symlink("/dev/zero", device))
	for path, want := range map[string]string{pipe: "is a pipe", device: "is a device", folder: "is a folder"} {
		for _, args := range [][]string{
			{"status", "--config", path},
			{"leaflet", "parse", path},
			{"leaflet", "view", path, "--out", filepath.Join(folder, "out.html")},
			{"materialize", "--plan", path},
			{"portal", "--listen", "127.0.0.1:0", "--listing", path},
		} {
			code, stdout, stderr := starter(t, t.TempDir(), args...)
			require.Equal(t, 2, code, "%v: %s%s", args, stdout, stderr)
			require.Contains(t, stderr, want, "%v", args)
		}
	}
}
