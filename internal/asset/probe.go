package asset

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"drugslm/internal/fault"
)

// Probe asks a list of checks about one partition: every staged row goes through [Probe.Row], every row that stays
// through [Probe.Kept] if [Probe.Whole] wants them, then [Probe.Finish] gives the verdicts. A check that panics, or
// cannot begin, is one that could not be asked: it never counts as passed.
type Probe struct {
	asked   []asked
	allRows bool
}

// asked is one check on its way.
type asked struct {
	check      ErasedCheck
	run        CheckRun[any]
	violations int
	first      error
	unasked    error
}

// NewProbe begins a list of checks. in.Run must be bound to the asset they are of, if any of them reads another.
func NewProbe(ctx context.Context, checks []ErasedCheck, in CheckInput) *Probe {
	p := &Probe{asked: make([]asked, len(checks))}
	for i, c := range checks {
		p.allRows = p.allRows || c.AllRows
		p.asked[i].check = c
		p.asked[i].begin(ctx, in)
	}
	return p
}

// WantsKept reports whether a check wants the rows that stay.
func (p *Probe) WantsKept() bool { return p.allRows }

// Row shows the checks one staged row.
func (p *Probe) Row(row any) {
	for i := range p.asked {
		p.asked[i].row(row)
	}
}

// Kept shows a row that stays to the checks that want the whole partition.
func (p *Probe) Kept(row any) {
	for i := range p.asked {
		if p.asked[i].check.AllRows {
			p.asked[i].row(row)
		}
	}
}

// Finish gives one verdict a check, in their order.
func (p *Probe) Finish(s Staged) []Verdict {
	verdicts := make([]Verdict, len(p.asked))
	for i := range p.asked {
		verdicts[i] = p.asked[i].verdict(s)
	}
	return verdicts
}

func (a *asked) begin(ctx context.Context, in CheckInput) {
	defer a.recovered()
	in.also = a.check.Deps
	run, err := a.check.begin(ctx, in)
	if err != nil {
		a.unasked = err
		return
	}
	a.run = run
}

func (a *asked) row(row any) {
	if a.run.Row == nil || a.unasked != nil {
		return
	}
	defer a.recovered()
	a.note(a.run.Row(row))
}

func (a *asked) finish(s Staged) (found Finding) {
	if a.run.Finish == nil || a.unasked != nil {
		return found
	}
	defer a.recovered()
	found, err := a.run.Finish(s)
	a.note(err)
	return found
}

func (a *asked) note(err error) {
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

func (a *asked) recovered() {
	if r := recover(); r != nil {
		a.unasked = fault.New(fault.Layout, "", "it panicked: %v", r)
	}
}

func (a *asked) verdict(s Staged) Verdict {
	found := a.finish(s)
	v := Verdict{Name: a.check.Name, Blocking: a.check.Blocking, Observed: bound(found.Observed), Expected: bound(found.Expected)}
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
