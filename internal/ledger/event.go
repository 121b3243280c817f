package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"drugslm/internal/fault"
)

// The kinds of events.
const (
	EventRunFailed       = "run_failed"       // a run ended as failed
	EventCheckFailed     = "check_failed"     // a check found something, blocking or not
	EventFreshnessBroken = "freshness_broken" // a partition is older than its asset's policy allows
)

// Event is something that hooks report. It is written in the transaction of its fact, so that neither exists without the
// other.
type Event struct {
	ID      string          // names the fact: recorded again, it is the same event
	Kind    string          // EventRunFailed, EventCheckFailed or EventFreshnessBroken
	Payload json.RawMessage // what is known of the fact, a JSON object
	Created time.Time

	State      EventState // set by Events
	Deliveries []Delivery // set by Events, by target
}

// EventState is the state of the delivery of an event.
type EventState string

// The states of events, and the first three of deliveries.
const (
	EventPending   EventState = "pending"   // some target has not taken it yet
	EventDelivered EventState = "delivered" // every target has taken it
	EventAbandoned EventState = "abandoned" // no target is tried any more, and some has not taken it
	EventUnwanted  EventState = "unwanted"  // no target was configured for its kind when its turn came
)

// EventStates lists them.
func EventStates() []EventState {
	return []EventState{EventPending, EventDelivered, EventAbandoned, EventUnwanted}
}

// Delivery is the delivery of one event to one target.
type Delivery struct {
	Target   string // "webhook", "command"
	State    EventState
	Attempts int       // that failed or succeeded, since Since
	Since    time.Time // the first try became due
	Next     time.Time // when it is tried again; meaningless once it has an outcome
	Settled  time.Time // zero while pending
	Error    string    // of the last attempt that failed
}

// Due is a delivery that is due.
type Due struct {
	Event
	Delivery
}

// maxEventText bounds each text that a payload takes from elsewhere, in bytes.
const maxEventText = 4 << 10

// RecordEvent stores an event. An event with a known id is not changed. A zero Created means now. A payload that is not
// a JSON object, and an event without id or kind, are fault.Internal.
//
// The id is sent in an HTTP header: bytes other than ASCII letters, digits and _ - / [ ] : are stored as %XX.
func (l *Ledger) RecordEvent(ctx context.Context, e Event) error {
	return l.write(ctx, "record event", func(tx *sql.Tx) error { return l.insertEvent(ctx, tx, e) })
}

func (l *Ledger) insertEvent(ctx context.Context, tx *sql.Tx, e Event) error {
	var object map[string]json.RawMessage
	if e.ID == "" || e.Kind == "" || json.Unmarshal(e.Payload, &object) != nil || object == nil {
		return fault.New(fault.Internal, "record event", "event %q of kind %q has no id, no kind or no JSON object", e.ID, e.Kind)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO hook_events (id, kind, payload, created, routed) VALUES ($1, $2, $3, $4, FALSE)
		ON CONFLICT (id) DO NOTHING`, eventID(e.ID), e.Kind, string(e.Payload), micros(l.orNow(e.Created)))
	return err
}

// eventID spells an id so that it can be a header of HTTP and part of what is signed, where dots separate.
func eventID(id string) string {
	var b strings.Builder
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("_-/[]:", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// runFailed is the event of a run that failed, with how its steps ended.
func runFailed(r Run, attempts map[AttemptState]int, steps []stepFact) (Event, error) {
	payload, err := json.Marshal(map[string]any{
		"run_id": r.ID, "selection": bounded(r.Selection), "error": bounded(r.Error), "trace_id": r.Trace,
		"started": r.Started, "finished": r.Finished, "attempts": attempts, "steps": steps,
	})
	return Event{ID: EventRunFailed + "/" + r.ID, Kind: EventRunFailed, Payload: payload, Created: r.Finished}, err
}

// checkFailed is the event of a check that failed; published is what readers see of the partition.
func checkFailed(c Check, published *publishedFact) (Event, error) {
	payload, err := json.Marshal(map[string]any{
		"run_id": c.Run, "asset": c.Asset, "partition": c.Partition, "check": c.Name, "blocking": c.Blocking,
		"detail": bounded(c.Detail), "observed": bounded(c.Observed), "at": c.At, "published": published,
	})
	id := fmt.Sprintf("%s/%s/%s[%s]/%s", EventCheckFailed, c.Run, c.Asset, c.Partition, c.Name)
	return Event{ID: id, Kind: EventCheckFailed, Payload: payload, Created: c.At}, err
}

// bounded is at most maxEventText bytes of s, cut between characters.
func bounded(s string) string {
	if len(s) <= maxEventText {
		return s
	}
	n := maxEventText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// failRun writes the event of a run, as the ledger has it now.
func (l *Ledger) failRun(ctx context.Context, tx *sql.Tx, id string) error {
	r := Run{ID: id}
	var started, finished int64
	err := tx.QueryRowContext(ctx, `SELECT selection, trace, started, finished, error FROM runs WHERE id = $1`, id).
		Scan(&r.Selection, &r.Trace, &started, &finished, &r.Error)
	if err != nil {
		return err
	}
	r.Started, r.Finished = when(started), when(finished)
	attempts, steps, err := stepsOfRun(ctx, tx, id)
	if err != nil {
		return err
	}
	e, err := runFailed(r, attempts, steps)
	if err != nil {
		return err
	}
	return l.insertEvent(ctx, tx, e)
}

// failCheck writes the event of a check, if it failed for good.
func (l *Ledger) failCheck(ctx context.Context, tx *sql.Tx, c Check) error {
	if c.Passed || c.Provisional || c.Outcome == CheckAccepted {
		return nil
	}
	c.At = l.orNow(c.At)
	published, err := publishedNow(ctx, tx, c.Asset, c.Partition)
	if err != nil {
		return err
	}
	e, err := checkFailed(c, published)
	if err != nil {
		return err
	}
	return l.insertEvent(ctx, tx, e)
}
