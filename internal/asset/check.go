package asset

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"drugslm/internal/fault"
)

// Check is an assertion about a partition that runs on what is staged, before anything is published. It has one of
// three forms: Row, Partition or Begin. An error from Row or Partition says what is wrong. The ready ones are
// [RowCount], [MaxDrop], [QuarantineRate], [NotNull], [Unique], [InRange], [InPeriod], [OneOf], [Matches], [Recent] and [References].
//
// A check has nothing to say of rows that are not there: of an empty partition only [RowCount],
// [MaxDrop] and [QuarantineRate] speak.
type Check[T any] struct {
	Name        string // lower case, unique in the asset: it is kept in the ledger and typed after --accept
	Description string
	Blocking    bool   // true: a violation stops the publish; false: it is recorded as a warning
	Expected    string // what is observed when all is well, for people: "at least 1"

	Row       func(T) error      // asked for every row shown; what is observed is how many are wrong
	Partition func(Staged) error // asked once
	// Begin starts a check that keeps state from row to row, or reads other assets. An error from it says that the
	// check could not be asked.
	Begin func(ctx context.Context, in CheckInput) (CheckRun[T], error)

	AllRows bool  // the rows that stay are shown too, not only the staged ones: the whole partition is read
	Deps    []Dep // assets it reads beside those the asset is made from; they make nothing stale and are no lineage

	problem error // of a ready check, reported by NewGraph
}

// Block is the check as one that stops the publish.
func (c Check[T]) Block() Check[T] {
	c.Blocking = true
	return c
}

// Named is the check under another name and description.
func (c Check[T]) Named(name, description string) Check[T] {
	c.Name, c.Description = name, description
	return c
}

// CheckRun is a check being asked about one partition. What it remembers lives in its functions.
type CheckRun[T any] struct {
	Row    func(T) error                 // asked for every row shown; nil: none
	Finish func(Staged) (Finding, error) // asked once, after the rows; nil: the rows have said it all
}

// Finding is what a check saw, wrong or not, so that its history can be read as numbers.
type Finding struct {
	Observed string // a number, a time, or JSON; "": how many rows are wrong
	Expected string // "": what the check declares
}

// ErrNotRun in the chain of a check's error says that the check could not be asked, not that something is wrong.
var ErrNotRun = errors.New("the check could not be asked")

// Staged is what a partition will hold if it is published, and what it holds now.
type Staged struct {
	Discovered  int // items known, absent ones included
	Rows        int // rows after the publish
	NewRows     int // rows of these that are staged in this run
	Lost        int // rows published now whose items will have none
	Absent      int
	Quarantined int
	Pending     int
	Before      int // rows published now; -1: never published
}

// ErasedCheck is a [Check] without its row type.
type ErasedCheck struct {
	Name        string
	Description string
	Blocking    bool
	Expected    string
	AllRows     bool
	Deps        []Dep
	begin       func(ctx context.Context, in CheckInput) (CheckRun[any], error)
}

// Outcome is what became of a check. Outcomes are written into the ledger: add one, never rename one.
type Outcome string

// The outcomes.
const (
	CheckPassed   Outcome = "passed"
	CheckFailed   Outcome = "failed"   // a violation that stops the publish
	CheckWarned   Outcome = "warned"   // a violation that is only told
	CheckAccepted Outcome = "accepted" // it would have stopped the publish, and a person let it through
	CheckErrored  Outcome = "error"    // it could not be asked; if it is a blocking one, nothing is published
)

// CheckResult is what a check found.
type CheckResult struct {
	Name     string     `json:"name"`
	Blocking bool       `json:"blocking"`
	Passed   bool       `json:"passed"`
	Accepted bool       `json:"accepted,omitempty"` // did not pass, and a person let it through in this run
	Fault    fault.Kind `json:"fault,omitempty"`    // why it could not be asked; "": it was
	Detail   string     `json:"detail,omitempty"`   // the first violation and how many there are
	Observed string     `json:"observed,omitempty"`
	Expected string     `json:"expected,omitempty"`
}

// Outcome is what became of the check.
func (v CheckResult) Outcome() Outcome {
	switch {
	case v.Passed:
		return CheckPassed
	case v.Accepted:
		return CheckAccepted
	case v.Fault != "":
		return CheckErrored
	case v.Blocking:
		return CheckFailed
	default:
		return CheckWarned
	}
}

// Stops reports whether nothing can be published because of it.
func (v CheckResult) Stops() bool { return v.Blocking && !v.Passed && !v.Accepted }

// Blocked joins the verdicts that stop the publish into one error; nil when there are none. Its kind is fault.Layout,
// somebody must look, unless all that is wrong is that checks could not be asked, and may be another time.
func Blocked(verdicts []CheckResult) error {
	var errs []error
	kind := fault.Layout
	passing := true // what is wrong may pass by itself
	for _, v := range verdicts {
		if !v.Stops() {
			continue
		}
		errs = append(errs, fmt.Errorf("check %s: %s", v.Name, v.Detail))
		if passing = passing && v.Fault != "" && v.Fault.Retryable(); passing {
			kind = v.Fault
		}
	}
	if !passing {
		kind = fault.Layout
	}
	return fault.Wrap(kind, "", errors.Join(errs...))
}

// Conserved is the check every partition gets: nothing that was discovered is lost, and the table will hold one row
// for each item that has one.
func Conserved() ErasedCheck {
	return Check[any]{
		Name: "conserved", Blocking: true,
		Description: "discovered = published + absent + quarantined, with nothing left pending",
		Begin: func(context.Context, CheckInput) (CheckRun[any], error) {
			return CheckRun[any]{Finish: conserved}, nil
		},
	}.erase()
}

func conserved(s Staged) (Finding, error) {
	sum := s.Rows + s.Absent + s.Quarantined
	found := Finding{Observed: fmt.Sprint(sum), Expected: fmt.Sprint(s.Discovered)}
	switch {
	case s.Pending > 0:
		return found, fmt.Errorf("%d of %d items are still pending", s.Pending, s.Discovered)
	case sum != s.Discovered:
		return found, fmt.Errorf("%d discovered, but %d rows + %d absent + %d quarantined = %d",
			s.Discovered, s.Rows, s.Absent, s.Quarantined, sum)
	default:
		return found, nil
	}
}

func (c Check[T]) erase() ErasedCheck {
	e := ErasedCheck{
		Name: c.Name, Description: c.Description, Blocking: c.Blocking, Expected: c.Expected, AllRows: c.AllRows, Deps: slices.Clone(c.Deps),
	}
	if c.Row != nil && e.Expected == "" {
		e.Expected = "0"
	}
	e.begin = func(ctx context.Context, in CheckInput) (run CheckRun[any], err error) {
		typed := CheckRun[T]{Row: c.Row}
		if c.Partition != nil {
			typed.Finish = func(s Staged) (Finding, error) { return Finding{}, c.Partition(s) }
		}
		if c.Begin != nil {
			if typed, err = c.Begin(ctx, in); err != nil {
				return run, err
			}
		}
		run.Finish = typed.Finish
		if typed.Row != nil {
			run.Row = func(row any) error { return typed.Row(row.(T)) }
		}
		return run, nil
	}
	return e
}

var checkPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// engine names the checks that every partition gets, or every listing.
var engine = []string{"complete", "conserved"}

// problems says what is wrong with the declaration, given the names that are taken.
func (c Check[T]) problems(taken []string) []error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("check %q "+format, append([]any{c.Name}, args...)...))
		}
	}
	forms := 0
	for _, has := range []bool{c.Row != nil, c.Partition != nil, c.Begin != nil} {
		if has {
			forms++
		}
	}
	add(!checkPattern.MatchString(c.Name), "wants a name of lower-case letters, digits and _")
	add(slices.Contains(taken, c.Name), "has a name that is taken")
	add(forms != 1 && c.problem == nil, "wants one of Row, Partition and Begin")
	add(c.AllRows && c.Partition != nil, "is shown no rows, so Whole means nothing")
	add(len(c.Deps) > 0 && c.Begin == nil, "has Deps, which only Begin can read")
	for i, dep := range c.Deps {
		add(slices.ContainsFunc(c.Deps[:i], func(d Dep) bool { return d.Key == dep.Key }), "names %q in Deps twice", dep.Key)
	}
	if c.problem != nil {
		add(true, "%w", c.problem)
	}
	return errs
}

// CheckInput is what a check is told of the partition it is asked about. Rows of other assets are read with [Input].
type CheckInput struct {
	Run
	Before       Publication
	Observations Observations // of external assets; see [CheckInput.Observation]
}

// Publication is the version of a partition that readers see.
type Publication struct {
	Version  int64
	Rows     int64
	At       time.Time // when it was published; zero: never
	Verified time.Time // when it was last found to be right
}

// Observations gives what was last seen of a partition of an external asset, and when; a zero time: never.
type Observations interface {
	Observation(ctx context.Context, key Key, partition string) (seen Observation, at time.Time, err error)
}

// Observation gives what was last seen of an external asset among the dependencies, and when; a zero time: never. The
// partition must come from one partition of it, as it does where that is in one piece.
func (in CheckInput) Observation(ctx context.Context, key Key) (Observation, time.Time, error) {
	partitions, err := in.upstream(key)
	switch {
	case err != nil:
		return Observation{}, time.Time{}, err
	case len(partitions) != 1:
		return Observation{}, time.Time{}, fault.New(fault.Invalid, "read observation", "%s[%s] comes from %d partitions of %s, not one",
			in.asset.Key, in.Partition.Key, len(partitions), key)
	case in.Observations == nil:
		return Observation{}, time.Time{}, fault.New(fault.Invalid, "read observation", "nothing was observed here")
	}
	return in.Observations.Observation(ctx, key, partitions[0])
}
