package materialize

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/otel/trace"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/lake"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
	"drugslm/internal/versions"
)

// Checked is what the checks of a step found.
type Checked struct {
	Results []asset.CheckResult `json:"verdicts"`
	Staged  asset.Staged        `json:"staged"`
}

// PublishInput is a step whose checks have passed.
type PublishInput struct {
	StepInput
	Snapshot     string              `json:"snapshot,omitempty"`
	Upstream     map[string]int64    `json:"upstream,omitempty"` // the versions of the inputs it was made from
	CheckResults []asset.CheckResult `json:"verdicts"`
	Traces       []string            `json:"traces,omitempty"` // of the batches, to link down to
}

// Result is what a step left behind.
type Result struct {
	Version int64 `json:"version"`
	Changed bool  `json:"changed"` // false: nothing was different, and no version was written
	Rows    int64 `json:"rows"`
	Bytes   int64 `json:"bytes"`
	ledger.Counts
}

// Check runs the asset's checks on what is staged and records the verdicts. A blocking check that fails is an error
// that no retry helps, and one that could not be asked an error that may pass: readers keep the version they have,
// unless a person accepted that check for this run.
func (eng *Engine) Check(ctx context.Context, at Attempt, in CheckInput) (out Checked, err error) {
	err = eng.within(ctx, at, in.StepInput, phase{telemetry.CheckAsset, true}, func(ctx context.Context, j job) error {
		out, err = eng.check(ctx, j, in.Upstream)
		return err
	})
	return out, err
}

func (eng *Engine) check(ctx context.Context, j job, upstream map[string]int64) (out Checked, err error) {
	if err := eng.followForeign(ctx, j); err != nil {
		return out, err
	}
	before, err := eng.before(ctx, j)
	if err != nil {
		return out, err
	}
	about := asset.CheckInput{Run: j.run, Before: before, Observations: observations{eng}}
	about.Inputs = inputs{eng, upstream}
	probe := asset.NewCheckRunner(ctx, append(slices.Clone(j.asset.Checks), asset.Conserved()), about)
	if out.Staged, err = eng.staged(ctx, j, probe); err != nil {
		return out, err
	}
	out.Results = short(asset.Accept(probe.Finish(out.Staged), j.Accept))
	if ctx.Err() != nil {
		return out, ctx.Err() // what could not be asked was not because of what was asked
	}
	if err := eng.record(ctx, j, true, out.Results); err != nil {
		return out, err
	}
	if blocked := asset.Blocked(out.Results); blocked != nil {
		return out, fault.Wrap(fault.KindOf(blocked), "not published: "+j.Step.Name(), fmt.Errorf("%w%s", blocked, overrideHint(j, out.Results)))
	}
	return out, nil
}

// maxResult bounds each text of a verdict: it travels to the publish, and into the table's log.
const maxResult = 1 << 10

// short bounds the texts of verdicts.
func short(verdicts []asset.CheckResult) []asset.CheckResult {
	for i := range verdicts {
		v := &verdicts[i]
		v.Detail, v.Observed, v.Expected = fault.Shorten(v.Detail, maxResult), fault.Shorten(v.Observed, maxResult), fault.Shorten(v.Expected, maxResult)
	}
	return verdicts
}

// staged counts what the partition holds and will hold, showing every staged row to the probe, and the rows that stay
// if it wants them.
func (eng *Engine) staged(ctx context.Context, j job, probe *asset.CheckRunner) (asset.Staged, error) {
	counts, err := eng.Ledger.Counts(ctx, j.key(), j.partition())
	if err != nil {
		return asset.Staged{}, err
	}
	parts, stagedItems, err := eng.Ledger.StagedFiles(ctx, j.key(), j.partition())
	if err != nil {
		return asset.Staged{}, err
	}
	superseded, err := eng.Ledger.Superseded(ctx, j.key(), j.partition())
	if err != nil {
		return asset.Staged{}, err
	}
	snapshot, err := j.table.Snapshot(ctx)
	if err != nil {
		return asset.Staged{}, err
	}
	_, published, err := eng.Ledger.Latest(ctx, j.key(), j.partition())
	if err != nil {
		return asset.Staged{}, err
	}
	s := asset.Staged{Discovered: counts.Discovered, Absent: counts.Absent, Quarantined: counts.Quarantined, Pending: counts.Pending - stagedItems}
	if !published {
		s.Before = -1
	}
	going := make(map[string]bool) // items with a published row that must go
	for _, file := range snapshot.Files(j.partition()) {
		s.Before = max(s.Before, 0) + int(file.Rows)
		s.Rows += int(file.Rows) - len(superseded[file.Path])
		for _, id := range superseded[file.Path] {
			going[id] = true
		}
		if probe.WantsKept() {
			if err := checkKept(ctx, j, file, superseded[file.Path], probe); err != nil {
				return s, err
			}
		}
	}
	wanted, err := eng.stagedItems(ctx, j)
	if err != nil {
		return s, err
	}
	for _, path := range parts {
		for row, err := range j.table.Rows(ctx, lake.File{Path: path, Partition: j.partition()}) {
			if err != nil {
				return s, fmt.Errorf("read staged %s: %w", path, err)
			}
			if err := wanted.holds(row.(asset.Row)); err != nil {
				return s, eng.giveUp(ctx, j, path, err)
			}
			probe.Row(row)
			delete(going, row.(asset.Row).ItemID())
			s.NewRows++
		}
	}
	s.Rows += s.NewRows
	s.Lost = len(going)
	return s, nil
}

// Publish shows readers the partition's new state, all of it in one commit. With nothing staged and nothing gone it
// only records that the partition was looked at.
func (eng *Engine) Publish(ctx context.Context, at Attempt, in PublishInput) (out Result, err error) {
	err = eng.within(ctx, at, in.StepInput, phase{telemetry.PublishPartition, true}, func(ctx context.Context, j job) error {
		if out, err = eng.publish(ctx, j, in); err != nil {
			return err
		}
		return eng.succeeded(ctx, j.at, j.owner, out)
	}, telemetry.LinkTo(in.Traces...))
	return out, err
}

func (eng *Engine) publish(ctx context.Context, j job, in PublishInput) (out Result, err error) {
	if err := eng.followForeign(ctx, j); err != nil {
		return out, err
	}
	out, err = eng.publishChange(ctx, j, in)
	trace.SpanFromContext(ctx).SetAttributes(telemetry.LakeVersion.Int64(out.Version), telemetry.Rows.Int64(out.Rows))
	return out, err
}

// publishChange brings the table to what is staged.
func (eng *Engine) publishChange(ctx context.Context, j job, in PublishInput) (Result, error) {
	change, err := eng.change(ctx, j)
	if err != nil {
		return Result{}, err
	}
	m := ledger.Materialization{
		Asset: j.key(), Partition: j.partition(), Run: j.Run, Trace: j.run.TraceID, CodeVersion: j.Step.CodeVersion, By: j.token(),
		Upstream: in.Upstream, Snapshot: in.Snapshot, Moves: change.moves, Rows: change.rows, Bytes: change.bytes, Started: eng.Now(),
	}
	last, published, err := eng.Ledger.Latest(ctx, j.key(), j.partition())
	if err != nil {
		return Result{}, err
	}
	made := Result{Version: last.Version, Rows: change.rows, Bytes: change.bytes}
	switch {
	case !published || !change.empty():
		made.Changed = true
		made.Version, err = eng.commit(ctx, j, in, change, m)
	case last.Run == j.Run && maps.Equal(last.Upstream, in.Upstream):
		made.Changed = true // an earlier attempt published, and could not tell any more
	default:
		m.Version = last.Version
		err = eng.Ledger.RecordUnchanged(ctx, m)
	}
	if err != nil {
		return Result{}, err
	}
	made.Counts, err = eng.Ledger.Counts(ctx, j.key(), j.partition())
	return made, err
}

// commit announces a change in the ledger, makes it in the table, and confirms it in the ledger.
func (eng *Engine) commit(ctx context.Context, j job, in PublishInput, c change, m ledger.Materialization) (int64, error) {
	id, err := eng.Ledger.BeginPublish(ctx, m)
	if err != nil {
		return 0, err
	}
	if held := c.base.Txn(j.app()); held >= id {
		return 0, versions.ForeignTable(j.app(), j.table, "it holds publish %d, this is only number %d", held, id)
	}
	version, err := j.table.Commit(ctx, lake.Change{
		Partition: j.partition(), Add: c.add, Remove: c.remove, Base: c.base, App: j.app(), Txn: id,
		Info: lake.CommitInfo{
			Operation: "MATERIALIZE", Run: j.Run, Trace: j.run.TraceID, CodeVersion: j.Step.CodeVersion,
			Snapshot: in.Snapshot, Upstream: in.Upstream, Rows: c.rows, Checks: resultMap(in.CheckResults), Time: eng.Now(),
		},
	})
	if err != nil {
		return 0, err
	}
	return version, eng.Ledger.FinishPublish(ctx, id, version, c.rows, c.bytes)
}

// recover finishes or abandons a publish of this partition that an earlier attempt, or a rollback, left half done.
func (eng *Engine) recover(ctx context.Context, j job) error {
	unfinished, err := eng.Ledger.Unfinished(ctx, j.key(), j.partition())
	if err != nil {
		return err
	}
	by := lake.CommitInfo{Run: j.Run, Trace: j.run.TraceID, CodeVersion: j.asset.CodeVersion, Time: eng.Now()}
	for _, m := range unfinished {
		if err := versions.FinishPublish(ctx, eng.Ledger, j.table, j.app(), m, by); err != nil {
			return err
		}
	}
	return nil
}

// record keeps verdicts, counts them and wakes the delivery of events about those that failed. Without final they are those of an
// attempt that is tried again if it fails, which nobody is told of.
func (eng *Engine) record(ctx context.Context, j job, final bool, verdicts []asset.CheckResult) error {
	checks := make([]ledger.Check, len(verdicts))
	for i, v := range verdicts {
		checks[i] = ledger.Check{
			Asset: j.key(), Partition: j.partition(), Run: j.Run, Name: v.Name, Blocking: v.Blocking, Passed: v.Passed,
			Provisional: !final, Outcome: ledger.CheckOutcome(v.Outcome()), Detail: telemetry.Redact(v.Detail),
			Observed: v.Observed, Expected: v.Expected, At: eng.Now(),
		}
	}
	by := j.token()
	by.CodeVersion = "" // a listing is checked before it is synced
	if err := eng.Ledger.RecordChecks(ctx, by, checks); err != nil {
		return err
	}
	j.logChecks(ctx, verdicts)
	for _, c := range checks {
		eng.Metrics.RecordCheck(ctx, c.Asset, c.Name, c.Blocking, c.Passed)
	}
	return eng.Announce(ctx)
}

// resultMap is what a commit says of its checks.
func resultMap(verdicts []asset.CheckResult) map[string]string {
	found := make(map[string]string, len(verdicts))
	for _, v := range verdicts {
		switch v.Outcome() {
		case asset.CheckPassed:
			found[v.Name] = "passed"
		case asset.CheckAccepted:
			found[v.Name] = "accepted: " + v.Detail
		default:
			found[v.Name] = v.Detail
		}
	}
	return found
}
