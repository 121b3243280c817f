package ledger_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
)

func TestOneClockForAllProcesses(t *testing.T) {
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
	require.Equal(t, began.Add(-time.Hour), behind.Shown(began.Add(time.Minute)), "as people see it there")
	require.Zero(t, behind.Shown(time.Time{}))

	wall = began.Add(24 * time.Hour)
	running = 5 * time.Second
	require.Equal(t, wall, open("two", 0).Now(), "the machine started again")
	require.Equal(t, wall, open("", 0).Now(), "where the machine does not tell, the wall clock counts")
}

// TestTimeIsReadUnderTheLock keeps the lock while another process wants to change a budget.
func TestTimeIsReadUnderTheLock(t *testing.T) {
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
