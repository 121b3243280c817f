package ledger

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMigrations(t *testing.T) {
	t.Parallel()
	t.Run("only add", migrationsOnlyAdd)
}

// migrationsOnlyAdd: an old worker that restarts after a migration finishes what it began, so a migration takes nothing
// away that it knows. One that must raises schema_compat.oldest in the same file, a release after the last use.
func migrationsOnlyAdd(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(migrations, "migrations/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	taken := regexp.MustCompile(`(?i)\b(DROP\s+(TABLE|COLUMN)|RENAME\s)`)
	seen := 0
	for _, name := range files {
		if name < "migrations/00010" {
			continue // before there was a promise
		}
		seen++
		text, err := fs.ReadFile(migrations, name)
		require.NoError(t, err)
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		if taken.MatchString(up) {
			require.Contains(t, up, "UPDATE schema_compat SET oldest", name)
		}
	}
	require.Positive(t, seen)
}
