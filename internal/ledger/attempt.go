package ledger

import (
	"fmt"
	"strings"
	"time"
)

// AttemptState is the state of the last attempt at a partition. It says nothing about what is published.
type AttemptState string

// The states of an attempt. The first three are those of an attempt that has not ended.
const (
	AttemptQueued      AttemptState = "queued"  // a run or a backfill has it in its plan, and has not begun it
	AttemptRunning     AttemptState = "running" // a run works on it
	AttemptWaiting     AttemptState = "waiting" // a run has begun it, and waits
	AttemptSucceeded   AttemptState = "succeeded"
	AttemptFailed      AttemptState = "failed"
	AttemptSkipped     AttemptState = "skipped"     // what it needs failed, or was canceled
	AttemptCanceled    AttemptState = "canceled"    // by a person, before it began or while it ran
	AttemptInterrupted AttemptState = "interrupted" // its run was terminated or lost, and could not say how it ended
)

// AttemptStates lists them in the order in which an attempt goes through them.
func AttemptStates() []AttemptState {
	return []AttemptState{
		AttemptQueued, AttemptRunning, AttemptWaiting, AttemptSucceeded, AttemptFailed, AttemptSkipped, AttemptCanceled, AttemptInterrupted,
	}
}

// AttemptCounts counts steps by the state of their attempts.
type AttemptCounts map[AttemptState]int

// String says how many steps are in which state, those that need somebody first: "6 failed, 26 skipped, 43 done".
func (n AttemptCounts) String() string {
	var parts []string
	for _, s := range AttemptsByNeed() {
		word := string(s)
		if s == AttemptSucceeded {
			word = "done"
		}
		if count := n[s]; count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count, word))
		}
	}
	return strings.Join(parts, ", ")
}

// AttemptsByNeed lists the states, those that need somebody first.
func AttemptsByNeed() []AttemptState {
	return []AttemptState{
		AttemptFailed, AttemptInterrupted, AttemptCanceled, AttemptSkipped, AttemptWaiting, AttemptRunning, AttemptQueued, AttemptSucceeded,
	}
}

// Open reports whether an attempt has not ended.
func (s AttemptState) Open() bool {
	return s == AttemptQueued || s == AttemptRunning || s == AttemptWaiting
}

// Attempt is the last attempt at a partition: that of the run or backfill which planned it last, but one that is under way
// counts before one that is only queued.
type Attempt struct {
	Asset, Partition string
	Run              string
	State            AttemptState
	Kind             string    // of the failure
	Reason           string    // why it failed, was skipped, was canceled or was interrupted; what it waits for
	Until            time.Time // when a waiting one is tried again; zero: nobody knows
	Started          time.Time // zero: it never began
	Finished         time.Time // zero: it has not ended
}

// RunStep is one step of a run: a partition of an asset, and how the run's attempt at it ended. A backfill keeps its own
// steps, see [BackfillStep].
type RunStep struct {
	Run              string
	Seq              int // its place in the plan, from 0
	Asset, Partition string
	Label            string
	Needs            StepNeeds
	State            AttemptState // never waiting: the waits of the run say that
	Retries          int          // attempts of its activities that failed, and were followed by another
	FirstError       string       // of those
	Kind             string       // of the failure that ended it
	Error            string       // why it failed, was skipped, was canceled or was interrupted
	Workflow         string       // that worked on it, and its execution; "": none did
	Execution        string
	StepOutcome
	Bytes    int64
	Started  time.Time // zero: it never began
	Finished time.Time // zero: it has not ended
}

// StepNeeds says which steps of a run must be done before one.
type StepNeeds struct {
	Steps  []int    `json:"steps,omitempty"`  // by Seq
	Assets []string `json:"assets,omitempty"` // all steps of these
}

// RunStepEnd is how a step of a run ended.
type RunStepEnd struct {
	Claim              // of the execution that worked on it, which ends with it
	State AttemptState // succeeded, failed, canceled or interrupted
	Kind  string       // of the failure
	Error string
	StepOutcome
	Bytes int64
}

// backfillPrefix begins the ids of the workflows and of the runs of backfills.
const backfillPrefix = "backfill/"

// BackfillWorkflow is the id of the workflow that carries out a backfill.
func BackfillWorkflow(backfill string) string { return backfillPrefix + backfill }

// BackfillRun is the id of the run under which an execution of a backfill works. Every execution has a run of its own, so
// that what it tries again was not tried in it before: "backfill/june", then "backfill/june#2".
func BackfillRun(backfill string, epoch int64) string {
	if epoch > 1 {
		return fmt.Sprintf("%s#%d", BackfillWorkflow(backfill), epoch)
	}
	return BackfillWorkflow(backfill)
}

// BackfillOf names the backfill whose run, or whose workflow, an id is; false if it is of none.
func BackfillOf(run string) (backfill string, is bool) {
	workflow, _, _ := strings.Cut(run, "#")
	return strings.CutPrefix(workflow, backfillPrefix)
}
