package asset

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"drugslm/internal/fault"
)

// Filter says which partitions of a selection are planned.
type Filter string

// The filters. Whatever is made from a planned step follows it, as far as it is selected.
const (
	// Needed is all but windows of time that are fresh: what has ended does not change by itself. Where no partition is
	// named, a window that was never published is meant only if it is the last one: the years before it are for a range,
	// for Missed or for a backfill.
	Needed  Filter = ""
	Missed  Filter = "missing" // what was never published
	Staled  Filter = "stale"   // what is older than its inputs or its code, or was rolled back
	Faulty  Filter = "failed"  // whose last attempt failed, or which has quarantined items, all of which are tried again
	Without Filter = "force"   // everything, changed or not
)

// Filters lists them.
func Filters() []Filter { return []Filter{Needed, Missed, Staled, Faulty, Without} }

// Request is what a plan is asked for, beside the selection of assets.
type Request struct {
	Partitions []string `json:"partitions,omitempty"` // keys, labels, globs and ranges A..B; none: all
	Filter     Filter   `json:"filter,omitempty"`
}

// Step is one asset × partition of a plan.
type Step struct {
	Asset       Key           `json:"asset"`
	Partition   Partition     `json:"partition"`
	State       State         `json:"state"`
	Axis        Axis          `json:"axis,omitempty"` // of a stale one
	Reason      string        `json:"reason"`
	Needs       []int         `json:"needs,omitempty"`     // indices of the steps that must be done before
	NeedsAll    []Key         `json:"needs_all,omitempty"` // assets all steps of which must be done before
	CodeVersion string        `json:"code_version"`
	Lists       bool          `json:"lists"`              // its items and rows are found together, in one activity
	Observes    bool          `json:"observes,omitempty"` // an external asset is looked at, nothing is made
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
	// Left counts the selected partitions that the filter left out.
	Left int `json:"left,omitempty"`
}

// Plan says what materializing a selection would do and why. A partition that no selected asset has is an error that
// names the nearest.
func (v *View) Plan(selected []*Asset, r Request) (Plan, error) {
	if !slices.Contains(Filters(), r.Filter) {
		return Plan{}, fault.New(fault.Invalid, "plan", "filter %q is unknown: want missing, stale, failed or force", r.Filter)
	}
	p := planner{View: v, named: len(r.Partitions) > 0, plan: Plan{Steps: []Step{}}, steps: make(map[Key][]int32, len(selected))}
	chosen, err := v.choose(selected, r.Partitions, &p.plan)
	if err != nil {
		return Plan{}, err
	}
	if r.Filter == Needed || r.Filter == Without { // which leave out little: made at once, steps take half the room
		size := 0
		for _, a := range selected {
			size += len(chosen[a.Partitions])
		}
		p.plan.Steps = make([]Step, 0, size)
	}
	for _, a := range selected {
		if err := p.add(a, chosen[a.Partitions], r.Filter); err != nil {
			return Plan{}, err
		}
	}
	return p.plan, nil
}

// PlanExactly plans some partitions of assets, by the keys of both, whatever their state: what a run that was planned before
// does again. gone names those that nobody knows any more, as "anvisa/catalog[5]".
func (v *View) PlanExactly(partitions map[Key][]string) (plan Plan, gone []string, err error) {
	p := planner{View: v, named: true, plan: Plan{Steps: []Step{}}, steps: make(map[Key][]int32, len(partitions))}
	known := 0
	for _, a := range v.g.All() {
		wanted, asked := partitions[a.Key]
		if !asked {
			continue
		}
		known++
		var chosen []int
		for _, key := range wanted {
			if i := v.Keys(a).Index(key); i >= 0 {
				chosen = append(chosen, i)
			} else {
				gone = append(gone, Step{Asset: a.Key, Partition: Partition{Key: key}}.Name())
			}
		}
		slices.Sort(chosen)
		if err := p.add(a, slices.Compact(chosen), Without); err != nil {
			return Plan{}, nil, err
		}
	}
	if known == len(partitions) {
		return p.plan, gone, nil
	}
	for _, key := range slices.Sorted(maps.Keys(partitions)) {
		if _, declared := v.g.byKey[key]; !declared {
			for _, one := range partitions[key] {
				gone = append(gone, Step{Asset: key, Partition: Partition{Key: one}}.Name())
			}
		}
	}
	return p.plan, gone, nil
}

// planner is a plan under construction.
type planner struct {
	*View
	named bool // partitions were asked for by name
	plan  Plan
	steps map[Key][]int32 // of each asset planned, the step of each of its partitions by index; -1: none
}

// add plans the chosen partitions of an asset, in their order.
func (p *planner) add(a *Asset, chosen []int, filter Filter) error {
	keys := p.Keys(a)
	at := make([]int32, len(keys.list))
	for i := range at {
		at[i] = -1
	}
	p.steps[a.Key] = at
	for _, i := range chosen {
		step := p.step(a, keys.list[i])
		if err := p.link(a, &step); err != nil {
			return err
		}
		if !p.wants(a, step, filter) {
			p.plan.Left++
			continue
		}
		at[i] = int32(len(p.plan.Steps))
		p.plan.Steps = append(p.plan.Steps, step)
	}
	return nil
}

func (p *planner) step(a *Asset, one Partition) Step {
	s := p.Status(a, one.Key)
	if s.State == Fresh && (a.Lists() || a.External()) && !a.Partitions.Windowed() {
		s.Reason = "asks the source what changed"
	}
	return Step{
		Asset: a.Key, Partition: one, State: s.State, Axis: s.Axis, Reason: s.Reason, CodeVersion: a.CodeVersion,
		Lists: a.Lists() || a.Derives(), Observes: a.External(), Queue: a.Queue, Timeout: a.Timeout, Retry: a.Retry,
	}
}

// link says which steps of the plan must be done before one.
func (p *planner) link(a *Asset, s *Step) error {
	for _, dep := range a.Deps {
		steps, planned := p.steps[dep.Key]
		if !planned {
			continue
		}
		switch p.g.mapping(a, dep.Key).(type) {
		case same:
			keys := p.set(p.g.byKey[dep.Key].Partitions)
			if i := keys.Index(s.Partition.Key); i >= 0 && steps[i] >= 0 {
				s.Needs = append(s.Needs, int(steps[i]))
			}
			continue
		case all:
			if slices.ContainsFunc(steps, func(i int32) bool { return i >= 0 }) {
				s.NeedsAll = append(s.NeedsAll, dep.Key)
			}
			continue
		}
		ups, err := p.Upstream(a, s.Partition.Key, dep.Key)
		if err != nil {
			return fault.Wrap(fault.Invalid, "plan", err)
		}
		keys := p.set(p.g.byKey[dep.Key].Partitions)
		for _, key := range ups {
			if i := keys.Index(key); i >= 0 && steps[i] >= 0 {
				s.Needs = append(s.Needs, int(steps[i]))
			}
		}
	}
	return nil
}

// wants says whether a filter lets a step through.
func (p *planner) wants(a *Asset, s Step, filter Filter) bool {
	follows := len(s.Needs)+len(s.NeedsAll) > 0
	switch filter {
	case Missed:
		return s.State == Missing || follows
	case Staled:
		return s.State == Stale || s.State == RolledBack || follows
	case Faulty:
		fact := p.Record(a.Key, s.Partition.Key)
		return fact.Attempt == AttemptFailed || fact.Quarantined > 0 || follows
	case Without:
		return true
	default:
		open := s.State != Fresh || p.Record(a.Key, s.Partition.Key).Retryable > 0
		return follows || !a.Partitions.Windowed() || open && !p.history(a, s)
	}
}

// history reports whether a step is of a window that nobody named, that is not the last one, and of which nothing was
// ever made.
func (p *planner) history(a *Asset, s Step) bool {
	keys := p.Keys(a)
	return !p.named && s.State == Missing && p.Record(a.Key, s.Partition.Key).Pending == 0 && keys.Index(s.Partition.Key) < len(keys.list)-1
}
