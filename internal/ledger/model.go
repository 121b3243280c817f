package ledger

import (
	"fmt"
	"iter"
	"time"

	"drugslm/internal/fault"
)

// State is the state of an item.
type State string

// The states. Counts puts pending, made and staged together as pending: their rows are not in the table yet.
const (
	Pending     State = "pending"     // to be done
	Made        State = "made"        // done; its row waits in the ledger
	Staged      State = "staged"      // its row is in a staged part
	Published   State = "published"   // its row is in the table
	Absent      State = "absent"      // the source says there is none
	Quarantined State = "quarantined" // cannot be processed; the reason and the evidence are kept
)

// States lists them in the order in which an item goes through them.
func States() []State { return []State{Pending, Made, Staged, Published, Absent, Quarantined} }

// KindVanished and KindDeclared distinguish the absences found at a sync from those that making an item found ("not_found").
const (
	KindVanished = "vanished" // a complete enumeration no longer names it
	KindDeclared = "declared" // the enumeration names it and says that it is absent
)

// MaxInput is the most bytes an item may carry for its maker.
const MaxInput = 4 << 10

// Item is what an enumeration says of one item.
type Item struct {
	ID          string // unique within its partition
	Label       string // for people
	Origin      string // id of the upstream item it is made from, where that is another
	Fingerprint string // changes when the source's data for this item changes
	Absent      string // not empty: the enumeration itself says there is none, for this reason
	Input       []byte // small JSON that the maker of the item needs, at most MaxInput bytes
}

// Entry is an item with everything known about it.
type Entry struct {
	Item
	Asset, Partition string
	State            State
	Batch            int    // of its run, from 1; 0: in none
	Attempts         int    // that ended in Pending again, since it was last synced to be done
	CodeVersion      string // under which it is or was made
	Reason           string // why it is to be done, absent or quarantined
	Kind             string // of the failure or the absence; "" otherwise
	Evidence         string // where what was seen is kept in the lake
	Row              []byte // of an item whose making costs a request, JSON: kept for as long as it is of the item's present fingerprint
	Staged           string // path of the staged part that holds its new row
	File             string // path of the published part that holds its row, old or new
	CodeOnly         bool   // to be done only because the code is newer: the row in Part is of its present fingerprint
	Run              string // that last took it up
	FirstSeen        time.Time
	Updated          time.Time
}

// Mode says which items with an outcome are done again without a change at the source or in the code.
type Mode int

// The modes.
const (
	Missing Mode = iota // none but those quarantined for one of RetryKinds
	Failed              // everything quarantined
	Force               // everything
)

// String gives the mode as it stands in workflow inputs: "missing", "failed" or "force".
func (m Mode) String() string {
	switch m {
	case Missing:
		return "missing"
	case Failed:
		return "failed"
	case Force:
		return "force"
	default:
		return fmt.Sprintf("mode %d", int(m))
	}
}

// MarshalText spells the mode as String does, so that people can read and write the inputs of workflows.
func (m Mode) MarshalText() ([]byte, error) {
	if m < Missing || m > Force {
		return nil, fault.New(fault.Invalid, "write mode", "%s is unknown", m)
	}
	return []byte(m.String()), nil
}

// UnmarshalText reads what MarshalText writes; anything else is fault.Invalid.
func (m *Mode) UnmarshalText(text []byte) error {
	for _, known := range []Mode{Missing, Failed, Force} {
		if string(text) == known.String() {
			*m = known
			return nil
		}
	}
	return fault.New(fault.Invalid, "read mode", "%.20q is unknown; known: missing, failed, force", text)
}

// Enumeration is one enumeration of the items of a partition, with the rules of its sync.
type Enumeration struct {
	Asset, Partition, Run, CodeVersion string

	Workflow   string   // whose claim it is
	Execution  string   // whose claim it is
	Generation int64    // of the partition when the enumeration began, as [Ledger.Generation] gave it
	BatchSize  int      // items in a batch; 0: all in one
	Mode       Mode     // which items with an outcome are done again
	Day        string   // the source's day of data, AAAA-MM-DD: an item not named vanishes when a later day's enumeration does not name it either; "": at once
	Partial    bool     // items not named are left alone; otherwise they become absent, "no longer listed"
	Confirm    bool     // items that the enumeration calls absent are asked for all the same
	RetryKinds []string // quarantined items of these kinds are tried again in every mode
	Retries    string   // the run that Run retries: what that forced, and did, is not forced again; "": none
	Items      iter.Seq2[Item, error]

	retried map[string]bool // Retries, and the runs that it retries itself
}

// SyncResult counts the decisions of a sync. Discovered = New + Changed + CodeChanged + Forced + Retried + Resumed +
// Absent + Unchanged; Todo is those of them that now wait to be made or staged.
type SyncResult struct {
	Discovered  int `json:"discovered"` // distinct items named
	New         int `json:"new"`        // never seen before, or seen again after it vanished
	Changed     int `json:"changed"`    // another fingerprint
	CodeChanged int `json:"recode"`     // made by another code version; the key is in recorded histories
	Retried     int `json:"retried"`    // quarantined, tried again
	Forced      int `json:"forced"`     // done again because of Mode Force
	Resumed     int `json:"resumed"`    // left over by an earlier run, or synced by this one before
	Absent      int `json:"absent"`     // newly absent because the enumeration says so
	Unchanged   int `json:"unchanged"`
	Vanished    int `json:"vanished"`          // not named any more, and not in Discovered
	Missing     int `json:"missing,omitempty"` // not named, nor in Discovered, and kept until a later day confirms it
	Todo        int `json:"todo"`
	Batches     int `json:"batches"`
}

// Outcome is the outcome of one pending or made item.
type Outcome struct {
	ID       string
	State    State  // Staged, Absent, Quarantined, or Pending: try again, one attempt more
	Staged   string // the staged part's path, when State is Staged
	Kind     string // of the failure
	Reason   string
	Evidence string

	CodeVersion string // of the code that made its row; "": the token's
}

// Counts obeys Discovered = Published + Absent + Quarantined + Pending.
type Counts struct {
	Discovered  int `json:"discovered"`
	Published   int `json:"published"`
	Absent      int `json:"absent"`
	Quarantined int `json:"quarantined"`
	Pending     int `json:"pending"` // pending, made and staged items

	Waived int `json:"waived,omitempty"` // of the quarantined: those that a person let stay as they are
}

// PartitionRef names one partition of one asset.
type PartitionRef struct{ Asset, Partition string }

// Filter selects items; an empty field selects everything.
type Filter struct {
	Asset, Partition string
	State            State
	Kind, ID         string
	Reason           string // a part of the reason, in capitals or not (of A to Z)
	Origin           string // the upstream item they are made from, where that has another id
	Limit            int    // 0: 1000
	After            string // the ID of the last item seen; pages only within one asset and partition
}

// DataFile is one Parquet file of a table.
type DataFile struct {
	Path  string `json:"path"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// Moves is how a publish changes the table's files.
type Moves struct {
	Added     []DataFile          `json:"added,omitempty"`     // staged parts that join the table
	Rewritten map[string]string   `json:"rewritten,omitempty"` // old part → the part its other rows moved to; "": no row is left
	Dropped   map[string][]string `json:"dropped,omitempty"`   // old part → ids whose rows left it, as Superseded gave them; nil: as Superseded says when the publish begins
	Rollback  *Rollback           `json:"rollback,omitempty"`  // parts of an earlier version that join the table again; nil: none
	Repair    *Repair             `json:"repair,omitempty"`    // where rows are after another program changed the table; nil: nobody did
}

// PublishedPartition is the state of a partition that was published.
type PublishedPartition struct {
	Partition   string
	Version     int64  // of the table, that readers see
	CodeVersion string // of the last look at it, as Upstream
	Upstream    []Read // which versions were read
	Verified    time.Time
	RolledBack  int64 // the version to which it was rolled back and not brought forward since; -1: none
}

// Read is a version of an asset that was read.
type Read struct {
	Asset   string
	Version int64
}

// OpenItems counts the items of a partition without a final outcome; waived items have one.
type OpenItems struct {
	Pending     int // pending, made and staged
	Quarantined int
	Retryable   int // of the quarantined: those of the kinds asked about
}

// Phase is the state of a materialization.
type Phase string

// The phases.
const (
	PhasePublishing Phase = "publishing" // begun; whether the lake has it is known to the lake only
	PhasePublished  Phase = "published"
	PhaseUnchanged  Phase = "unchanged" // looked at, nothing to publish: what is published is still right
	PhaseFailed     Phase = "failed"    // abandoned
)

// Materialization is one attempt to bring a partition up to date.
type Materialization struct {
	ID                           int64
	Asset, Partition, Run, Trace string

	By Token // of a run that begins a publish or records a look; not kept. A rollback has none.

	State       Phase
	Version     int64 // of the table, once published
	Rows, Bytes int64 // of the partition in that version
	CodeVersion string
	Upstream    map[string]int64 // asset → version that was read
	Snapshot    string           // the source's own date of its data
	Moves       Moves
	Requests    int64  // sent to the source
	Workflow    string // that made it, and its execution; "": a rollback, or made by a build that did not record them
	Execution   string
	Started     time.Time
	Finished    time.Time // zero while publishing
	Reason      string

	Verified time.Time // set by Latest and Materializations: when this was last found to be right
}

// Partition is one known partition of a set.
type Partition struct {
	Key, Label          string
	Gone                bool
	FirstSeen, LastSeen time.Time
}

// RunState is the state of a run.
type RunState string

// The states of a run.
const (
	RunRunning   RunState = "running"
	RunSucceeded RunState = "succeeded"
	RunFailed    RunState = "failed"
	RunCanceled  RunState = "canceled"
)

// RunStates lists them.
func RunStates() []RunState { return []RunState{RunRunning, RunSucceeded, RunFailed, RunCanceled} }

// Run is one execution of a plan.
type Run struct {
	ID, Workflow, Selection string

	Request  []byte // what it was asked to do, as JSON; empty: it was recorded before that was kept
	Retries  string // the run whose failed steps it does again; "": none
	State    RunState
	Trace    string
	Started  time.Time
	Finished time.Time // zero while running
	Error    string
}

// RunFilter selects runs; an empty field selects everything.
type RunFilter struct {
	State RunState
	Since time.Time // those that were under way at this time or later
	Limit int       // 0: 1000
}

// Lease records the owner of a browser session, and until when.
type Lease struct {
	Session string // the hub's id of it
	Hub     string // address of the hub
	Owner   string // worker, run, activity, attempt
	Expires time.Time
}
