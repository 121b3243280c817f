//go:build unix

package file_test

import (
	"errors"
	"io"
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

func TestFile(t *testing.T) {
	t.Parallel()
	t.Run("refuses anything but a regular file", fileRefusesAnythingButRegularFile)
	t.Run("bounds a read", fileBoundsRead)
	t.Run("replaces regular files only", fileReplacesRegularFilesOnly)
}

// fileRefusesAnythingButRegularFile would hang for ever at a pipe that nobody writes to, and at a device without end.
func fileRefusesAnythingButRegularFile(t *testing.T) {
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

func fileBoundsRead(t *testing.T) {
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

// fileReplacesRegularFilesOnly would hang at the pipe, and put a file in the place of a device: root's /dev/null.
func fileReplacesRegularFilesOnly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(path, text string) error {
		return file.Write(path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	pipe, link, loose := filepath.Join(folder, "pipe"), filepath.Join(folder, "link"), filepath.Join(folder, "loose")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.Symlink("/dev/null", link))
	require.NoError(t, os.Symlink(filepath.Join(folder, "nowhere"), loose))
	for path, want := range map[string]string{
		pipe: "is a pipe", link: "is a device", folder: "is a folder", loose: "leads nowhere", "-": "is no file",
		filepath.Join(folder, "none", "x"): "none", "": "no such file",
	} {
		err := write(path, "x")
		require.Equal(t, fault.Invalid, fault.KindOf(err), path)
		require.ErrorContains(t, err, want, path)
	}

	path, alias := filepath.Join(folder, "f"), filepath.Join(folder, "alias")
	require.NoError(t, write(path, "old"))
	require.NoError(t, os.Symlink(path, alias))
	require.NoError(t, write(alias, "new"))
	content, err := file.Read(path, 10)
	require.NoError(t, err)
	require.Equal(t, "new", string(content), "a link stays a link")
	failed := errors.New("half")
	require.ErrorIs(t, file.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, failed)
	}), failed)
	content, err = file.Read(path, 10)
	require.NoError(t, err)
	require.Equal(t, "new", string(content))
	left, err := filepath.Glob(filepath.Join(folder, ".drugslm-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
