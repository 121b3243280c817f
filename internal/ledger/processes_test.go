package ledger_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"drugslm/internal/budget"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

// childEnv names the ledger that this test binary, started again as a worker, shares with its parent.
const childEnv = "DRUGSLM_LEDGER_TEST"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := work(path, fmt.Sprint("process-", os.Getpid())); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const (
	workers   = 4 // goroutines of each process
	eachTurns = 25
)

// work opens the ledger and uses it from several goroutines: each takes turns, and records outcomes of its own partition.
func work(path, name string) error {
	ctx := context.Background()
	l, err := ledger.Open(ctx, path)
	if err != nil {
		return err
	}
	defer l.Close()
	var group errgroup.Group
	for i := range workers {
		group.Go(func() error {
			partition := fmt.Sprint(name, "-", i)
			sum, err := l.SyncItems(ctx, ledger.Enumeration{Asset: ledgertest.Asset, Partition: partition, Run: name,
				Items: ledgertest.Items("f1", "a", "b", "c")})
			if err != nil || sum.New != 3 {
				return fmt.Errorf("sync: %+v %w", sum, err)
			}
			for n := range eachTurns {
				var turn budget.Turn
				err := l.ChangeBudget(ctx, "example.org:443", func(now time.Time, b *ledger.Budget) (changed bool) {
					turn, changed = b.Take(now, budget.Ask{Interval: 10 * time.Second, Patience: time.Hour})
					return changed
				})
				if err != nil {
					return err
				}
				err = l.StartRun(ctx, ledger.Run{ID: turn.Place.String(), Workflow: partition, Started: turn.Place.Add(time.Duration(n))})
				if err != nil {
					return err
				}
			}
			return l.RecordOutcomes(ctx, ledger.Token{Asset: ledgertest.Asset, Partition: partition, Run: name, Generation: 1}, []ledger.Outcome{{ID: "a", State: ledger.Staged, Staged: "p"}})
		})
	}
	return group.Wait()
}

// TestProcesses: three processes of four goroutines each open one new file at the same moment and share it.
func TestProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	self, err := os.Executable()
	require.NoError(t, err)
	var group errgroup.Group
	for range 2 {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), childEnv+"="+path)
		group.Go(func() error {
			out, err := cmd.CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		})
	}
	group.Go(func() error { return work(path, "parent") })
	require.NoError(t, group.Wait())

	l := openAt(t, path)
	taken, err := l.Runs(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, taken, 3*workers*eachTurns, "no turn was given twice")
	all, err := l.Budgets(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	first := taken[len(taken)-1].Started
	require.WithinDuration(t, first.Add(3*workers*eachTurns*10*time.Second), all[0].NextAt, time.Millisecond, "and none was left out")
	counts, err := l.AllCounts(t.Context())
	require.NoError(t, err)
	require.Len(t, counts, 3*workers)
	for slice, c := range counts {
		require.Equal(t, ledger.Counts{Discovered: 3, Pending: 3}, c, slice)
	}
}
