package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"drugslm/internal/api"
	"drugslm/internal/ledger"
	"drugslm/internal/schedule"
)

// schedules tells which schedules started runs, and which did not.
func (r *reporter) schedules(ctx context.Context) error {
	var entries []schedule.Entry
	err := r.app.Ask(ctx, r.conf, func(ctx context.Context, cli client.Client) (err error) {
		entries, err = schedule.NewServer(cli).List(ctx)
		return err
	})
	if err != nil {
		r.find(api.ReportFinding{Subject: "schedules", Text: "not known: no answer from " + r.conf.Temporal.Address, Show: "starter schedule list"})
		return ctx.Err()
	}
	r.Schedules = []api.ReportSchedule{}
	for _, e := range entries {
		v, err := ticks(e, r.Since, r.Until, func(id string) (ledger.Run, bool, error) { return r.data.Ledger.Run(ctx, id) })
		if err != nil {
			return err
		}
		r.Schedules = append(r.Schedules, v)
		r.find(finding(v))
	}
	return nil
}

func finding(v api.ReportSchedule) api.ReportFinding {
	f := api.ReportFinding{Subject: "schedules", Show: "starter schedule show " + v.Name}
	parts := []string{plural(len(v.Fired), "run", "runs")}
	if n := len(v.Skipped); n > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped as a run was at work", n))
	}
	if n := len(v.Missed); n > 0 {
		f.Needs, f.Do = true, "starter schedule trigger "+v.Name
		parts = append(parts, fmt.Sprintf("%d missed, the last at %s", n, v.Missed[n-1].UTC().Format("2006-01-02 15:04Z")))
	}
	if v.Paused {
		text := "paused"
		if v.Note != "" {
			text += " (" + v.Note + ")"
		}
		parts = append(parts, text)
		if strings.Contains(v.Note, "workflow failure") { // the server's words for pause_on_failure
			f.Needs, f.Do = true, "starter schedule resume "+v.Name
		}
	}
	f.Text = v.Name + ": " + strings.Join(parts, ", ")
	return f
}

// late is how long after its tick a run may be started.
const late = 2 * time.Minute

// ticks compares the runs that a schedule started with the times at which it should have.
func ticks(e schedule.Entry, since, until time.Time, runOf func(string) (ledger.Run, bool, error)) (api.ReportSchedule, error) {
	v := api.ReportSchedule{Name: e.Definition.Name, Paused: e.Paused, Note: e.Note, Fired: []string{}, Skipped: []time.Time{}, Missed: []time.Time{}}
	for _, run := range slices.Backward(e.Recent) {
		if !run.Started.Before(since) {
			v.Fired = append(v.Fired, run.RunID)
		}
	}
	times, err := e.Definition.Times()
	if err != nil || e.Paused || e.Edited {
		return v, nil // when it should have fired is not known
	}
	jitter, _ := time.ParseDuration(e.Definition.Jitter)
	for _, known := range []time.Time{e.Created, e.Updated} {
		if known.After(since) {
			since = known
		}
	}
	const remembered = 10 // runs, by the server
	if len(e.Recent) >= remembered {
		if oldest := e.Recent[len(e.Recent)-1].Scheduled; oldest.After(since) {
			since = oldest
		}
	}
	for tick := range times.Ticks(since, until.Add(-late-jitter)) {
		fired, busy := false, false
		for _, run := range e.Recent {
			after := run.Scheduled.Sub(tick)
			fired = fired || after > -time.Second && after <= jitter+time.Second
			known, found, err := runOf(run.RunID)
			if err != nil {
				return v, err
			}
			busy = busy || found && run.Started.Before(tick) && (known.Finished.IsZero() || known.Finished.After(tick))
		}
		switch {
		case fired || !tick.After(since):
		case busy:
			v.Skipped = append(v.Skipped, tick)
		default:
			v.Missed = append(v.Missed, tick)
		}
	}
	return v, nil
}
