package api

import (
	"time"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

// Item is an item as `items` prints it.
type Item struct {
	Asset     asset.Key    `json:"asset"`
	Partition string       `json:"partition"`
	Item      string       `json:"item"`
	Label     string       `json:"label"`
	State     ledger.State `json:"state"`
	Kind      string       `json:"kind,omitempty"`     // of the failure or the absence
	Reason    string       `json:"reason,omitempty"`   // why it is in this state
	Evidence  string       `json:"evidence,omitempty"` // what was seen, as a file of the data folder
	Attempts  int          `json:"attempts"`
	RunID     string       `json:"run_id"`
	Updated   time.Time    `json:"updated"`

	MissingSince string      `json:"missing_since,omitempty"` // the source's day of the first complete listing that did not show it; none: the last one did
	Waiver       *ItemWaiver `json:"waiver,omitempty"`        // a person let it stay quarantined
}

// ItemWaiver is who let a quarantined item stay as it is, and why.
type ItemWaiver struct {
	Note   string    `json:"note"`
	Author string    `json:"author"`
	Since  time.Time `json:"since"`
}

// ItemsChanged is what retry, waive and unwaive print.
type ItemsChanged struct {
	Changed int    `json:"changed"`
	Items   []Item `json:"items"`
	Next    string `json:"next,omitempty"` // the command that does what is now to do
}

// ViewedFile is what `items view -o json` prints.
type ViewedFile struct {
	Item     string `json:"item"`
	File     string `json:"file"`
	Pages    int    `json:"pages"` // of the document; 0: not known
	First    int    `json:"first"` // page in the file
	Last     int    `json:"last"`
	Pictures int    `json:"pictures"` // pages that could be drawn
	Undrawn  string `json:"undrawn,omitempty"`
}

// ItemCounts counts the items of a partition by state; discovered is the sum of the others.
type ItemCounts struct {
	Discovered  int `json:"discovered"`
	Published   int `json:"published"`
	Absent      int `json:"absent"`
	Quarantined int `json:"quarantined"`
	Pending     int `json:"pending"`

	Waived int `json:"waived,omitempty"` // of the quarantined: those that a person let stay as they are
}

// Plus adds the counts of a partition.
func (c ItemCounts) Plus(o ledger.Counts) ItemCounts {
	return ItemCounts{
		Discovered: c.Discovered + o.Discovered, Published: c.Published + o.Published, Absent: c.Absent + o.Absent,
		Quarantined: c.Quarantined + o.Quarantined, Pending: c.Pending + o.Pending,
	}
}

// ItemList is what `items` and `items show` print.
type ItemList struct {
	Items []Item `json:"items"`
}
