package api

import (
	"encoding/json"
	"time"

	"drugslm/internal/ledger"
)

// Event is an event as `hooks list` prints it.
type Event struct {
	Event      string            `json:"event"` // its id
	Kind       string            `json:"kind"`
	State      ledger.EventState `json:"state"` // pending, delivered, abandoned or unwanted
	Created    time.Time         `json:"created"`
	Payload    json.RawMessage   `json:"payload"`
	Deliveries []Delivery        `json:"deliveries"`
}

// Delivery is how the delivery of an event to one target stands.
type Delivery struct {
	Target   string            `json:"target"` // webhook or command
	State    ledger.EventState `json:"state"`
	Attempts int               `json:"attempts"`
	Next     *time.Time        `json:"next"`    // null once settled
	Settled  *time.Time        `json:"settled"` // null while pending
	Error    string            `json:"error,omitempty"`
}

// HookTest is what `hooks test` prints of one target.
type HookTest struct {
	Target string `json:"target"`
	OK     bool   `json:"ok"`
	Answer string `json:"answer"`
	TookMS int64  `json:"took_ms"`
}

// DeliveryOf gives the document of a delivery.
func DeliveryOf(d ledger.Delivery) Delivery {
	v := Delivery{Target: d.Target, State: d.State, Attempts: d.Attempts, Error: d.Error}
	if d.State == ledger.EventPending {
		v.Next = &d.Next
	} else {
		v.Settled = &d.Settled
	}
	return v
}

// EventList is what `hooks list` prints, newest first.
type EventList struct {
	Events []Event `json:"events"`
}

// HookTestList is what `hooks test` prints.
type HookTestList struct {
	Event   string     `json:"event"` // id of the event that was sent
	Targets []HookTest `json:"targets"`
}

// EventsRetried is what `hooks retry` prints.
type EventsRetried struct {
	Retried []string `json:"retried"` // ids of events
}
