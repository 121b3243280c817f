package ledger

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChecks(t *testing.T) {
	t.Parallel()
	t.Run("of an older ledger keep their outcome", checksOfOlderLedgerKeepTheirOutcome)
}

// A ledger may have later migrations and lack the one of the checks: both were written at the same time.
func checksOfOlderLedgerKeepTheirOutcome(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	old, err := Open(t.Context(), path)
	require.NoError(t, err)
	for _, statement := range []string{
		"DROP TABLE check_standings", "DROP INDEX checks_name", "ALTER TABLE checks DROP COLUMN expected", "ALTER TABLE checks DROP COLUMN outcome",
		"DELETE FROM goose_db_version WHERE version_id = 6",
		`INSERT INTO checks (id, asset, partition, run, name, blocking, passed, detail, observed, at) VALUES
			(1, 'a/x', '5', 'r1', 'whole', TRUE, FALSE, 'one is missing', '', 1), (2, 'a/x', '5', 'r2', 'whole', TRUE, TRUE, '', '', 2),
			(3, 'a/x', '5', 'r2', 'odd', FALSE, FALSE, 'odd', '', 2), (4, 'a/x', '6', 'r2', 'whole', TRUE, FALSE, 'two are missing', '', 2)`,
	} {
		_, err := old.writer.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	require.NoError(t, old.Close())

	l, err := Open(t.Context(), path)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	last, err := l.LastChecks(t.Context(), CheckFilter{})
	require.NoError(t, err)
	require.Len(t, last, 3)
	require.Equal(t, []CheckOutcome{CheckWarned, CheckPassed, CheckFailed}, []CheckOutcome{last[0].Outcome, last[1].Outcome, last[2].Outcome})
	require.Equal(t, "two are missing", last[2].Detail)
	history, err := l.Checks(t.Context(), "a/x", "5", 0)
	require.NoError(t, err)
	require.Equal(t, CheckFailed, history[2].Outcome)
}
