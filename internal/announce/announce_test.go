package announce_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/announce"
)

func TestAnnouncement(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"temporal.address": "127.0.0.1:7233"}
	t.Run("is found while its process holds it, and gone afterwards", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		a, err := announce.Write(folder, settings)
		require.NoError(t, err)
		s, found, err := announce.Read(folder)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, settings, s.Settings)
		require.Equal(t, os.Getpid(), s.PID)
		require.NoError(t, a.Close())
		_, found, err = announce.Read(folder)
		require.NoError(t, err)
		require.False(t, found)
		entries, err := os.ReadDir(folder)
		require.NoError(t, err)
		require.Empty(t, entries)
	})
	t.Run("of a killed process is stale, and is replaced", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		text := []byte(`{"pid": 1, "settings": {"temporal.address": "127.0.0.1:1"}}`) // process 1 lives, and never wrote it
		require.NoError(t, os.WriteFile(filepath.Join(folder, announce.File), text, 0o600))
		_, found, err := announce.Read(folder)
		require.NoError(t, err)
		require.False(t, found)
		a, err := announce.Write(folder, settings)
		require.NoError(t, err)
		s, found, err := announce.Read(folder)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, settings, s.Settings)
		require.NoError(t, a.Close())
	})
	t.Run("of another process is left by one that it replaced", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		first, err := announce.Write(folder, settings)
		require.NoError(t, err)
		second, err := announce.Write(folder, map[string]string{"temporal.address": "127.0.0.1:2"})
		require.NoError(t, err)
		require.NoError(t, first.Close())
		s, found, err := announce.Read(folder)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, "127.0.0.1:2", s.Settings["temporal.address"])
		require.NoError(t, second.Close())
	})
	t.Run("that is no announcement is none", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		path := filepath.Join(folder, announce.File)
		require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
		f, err := os.Open(path)
		require.NoError(t, err)
		require.NoError(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
		_, found, err := announce.Read(folder)
		require.NoError(t, err)
		require.False(t, found)
		require.NoError(t, f.Close())
		require.NoError(t, os.Remove(path))
		require.NoError(t, syscall.Mkfifo(path, 0o600))
		_, found, err = announce.Read(folder)
		require.ErrorContains(t, err, "is a pipe")
		require.False(t, found)
		_, found, err = announce.Read(filepath.Join(folder, "none"))
		require.NoError(t, err)
		require.False(t, found)
	})
	t.Run("needs a folder that can be written", func(t *testing.T) {
		t.Parallel()
		_, err := announce.Write(filepath.Join(t.TempDir(), "none"), settings)
		require.ErrorContains(t, err, "announce servers")
	})
}
