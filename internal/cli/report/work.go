package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"drugslm/internal/api"
	"drugslm/internal/cli/output"
	"drugslm/internal/cli/runs"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// ofRuns tells how runs ended. One that failed before it had steps needs a person, unless a later one of the same
// selection succeeded: those with steps are told of by the partitions.
func (r *reporter) ofRuns(ctx context.Context) error {
	found, err := r.data.Ledger.RunsBy(ctx, ledger.RunFilter{Since: r.Since})
	if err != nil {
		return err
	}
	for i, one := range found {
		found[i] = runs.AsEnded(one, r.lost)
	}
	views, err := runs.Views(ctx, r.conf, r.data, found)
	if err != nil {
		return err
	}
	r.Runs = make(map[ledger.RunState]int)
	mended := make(map[string]bool) // selections of which a later run succeeded: the newest come first
	whole := api.ReportFinding{Subject: "runs", Needs: true}
	for _, v := range views {
		r.Runs[v.State]++
		switch {
		case v.State == ledger.RunSucceeded:
			mended[v.Selection] = true
		case v.State == ledger.RunFailed && v.Backfill == "" && len(v.Counts) == 0 && !mended[v.Selection]:
			whole.Details = append(whole.Details, v.RunID+": "+v.Error)
			whole.Show, whole.Do = "starter runs show "+v.RunID, "starter runs retry "+v.RunID
		}
	}
	var parts []string
	for _, s := range []ledger.RunState{ledger.RunFailed, ledger.RunCanceled, ledger.RunRunning, ledger.RunSucceeded} {
		if n := r.Runs[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	text := strings.Join(parts, ", ")
	if text == "" {
		text = "no run was under way in this time"
	}
	if n := len(whole.Details); n > 0 {
		if whole.Text = fmt.Sprintf("%d failed before there was a plan", n); n > 1 {
			whole.Show, whole.Do = "starter runs list --state failed --since "+r.typed, ""
		}
		r.find(whole)
	}
	r.find(api.ReportFinding{Subject: "runs", Text: text, Show: "starter runs list --since " + r.typed})
	return nil
}

func (r *reporter) ofBackfills(ctx context.Context) error {
	found, err := r.data.Ledger.Backfills(ctx, 0)
	if err != nil {
		return err
	}
	r.Backfills = []api.ReportBackfill{}
	f := api.ReportFinding{Subject: "backfills", Show: "starter backfill list"}
	for _, b := range found {
		if b.State.Ended() && b.Finished.Before(r.Since) {
			continue
		}
		v := api.ReportBackfill{ID: b.ID, State: b.State, Steps: api.StepCount{}, Error: b.Error}
		sums, err := r.data.Ledger.BackfillSums(ctx, b.ID)
		if err != nil {
			return err
		}
		for _, s := range sums {
			v.Steps[runs.AttemptOf(s.State)] += s.Steps
		}
		r.Backfills = append(r.Backfills, v)
		text := b.ID + " " + string(b.State)
		if counts := v.Steps.String(); counts != "" {
			text += ": " + counts
		}
		if f.Details = append(f.Details, text); b.State == ledger.BackfillFailed && len(v.Steps) == 0 {
			f.Needs, f.Show, f.Do = true, "starter backfill show "+b.ID, "starter backfill retry "+b.ID
		}
	}
	if n := len(f.Details); n > 0 {
		f.Text = plural(n, "backfill", "backfills") + " under way or ended"
		r.find(f)
	}
	return nil
}

// waits tells of steps that wait. What is paused, or has no room on the disk, waits for a person.
func (r *reporter) waits(ctx context.Context) error {
	found, err := r.data.Ledger.Waits(ctx)
	if err != nil {
		return err
	}
	r.Waiting = api.WaitsOf(found, r.data.Ledger.WallTime)
	if len(found) == 0 {
		return nil
	}
	f := api.ReportFinding{Subject: "waiting", Text: plural(len(found), "step waits", "steps wait"), Show: "starter status"}
	for _, w := range r.Waiting {
		if w.Kind == string(fault.Paused) {
			f.Needs, f.Do = true, "starter resume"
		}
		f.Needs = f.Needs || w.Kind == string(fault.Full)
		f.Details = append(f.Details, w.Asset+"["+w.Partition+"] "+output.Wait(w))
	}
	r.find(f)
	return nil
}

// plural counts.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// runsOf names the runs of attempts, each once.
func runsOf(attempts []api.ReportAttempt) (ids []string) {
	for _, a := range attempts {
		if !slices.Contains(ids, a.RunID) {
			ids = append(ids, a.RunID)
		}
	}
	return ids
}
