package asset

import (
	"context"
	"iter"
)

// Work is what a step has to do, for its price.
type Work struct {
	// Known is how many items the partition had when it was last looked at, those that vanished left out.
	Known int
	// Batches are the items that Make will be asked for, batch by batch. Nil for a listing and for an observation.
	Batches [][]Item
	// Published reads the partition's rows as readers see them now; nil when it was never published.
	Published iter.Seq2[Row, error]
}

// Cost is what a step takes of the source. It is what the step asks when all goes well: what is asked again after a
// failure comes on top.
type Cost struct {
	Host     string // that is asked, as the source's Hosts have it; "": the first host of the first source
	Requests int64
	Bytes    int64 // about so many
	AtLeast  bool  // more than the numbers is to be expected, since the source itself is not known well enough
}

// Costs says what a step takes of the source. The code of the asset may read its published inputs with the run.
type Costs func(ctx context.Context, run Run, work Work) (Cost, error)

// AsksSource reports whether making the asset asks the source anything.
func (a *Asset) AsksSource() bool { return a.cost != nil }

// Cost runs Spec.Cost; an asset without one costs nothing.
func (a *Asset) Cost(ctx context.Context, run Run, work Work) (Cost, error) {
	if a.cost == nil {
		return Cost{}, nil
	}
	return a.cost(ctx, run, work)
}

// Recomputes reports whether items can be made again from the rows they have.
func (a *Asset) Recomputes() bool { return a.recompute != nil }

// Recompute runs Spec.Recompute.
func (a *Asset) Recompute(ctx context.Context, run Run, old Row) (Row, error) {
	return a.recompute(ctx, run, old)
}

// Estimate is what a step, or a plan, will do, as far as it is known now. Of a counted step that makes items,
// Items = Fetch + Recompute + Ready + Skip, and those that its enumeration itself calls absent.
type Estimate struct {
	Counted   bool    `json:"counted"`        // the items are counted; otherwise only Items, Requests and Bytes say something
	Note      string  `json:"note,omitempty"` // why they are not, or only in part
	AtLeast   bool    `json:"at_least"`       // what is made before may add to it
	Items     int     `json:"items"`          // known from the last look, those that vanished left out
	Fetch     int     `json:"fetch"`          // the source is asked for them
	Recompute int     `json:"recompute"`      // made without the source
	Ready     int     `json:"ready"`          // made by an earlier run that was interrupted: they only wait for the publish
	Skip      int     `json:"skip"`           // unchanged
	Tombstone int     `json:"tombstone"`      // not named any more: they become absent
	Host      string  `json:"host,omitempty"` // that is asked, where it is not the one that most requests go to; of a sum: nothing
	Requests  int64   `json:"requests"`
	Bytes     int64   `json:"bytes"`   // about so many come from the source
	Minutes   float64 `json:"minutes"` // that the requests take at the pace in force, after a block that lasts still
}

// Add sums two estimates up, but for the minutes: turns of a host are taken one after another, by all workers together.
func (e *Estimate) Add(other Estimate) {
	e.Counted, e.AtLeast = e.Counted && other.Counted, e.AtLeast || other.AtLeast
	e.Items, e.Fetch, e.Recompute = e.Items+other.Items, e.Fetch+other.Fetch, e.Recompute+other.Recompute
	e.Ready, e.Skip, e.Tombstone = e.Ready+other.Ready, e.Skip+other.Skip, e.Tombstone+other.Tombstone
	e.Requests, e.Bytes = e.Requests+other.Requests, e.Bytes+other.Bytes
}
