package asset

import (
	"errors"
	"fmt"
)

// Check is an assertion about a partition that runs on what is staged, before anything is published. It has
// either a Row or a Partition function; an error from it says what is wrong.
type Check[T any] struct {
	Name        string
	Description string
	Blocking    bool               // true: a violation stops the publish; false: it is recorded as a warning
	Row         func(T) error      // asked for every staged row
	Partition   func(Staged) error // asked once
}

// Staged is what a partition will hold if it is published, and what it holds now.
type Staged struct {
	Discovered  int // items known, absent ones included
	Rows        int // rows after the publish
	NewRows     int // rows of these that are staged in this run
	Absent      int
	Quarantined int
	Pending     int
	Before      int // rows published now; -1: never published

	Partition Partition
	// Seen gives the metadata of the last look at an external asset in one piece; nil when nobody has looked.
	Seen func(external Key) ([]byte, error) `json:"-"`
}

// ErasedCheck is a [Check] without its row type.
type ErasedCheck struct {
	Name        string
	Description string
	Blocking    bool
	row         func(any) error
	partition   func(Staged) error
}

// Verdict is what a check found.
type Verdict struct {
	Name     string `json:"name"`
	Blocking bool   `json:"blocking"`
	Passed   bool   `json:"passed"`
	Detail   string `json:"detail,omitempty"` // the first violation and how many there are
}

// Probe runs a list of checks over one partition: every staged row through [Probe.Row], then [Probe.Finish].
type Probe struct {
	checks     []ErasedCheck
	violations []int
	first      []error
}

// NewProbe starts a run of checks.
func NewProbe(checks []ErasedCheck) *Probe {
	return &Probe{checks: checks, violations: make([]int, len(checks)), first: make([]error, len(checks))}
}

// Row asks every row check about one row.
func (p *Probe) Row(row any) {
	for i, c := range p.checks {
		if c.row != nil {
			p.note(i, c.row(row))
		}
	}
}

// Finish asks the partition checks and gives one verdict a check, in their order.
func (p *Probe) Finish(s Staged) []Verdict {
	verdicts := make([]Verdict, len(p.checks))
	for i, c := range p.checks {
		if c.partition != nil {
			p.note(i, c.partition(s))
		}
		verdicts[i] = Verdict{Name: c.Name, Blocking: c.Blocking, Passed: p.violations[i] == 0}
		switch p.violations[i] {
		case 0:
		case 1:
			verdicts[i].Detail = p.first[i].Error()
		default:
			verdicts[i].Detail = fmt.Sprintf("%d violations, the first: %s", p.violations[i], p.first[i])
		}
	}
	return verdicts
}

func (p *Probe) note(i int, err error) {
	if err == nil {
		return
	}
	if p.violations[i]++; p.first[i] == nil {
		p.first[i] = err
	}
}

// Blocked joins the blocking checks that failed into one error; nil when there are none.
func Blocked(verdicts []Verdict) error {
	var errs []error
	for _, v := range verdicts {
		if v.Blocking && !v.Passed {
			errs = append(errs, fmt.Errorf("check %s: %s", v.Name, v.Detail))
		}
	}
	return errors.Join(errs...)
}

// Conserved is the check every partition gets: nothing that was discovered is lost, and the table will hold one row
// for each item that has one.
func Conserved() ErasedCheck {
	return ErasedCheck{
		Name: "conserved", Blocking: true,
		Description: "discovered = published + absent + quarantined, with nothing left pending",
		partition: func(s Staged) error {
			if s.Pending > 0 {
				return fmt.Errorf("%d of %d items are still pending", s.Pending, s.Discovered)
			}
			if sum := s.Rows + s.Absent + s.Quarantined; sum != s.Discovered {
				return fmt.Errorf("%d discovered, but %d rows + %d absent + %d quarantined = %d",
					s.Discovered, s.Rows, s.Absent, s.Quarantined, sum)
			}
			return nil
		},
	}
}

func (c Check[T]) erase() ErasedCheck {
	e := ErasedCheck{Name: c.Name, Description: c.Description, Blocking: c.Blocking, partition: c.Partition}
	if c.Row != nil {
		e.row = func(row any) error { return c.Row(row.(T)) }
	}
	return e
}
