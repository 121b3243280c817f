package api

import (
	"drugslm/internal/engine/lineage"
)

// Why is what `why -o json` prints. Fields are added, never renamed.
type Why struct {
	Item  string    `json:"item"`
	Links []WhyLink `json:"links"` // upstream first
}

// WhyLink is an item of one asset on the way to the item that was asked for.
type WhyLink struct {
	lineage.Link
	TraceLink    string `json:"trace_link,omitempty"`    // of the trace in which the row was made
	RunLink      string `json:"run_link,omitempty"`      // of the run that last took it up, in the Web UI
	WorkflowLink string `json:"workflow_link,omitempty"` // of the execution that published the row, in the Web UI; of all that were at the partition, where it is not on record
}
