package asset

import (
	"fmt"
	"time"
)

// State is the state of what is published of a partition, against its source, its inputs and its code. What the last run made
// of the partition is its [Attempt].
type State string

// The states, worst first.
const (
	Missing    State = "missing"     // never published
	RolledBack State = "rolled_back" // a person took it back to an earlier version, and no run has brought it forward since
	Stale      State = "stale"       // an input or the code is newer, or items are left to do
	Fresh      State = "fresh"
)

// States lists them, worst first.
func States() []State { return []State{Missing, RolledBack, Stale, Fresh} }

// Axis says on which side something is newer than what was made.
type Axis string

// The axes. What the source changed is fetched; what the code changed is made again from what is stored.
const (
	SourceAxis Axis = "source"
	CodeAxis   Axis = "code"
)

// PartitionStatus is how a partition stands, and why.
type PartitionStatus struct {
	State  State
	Axis   Axis // of a stale partition; "" otherwise
	Reason string
}

// PartitionRecord is what the ledger knows of one partition of one asset.
type PartitionRecord struct {
	Version     int64     // the table's version that last changed it; -1: never published
	CodeVersion string    // of the code that made it
	Upstream    Versions  // of each input, the highest version among the partitions it was made from; an input without one was not there
	Pending     int       // items that are not done or not published yet
	Retryable   int       // quarantined items that every run tries again
	Quarantined int       // all quarantined items
	Attempt     Attempt   // the last one
	RolledBack  *int64    // version to which it was rolled back, and not brought forward since; nil: none
	Verified    time.Time // when it was last published or found unchanged
}

// GraphState is what a plan is made from: the time, the partitions that are known, and the facts about them.
type GraphState struct {
	Now        time.Time
	Partitions map[string][]Partition             // of the dynamic sets, by name
	Records    map[Key]map[string]PartitionRecord // by asset and partition key
}

// View is a world seen over a graph. It is made once for many questions, and is for one goroutine.
type View struct {
	g       *Graph
	state   GraphState
	keys    map[*Partitions]Keys
	highest map[Key]int64
}

// View looks at a world.
func (g *Graph) View(w GraphState) *View {
	return &View{g: g, state: w, keys: make(map[*Partitions]Keys), highest: make(map[Key]int64)}
}

// State gives what the view was made of.
func (v *View) State() GraphState { return v.state }

// Keys gives the known partitions of an asset.
func (v *View) Keys(a *Asset) Keys { return v.set(a.Partitions) }

func (v *View) set(p *Partitions) Keys {
	k, ok := v.keys[p]
	if !ok {
		k = p.Keys(func(name string) []Partition { return v.state.Partitions[name] }, v.state.Now)
		v.keys[p] = k
	}
	return k
}

// Undiscovered names the dynamic sets behind an asset's partitions of which no key is known yet.
func (v *View) Undiscovered(a *Asset) []string {
	var names []string
	for _, set := range a.Partitions.Sets() {
		if len(v.state.Partitions[set.Name]) == 0 {
			names = append(names, set.Name)
		}
	}
	return names
}

// Upstream gives the partitions of a dependency that a partition of a is made from.
func (v *View) Upstream(a *Asset, partition string, dep Key) ([]string, error) {
	found, err := v.g.mapping(a, dep).Upstream(partition, v.between(a, dep))
	if err != nil {
		return nil, fmt.Errorf("%s[%s]: upstream %s: %w", a.Key, partition, dep, err)
	}
	return found, nil
}

// Downstream gives the partitions of a that are made from a partition of one of its dependencies.
func (v *View) Downstream(a *Asset, dep Key, partition string) ([]string, error) {
	found, err := v.g.mapping(a, dep).Downstream(partition, v.between(a, dep))
	if err != nil {
		return nil, fmt.Errorf("%s: downstream of %s[%s]: %w", a.Key, dep, partition, err)
	}
	return found, nil
}

func (v *View) between(a *Asset, dep Key) Between {
	return Between{To: v.set(a.Partitions), From: v.set(v.g.byKey[dep].Partitions)}
}

// Record is what is known of a partition. One that nobody knows was never published.
func (v *View) Record(key Key, partition string) PartitionRecord {
	if f, ok := v.state.Records[key][partition]; ok {
		return f
	}
	return PartitionRecord{Version: -1}
}

// Status says how a partition of a stands, and why.
func (v *View) Status(a *Asset, partition string) PartitionStatus {
	fact := v.Record(a.Key, partition)
	switch {
	case fact.Version < 0 && fact.Pending > 0:
		return PartitionStatus{State: Missing, Reason: fmt.Sprintf("never published; %d items are left to do", fact.Pending)}
	case fact.Version < 0:
		return PartitionStatus{State: Missing, Reason: "never published"}
	case fact.RolledBack != nil:
		return PartitionStatus{State: RolledBack, Reason: fmt.Sprintf("rolled back to version %d; the next run brings it forward again", *fact.RolledBack)}
	case fact.CodeVersion != a.CodeVersion:
		return PartitionStatus{Stale, CodeAxis, fmt.Sprintf("code version %s → %s", fact.CodeVersion, a.CodeVersion)}
	}
	for _, dep := range a.Deps {
		if reason := v.newer(a, partition, dep.Key, fact); reason != "" {
			return PartitionStatus{Stale, SourceAxis, reason}
		}
	}
	switch {
	case fact.Pending > 0:
		return PartitionStatus{Stale, SourceAxis, fmt.Sprintf("%d items are left to do", fact.Pending)}
	case fact.Retryable > 0:
		return PartitionStatus{State: Fresh, Reason: fmt.Sprintf("nothing changed that we know of; %d quarantined items will be tried again", fact.Retryable)}
	}
	return PartitionStatus{State: Fresh, Reason: "nothing changed that we know of"}
}

// newer says how an input is newer than what was made from it; "" if it is not.
func (v *View) newer(a *Asset, partition string, dep Key, fact PartitionRecord) string {
	now, err := v.version(a, partition, dep)
	if err != nil {
		return err.Error()
	}
	from, read := fact.Upstream.Of(dep)
	switch {
	case !fact.Outdated(dep, now):
		return ""
	case !read:
		return fmt.Sprintf("%s is at version %d, made before it was published", dep, now)
	default:
		return fmt.Sprintf("%s is at version %d, made from %d", dep, now, from)
	}
}

// Outdated reports whether an input is newer than what was made from it. version is the highest among the partitions of
// the input that it is made from; -1: there is none.
func (f PartitionRecord) Outdated(dep Key, version int64) bool {
	from, read := f.Upstream.Of(dep)
	return version >= 0 && (!read || version > from)
}

// version is the highest version among the partitions of an input that a partition is made from; -1: there is none.
func (v *View) version(a *Asset, partition string, dep Key) (int64, error) {
	switch v.g.mapping(a, dep).(type) {
	case same:
		return v.Record(dep, partition).Version, nil
	case all: // the same for every partition: asked once
		highest, ok := v.highest[dep]
		if !ok {
			highest = -1
			for _, f := range v.state.Records[dep] {
				highest = max(highest, f.Version)
			}
			v.highest[dep] = highest
		}
		return highest, nil
	}
	keys, err := v.Upstream(a, partition, dep)
	highest := int64(-1)
	for _, key := range keys {
		highest = max(highest, v.Record(dep, key).Version)
	}
	return highest, err
}
