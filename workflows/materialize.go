// Package workflows decides what runs when. It holds five workflows:
//
//   - [Materialize] makes a plan and interprets it: one child workflow for each step, started as soon as the steps it
//     needs are done.
//   - [Partition] brings one partition of one asset up to date: sync its items, make them in batches, check, publish.
//   - [Backfill] carries out any number of steps, which are in the ledger: a window of them at a time, under the control of
//     its updates.
//   - [Deliver] tells the hooks of what failed, until nothing is left to tell.
//   - [Automation] is started by the clock: it asks the assets' conditions what is to be done, and starts runs of it.
//
// All are deterministic and small: everything that touches the world is an activity. Each can be killed, retried and
// canceled at any time; what is done is in the ledger. A change to this code is tested against recorded histories
// (testdata/*.json); changing code that may be running needs workflow.GetVersion.
package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"drugslm/activities"
	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// MaterializeInput is what a user, a schedule or a backfill asks for. The workflow's id is the run's id.
type MaterializeInput struct {
	Select     []string     `json:"select"`
	Partitions []string     `json:"partitions,omitempty"`
	Filter     asset.Filter `json:"filter,omitempty"`  // which partitions
	Mode       ledger.Mode  `json:"mode,omitempty"`    // which items with an outcome of them are done again
	Plan       *asset.Plan  `json:"plan,omitempty"`    // made before; nil: it is made in the run
	Accept     []string     `json:"accept,omitempty"`  // blocking checks that a person lets through in this run
	Retries    string       `json:"retries,omitempty"` // the run whose failed steps the plan has
}

// StepResult is what became of one step.
type StepResult struct {
	Asset     asset.Key       `json:"asset"`
	Partition asset.Partition `json:"partition"`
	// State is failed, skipped or canceled; "": succeeded. Histories hold results without it.
	State ledger.AttemptState `json:"state,omitempty"`
	Error string              `json:"error,omitempty"`
	materialize.Result
	Took time.Duration `json:"took"`
}

// MaterializeResult lists the steps in the order of the plan.
type MaterializeResult struct {
	Steps []StepResult `json:"steps"`
}

// materialization is the state of one run.
type materialization struct {
	run     string
	in      MaterializeInput
	plan    asset.Plan
	results []StepResult
	done    []workflow.Future
}

// Materialize makes the plan of a run and carries it out. It fails when a step failed, with the results as details;
// the steps that do not depend on it are done all the same.
func Materialize(ctx workflow.Context, in MaterializeInput) (MaterializeResult, error) {
	m := &materialization{run: workflow.GetInfo(ctx).WorkflowExecution.ID, in: in}
	err := m.carryOut(ctx)
	result := MaterializeResult{Steps: m.results}
	if finished := m.finish(ctx, err); err == nil {
		err = finished
	}
	if err != nil && len(m.results) > 0 && !temporal.IsCanceledError(err) {
		err = temporal.NewApplicationErrorWithOptions(rootCause(err), "steps_failed", temporal.ApplicationErrorOptions{
			NonRetryable: true, Details: []any{result},
		})
	}
	return result, err
}

func (m *materialization) carryOut(ctx workflow.Context) error {
	if err := m.makePlan(ctx); err != nil {
		return err
	}
	if n := len(m.plan.Steps); n > planning.MaxSteps {
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf(
			"%d steps are more than the %d of one run: starter backfill create does any number", n, planning.MaxSteps), string(fault.Invalid), nil)
	}
	m.results = make([]StepResult, len(m.plan.Steps))
	m.done = make([]workflow.Future, len(m.plan.Steps))
	m.describe(ctx)
	for i, step := range m.plan.Steps {
		future, done := workflow.NewFuture(ctx)
		m.done[i] = future
		workflow.Go(ctx, func(ctx workflow.Context) {
			started := workflow.Now(ctx)
			made, err := m.runStep(ctx, step)
			m.results[i] = StepResult{Asset: step.Asset, Partition: step.Partition, Result: made, Took: workflow.Now(ctx).Sub(started)}
			if err != nil {
				m.fail(i, err)
			}
			done.Set(nil, err)
			m.describe(ctx)
		})
	}
	return m.wait(ctx)
}

// fail keeps why a step did not come about.
func (m *materialization) fail(i int, err error) {
	r := &m.results[i]
	r.State, r.Error = ledger.AttemptFailed, fault.Shorten(rootCause(err), maxStepError)
	switch {
	case errors.Is(err, errSkipped):
		r.State = ledger.AttemptSkipped
	case temporal.IsCanceledError(err):
		r.State = ledger.AttemptCanceled
	}
}

// makePlan discovers the partitions that must be asked for, then plans.
func (m *materialization) makePlan(ctx workflow.Context) error {
	var a *activities.Activities
	begin := activities.BeginInput{Run: m.run, Select: m.in.Select, Partitions: m.in.Partitions, Filter: m.in.Filter, Mode: m.in.Mode, Accept: m.in.Accept, Plan: m.in.Plan, Retries: m.in.Retries}
	orchestrate := withRun(ctx, asset.QueueOrchestrate, strings.Join(m.in.Select, " "))
	var begun activities.BeginOutput
	if err := workflow.ExecuteActivity(orchestrate, a.Begin, begin).Get(ctx, &begun); err != nil {
		return err
	}
	if m.in.Plan != nil {
		m.plan = *m.in.Plan
		return nil
	}
	for _, set := range begun.Discover {
		if err := workflow.ExecuteActivity(withRun(ctx, set.Queue, set.Name), a.Discover, set).Get(ctx, nil); err != nil {
			return err
		}
	}
	return workflow.ExecuteActivity(orchestrate, a.Plan, begin).Get(ctx, &m.plan)
}

// runStep waits for what the step needs, then works on its partition. When another run is at it, the step waits for that in
// a workflow of another id: its first activity is tried again until the partition is free, which no history grows by.
func (m *materialization) runStep(ctx workflow.Context, s asset.Step) (made materialize.Result, err error) {
	if err := m.await(ctx, s); err != nil {
		return made, err
	}
	in := PartitionInput{StepInput: materialize.StepInput{Run: m.run, Mode: m.in.Mode, Step: s, Accept: m.in.Accept, Retries: m.in.Retries}}
	if s.Observes {
		var a *activities.Activities
		began := workflow.Now(ctx)
		err = workflow.ExecuteActivity(withStep(ctx, s, s.Queue, s.Name()), a.Observe, in.StepInput).Get(ctx, &made)
		measure(ctx, in, began, made, err)
		return made, err
	}
	err = workflow.ExecuteChildWorkflow(withChild(ctx, m.run, s), Partition, in).Get(ctx, &made)
	if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return made, err
	}
	if workflow.GetVersion(ctx, "wait-in-partition", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return m.poll(ctx, in)
	}
	err = workflow.ExecuteChildWorkflow(withWaitingChild(ctx, m.run, s), Partition, in).Get(ctx, &made)
	return made, err
}

// maxPoll bounds how often poll asks whether another run is still at a partition.
const maxPoll = 10 * time.Minute

// poll waits for another run as runs did that began before steps waited in workflows of their own. Each time it asks,
// the history grows.
func (m *materialization) poll(ctx workflow.Context, in PartitionInput) (made materialize.Result, err error) {
	for wait := time.Second; ; wait = min(2*wait, maxPoll) {
		if err := workflow.Sleep(ctx, wait); err != nil {
			return made, err
		}
		err = workflow.ExecuteChildWorkflow(withChild(ctx, m.run, in.Step), Partition, in).Get(ctx, &made)
		if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return made, err
		}
	}
}

// errSkipped is in the chain of the error of a step that was skipped.
var errSkipped = errors.New("skipped")

// await waits for the steps that one needs; an error when one of them failed.
func (m *materialization) await(ctx workflow.Context, s asset.Step) error {
	for i, other := range m.plan.Steps {
		if !slices.Contains(s.Needs, i) && !slices.Contains(s.NeedsAll, other.Asset) {
			continue
		}
		if m.done[i].Get(ctx, nil) != nil {
			return fmt.Errorf("%w: %s failed", errSkipped, other.Name())
		}
	}
	return nil
}

func (m *materialization) wait(ctx workflow.Context) error {
	failed := false
	for _, done := range m.done {
		failed = done.Get(ctx, nil) != nil || failed
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed:
		return fmt.Errorf("%s: %s", m.counts(), m.firstError())
	default:
		return nil
	}
}

// finish records how the run ended, also when it was canceled.
func (m *materialization) finish(ctx workflow.Context, err error) error {
	end := activities.FinishInput{Run: m.run, State: ledger.RunSucceeded}
	switch {
	case temporal.IsCanceledError(err):
		end.State, end.Error = ledger.RunCanceled, "canceled"
	case err != nil:
		end.State, end.Error = ledger.RunFailed, rootCause(err)
	}
	var a *activities.Activities
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	return workflow.ExecuteActivity(withRun(ctx, asset.QueueOrchestrate, string(end.State)), a.Finish, end).Get(ctx, nil)
}

// describe keeps a table of the steps on the run's page in the Web UI.
func (m *materialization) describe(ctx workflow.Context) {
	lines := []string{"| step | result | rows | took |", "|---|---|---|---|"}
	shown, counts := m.described()
	if len(shown) < len(m.results) {
		lines = append([]string{fmt.Sprintf("%d steps: %d done, %d failed, %d left. The first of those that failed, then of those that are left:",
			len(m.results), counts[stepDone], counts[stepFailed], counts[stepLeft]), ""}, lines...)
	}
	for _, i := range shown {
		lines = append(lines, m.line(i))
	}
	workflow.SetCurrentDetails(ctx, strings.Join(lines, "\n"))
}

// What the page shows of a step.
const (
	stepFailed = iota
	stepLeft
	stepDone
)

// maxDescribed is how many steps the page shows: it is written again whenever one of them ends.
const maxDescribed = 100

// described gives the steps that the page shows, and how many there are of each sort: all of them in the order of the plan,
// or, of more than fit, first those that failed and then those that are left.
func (m *materialization) described() (shown []int, counts [3]int) {
	var sorts [3][]int
	for i, r := range m.results {
		sort := stepDone
		switch {
		case r.Error != "":
			sort = stepFailed
		case r.Asset == "":
			sort = stepLeft
		}
		sorts[sort] = append(sorts[sort], i)
		counts[sort]++
	}
	shown = slices.Concat(sorts[:]...)
	if len(shown) <= maxDescribed {
		slices.Sort(shown)
	}
	return shown[:min(len(shown), maxDescribed)], counts
}

func (m *materialization) line(i int) string {
	r, s := m.results[i], m.plan.Steps[i]
	outcome := "…"
	switch {
	case r.Error != "":
		outcome = "failed: " + strings.NewReplacer("|", "/", "\n", "; ").Replace(r.Error)
	case r.Asset != "" && r.Changed:
		outcome = fmt.Sprintf("published as version %d", r.Version)
	case r.Asset != "":
		outcome = "unchanged"
	}
	return fmt.Sprintf("| %s %s | %s | %d | %s |", s.Name(), s.Partition.Label, outcome, r.Rows, r.Took.Round(time.Millisecond))
}

// counts says how many steps ended in which way.
func (m *materialization) counts() string {
	ended := make(ledger.AttemptCounts)
	for _, r := range m.results {
		ended[cmp.Or(r.State, ledger.AttemptSucceeded)]++
	}
	return ended.String()
}

func (m *materialization) firstError() string {
	for _, r := range m.results {
		if r.State == ledger.AttemptFailed || r.State == ledger.AttemptCanceled {
			return fmt.Sprintf("%s[%s]: %s", r.Asset, r.Partition.Key, r.Error)
		}
	}
	return "unknown"
}

// maxStepError bounds the text of a step's error: the result of a run holds one for each step, and must fit into one payload.
const maxStepError = 1 << 10

// rootCause is the text of the innermost application error, without the wrapping that Temporal adds, and bounded.
func rootCause(err error) string {
	if cause, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return fault.Shorten(cause.Message(), fault.MaxText)
	}
	return fault.Shorten(err.Error(), fault.MaxText)
}
