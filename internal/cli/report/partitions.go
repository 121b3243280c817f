package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"drugslm/internal/api"
	"drugslm/internal/asset"
	"drugslm/internal/budget"
	"drugslm/internal/cli/command"
	"drugslm/internal/cli/output"
	"drugslm/internal/engine/planning"
	"drugslm/internal/ledger"
)

// partitions tells how partitions stand: the last attempts, freshness and what is stale.
func (r *reporter) partitions(ctx context.Context) error {
	attempts, err := r.data.Ledger.OpenAttempts(ctx)
	if err != nil {
		return err
	}
	world, err := planning.StateWith(ctx, r.data.Graph, r.data.Ledger, attempts)
	if err != nil {
		return err
	}
	r.Assets, r.Attempts, r.Overdue = []api.ReportAsset{}, []api.ReportAttempt{}, []api.ReportOverdue{}
	view := r.data.Graph.View(world)
	for _, made := range r.data.Graph.All() {
		of := api.ReportAsset{Asset: made.Key, States: make(map[asset.State]int)}
		for _, p := range view.Keys(made).All() {
			of.States[view.Status(made, p.Key).State]++
			timely, err := view.Freshness(made, p.Key)
			if err != nil {
				return err
			}
			if timely.Status == asset.FreshnessOverdue {
				r.Overdue = append(r.Overdue, api.ReportOverdue{Asset: made.Key, Partition: p.Key, Due: api.Instant(timely.Due)})
			}
			a := attempts[ledger.PartitionRef{Asset: string(made.Key), Partition: p.Key}]
			switch a.State {
			case ledger.AttemptFailed:
				of.Failed++
			case ledger.AttemptInterrupted:
				of.Interrupted++
			default:
				continue
			}
			r.Attempts = append(r.Attempts, api.ReportAttempt{
				Asset: a.Asset, Partition: a.Partition, State: a.State, RunID: a.Run, Kind: a.Kind, Reason: a.Reason, Finished: api.Instant(a.Finished),
			})
		}
		r.Assets = append(r.Assets, of)
	}
	if err := r.attempts(ctx); err != nil {
		return err
	}
	r.freshness()
	r.stale()
	return nil
}

// attempts tells of partitions whose last attempt failed or was interrupted.
func (r *reporter) attempts(ctx context.Context) error {
	if len(r.Attempts) == 0 {
		return nil
	}
	var failed, interrupted int
	for _, of := range r.Assets {
		failed, interrupted = failed+of.Failed, interrupted+of.Interrupted
	}
	f := api.ReportFinding{Subject: "attempts", Needs: true, Show: "starter status 'status:failed or status:interrupted'"}
	var parts []string
	if failed > 0 {
		parts = append(parts, plural(failed, "partition failed", "partitions failed"))
	}
	if interrupted > 0 {
		parts = append(parts, plural(interrupted, "was interrupted", "were interrupted"))
	}
	f.Text = strings.Join(parts, ", ")
	all := r.Attempts
	for _, span := range asset.Spans(len(all), func(i int) bool {
		before, a := all[i-1], all[i]
		return a.State == before.State && a.Reason == before.Reason && r.follows(before.Asset, before.Partition, a.Asset, a.Partition)
	}) {
		a := all[span.First]
		reason := a.Reason
		if a.State == ledger.AttemptInterrupted {
			reason = "interrupted: " + reason
		}
		f.Details = append(f.Details, fmt.Sprintf("%s[%s]: %s", a.Asset, asset.RangeText(a.Partition, all[span.Last].Partition), reason))
	}
	ids := runsOf(r.Attempts)
	last := slices.MaxFunc(r.Attempts, func(a, b api.ReportAttempt) int { return cmp.Compare(finished(a), finished(b)) }).RunID
	if len(ids) == 1 {
		f.Show = "starter runs show " + last + " --failed"
	}
	var err error
	if f.Do, err = r.retry(ctx, ids, last); err == nil {
		r.find(f)
	}
	return err
}

// follows reports whether a partition comes right after another one of the same asset.
func (r *reporter) follows(before, key, of, next string) bool {
	made, err := r.data.Graph.Get(asset.Key(of))
	return err == nil && before == of && made.Partitions.Follows(key, next)
}

func finished(a api.ReportAttempt) int64 {
	if a.Finished == nil {
		return 0
	}
	return a.Finished.UnixMicro()
}

// retry is the command that tries again what failed or was interrupted: a retry of the run, if all of it is of one run that
// the ledger still has. last is the run that ended last.
func (r *reporter) retry(ctx context.Context, runs []string, last string) (string, error) {
	if id, is := ledger.BackfillOf(last); is {
		return "starter backfill retry " + id, nil
	}
	if len(runs) == 1 {
		_, known, err := r.data.Ledger.Run(ctx, last)
		if err != nil {
			return "", err
		}
		if known {
			return "starter runs retry " + last, nil
		}
	}
	if slices.ContainsFunc(r.Attempts, func(a api.ReportAttempt) bool { return a.State != ledger.AttemptFailed }) {
		return "starter materialize '*'", nil
	}
	return "starter materialize '*' --failed", nil
}

func (r *reporter) freshness() {
	if len(r.Overdue) == 0 {
		return
	}
	f := api.ReportFinding{
		Subject: "freshness", Needs: true, Text: plural(len(r.Overdue), "partition is overdue", "partitions are overdue"),
		Show: "starter status", Do: "starter materialize '" + string(r.Overdue[0].Asset) + "'",
	}
	all := r.Overdue
	for _, span := range asset.Spans(len(all), func(i int) bool {
		return r.follows(string(all[i-1].Asset), all[i-1].Partition, string(all[i].Asset), all[i].Partition)
	}) {
		o := all[span.First]
		f.Details = append(f.Details, fmt.Sprintf("%s[%s] since %s", o.Asset, asset.RangeText(o.Partition, all[span.Last].Partition), output.WhenAt(o.Due)))
	}
	r.find(f)
}

func (r *reporter) stale() {
	f := api.ReportFinding{Subject: "stale", Show: "starter plan '*' --stale"}
	total := 0
	for _, of := range r.Assets {
		if n := of.States[asset.Stale] + of.States[asset.RolledBack]; n > 0 {
			total += n
			f.Details = append(f.Details, fmt.Sprintf("%s: %d", of.Asset, n))
		}
	}
	if total > 0 {
		f.Text = plural(total, "partition is stale or rolled back", "partitions are stale or rolled back")
		r.find(f)
	}
}

// quarantine tells of items that cannot be processed, but those that a person waived.
func (r *reporter) quarantine(ctx context.Context) error {
	counts, err := r.data.Ledger.QuarantinedSince(ctx, r.Since)
	if err != nil {
		return err
	}
	total, fresh := 0, 0
	f := api.ReportFinding{Subject: "quarantine", Show: "starter items --state quarantined"}
	for i := range r.Assets {
		of := &r.Assets[i]
		n := counts[string(of.Asset)]
		of.Quarantined, of.QuarantinedNew = n.Total, n.New
		if total, fresh = total+n.Total, fresh+n.New; n.Total > 0 {
			f.Details = append(f.Details, fmt.Sprintf("%s: %d new, %d in all", of.Asset, n.New, n.Total))
		}
	}
	if total > 0 {
		f.Needs, f.Text = fresh > 0, fmt.Sprintf("%s quarantined since, %d in all", plural(fresh, "item was", "items were"), total)
		r.find(f)
	}
	return nil
}

// checks tells of the checks whose last outcome is another than passed.
func (r *reporter) checks(ctx context.Context) error {
	results, err := r.data.Ledger.LastChecks(ctx, ledger.CheckFilter{Failed: true})
	if err != nil {
		return err
	}
	r.Checks = []api.CheckResult{}
	blocking := api.ReportFinding{Subject: "checks", Needs: true, Show: "starter checks --failed"}
	warned := api.ReportFinding{Subject: "checks", Show: "starter checks --failed"}
	for _, c := range results {
		made, err := r.data.Graph.Get(asset.Key(c.Asset))
		if err != nil || !command.DeclaredChecks(made)[c.Name] {
			continue // results of what is no more
		}
		r.Checks = append(r.Checks, command.CheckResult(r.conf, c))
		text := fmt.Sprintf("%s of %s[%s]: observed %s, expected %s", c.Name, c.Asset, c.Partition, c.Observed, c.Expected)
		if c.Outcome == ledger.CheckFailed || c.Outcome == ledger.CheckErrored && c.Blocking {
			blocking.Details = append(blocking.Details, text)
		} else {
			warned.Details = append(warned.Details, text)
		}
	}
	if n := len(blocking.Details); n > 0 {
		blocking.Text = plural(n, "check keeps a partition from being published", "checks keep partitions from being published")
		r.find(blocking)
	}
	if n := len(warned.Details); n > 0 {
		warned.Text = plural(n, "check warns, or was accepted", "checks warn, or were accepted")
		r.find(warned)
	}
	return nil
}

// sources tells of hosts that refuse us or ask for a pause.
func (r *reporter) sources(ctx context.Context) error {
	found, err := r.data.Ledger.Budgets(ctx)
	if err != nil {
		return err
	}
	now := r.data.Ledger.Now()
	for _, b := range found {
		circuit := b.Circuit(now)
		if circuit == budget.CircuitClosed {
			continue
		}
		text := fmt.Sprintf("%s: circuit %s", b.Host, circuit)
		if b.BlockedUntil.After(now) {
			text += " until " + output.When(r.data.Ledger.WallTime(b.BlockedUntil))
		}
		if b.Reason != "" {
			text += " (" + b.Reason + ")"
		}
		r.find(api.ReportFinding{Subject: "sources", Needs: circuit != budget.CircuitBlocked && b.Note == "", Text: text, Show: "starter budget show " + b.Host})
	}
	return nil
}
