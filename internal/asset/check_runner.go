package asset

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"drugslm/internal/fault"
)

// CheckRunner asks a list of checks about one partition: every staged row goes through [CheckRunner.Row], every row that stays
// through [CheckRunner.Kept] if [CheckRunner.WantsKept] wants them, then [CheckRunner.Finish] gives the verdicts. A check that panics, or
// cannot begin, is one that could not be asked: it never counts as passed.
type CheckRunner struct {
	running []runningCheck
	allRows bool
}

// runningCheck is one check on its way.
type runningCheck struct {
	check      ErasedCheck
	run        CheckRun[any]
	violations int
	first      error
	unasked    error
}

// NewCheckRunner begins a list of checks. in.Run must be bound to the asset they are of, if any of them reads another.
func NewCheckRunner(ctx context.Context, checks []ErasedCheck, in CheckInput) *CheckRunner {
	p := &CheckRunner{running: make([]runningCheck, len(checks))}
	for i, c := range checks {
		p.allRows = p.allRows || c.AllRows
		p.running[i].check = c
		p.running[i].begin(ctx, in)
	}
	return p
}

// WantsKept reports whether a check wants the rows that stay.
func (p *CheckRunner) WantsKept() bool { return p.allRows }

// Row shows the checks one staged row.
func (p *CheckRunner) Row(row any) {
	for i := range p.running {
		p.running[i].row(row)
	}
}

// Kept shows a row that stays to the checks that want the whole partition.
func (p *CheckRunner) Kept(row any) {
	for i := range p.running {
		if p.running[i].check.AllRows {
			p.running[i].row(row)
		}
	}
}

// Finish gives one verdict a check, in their order.
func (p *CheckRunner) Finish(s Staged) []CheckResult {
	verdicts := make([]CheckResult, len(p.running))
	for i := range p.running {
		verdicts[i] = p.running[i].result(s)
	}
	return verdicts
}

func (a *runningCheck) begin(ctx context.Context, in CheckInput) {
	defer a.recovered()
	in.also = a.check.Deps
	run, err := a.check.begin(ctx, in)
	if err != nil {
		a.unasked = err
		return
	}
	a.run = run
}

func (a *runningCheck) row(row any) {
	if a.run.Row == nil || a.unasked != nil {
		return
	}
	defer a.recovered()
	a.note(a.run.Row(row))
}

func (a *runningCheck) finish(s Staged) (found Finding) {
	if a.run.Finish == nil || a.unasked != nil {
		return found
	}
	defer a.recovered()
	found, err := a.run.Finish(s)
	a.note(err)
	return found
}

func (a *runningCheck) note(err error) {
	switch {
	case err == nil:
	case errors.Is(err, ErrNotRun):
		a.unasked = err
	default:
		if a.violations++; a.first == nil {
			a.first = err
		}
	}
}

func (a *runningCheck) recovered() {
	if r := recover(); r != nil {
		a.unasked = fault.New(fault.Layout, "", "it panicked: %v", r)
	}
}

func (a *runningCheck) result(s Staged) CheckResult {
	found := a.finish(s)
	v := CheckResult{Name: a.check.Name, Blocking: a.check.Blocking, Observed: bound(found.Observed), Expected: bound(found.Expected)}
	if v.Expected == "" {
		v.Expected = a.check.Expected
	}
	switch {
	case a.unasked != nil:
		v.Fault, v.Observed = fault.KindOf(a.unasked), ""
		v.Detail = bound(fmt.Sprintf("%v: %v", ErrNotRun, strings.TrimPrefix(a.unasked.Error(), ErrNotRun.Error()+": ")))
		return v
	case a.violations == 1:
		v.Detail = bound(a.first.Error())
	case a.violations > 1:
		v.Detail = bound(fmt.Sprintf("%d violations, the first: %s", a.violations, a.first))
	}
	v.Passed = a.violations == 0
	if v.Observed == "" && a.run.Row != nil {
		v.Observed = strconv.Itoa(a.violations)
	}
	return v
}

// bound keeps what a check says, which may quote a hostile row, short enough for a ledger and a screen.
func bound(text string) string {
	const most = 2000
	if len(text) <= most {
		return strings.ToValidUTF8(text, "�")
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
