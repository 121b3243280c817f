package asset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// SavedFormat is the format of saved plans that this build writes and reads.
const SavedFormat = 1

// MaxSaved is the longest saved plan that is read, in bytes. Those of a run's 500 steps take less than one megabyte.
const MaxSaved = 8 << 20

// Saved is a plan as it is kept in a file: what was asked for, the steps with what they were judged on, and a hash.
// The hash tells a damaged file or one that was edited by hand; it is no signature.
type Saved struct {
	Format       int         `json:"format"`
	Lake         string      `json:"lake"` // the name of the ledger it was made from
	MadeAt       time.Time   `json:"made_at"`
	Select       []string    `json:"select"`
	Request      Request     `json:"request"`
	Mode         string      `json:"mode"` // which items with an outcome are done again
	Steps        []SavedStep `json:"steps"`
	Undiscovered []string    `json:"undiscovered,omitempty"`
	Left         int         `json:"left,omitempty"`
	Total        Estimate    `json:"total"`
	SHA256       string      `json:"sha256"` // of the document without this
}

// SavedStep is a step, what it was thought to do, and what it was judged on.
type SavedStep struct {
	Step
	Estimate Estimate `json:"estimate"`
	Basis    Basis    `json:"basis"`
}

// Basis is what a step of a plan is judged on. A plan that was saved is carried out only on the basis it was made on.
type Basis struct {
	Version     int64         `json:"version"`                // of the table; -1: never published
	CodeVersion string        `json:"code_version,omitempty"` // that it was made with
	Upstream    map[Key]int64 `json:"upstream,omitempty"`     // of each input, the version that would be read; an input without one is not published
	Pending     int           `json:"pending"`
	Quarantined int           `json:"quarantined"`
}

// Basis is what a partition is judged on now.
func (v *View) Basis(a *Asset, partition string) (Basis, error) {
	f := v.Record(a.Key, partition)
	b := Basis{Version: f.Version, CodeVersion: f.CodeVersion, Pending: f.Pending, Quarantined: f.Quarantined}
	for _, dep := range a.Deps {
		version, err := v.version(a, partition, dep.Key)
		if err != nil {
			return b, err
		}
		if version >= 0 {
			if b.Upstream == nil {
				b.Upstream = make(map[Key]int64, len(a.Deps))
			}
			b.Upstream[dep.Key] = version
		}
	}
	return b, nil
}

// Encode gives the document of a saved plan, with its format and its hash.
func (s Saved) Encode() ([]byte, error) {
	s.Format, s.MadeAt = SavedFormat, s.MadeAt.UTC().Truncate(time.Second)
	var err error
	if s.SHA256, err = s.hash(); err != nil {
		return nil, err
	}
	return json.MarshalIndent(s, "", "  ")
}

// hash is the SHA-256 of the document without its hash, in hex.
func (s Saved) hash() (string, error) {
	s.SHA256 = ""
	text, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// ReadSaved reads what Encode wrote. Another format, a field that is not known, a document that was damaged or edited
// are fault.Invalid, with the reason.
func ReadSaved(text []byte) (Saved, error) {
	refuse := func(format string, args ...any) (Saved, error) {
		return Saved{}, fault.New(fault.Invalid, "read saved plan", format+": make it anew with starter plan --save", args...)
	}
	if len(text) > MaxSaved {
		return refuse("it has more than %d bytes", MaxSaved)
	}
	var head struct {
		Format *int `json:"format"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return refuse("it is damaged, or is no plan (%w)", err)
	}
	switch {
	case head.Format == nil:
		return refuse("it is no saved plan: it has no format")
	case *head.Format != SavedFormat:
		return refuse("it has format %d, this drugslm reads %d", *head.Format, SavedFormat)
	}
	var s Saved
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return refuse("%w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return refuse("something follows the plan")
	}
	sum, err := s.hash()
	if err != nil {
		return refuse("%w", err)
	}
	if sum != s.SHA256 {
		return refuse("it was damaged or edited since it was made: its sha256 does not fit")
	}
	return s, nil
}

// Check refuses a plan that was made from another ledger, or of which something moved since; fresh is what the same
// request plans now. The error, a fault.Invalid, says what moved, step by step.
func (v *View) Check(s Saved, lake string, fresh Plan) error {
	if s.Lake != lake {
		return fault.New(fault.Invalid, "apply saved plan", "it was made from the data folder with the ledger %q, this one has %q: choose the folder with --data", s.Lake, lake)
	}
	moved, err := v.changedSince(s, fresh)
	if err != nil || len(moved) == 0 {
		return err
	}
	more := ""
	if n := len(moved) - shown; n > 0 {
		moved, more = moved[:shown], fmt.Sprintf("; and %d more", n)
	}
	return fault.New(fault.Invalid, "apply saved plan", "what it was made on at %s has moved: %s%s: plan again",
		s.MadeAt.Format(time.RFC3339), strings.Join(moved, "; "), more)
}

// changedSince says in words what is another than when the plan was saved, a line for each step.
func (v *View) changedSince(s Saved, fresh Plan) ([]string, error) {
	now := make(map[string]Step, len(fresh.Steps))
	for _, step := range fresh.Steps {
		now[step.Name()] = step
	}
	var lines []string
	for _, then := range s.Steps {
		name := then.Name()
		step, planned := now[name]
		delete(now, name)
		a, declared := v.g.byKey[then.Asset]
		if !declared {
			lines = append(lines, fmt.Sprintf("%s: %s is not declared any more", name, then.Asset))
			continue
		}
		if v.Keys(a).Index(then.Partition.Key) < 0 {
			lines = append(lines, name+": the partition is gone")
			continue
		}
		basis, err := v.Basis(a, then.Partition.Key)
		if err != nil {
			return nil, err
		}
		changes := then.Basis.changes(basis)
		if then.CodeVersion != a.CodeVersion {
			changes = append(changes, fmt.Sprintf("code version %s → %s", then.CodeVersion, a.CodeVersion))
		}
		if len(changes) == 0 && (!planned || step.State != then.State) {
			changes = []string{"it would not be planned any more"}
		}
		if len(changes) > 0 {
			lines = append(lines, name+": "+strings.Join(changes, ", "))
		}
	}
	for _, step := range fresh.Steps {
		if _, added := now[step.Name()]; added {
			lines = append(lines, "new: "+step.Name())
		}
	}
	return lines, nil
}

// changes says in words what is another in a later basis.
func (b Basis) changes(now Basis) []string {
	var found []string
	note := func(differs bool, format string, args ...any) {
		if differs {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	note(b.Version != now.Version, "was %s, is %s", versionText(b.Version), versionText(now.Version))
	note(b.CodeVersion != now.CodeVersion && b.Version == now.Version, "made with code version %s, then with %s", b.CodeVersion, now.CodeVersion)
	inputs := slices.Sorted(maps.Keys(b.Upstream))
	for _, dep := range slices.Sorted(maps.Keys(now.Upstream)) {
		if !slices.Contains(inputs, dep) {
			inputs = append(inputs, dep)
		}
	}
	for _, dep := range inputs {
		before, after := upstreamVersion(b, dep), upstreamVersion(now, dep)
		note(before != after, "%s was %s, is %s", dep, versionText(before), versionText(after))
	}
	note(b.Pending != now.Pending, "items left over: were %d, are %d", b.Pending, now.Pending)
	note(b.Quarantined != now.Quarantined, "items quarantined: were %d, are %d", b.Quarantined, now.Quarantined)
	return found
}

func upstreamVersion(b Basis, dep Key) int64 {
	if version, there := b.Upstream[dep]; there {
		return version
	}
	return -1
}

func versionText(version int64) string {
	if version < 0 {
		return "never published"
	}
	return fmt.Sprintf("version %d", version)
}
