package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"drugslm/internal/asset"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// BackfillRequest is what a backfill is asked to do. Two backfills of one id agree on it.
type BackfillRequest struct {
	ID         string       `json:"id"`
	Select     []string     `json:"select"`               // as the user typed it
	Partitions []string     `json:"partitions,omitempty"` // keys, labels, globs or ranges; none, or "all": all
	Filter     asset.Filter `json:"filter,omitempty"`
}

// BackfillSettings may be changed while a backfill runs.
type BackfillSettings struct {
	MaxInFlight int     `json:"max_in_flight"`
	Rate        float64 `json:"rate,omitempty"` // steps begun per minute; 0: no limit
	Priority    int     `json:"priority"`       // 1 to 5, 1 first
}

// checkNeeded is how asset.Needed is called in the ledger.
const checkNeeded = "needed"

// partitionSeparator joins what was typed for partitions in the ledger: no key has it.
const partitionSeparator = "\n"

// row is the request as the ledger keeps it.
func (r BackfillRequest) row() ledger.Backfill {
	mode := string(r.Filter)
	if r.Filter == asset.Needed {
		mode = checkNeeded
	}
	return ledger.Backfill{ID: r.ID, Selection: strings.Join(r.Select, " "), Partitions: strings.Join(r.Partitions, partitionSeparator), Mode: mode}
}

// RequestOf is the request that a backfill in the ledger was created with.
func RequestOf(b ledger.Backfill) BackfillRequest {
	r := BackfillRequest{ID: b.ID, Select: []string{b.Selection}}
	if b.Mode != checkNeeded {
		r.Filter = asset.Filter(b.Mode)
	}
	if b.Partitions != "" {
		r.Partitions = strings.Split(b.Partitions, partitionSeparator)
	}
	return r
}

// Same reports whether two requests are for the same, however they are cut into words.
func (r BackfillRequest) Same(other BackfillRequest) bool { return r.row() == other.row() }

// Differs says what a request asks for that a backfill of its id was not created with.
func (r BackfillRequest) Differs(known ledger.Backfill) error {
	if why := known.Differs(r.row()); why != "" {
		return fault.New(fault.Invalid, "", "backfill %q exists and asks for something else: %s: choose another --id", r.ID, why)
	}
	return nil
}

// OpenBackfillInput begins an execution of a backfill.
type OpenBackfillInput struct {
	BackfillRequest                  // with an id only: one that exists
	Settings        BackfillSettings `json:"settings"`
	Workflow        string           `json:"workflow"`
	Execution       string           `json:"execution"` // the first run of the workflow
}

// OpenedBackfill is a backfill whose execution has begun.
type OpenedBackfill struct {
	Request     BackfillRequest         `json:"request"`
	Settings    BackfillSettings        `json:"settings"`
	State       ledger.BackfillState    `json:"state"`
	Planned     bool                    `json:"planned"`
	Epoch       int64                   `json:"epoch"`
	LastDequeue int64                   `json:"take"` // the number of the last dequeue; the key is in recorded histories
	Run         string                  `json:"run"`  // under which its rows are made
	Mode        ledger.Mode             `json:"mode"`
	Discover    []planning.PartitionSet `json:"discover,omitempty"` // before it can be planned
}

// OpenBackfill creates a backfill unless it exists, begins an execution of it, and says what must be discovered before
// it can be planned.
func (a *Activities) OpenBackfill(ctx context.Context, in OpenBackfillInput) (out OpenedBackfill, err error) {
	err = a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		if len(in.Select) > 0 {
			if _, err := planning.Select(ctx, a.Engine.Graph, a.Engine.Ledger, in.Select...); err != nil {
				return err // before there is anything that could stay behind
			}
			row := in.row()
			row.MaxInFlight, row.Rate, row.Priority = in.Settings.MaxInFlight, in.Settings.Rate, in.Settings.Priority
			row.Code, row.Trace = a.Build, telemetry.TraceID(ctx)
			if _, err := a.Engine.Ledger.CreateBackfill(ctx, row); err != nil {
				return err
			}
		}
		b, dequeued, err := a.Engine.Ledger.OpenBackfill(ctx, in.ID, in.Execution)
		if err != nil {
			return err
		}
		request := RequestOf(b)
		out = OpenedBackfill{
			Request: request, Settings: BackfillSettings{MaxInFlight: b.MaxInFlight, Rate: b.Rate, Priority: b.Priority},
			State: b.State, Planned: !b.Planned.IsZero(), Epoch: b.Epoch, LastDequeue: dequeued, Run: ledger.BackfillRun(b.ID, b.Epoch), Mode: planning.ModeOf(request.Filter),
		}
		run := ledger.Run{ID: out.Run, Workflow: in.Workflow, Selection: strings.Join([]string{b.Selection, b.Partitions}, " "), Trace: telemetry.TraceID(ctx), Started: a.Engine.Now()}
		if err := a.Engine.Ledger.StartRun(ctx, run); err != nil {
			return err
		}
		a.log().InfoContext(ofRun(ctx, out.Run), "run begun", "selection", run.Selection)
		if out.Planned {
			return nil
		}
		selected, err := planning.Select(ctx, a.Engine.Graph, a.Engine.Ledger, request.Select...)
		if err != nil {
			return err
		}
		out.Discover, err = planning.Undiscovered(ctx, a.Engine.Ledger, selected)
		return err
	})
	return out, err
}

// BackfillRef names a backfill.
type BackfillRef struct {
	ID string `json:"id"`
}

// WriteBackfill plans a backfill and writes its steps down. It gives how many there are.
func (a *Activities) WriteBackfill(ctx context.Context, in BackfillRef) (count int, err error) {
	err = a.runAttempt(ctx, nil, planAttempts, func(ctx context.Context, t *attempt) error {
		return telemetry.Do(ctx, a.Engine.Tracer, telemetry.PlanAssets, func(ctx context.Context) error {
			b, err := a.backfill(ctx, in.ID)
			if err != nil {
				return err
			}
			plan, err := a.planBackfill(ctx, RequestOf(b))
			if err != nil {
				return err
			}
			steps, err := planning.Steps(plan)
			if err != nil {
				return err
			}
			count = len(plan.Steps)
			return a.Engine.Ledger.AddSteps(ctx, in.ID, steps, func(done int) { t.progress(done, len(steps)) })
		})
	})
	return count, err
}

func (a *Activities) backfill(ctx context.Context, id string) (ledger.Backfill, error) {
	b, found, err := a.Engine.Ledger.Backfill(ctx, id)
	if err == nil && !found {
		err = unknownBackfill(id)
	}
	return b, err
}

// TakeStepsInput asks for steps that are ready.
type TakeStepsInput struct {
	ID     string `json:"id"`
	Epoch  int64  `json:"epoch"`
	Number int64  `json:"number"`
	Limit  int    `json:"limit"`
}

// TakeSteps dequeues steps of a backfill, each once. Its name is in recorded histories.
func (a *Activities) TakeSteps(ctx context.Context, in TakeStepsInput) (out Dequeued, err error) {
	err = a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		dequeued, err := a.Engine.Ledger.DequeueSteps(ctx, ledger.DequeueRequest{Backfill: in.ID, Epoch: in.Epoch, Number: in.Number, Limit: in.Limit})
		if err != nil {
			return err
		}
		out, err = dequeuedOf(dequeued)
		return err
	})
	return out, err
}

func dequeuedOf(t ledger.Dequeued) (Dequeued, error) {
	out := Dequeued{State: t.State, Ready: t.Ready, Left: t.Left}
	for _, s := range t.Steps {
		var step asset.Step
		if err := json.Unmarshal(s.Step, &step); err != nil {
			return out, fmt.Errorf("read step %d of backfill %s: %w", s.Seq, s.Backfill, err)
		}
		out.Steps = append(out.Steps, Ready{Seq: s.Seq, Dequeue: s.Dequeue, Step: step})
	}
	return out, nil
}

// GiveBackInput are steps that were handed out and not begun.
type GiveBackInput struct {
	ID    string  `json:"id"`
	Steps []Ready `json:"steps"`
}

// GiveBack requeues steps that were handed out and not begun. Its name is in recorded histories.
func (a *Activities) GiveBack(ctx context.Context, in GiveBackInput) error {
	return a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		steps := make([]ledger.BackfillStep, len(in.Steps))
		for i, s := range in.Steps {
			steps[i] = ledger.BackfillStep{Seq: s.Seq, Dequeue: s.Dequeue}
		}
		return a.Engine.Ledger.RequeueSteps(ctx, in.ID, steps)
	})
}

// SetBackfillInput changes the settings of a backfill, and pauses or resumes it.
type SetBackfillInput struct {
	ID       string           `json:"id"`
	Settings BackfillSettings `json:"settings"`
	Paused   bool             `json:"paused"`
}

// SetBackfill writes the settings of a backfill down.
func (a *Activities) SetBackfill(ctx context.Context, in SetBackfillInput) error {
	return a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		b := ledger.Backfill{
			ID: in.ID, MaxInFlight: in.Settings.MaxInFlight, Rate: in.Settings.Rate, Priority: in.Settings.Priority, State: ledger.BackfillRunning,
		}
		if in.Paused {
			b.State = ledger.BackfillPaused
		}
		return a.Engine.Ledger.SetBackfill(ctx, b)
	})
}

// BackfillStopped is what canceling did.
type BackfillStopped struct {
	Canceled int `json:"canceled"` // steps that will not begin
	Running  int `json:"running"`  // steps that were in progress
}

// CancelBackfill lets nothing of a backfill begin any more.
func (a *Activities) CancelBackfill(ctx context.Context, in BackfillRef) (out BackfillStopped, err error) {
	err = a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		out.Canceled, out.Running, err = a.Engine.Ledger.CancelBackfill(ctx, in.ID)
		return err
	})
	return out, err
}

// RetryBackfillInput says which steps are tried again.
type RetryBackfillInput struct {
	ID       string `json:"id"`
	Canceled bool   `json:"canceled,omitempty"` // also those that a cancel kept from beginning, or stopped
}

// RetryBackfill lets the steps that failed, and those skipped because of them, wait once more. It gives how many.
func (a *Activities) RetryBackfill(ctx context.Context, in RetryBackfillInput) (count int, err error) {
	err = a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		count, err = a.Engine.Ledger.RetrySteps(ctx, in.ID, in.Canceled)
		return err
	})
	return count, err
}

// CloseBackfillInput ends an execution of a backfill.
type CloseBackfillInput struct {
	ID    string `json:"id"`
	Run   string `json:"run"`
	Error string `json:"error,omitempty"` // why it cannot be carried out
}

// BackfillResult is how a backfill ended, and its steps by state.
type BackfillResult struct {
	ID    string                   `json:"id"`
	State ledger.BackfillState     `json:"state"`
	Steps map[ledger.StepState]int `json:"steps"`
	Error string                   `json:"error,omitempty"`
}

// CloseBackfill records how a backfill ended.
func (a *Activities) CloseBackfill(ctx context.Context, in CloseBackfillInput) (out BackfillResult, err error) {
	ctx = ofRun(ctx, in.Run)
	err = a.withHeartbeat(ctx, planAttempts, func(ctx context.Context) error {
		out, err = a.closeBackfill(ctx, in)
		return err
	})
	return out, err
}

func (a *Activities) closeBackfill(ctx context.Context, in CloseBackfillInput) (BackfillResult, error) {
	out := BackfillResult{ID: in.ID, Steps: make(map[ledger.StepState]int)}
	if in.Error != "" {
		if err := a.Engine.Ledger.FailBackfill(ctx, in.ID, in.Error); err != nil {
			return out, err
		}
	}
	b, err := a.Engine.Ledger.FinishBackfill(ctx, in.ID)
	if err != nil {
		return out, err
	}
	sums, err := a.Engine.Ledger.BackfillSums(ctx, in.ID)
	if err != nil {
		return out, err
	}
	for _, s := range sums {
		out.Steps[s.State] += s.Steps
	}
	out.State, out.Error = b.State, b.Error
	state := map[ledger.BackfillState]ledger.RunState{ledger.BackfillCompleted: ledger.RunSucceeded, ledger.BackfillCanceled: ledger.RunCanceled}[b.State]
	if state == "" {
		state = ledger.RunFailed
	}
	if err := a.Engine.Ledger.FinishRun(ctx, in.Run, state, b.Error); err != nil {
		return out, err
	}
	a.logRunEnd(ctx, state, b.Error)
	return out, a.Engine.Announce(ctx)
}

// planBackfill says which steps a backfill has, as the ledger has it now.
func (a *Activities) planBackfill(ctx context.Context, r BackfillRequest) (asset.Plan, error) {
	plan, err := planning.Plan(ctx, a.Engine.Graph, a.Engine.Ledger, planning.Request{Select: r.Select, Partitions: r.Partitions, Filter: r.Filter})
	if err == nil && len(plan.Undiscovered) > 0 {
		err = fault.New(fault.Unavailable, "plan backfill", "the source named no partitions of %q", plan.Undiscovered)
	}
	return plan, err
}

func unknownBackfill(id string) error {
	return fault.New(fault.Invalid, "find backfill", "backfill %q is unknown: `starter backfill list` shows them", id)
}
