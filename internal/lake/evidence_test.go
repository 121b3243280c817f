package lake_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/lake"
)

func TestEvidence(t *testing.T) {
	t.Parallel()
	t.Run("is kept once and bounded", evidenceIsKeptOnceAndBounded)
}

// evidenceIsKeptOnceAndBounded: the same sight is written once, and the oldest sights make room.
func evidenceIsKeptOnceAndBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, err := lake.Dir(dir)
	require.NoError(t, err)
	kept := lake.New(store).Evidence()
	folder, err := kept.Keep(t.Context(), "list-category-0001", map[string][]byte{"body.txt": []byte("{}"), "report.json": []byte("{}")})
	require.NoError(t, err)
	require.Equal(t, "quarantine/list-category-0001", folder)
	again, err := kept.Keep(t.Context(), "list-category-0001", map[string][]byte{"body.txt": []byte("another")})
	require.NoError(t, err)
	require.Equal(t, folder, again)
	content, err := os.ReadFile(filepath.Join(dir, folder, "body.txt"))
	require.NoError(t, err)
	require.Equal(t, "{}", string(content))

	old := time.Now().Add(-time.Hour)
	for _, file := range []string{"body.txt", "report.json"} {
		require.NoError(t, os.Chtimes(filepath.Join(dir, folder, file), old, old))
	}
	for i := range 100 {
		_, err := kept.Keep(t.Context(), fmt.Sprintf("other-%d", i), map[string][]byte{"report.json": []byte("{}")})
		require.NoError(t, err)
	}
	folders, err := filepath.Glob(filepath.Join(dir, "quarantine", "*", "report.json"))
	require.NoError(t, err)
	require.Len(t, folders, 100)
	require.NoFileExists(t, filepath.Join(dir, folder, "report.json"), "the oldest went")

	_, err = kept.Keep(t.Context(), "../elsewhere", map[string][]byte{"report.json": []byte("{}")})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}
