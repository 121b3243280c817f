package asset

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// State is how a partition of an asset stands against its source, its inputs and its code.
type State string

// The states, worst first.
const (
	Missing State = "missing" // never published
	Failed  State = "failed"  // some items failed or are pending, and can be tried again
	Stale   State = "stale"   // an input or the code is newer
	Fresh   State = "fresh"
)

// Fact is what the ledger knows of one partition of one asset.
type Fact struct {
	Version     int64         // the table's version that last changed it; -1: never published
	CodeVersion string        // of the code that made it
	Upstream    map[Key]int64 // the versions of its inputs that it was made from; an input without one was not there
	Pending     int           // items that an interrupted run left to do
	Retryable   int           // quarantined items that another try may mend
}

// World is what a plan is made from: the partitions that are known, and the facts about them.
type World struct {
	Partitions map[string][]Partition  // by the name of the set
	Facts      map[Key]map[string]Fact // by asset and partition key
}

// Step is one asset × partition of a plan.
type Step struct {
	Asset       Key           `json:"asset"`
	Partition   Partition     `json:"partition"`
	State       State         `json:"state"`
	Reason      string        `json:"reason"`
	Needs       []int         `json:"needs,omitempty"` // indices of the steps that must be done before
	CodeVersion string        `json:"code_version"`
	Lists       bool          `json:"lists"`
	Queue       Queue         `json:"queue"`
	Timeout     time.Duration `json:"timeout"`
	Retry       Retry         `json:"retry"`
}

// Name is the step for people and for ids: "anvisa/catalog[5]".
func (s Step) Name() string { return fmt.Sprintf("%s[%s]", s.Asset, s.Partition.Key) }

// Plan is what a run does, as data: its steps with the dependencies first.
type Plan struct {
	Steps []Step `json:"steps"`
	// Undiscovered names the partition sets that nobody has asked the source for yet; their steps are not in it.
	Undiscovered []string `json:"undiscovered,omitempty"`
}

// Plan says what materializing a selection would do and why. Partitions, by key or label, narrow it; none means
// all. A partition that no selected asset has is an error that lists the known ones.
func (g *Graph) Plan(selected []*Asset, partitions []string, w World) (Plan, error) {
	plan := Plan{Steps: []Step{}}
	index := make(map[string]int)
	matched := make(map[string]bool)
	for _, a := range selected {
		all, known := w.Partitions[a.Partitions.Name]
		if !known && !slices.Contains(plan.Undiscovered, a.Partitions.Name) {
			plan.Undiscovered = append(plan.Undiscovered, a.Partitions.Name)
		}
		for _, p := range all {
			if len(partitions) > 0 && !wanted(p, partitions, matched) {
				continue
			}
			step := g.step(a, p, w)
			for _, dep := range a.Deps {
				if i, ok := index[string(dep)+"\x00"+p.Key]; ok {
					step.Needs = append(step.Needs, i)
				}
			}
			index[string(a.Key)+"\x00"+p.Key] = len(plan.Steps)
			plan.Steps = append(plan.Steps, step)
		}
	}
	if len(plan.Undiscovered) > 0 {
		return plan, nil
	}
	for _, name := range partitions {
		if !matched[name] {
			return Plan{}, fault.New(fault.Invalid, "plan", "partition %q is unknown; known: %s", name, describe(selected, w))
		}
	}
	return plan, nil
}

// Judge says how a partition stands, and why, given the facts.
func (g *Graph) Judge(a *Asset, partition string, w World) (State, string) {
	fact, ok := w.Facts[a.Key][partition]
	switch {
	case !ok || fact.Version < 0:
		if fact.Pending > 0 {
			return Missing, fmt.Sprintf("never published; %d items pending from an earlier run", fact.Pending)
		}
		return Missing, "never published"
	case fact.Pending > 0:
		return Failed, fmt.Sprintf("%d items pending from an earlier run", fact.Pending)
	case fact.CodeVersion != a.CodeVersion:
		return Stale, fmt.Sprintf("code version %s → %s", fact.CodeVersion, a.CodeVersion)
	}
	for _, dep := range a.Deps {
		up, published := w.Facts[dep][partition]
		from, read := fact.Upstream[dep]
		switch {
		case !published || up.Version < 0:
		case !read:
			return Stale, fmt.Sprintf("%s is at version %d, made before it was published", dep, up.Version)
		case up.Version > from:
			return Stale, fmt.Sprintf("%s is at version %d, made from %d", dep, up.Version, from)
		}
	}
	if fact.Retryable > 0 {
		return Failed, fmt.Sprintf("%d quarantined items can be tried again", fact.Retryable)
	}
	return Fresh, "nothing changed that we know of"
}

func (g *Graph) step(a *Asset, p Partition, w World) Step {
	state, reason := g.Judge(a, p.Key, w)
	if state == Fresh && a.Lists() {
		reason = "asks the source what changed"
	}
	return Step{
		Asset: a.Key, Partition: p, State: state, Reason: reason, CodeVersion: a.CodeVersion,
		Lists: a.Lists(), Queue: a.Queue, Timeout: a.Timeout, Retry: a.Retry,
	}
}

func wanted(p Partition, names []string, matched map[string]bool) bool {
	found := false
	for _, name := range names {
		if p.Key == name || strings.EqualFold(p.Label, name) {
			matched[name], found = true, true
		}
	}
	return found
}

func describe(selected []*Asset, w World) string {
	var names []string
	for _, a := range selected {
		for _, p := range w.Partitions[a.Partitions.Name] {
			if name := fmt.Sprintf("%s (%s)", p.Key, p.Label); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, ", ")
}
