//go:build unix

package file_test

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/file"
)

// TestWhatIsNoFileIsRefused would hang for ever at a pipe that nobody writes to, and at a device without end.
func TestWhatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	link := filepath.Join(folder, "link")
	require.NoError(t, os.Symlink(pipe, link))
	endless := filepath.Join(folder, "endless")
	require.NoError(t, os.Symlink("/dev/zero", endless))
	short, err := os.MkdirTemp("", "s") //nolint:usetesting // the path of a socket is short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(short) })
	socket := filepath.Join(short, "s")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	for path, want := range map[string]string{
		pipe: "is a pipe", link: "is a pipe", "/dev/zero": "is a device", "/dev/tty": "", endless: "is a device", folder: "is a folder", socket: "is a socket",
		filepath.Join(folder, "none"): "none",
	} {
		_, err := file.Open(path)
		require.Equal(t, fault.Invalid, fault.KindOf(err), path)
		require.ErrorContains(t, err, want)
		_, err = file.Read(path, 10)
		require.ErrorContains(t, err, want)
	}
	_, err = file.Open(filepath.Join(folder, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte("12345"), 0o600))
	link := path + "-link"
	require.NoError(t, os.Symlink(path, link))
	for _, name := range []string{path, link} {
		content, err := file.Read(name, 5)
		require.NoError(t, err)
		require.Equal(t, "12345", string(content))
	}
	_, err := file.Read(path, 4)
	require.ErrorContains(t, err, "has more than 4 bytes")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}
