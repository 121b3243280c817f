//go:build unix

package cli_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	t.Run("must be regular files", filesMustBeRegularFiles)
	t.Run("replace regular files only", filesReplaceRegularFilesOnly)
	t.Run("are read by a portal from its state only", filesAreReadByPortalFromItsStateOnly)
}

// filesMustBeRegularFiles types a pipe that nobody writes to, a device and a folder wherever a file is read: each would
// hang, or never end.
func filesMustBeRegularFiles(t *testing.T) {
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
			code, stdout, stderr := clitest.Run(t, t.TempDir(), args...)
			require.Equal(t, 2, code, "%v: %s%s", args, stdout, stderr)
			require.Contains(t, stderr, want, "%v", args)
		}
	}
}

// filesReplaceRegularFilesOnly names what is no file wherever one is written.
func filesReplaceRegularFilesOnly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pipe, device := filepath.Join(folder, "pipe"), filepath.Join(folder, "device")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.Symlink("/dev/full", device))
	broken := filepath.Join(folder, "broken.pdf")
	require.NoError(t, os.WriteFile(broken, []byte("no PDF"), 0o600))
	data := clitest.Empty(t)
	for path, want := range map[string]string{pipe: "is a pipe", device: "is a device", folder: "is a folder"} {
		for _, args := range [][]string{
			{"plan", "*", "--save", path},
			{"quality", "--html", path},
			{"leaflet", "view", broken, "--out", path},
		} {
			code, stdout, stderr := clitest.Run(t, data, args...)
			require.Equal(t, cli.ExitUsage, code, "%v: %s%s", args, stdout, stderr)
			require.Contains(t, stderr, want, "%v", args)
		}
	}
	for _, args := range [][]string{{"plan", "*", "--save", "-"}, {"quality", "--html", "-"}} {
		code, _, stderr := clitest.Run(t, data, args...)
		require.Equal(t, cli.ExitUsage, code)
		require.Contains(t, stderr, "- is no file")
	}
}

// filesAreReadByPortalFromItsStateOnly starts on a folder in which the state is a pipe.
func filesAreReadByPortalFromItsStateOnly(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"state.json", "requests.jsonl"} {
		folder := t.TempDir()
		require.NoError(t, syscall.Mkfifo(filepath.Join(folder, name), 0o600))
		code, _, stderr := clitest.Run(t, t.TempDir(), "portal", "--listen", "127.0.0.1:0", "--state", folder)
		require.NotZero(t, code)
		require.Contains(t, stderr, "is a pipe", name)
	}
}
