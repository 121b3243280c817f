package asset

import "slices"

// Attempt is the state of the last attempt at a partition: what a run made of it, or is about to. It says nothing about
// what is published, as [State] says nothing about attempts. Package ledger has the same words.
type Attempt string

// The attempts that a plan knows of. "" is none.
const (
	AttemptQueued      Attempt = "queued"
	AttemptRunning     Attempt = "running"
	AttemptWaiting     Attempt = "waiting"
	AttemptSucceeded   Attempt = "succeeded"
	AttemptFailed      Attempt = "failed"
	AttemptSkipped     Attempt = "skipped"     // what it needs failed, or was canceled
	AttemptCanceled    Attempt = "canceled"    // by a person
	AttemptInterrupted Attempt = "interrupted" // its run was terminated or lost
)

// Attempts lists them in the order in which an attempt goes through them.
func Attempts() []Attempt {
	return []Attempt{
		AttemptQueued, AttemptRunning, AttemptWaiting, AttemptSucceeded, AttemptFailed, AttemptSkipped, AttemptCanceled, AttemptInterrupted,
	}
}

// Status is a word that a selection can ask for with status:. Every [State] and every [Attempt] is one, and no word is both.
type Status string

// Quarantines is the status of a partition with quarantined items.
const Quarantines Status = "quarantined"

// Statuses lists them.
func Statuses() []Status {
	var all []Status
	for _, s := range States() {
		all = append(all, Status(s))
	}
	for _, a := range Attempts() {
		all = append(all, Status(a))
	}
	return append(all, Quarantines)
}

// StatusesOf gives the statuses of one partition of an asset: of what is published, of the last attempt, and whether it has
// quarantined items.
func (v *View) StatusesOf(a *Asset, partition string) []Status {
	fact := v.Record(a.Key, partition)
	return PartitionStatuses(v.Status(a, partition).State, fact.Attempt, fact.Quarantined > 0)
}

// PartitionStatuses gives the statuses of a partition of which these facts are known. An attempt of "" is none.
func PartitionStatuses(state State, last Attempt, quarantined bool) []Status {
	found := []Status{Status(state)}
	if last != "" {
		found = append(found, Status(last))
	}
	if quarantined {
		found = append(found, Quarantines)
	}
	return found
}

// StateCounts are the partitions of an asset in numbers.
type StateCounts struct {
	States      map[State]int   // every state is a key
	Attempts    map[Attempt]int // every attempt is a key; a partition that was never tried is in none
	Quarantined int             // items
}

// Count counts the known partitions of an asset by state and by last attempt.
func (v *View) Count(a *Asset) StateCounts {
	c := StateCounts{States: make(map[State]int), Attempts: make(map[Attempt]int)}
	for _, s := range States() {
		c.States[s] = 0
	}
	for _, s := range Attempts() {
		c.Attempts[s] = 0
	}
	for _, p := range v.Keys(a).All() {
		fact := v.Record(a.Key, p.Key)
		c.States[v.Status(a, p.Key).State]++
		if fact.Attempt != "" {
			c.Attempts[fact.Attempt]++
		}
		c.Quarantined += fact.Quarantined
	}
	return c
}

// Statuses gives each status that a known partition of an asset has, in the order of [Statuses]. An asset of which no
// partition is known is missing.
func (v *View) Statuses(a *Asset) []Status {
	partitions := v.Keys(a).All()
	if len(partitions) == 0 {
		return []Status{Status(Missing)}
	}
	in := make(map[Status]bool)
	for _, p := range partitions {
		for _, s := range v.StatusesOf(a, p.Key) {
			in[s] = true
		}
	}
	return slices.DeleteFunc(Statuses(), func(s Status) bool { return !in[s] })
}
