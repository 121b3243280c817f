package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"drugslm/internal/asset"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/internal/telemetry"
)

// EvaluateInput says what a tick of automation is about.
type EvaluateInput struct {
	Requests bool `json:"requests"` // false: only freshness is looked at
}

// Evaluated is what a tick found.
type Evaluated struct {
	Tick     time.Time `json:"tick"`
	Looked   int       `json:"looked"`             // partitions that were looked at
	Requests int       `json:"requests"`           // of assets
	Starts   int       `json:"starts"`             // runs they make
	Overdue  int       `json:"overdue"`            // partitions that became overdue
	Problems []string  `json:"problems,omitempty"` // assets that could not be looked at, and why; the next tick tries again
}

// Start is a run that automation starts. Its id is deterministic: started twice, it runs once.
type Start struct {
	Run        string       `json:"run"`
	Select     []string     `json:"select"`
	Partitions []string     `json:"partitions,omitempty"`
	Filter     asset.Filter `json:"filter"`
	Steps      int          `json:"steps"`
	Backfill   bool         `json:"backfill,omitempty"` // it is more than a run takes: Run is the id of a backfill
	Summary    string       `json:"summary,omitempty"`  // for people; of a backfill, whose request is in the ledger and not here
}

// StartsOutput is a handful of runs to start.
type StartsOutput struct {
	Starts   []Start  `json:"starts"`
	Problems []string `json:"problems,omitempty"` // runs that cannot be started, and why: they are set aside
}

// StartedInput names runs that were started.
type StartedInput struct {
	Runs []string `json:"runs"`
}

// startsAtOnce and startsSize bound what passes through Temporal at once: each start may name hundreds of partitions.
const (
	startsAtOnce = 10
	startsSize   = 512 << 10 // as JSON; one start alone may be larger
)

// MaxSummary bounds what is said of a workflow or an activity in one line; the server refuses more than 400 bytes.
const MaxSummary = 300

// What a backfill has that automation starts.
const (
	DefaultMaxInFlight      = 16 // steps under way at a time
	DefaultBackfillPriority = 4
)

// Evaluate looks at what happened since the last tick, asks the assets' conditions about the partitions concerned, and
// writes what is to be materialized, how far it looked, and the runs to start, in one transaction.
func (a *Activities) Evaluate(ctx context.Context, in EvaluateInput) (out Evaluated, err error) {
	err = beating(ctx, planAttempts, func(ctx context.Context) error {
		return telemetry.Do(ctx, a.Tracer, telemetry.EvaluateAutomation, func(ctx context.Context) error {
			if out, err = a.evaluate(ctx, in); err != nil {
				return err
			}
			return a.announce(ctx)
		})
	})
	return out, err
}

func (a *Activities) evaluate(ctx context.Context, in EvaluateInput) (Evaluated, error) {
	e, err := newEvaluator(ctx, a.Graph, a.Ledger, a.Now)
	if err != nil {
		return Evaluated{}, err
	}
	e.alive = a.alive
	if in.Requests {
		if err := e.conditions(ctx); err != nil {
			return Evaluated{}, err
		}
	} else {
		e.record.Waiting = e.waited
	}
	broken, err := e.freshness(ctx)
	if err != nil {
		return Evaluated{}, err
	}
	for _, b := range broken {
		if err := a.tell(ctx, b); err != nil {
			return Evaluated{}, err
		}
	}
	if err := e.plan(); err != nil {
		return Evaluated{}, err
	}
	out := Evaluated{
		Tick: e.now, Looked: e.looked, Requests: len(e.record.Requests), Starts: len(e.record.Starts),
		Overdue: len(broken), Problems: firstProblems(e.problems),
	}
	return out, a.Ledger.RecordTick(ctx, e.record)
}

// maxProblems is how many assets that could not be looked at a tick names.
const maxProblems = 50

// firstProblems is what a tick's result says of them.
func firstProblems(all []string) []string {
	var found []string
	for _, p := range all[:min(len(all), maxProblems)] {
		found = append(found, fault.Shorten(telemetry.Redact(p), fault.MaxText/4))
	}
	if more := len(all) - maxProblems; more > 0 {
		found = append(found, fmt.Sprintf("and %d more", more))
	}
	return found
}

// tell records that a partition became overdue. It comes before the tick is written: whoever is killed in between tells
// the same event again.
func (a *Activities) tell(ctx context.Context, b broken) error {
	payload, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return a.Ledger.RecordEvent(ctx, ledger.Event{
		ID:   fmt.Sprintf("%s/%s[%s]/%d", ledger.EventFreshnessBroken, b.Asset, b.Partition, b.Due.Unix()),
		Kind: ledger.EventFreshnessBroken, Payload: payload, Created: a.Now(),
	})
}

// NextStarts gives the oldest runs that requests make and that nobody has started yet, a handful at a time, of a bounded
// size. A backfill is created in the ledger: only its id passes through Temporal, however many partitions it names. What
// can never be started is set aside, so that it does not keep those after it from starting.
func (a *Activities) NextStarts(ctx context.Context) (out StartsOutput, err error) {
	err = beating(ctx, planAttempts, func(ctx context.Context) error {
		out = StartsOutput{Starts: []Start{}}
		for {
			open, err := a.Ledger.OpenStarts(ctx, startsAtOnce)
			if err != nil {
				return err
			}
			if err := a.nextStarts(ctx, open, &out); err != nil || len(out.Starts) > 0 || len(open) == 0 {
				return err
			}
		}
	})
	return out, err
}

func (a *Activities) nextStarts(ctx context.Context, open []ledger.AutomationStart, out *StartsOutput) error {
	size := 0
	for _, s := range open {
		start, err := a.prepareStart(ctx, s)
		if fault.KindOf(err) == fault.Invalid {
			problem := fault.Shorten(telemetry.Redact(fmt.Sprintf("%s: %v", s.Run, err)), fault.MaxText/4)
			activity.GetLogger(ctx).Error("a run that automation asked for cannot be started", "run", s.Run, "error", problem)
			out.Problems = append(out.Problems, problem)
			err = a.Ledger.MarkStarted(ctx, []string{s.Run})
			if err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if size += fault.JSONSize(start); size > startsSize && len(out.Starts) > 0 {
			return nil
		}
		out.Starts = append(out.Starts, start)
	}
	return nil
}

// prepareStart reads a start; one that can never work is fault.Invalid.
func (a *Activities) prepareStart(ctx context.Context, s ledger.AutomationStart) (Start, error) {
	var start Start
	if err := json.Unmarshal(s.Input, &start); err != nil {
		return start, fault.Wrap(fault.Invalid, "read start", err)
	}
	start.Summary = fault.Shorten(strings.Join(start.Select, " "), MaxSummary/2)
	if !start.Backfill {
		return start, nil
	}
	request := BackfillRequest{ID: start.Run, Select: start.Select, Partitions: start.Partitions, Filter: start.Filter}
	row := request.row()
	row.MaxInFlight, row.Priority, row.Code, row.Trace = DefaultMaxInFlight, DefaultBackfillPriority, a.Build, telemetry.TraceID(ctx)
	start.Select, start.Partitions, start.Filter = nil, nil, ""
	_, err := a.Ledger.CreateBackfill(ctx, row)
	return start, err
}

// Started records that runs were started.
func (a *Activities) Started(ctx context.Context, in StartedInput) error {
	return beating(ctx, planAttempts, func(ctx context.Context) error { return a.Ledger.MarkStarted(ctx, in.Runs) })
}

// alive reports whether a run that the ledger takes for running is: one that was terminated could not say so.
func (a *Activities) alive(ctx context.Context, run string) (bool, error) {
	return a.executions(ctx).Open(ctx, WorkflowOf(run), "")
}

// WorkflowOf is the id of the workflow that carries a run out: the run's own, but a later execution of a backfill is a
// run of its own, "backfill/june#2".
func WorkflowOf(run string) string {
	workflow, _, _ := strings.Cut(run, "#")
	return workflow
}

// Considered is a partition that was looked at, or asked about, and what its asset's condition says of it.
type Considered struct {
	Partition string             `json:"partition"`
	Touched   bool               `json:"touched"`  // something happened to it since the last tick
	Requests  bool               `json:"requests"` // it would be requested now
	Waits     bool               `json:"waits"`    // it would be requested, but a run is at it or at an input
	Truth     asset.Truth        `json:"truth"`
	Inputs    []asset.InputState `json:"inputs"`
}

// Explanation is what the next tick would do with an asset.
type Explanation struct {
	Cursor     ledger.Cursor              // of the last tick; zero: there was none
	Requests   []ledger.AutomationRequest // that would be made
	Considered []Considered
}

// Explain says what a tick at a time would do with an asset, and why, without doing it. partitions are explained
// whether something happened to them or not. It reads nothing but the ledger.
func Explain(ctx context.Context, g *asset.Graph, l *ledger.Ledger, now func() time.Time, key asset.Key, partitions []string) (Explanation, error) {
	var x Explanation
	asked, err := g.Get(key)
	if err != nil {
		return x, err
	}
	e, err := newEvaluator(ctx, g, l, now)
	if err != nil {
		return x, err
	}
	e.watch = key
	if err := e.conditions(ctx); err != nil {
		return x, err
	}
	x.Cursor = e.cursor(key, ledger.ConditionCursor)
	for _, r := range e.record.Requests {
		if r.Asset == string(key) {
			x.Requests = append(x.Requests, r)
		}
	}
	if len(partitions) == 0 {
		x.Considered = e.considered
		return x, nil
	}
	seen := make(map[string]Considered)
	for _, c := range e.considered {
		seen[c.Partition] = c
	}
	var others []string
	for _, p := range partitions {
		if _, looked := seen[p]; !looked {
			others = append(others, p)
		}
	}
	e.considered = nil
	if err := e.consider(ctx, asked, others, x.Cursor); err != nil {
		return x, err
	}
	for _, c := range e.considered {
		c.Touched, c.Requests, c.Waits = false, false, false
		seen[c.Partition] = c
	}
	for _, p := range partitions {
		c, known := seen[p]
		if !known {
			return x, fault.New(fault.Invalid, "explain "+string(key), "partition %q is unknown", p)
		}
		x.Considered = append(x.Considered, c)
	}
	return x, nil
}
