package pdf

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCacheWithoutAHome finds a private place for the compiled engine, or none, and reads documents all the same.
func TestCacheWithoutAHome(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("homes and owners are told as on Linux")
	}
	mine := fmt.Sprintf("drugslm-pdfium-%d", os.Getuid())
	for name, tt := range map[string]struct {
		home string
		make func(t *testing.T, tmp string)
		want string // under the temporary directory
	}{
		"no home":             {"", nil, mine},
		"a home that is none": {"/dev/null", nil, mine},
		"one is there":        {"", func(t *testing.T, tmp string) { require.NoError(t, os.Mkdir(filepath.Join(tmp, mine), 0o700)) }, mine},
		"a file is there":     {"", func(t *testing.T, tmp string) { require.NoError(t, os.WriteFile(filepath.Join(tmp, mine), nil, 0o600)) }, ""},
		"a link is there":     {"", func(t *testing.T, tmp string) { require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(tmp, mine))) }, ""},
		"others can write it": {"", func(t *testing.T, tmp string) {
			open := filepath.Join(tmp, mine)
			require.NoError(t, os.Mkdir(open, 0o700))
			require.NoError(t, os.Chmod(open, 0o770))
		}, ""},
		"others can replace it": {"", func(t *testing.T, tmp string) { require.NoError(t, os.Chmod(tmp, 0o777)) }, ""},
		"it belongs to another": {"", func(t *testing.T, tmp string) {
			if os.Getuid() != 0 {
				t.Skip("only root gives files away")
			}
			require.NoError(t, os.Mkdir(filepath.Join(tmp, mine), 0o700))
			require.NoError(t, os.Chown(filepath.Join(tmp, mine), 54321, 54321))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			t.Setenv("HOME", tt.home)
			t.Setenv("XDG_CACHE_HOME", "")
			t.Setenv("TMPDIR", tmp)
			if tt.make != nil {
				tt.make(t, tmp)
			}
			o, err := Options{}.withDefaults()
			require.NoError(t, err)
			if tt.want == "" {
				require.Empty(t, o.CacheDir)
				return
			}
			require.Equal(t, filepath.Join(tmp, tt.want), o.CacheDir)
			at, err := os.Stat(o.CacheDir)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o700), at.Mode().Perm())
			left, err := os.ReadDir(o.CacheDir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// A cache that cannot be used any more, as on a full disk, costs the time to compile and nothing else.
func TestEngineWithoutItsCache(t *testing.T) {
	t.Parallel()
	if raced() {
		t.Skip("with the race detector it takes minutes to compile the engine")
	}
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	doc, err := open(t, Options{Workers: 1, CacheDir: file}).Extract(t.Context(), printed(t, nil, "um"))
	require.NoError(t, err)
	require.Equal(t, "um", doc.Pages[0].Text)
}

// Where somebody has limited the address space to less than a child needs, the error says so; the limit stays as it is.
func TestLowLimitOfMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" || raced() {
		t.Skip("limits of processes are Linux's, and the race detector needs more than any")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	said, err := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -v 4000000 && exec "$0" read-limited`, self).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(said), "read PDF: start ")
	require.Contains(t, string(said), "out of memory")
	require.Contains(t, string(said), "(its address space is limited to 3906 MiB from outside, and it may need 8192 MiB: raise the limit, as by ulimit -v)")
}

// raced reports whether this program has the race detector in it.
func raced() bool {
	info, _ := debug.ReadBuildInfo()
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}
