package ledger

import (
	"fmt"
	"strings"
	"time"
)

// BackfillState is the state of a backfill.
type BackfillState string

// The states of a backfill.
const (
	BackfillRunning   BackfillState = "running"
	BackfillPaused    BackfillState = "paused"    // nothing new begins; what runs ends
	BackfillCanceling BackfillState = "canceling" // nothing new begins, ever; what runs ends or is made to
	BackfillCanceled  BackfillState = "canceled"
	BackfillCompleted BackfillState = "completed"
	BackfillFailed    BackfillState = "failed" // some steps failed, or it could not be planned
)

// Ended reports whether the state is final unless a person acts.
func (s BackfillState) Ended() bool {
	return s == BackfillCanceled || s == BackfillCompleted || s == BackfillFailed
}

// Backfill is a durable object over many partitions: the request, its settings, and its state. Its steps are the truth
// about each partition.
type Backfill struct {
	ID string

	// The request: two backfills of one id must agree on it.
	Selection  string // as typed
	Partitions string // as typed; "" or "all": every one
	Mode       string // "all", "missing", "failed", "stale" or "force"

	// The settings, which may be changed while it runs.
	MaxInFlight int     // steps in progress at a time
	Rate        float64 // steps begun per minute; 0: no limit
	Priority    int     // 1 to 5, 1 first

	State    BackfillState
	Planned  time.Time // when its steps were written; zero before
	Epoch    int64     // how many executions of its workflow there were
	Code     string    // version of the program that created it
	Trace    string
	Error    string
	Created  time.Time
	Updated  time.Time
	Finished time.Time // zero until it ended
}

// Differs lists how another request under the same id differs from this one; "" if it does not.
func (b Backfill) Differs(other Backfill) string {
	var found []string
	for _, f := range []struct{ name, is, asked string }{
		{"the selection", b.Selection, other.Selection}, {"the partitions", b.Partitions, other.Partitions}, {"the mode", b.Mode, other.Mode},
	} {
		if f.is != f.asked {
			found = append(found, fmt.Sprintf("%s is %q there, and %q here", f.name, f.is, f.asked))
		}
	}
	return strings.Join(found, "; ")
}

// StepState is the state of a step of a backfill.
type StepState string

// The states of a step.
const (
	StepWaiting  StepState = "waiting"
	StepRunning  StepState = "running"
	StepDone     StepState = "done"
	StepFailed   StepState = "failed"
	StepSkipped  StepState = "skipped" // what it needs failed
	StepCanceled StepState = "canceled"
)

// StepStates lists them in the order in which people are shown them.
func StepStates() []StepState {
	return []StepState{StepDone, StepRunning, StepWaiting, StepFailed, StepSkipped, StepCanceled}
}

// Attempt is the state of a step as that of the attempt at its partition.
func (s StepState) Attempt() AttemptState {
	switch s {
	case StepWaiting:
		return AttemptQueued
	case StepDone:
		return AttemptSucceeded
	default:
		return AttemptState(s)
	}
}

// BackfillStep is one partition of one asset in a backfill.
type BackfillStep struct {
	Backfill string
	Seq      int64 // its place in the plan, from 0
	Asset    string
	Partition,
	Label string

	State    StepState
	Open     int    // how many of its needs are not done
	Dequeue  int64  // the number of the request that handed it out last; 0: none yet
	Attempts int    // how often it was handed out
	Kind     string // of the failure
	Error    string
	StepOutcome
	Started  time.Time // zero until it was handed out
	Finished time.Time // zero until it ended

	Step []byte // JSON of the plan's step, for the worker that does it; only where documented
}

// StepOutcome is the result of a step.
type StepOutcome struct {
	Changed bool
	Version int64
	Rows    int64
	Counts
}

// NewStep is a step to be added to a backfill. One without an asset is a barrier: done as soon as its needs are.
type NewStep struct {
	Seq                     int64
	Asset, Partition, Label string
	Step                    []byte
	Needs                   []int64 // by Seq, in any order
}

// DequeueRequest asks for steps that are ready. Number grows with each request of a backfill. A repeated request under
// the same number returns the same steps, unless they have ended, and never others: a lost answer loses no step, and a
// late request takes no step that nobody would start. Limit 0 asks for nothing.
type DequeueRequest struct {
	Backfill string
	Epoch    int64 // of the execution that asks; an older one is refused
	Number   int64
	Limit    int
}

// Dequeued is the answer: the steps, in the order of the plan and with their Step, and the state of the backfill.
type Dequeued struct {
	Steps []BackfillStep
	State BackfillState
	Ready bool // there are more that could begin now
	Left  bool // there are some that wait, ready or not
}

// StepEnd is the end of a step. Error says why a step failed, was skipped or was canceled.
type StepEnd struct {
	Backfill string
	Epoch    int64
	Seq      int64
	Dequeue  int64 // under which it was handed out; any other is refused
	State    StepState
	Kind     string
	Error    string
	StepOutcome
	Run string // whose claim on the partition ends with it; "": none
}

// StepSum sums up the steps of one asset in one state.
type StepSum struct {
	Asset string
	State StepState
	Steps int
	StepTotals
}

// StepTotals are sums over steps.
type StepTotals struct {
	Changed int // steps that published something new
	Rows    int64
	Counts
}

// StepFailures sums up the failed steps of one kind, with one of them as an example.
type StepFailures struct {
	Kind    string
	Steps   int
	Example BackfillStep
}

// StepPace says how many steps ended in a span of time.
type StepPace struct {
	Steps       int
	First, Last time.Time // zero without any
}

// StepFilter selects steps of a backfill, in the order of the plan. Barriers are never among them.
type StepFilter struct {
	Backfill string
	Asset    string
	State    StepState
	Limit    int   // 0: 1000
	After    int64 // the Seq of the last one seen, plus one
}

// Claim says which execution works on a partition.
type Claim struct {
	Asset, Partition string
	Run              string // another execution of the same run may continue the work
	Workflow         string // and its execution: whom to ask whether the owner lives
	Execution        string
	Since            time.Time
}
