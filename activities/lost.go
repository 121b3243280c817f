package activities

import (
	"context"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"drugslm/internal/ledger"
)

// Endings says how a workflow stands: [ledger.RunRunning] while an execution of it is running, else how the last one
// ended, and why in words.
type Endings interface {
	Ending(ctx context.Context, workflow string) (state ledger.RunState, why string, err error)
}

// EndingsOf asks a Temporal server.
func EndingsOf(cli client.Client) Endings { return server{cli} }

// Ending asks how the newest execution of a workflow stands.
func (s server) Ending(ctx context.Context, workflow string) (ledger.RunState, string, error) {
	info, err := s.describe(ctx, workflow, "")
	if err != nil {
		return "", "", err
	}
	switch info.GetStatus() {
	case enums.WORKFLOW_EXECUTION_STATUS_RUNNING, enums.WORKFLOW_EXECUTION_STATUS_PAUSED, enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
		return ledger.RunRunning, "", nil
	case enums.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		return ledger.RunCanceled, "terminated in Temporal", nil
	case enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return ledger.RunCanceled, "canceled in Temporal", nil
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return ledger.RunSucceeded, "", nil
	case enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return ledger.RunFailed, "timed out in Temporal", nil
	case enums.WORKFLOW_EXECUTION_STATUS_FAILED:
		return ledger.RunFailed, "failed in Temporal, and could not say so", nil
	default:
		return ledger.RunFailed, "Temporal does not know its workflow any more: its database was lost, or it is another server", nil
	}
}

// lostTimeout is how long a run or a backfill exists before the server is asked about it: its starter may still be at work.
const lostTimeout = time.Minute

// Lost is what CloseLost closed.
type Lost struct {
	Runs      []string `json:"runs"`
	Backfills []string `json:"backfills"`
}

// CloseLost closes the runs and backfills that are running as the ledger has it, and are not as the server has it: they
// were terminated, or the server lost them. Their claims and waits end, too. Of an execution of a backfill that another one
// has followed, the later one is running.
func CloseLost(ctx context.Context, l *ledger.Ledger, e Endings, now time.Time) (Lost, error) {
	lost := Lost{Runs: []string{}, Backfills: []string{}}
	ended, err := LostRuns(ctx, l, e, now)
	if err != nil {
		return lost, err
	}
	for _, r := range ended {
		closed, err := l.CloseLost(ctx, r.ID, r.State, r.Error)
		if err != nil {
			return lost, err
		}
		if closed {
			lost.Runs = append(lost.Runs, r.ID)
		}
	}
	return lost, closeLostBackfills(ctx, l, e, now, &lost)
}

// LostRuns gives the runs that are under way as the ledger has it, and are not as the server has it, with the state and
// the error that they ended with. It changes nothing.
func LostRuns(ctx context.Context, l *ledger.Ledger, e Endings, now time.Time) (lost []ledger.Run, err error) {
	runs, err := l.OpenRuns(ctx)
	if err != nil {
		return nil, err
	}
	newest := make(map[string]string, len(runs)) // of each workflow: runs come by the time they began
	for _, r := range runs {
		newest[r.Workflow] = r.ID
	}
	for _, r := range runs {
		if now.Sub(r.Started) < lostTimeout {
			continue
		}
		state, why := ledger.RunCanceled, "another execution of "+r.Workflow+" has followed it"
		if newest[r.Workflow] == r.ID {
			if state, why, err = e.Ending(ctx, r.Workflow); err != nil {
				return nil, err
			}
		}
		if state == ledger.RunRunning {
			continue
		}
		r.State, r.Error = state, why
		lost = append(lost, r)
	}
	return lost, nil
}

func closeLostBackfills(ctx context.Context, l *ledger.Ledger, e Endings, now time.Time, lost *Lost) error {
	open, err := l.OpenBackfills(ctx)
	if err != nil {
		return err
	}
	for _, b := range open {
		if now.Sub(b.Updated) < lostTimeout {
			continue
		}
		state, why, err := e.Ending(ctx, ledger.BackfillWorkflow(b.ID))
		if err != nil {
			return err
		}
		if state == ledger.RunRunning {
			continue
		}
		if why == "" {
			why = "its workflow ended, and could not say so"
		}
		closed, err := l.CloseLostBackfill(ctx, b.ID, b.State, why)
		if err != nil {
			return err
		}
		if closed {
			lost.Backfills = append(lost.Backfills, b.ID)
		}
	}
	return nil
}
