package ledger_test

import (
	"database/sql"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

func TestClock(t *testing.T) {
	t.Parallel()
	t.Run("is shared by all processes", clockIsSharedByAllProcesses)
	t.Run("is read inside the transaction", clockIsReadInsideTransaction)
	t.Run("survives a wrong time of day", clockSurvivesWrongTimeOfDay)
}

func clockIsSharedByAllProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	began := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	running, wall := 10*time.Hour, began
	open := func(start string, off time.Duration) *ledger.Ledger {
		l, err := ledger.Open(t.Context(), path, ledger.WithClock(ledger.Clock{
			Wall: func() time.Time { return wall.Add(off) }, Boot: func() time.Duration { return running }, Start: start,
		}))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close()) })
		return l
	}
	first, ahead, behind := open("one", 0), open("one", 365*24*time.Hour), open("one", -time.Hour)
	for _, l := range []*ledger.Ledger{first, ahead, behind} {
		require.Equal(t, began, l.Now())
	}
	running += time.Minute // and nobody sets the wall clock
	for _, l := range []*ledger.Ledger{first, ahead, behind, open("one", -time.Hour)} {
		require.Equal(t, began.Add(time.Minute), l.Now())
	}
	require.Equal(t, began.Add(-time.Hour), behind.WallTime(began.Add(time.Minute)), "as people see it there")
	require.Zero(t, behind.WallTime(time.Time{}))

	wall = began.Add(24 * time.Hour)
	running = 5 * time.Second
	require.Equal(t, wall, open("two", 0).Now(), "the machine started again")
	require.Equal(t, wall, open("", 0).Now(), "where the machine does not tell, the wall clock counts")
}

// clockIsReadInsideTransaction keeps the lock while another process wants to change a budget.
func clockIsReadInsideTransaction(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	holder, waiter := openAt(t, path), openAt(t, path)
	held, free := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- holder.ChangeBudget(t.Context(), "h", func(time.Time, *ledger.Budget) bool {
			close(held)
			<-free
			return false
		})
	}()
	<-held
	asked := make(chan struct{})
	var read time.Time
	go func() {
		close(asked)
		ended <- waiter.ChangeBudget(t.Context(), "h", func(now time.Time, _ *ledger.Budget) bool {
			read = now
			return false
		})
	}()
	<-asked
	<-time.After(300 * time.Millisecond) // long enough for it to wait for the lock
	freed := waiter.Now()
	close(free)
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
	require.False(t, read.Before(freed), "the time is that of the grant, not of the question")
}

// clockSurvivesWrongTimeOfDay has a process whose wall clock is a year off do all that a ledger promises, on a machine where
// another process was first: no time that it writes is its own.
func clockSurvivesWrongTimeOfDay(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	ledgertest.Run(t, func(t *testing.T) *ledger.Ledger {
		path := filepath.Join(t.TempDir(), "ledger.db")
		openAt(t, path)
		off := 365 * 24 * time.Hour
		if opened.Add(1)%2 == 0 {
			off = -off
		}
		clock := ledger.SystemClock()
		clock.Wall = func() time.Time { return time.Now().Add(off) }
		l, err := ledger.Open(t.Context(), path, ledger.WithClock(clock))
		require.NoError(t, err)
		t.Cleanup(func() {
			require.NoError(t, l.Close())
			require.Empty(t, times(t, path, func(at time.Time) bool {
				return time.Until(at).Abs() > 300*24*time.Hour && time.Until(at).Abs() < 400*24*time.Hour
			}))
		})
		return l
	})
}

// times gives the columns of a ledger that hold a time as is asked for.
func times(t *testing.T, path string, which func(time.Time) bool) []string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	list := func(query string, args ...any) (out []string) {
		rows, err := db.Query(query, args...)
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var s string
			require.NoError(t, rows.Scan(&s))
			out = append(out, s)
		}
		require.NoError(t, rows.Err())
		return out
	}
	var found []string
	// Of budgets it is tested what becomes of times that cannot be.
	for _, table := range list(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'budgets'`) {
		for _, column := range list(`SELECT name FROM pragma_table_info($1)`, table) {
			for _, value := range list(`SELECT DISTINCT "` + column + `" FROM "` + table + `" WHERE typeof("` + column + `") = 'integer' AND "` + column + `" > 1000000000000000`) {
				us, err := strconv.ParseInt(value, 10, 64)
				require.NoError(t, err)
				if which(time.UnixMicro(us)) {
					found = append(found, table+"."+column)
				}
			}
		}
	}
	return found
}
