package asset

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// Observation is what a look at an external asset found.
type Observation struct {
	DataVersion string // changes when the data does: a hash, an ETag, a date
	Metadata    []byte // for people and for checks: a JSON object of at most MaxMetadata bytes
}

// MaxMetadata is the most bytes of JSON that an observation may carry.
const MaxMetadata = 64 << 10

// ExternalSpec declares an asset that others make: it is observed, so that lineage begins at the source and what is
// made from it knows when it is stale, but has no table here.
type ExternalSpec struct {
	Key         Key
	Description string
	Owners      []string
	Tags        map[string]string
	Kinds       []string
	Partitions  *Partitions // [Single] for an unpartitioned asset
	Queue       Queue       // what Observe needs
	Retry       Retry
	Timeout     time.Duration // default 15 min
	Freshness   *Freshness    // nil: nothing is promised
	Automation  Condition     // when it is observed by itself; the zero value: never

	// Observe looks at the data, without keeping it.
	Observe func(ctx context.Context, run Run) (Observation, error)
	// Cost says what a look asks of the source. Nil: nothing that counts.
	Cost Costs
}

// External declares an external asset. It never fails: what is wrong is reported by [NewGraph].
func External(s ExternalSpec) *Asset {
	a := &Asset{
		Key: s.Key, Description: s.Description, Owners: slices.Clone(s.Owners), Tags: maps.Clone(s.Tags), Kinds: slices.Clone(s.Kinds),
		Partitions: s.Partitions, Queue: s.Queue, Retry: s.Retry.withDefaults(), Timeout: orElse(s.Timeout, 15*time.Minute),
		observe: s.Observe, Freshness: s.Freshness, Automation: s.Automation, cost: s.Cost,
	}
	a.problems = append(describes(s.Key, s.Owners, s.Tags, s.Kinds, s.Partitions), checkPolicies(s.Key, s.Freshness, s.Automation, s.Partitions)...)
	add := func(wrong bool, text string) {
		if wrong {
			a.problems = append(a.problems, prefix(s.Key, errors.New(text))...)
		}
	}
	add(!keyPattern.MatchString(string(s.Key)), `a key is "group/name" of lower-case letters, digits and _`)
	add(s.Queue == "", "Queue is empty")
	add(s.Observe == nil, "Observe is nil")
	add(min(int64(s.Timeout), s.Retry.least()) < 0, "Timeout and Retry must not be negative")
	return a
}

// External reports whether the asset is observed rather than made.
func (a *Asset) External() bool { return a.observe != nil }

// Observe runs ExternalSpec.Observe.
func (a *Asset) Observe(ctx context.Context, run Run) (Observation, error) {
	return a.observe(ctx, run)
}
