package asset

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"drugslm/internal/cron"
)

// Condition says when an asset's partitions are to be materialized without being asked for, in Dagster's terms. The
// zero value asks for nothing. [Eager], [OnCron], [OnMissing] and [OnStale] ask; [Condition.And], [Condition.Or] and
// [Not] combine them. It is asked about one partition at a time ([Condition.Explain]), and only about those to which
// something happened. A partition that is being worked on waits until it is not, whatever its condition says.
//
// Handled means requested by automation: what happened before the last request of a partition asks for nothing more.
type Condition struct{ clause *clause }

type conditionKind string

const (
	eagerKind     conditionKind = "eager"
	onCronKind    conditionKind = "on_cron"
	onMissingKind conditionKind = "on_missing"
	onStaleKind   conditionKind = "on_stale"
	andKind       conditionKind = "and"
	orKind        conditionKind = "or"
	notKind       conditionKind = "not"
)

type clause struct {
	kind       conditionKind
	parts      []Condition
	expr, zone string
	ticks      cron.Schedule
	problem    error
}

// Eager asks for a partition when an input was updated, or the partition was never published, since it was handled; not
// while an input that it needs is missing or being worked on. An input that is requested at the same time counts as
// updated where the two partitions have one key: they become one run.
func Eager() Condition { return Condition{&clause{kind: eagerKind}} }

// OnCron asks once after each tick of a cron expression ("" is UTC): for the newest window of windows of time, for every
// partition of other sets; as soon as all inputs were published, or found unchanged, since the tick.
func OnCron(expr, zone string) Condition {
	ticks, err := cron.Parse(expr, zone)
	return Condition{&clause{kind: onCronKind, expr: expr, zone: zone, ticks: ticks, problem: err}}
}

// OnMissing asks for partitions that were never published, once, as soon as no input is missing. It also asks for those
// that were there before automation began.
func OnMissing() Condition { return Condition{&clause{kind: onMissingKind}} }

// OnStale asks for published partitions that become stale: an input was updated, or the code version is another.
func OnStale() Condition { return Condition{&clause{kind: onStaleKind}} }

// And holds where both hold.
func (c Condition) And(other Condition) Condition { return c.join(andKind, other) }

// Or holds where one of the two holds, or both.
func (c Condition) Or(other Condition) Condition { return c.join(orKind, other) }

// Not holds where the condition does not. It only makes another narrower: c.And(Not(d)).
func Not(c Condition) Condition { return Condition{&clause{kind: notKind, parts: []Condition{c}}} }

// join keeps a.And(b).And(c) flat.
func (c Condition) join(kind conditionKind, other Condition) Condition {
	var parts []Condition
	for _, part := range []Condition{c, other} {
		if part.clause != nil && part.clause.kind == kind {
			parts = append(parts, part.clause.parts...)
		} else {
			parts = append(parts, part)
		}
	}
	return Condition{&clause{kind: kind, parts: parts}}
}

// None reports whether nothing is asked for.
func (c Condition) None() bool { return c.clause == nil }

// String is the condition in one way of writing: "eager or (on_cron(0 6 * * *, UTC) and not on_missing)". Two that
// differ only in how they were made read alike.
func (c Condition) String() string {
	if c.None() {
		return ""
	}
	n := c.clause
	switch n.kind {
	case onCronKind:
		zone := n.zone
		if zone == "" {
			zone = "UTC"
		}
		return fmt.Sprintf("on_cron(%s, %s)", strings.Join(strings.Fields(n.expr), " "), zone)
	case notKind:
		return "not " + n.parts[0].inner()
	case andKind, orKind:
		texts := make([]string, len(n.parts))
		for i, part := range n.parts {
			texts[i] = part.inner()
		}
		return strings.Join(texts, " "+string(n.kind)+" ")
	default:
		return string(n.kind)
	}
}

func (c Condition) inner() string {
	if !c.None() && (c.clause.kind == andKind || c.clause.kind == orKind) {
		return "(" + c.String() + ")"
	}
	return c.String()
}

// mistakes says what is wrong with the condition.
func (c Condition) mistakes() []error {
	if c.None() {
		return nil
	}
	errs := c.clause.mistakes()
	if len(errs) == 0 && !c.asks() {
		errs = append(errs, fmt.Errorf("automation %q asks for nothing by itself: want Eager, OnCron, OnMissing or OnStale outside of Not", c))
	}
	return errs
}

func (n *clause) mistakes() []error {
	var errs []error
	if n.problem != nil {
		errs = append(errs, fmt.Errorf("automation: %w", n.problem))
	}
	for _, part := range n.parts {
		if part.None() {
			errs = append(errs, errors.New("automation: And, Or and Not want conditions, not the zero one"))
			continue
		}
		errs = append(errs, part.clause.mistakes()...)
	}
	return errs
}

// asks reports whether the condition can hold only where one of the four does.
func (c Condition) asks() bool {
	asks := func(part Condition) bool { return part.asks() }
	switch c.clause.kind {
	case notKind:
		return false
	case andKind:
		return slices.ContainsFunc(c.clause.parts, asks)
	case orKind:
		return !slices.ContainsFunc(c.clause.parts, func(part Condition) bool { return !asks(part) })
	default:
		return true
	}
}

// InputState is a partition, or all partitions, of a dependency that a partition is made from.
type InputState struct {
	Asset     Key    `json:"asset"`
	Partition string `json:"partition"`

	Missing   bool      `json:"missing,omitempty"`   // never published
	Updated   bool      `json:"updated,omitempty"`   // newer than what the partition was made from, and so since it was handled
	Requested bool      `json:"requested,omitempty"` // in the same tick and the same run
	Working   bool      `json:"working,omitempty"`   // a run is at it
	Verified  time.Time `json:"verified,omitzero"`
}

// ConditionInput is what a condition is asked about: one partition, at one time.
type ConditionInput struct {
	Now       time.Time
	Began     time.Time // when automation first looked at the asset under its condition
	Missing   bool      // never published
	Code      string    // "1 → 2" where the code that made it is not today's, unless it was handled since; else ""
	Newest    bool      // no newer window of time has ended, or the partitions are none
	Requested time.Time // by automation, last
	Verified  time.Time
	Inputs    []InputState
}

// ConditionResult is whether a condition, or a part of it, holds, and why.
type ConditionResult struct {
	Condition string            `json:"condition"`
	Holds     bool              `json:"holds"`
	Reason    string            `json:"reason"`
	Parts     []ConditionResult `json:"parts,omitempty"`
}

// Explain says whether the condition holds for a partition, and why.
func (c Condition) Explain(s ConditionInput) ConditionResult {
	t := ConditionResult{Condition: c.String(), Reason: "there is no condition"}
	if c.None() {
		return t
	}
	switch n := c.clause; n.kind {
	case eagerKind:
		t.Holds, t.Reason = s.eager()
	case onCronKind:
		t.Holds, t.Reason = s.onCron(n.ticks)
	case onMissingKind:
		t.Holds, t.Reason = s.onMissing()
	case onStaleKind:
		t.Holds, t.Reason = s.onStale()
	default:
		t.Holds, t.Reason = n.combine(s, &t.Parts)
	}
	return t
}

func (n *clause) combine(s ConditionInput, parts *[]ConditionResult) (bool, string) {
	var holding, failing []string
	for _, part := range n.parts {
		result := part.Explain(s)
		*parts = append(*parts, result)
		if result.Holds {
			holding = append(holding, result.Reason)
		} else {
			failing = append(failing, result.Reason)
		}
	}
	switch {
	case n.kind == notKind:
		return len(holding) == 0, strings.Join(append(holding, failing...), "")
	case n.kind == andKind && len(failing) > 0, n.kind == orKind && len(holding) == 0:
		return false, strings.Join(failing, "; ")
	default:
		return true, strings.Join(holding, "; ")
	}
}

// missingInput names the first input that is not there and will not be; "" if there is none.
func (s ConditionInput) missingInput() string {
	for _, in := range s.Inputs {
		if in.Missing && !in.Requested {
			return fmt.Sprintf("%s[%s] is missing", in.Asset, in.Partition)
		}
	}
	return ""
}

// updated names the first input that was updated since the partition was handled; "" if there is none.
func (s ConditionInput) updated() string {
	for _, in := range s.Inputs {
		switch {
		case in.Updated:
			return fmt.Sprintf("%s[%s] was updated", in.Asset, in.Partition)
		case in.Requested:
			return fmt.Sprintf("%s[%s] is requested", in.Asset, in.Partition)
		}
	}
	return ""
}

func (s ConditionInput) newlyMissing() bool { return s.Missing && s.Requested.IsZero() }

func (s ConditionInput) eager() (bool, string) {
	why := s.updated()
	if s.newlyMissing() {
		why = "never published"
	}
	if why == "" {
		return false, "no input was updated since it was handled"
	}
	if missing := s.missingInput(); missing != "" {
		return false, why + ", but " + missing
	}
	if busy := slices.IndexFunc(s.Inputs, func(in InputState) bool { return in.Working }); busy >= 0 {
		return false, fmt.Sprintf("%s, but a run is at %s[%s]", why, s.Inputs[busy].Asset, s.Inputs[busy].Partition)
	}
	return true, why
}

func (s ConditionInput) onMissing() (bool, string) {
	switch {
	case !s.Missing:
		return false, "it was published"
	case !s.Requested.IsZero():
		return false, "it was requested at " + s.Requested.UTC().Format(time.RFC3339)
	}
	if missing := s.missingInput(); missing != "" {
		return false, "never published, but " + missing
	}
	return true, "never published"
}

func (s ConditionInput) onStale() (bool, string) {
	switch why := s.updated(); {
	case s.Missing:
		return false, "never published: it is missing, not stale"
	case s.Code != "":
		return true, "code version " + s.Code
	case why != "":
		return true, why
	default:
		return false, "nothing is newer since it was handled"
	}
}

func (s ConditionInput) onCron(ticks cron.Schedule) (bool, string) {
	tick := ticks.Prev(s.Now)
	text := "since the tick of " + tick.Format(time.RFC3339)
	switch {
	case tick.IsZero() || tick.Before(s.Began):
		return false, "no tick passed since automation began"
	case !s.Newest:
		return false, "it is not the newest window"
	case !s.Requested.Before(tick):
		return false, "requested " + text
	case !s.Verified.Before(tick):
		return false, "materialized " + text
	}
	for _, in := range s.Inputs {
		if in.Verified.Before(tick) && !in.Requested {
			return false, fmt.Sprintf("%s[%s] was not updated %s", in.Asset, in.Partition, text)
		}
	}
	return true, "tick of " + tick.Format(time.RFC3339)
}

// has reports whether one of the four is part of the condition, under Not or not.
func (c Condition) has(kind conditionKind) bool {
	return !c.None() && (c.clause.kind == kind || slices.ContainsFunc(c.clause.parts, func(part Condition) bool { return part.has(kind) }))
}

// Scans reports whether a first evaluation looks at every partition: only what was never published is asked for although
// nothing happened to it.
func (c Condition) Scans() bool { return c.has(onMissingKind) }

// RequestsStale reports whether another code version asks for partitions, and whether it asks for all that are stale by it,
// so that nobody needs to look at each.
func (c Condition) RequestsStale() (asks, whole bool) {
	return c.has(onStaleKind), c.alternative(onStaleKind)
}

// Ticked gives the last tick of any OnCron in the condition after one time and not after another; zero if there is none.
// whole says that the tick asks for all partitions of an asset without inputs.
func (c Condition) Ticked(after, until time.Time) (tick time.Time, whole bool) {
	for _, n := range c.crons() {
		if at := n.ticks.Prev(until); at.After(after) && at.After(tick) {
			tick = at
		}
	}
	return tick, c.alternative(onCronKind)
}

// NextTick is the first tick of any OnCron in the condition after a time; zero if there is none.
func (c Condition) NextTick(after time.Time) time.Time {
	var next time.Time
	for _, n := range c.crons() {
		if at := n.ticks.Next(after); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

func (c Condition) crons() []*clause {
	if c.None() {
		return nil
	}
	if c.clause.kind == onCronKind {
		return []*clause{c.clause}
	}
	var found []*clause
	for _, part := range c.clause.parts {
		found = append(found, part.crons()...)
	}
	return found
}

// alternative reports whether the condition holds wherever one of a kind does, whatever else it says.
func (c Condition) alternative(kind conditionKind) bool {
	if c.None() {
		return false
	}
	return c.clause.kind == kind || c.clause.kind == orKind && slices.ContainsFunc(c.clause.parts, func(part Condition) bool { return part.alternative(kind) })
}
