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

// at is when every worker asks for its turns, so that the turns taken show what was given.
var at = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// work opens the ledger and uses it from several goroutines: each takes turns, and settles items of its own partition.
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
			sum, err := l.Enrol(ctx, ledger.Enrolment{Asset: ledgertest.Asset, Partition: partition, Run: name,
				Items: ledgertest.Items("f1", "a", "b", "c")})
			if err != nil || sum.New != 3 {
				return fmt.Errorf("enrol: %+v %w", sum, err)
			}
			for n := range eachTurns {
				turn, err := l.Turn(ctx, "example.org:443", at, time.Second, time.Hour)
				if err != nil {
					return err
				}
				err = l.StartRun(ctx, ledger.Run{ID: turn.At.String(), Workflow: partition, Started: turn.At.Add(time.Duration(n))})
				if err != nil {
					return err
				}
			}
			return l.Settle(ctx, ledgertest.Asset, partition, []ledger.Outcome{{ID: "a", State: ledger.Staged, Staged: "p"}})
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
	b, err := l.Budget(t.Context(), "example.org:443")
	require.NoError(t, err)
	require.Equal(t, at.Add(3*workers*eachTurns*time.Second), b.NextAt, "and none was left out")
	counts, err := l.AllCounts(t.Context())
	require.NoError(t, err)
	require.Len(t, counts, 3*workers)
	for slice, c := range counts {
		require.Equal(t, ledger.Counts{Discovered: 3, Pending: 3}, c, slice)
	}
}
