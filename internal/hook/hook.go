// Package hook tells others what happened: it posts an event to a webhook, or runs a command with it.
//
// [New] makes [Hooks] from the configuration; they are safe for concurrent use and need no closing. [Hooks.Targets] says
// who wants an event of a kind, [Hooks.Send] makes one attempt to tell one of them. Remembering, waiting and trying again
// is for the caller: an attempt may have arrived although it failed, so targets must expect an event more than once,
// and know it again by its id.
//
// # The message
//
// Both targets get the same bytes, a JSON object as Standard Webhooks (github.com/standard-webhooks) has it:
//
//	{"type":"run_failed","id":"run_failed/materialize-…","timestamp":"2026-11-25T13:00:00Z","data":{…}}
//
// timestamp is when it happened. data depends on the type.
//
// # The webhook
//
// A POST with content type application/json, and the headers of Standard Webhooks: webhook-id (the event's id, the same
// at every attempt), webhook-timestamp (seconds since 1970 of this attempt, against replays) and, with a key,
// webhook-signature: "v1," and the base64 of HMAC-SHA256 over "{id}.{timestamp}.{body}". An answer of 200 to 299 is a
// delivery. Redirects are not followed: a POST would become a GET, or go to a host that nobody configured.
//
// # The command
//
// A program with its arguments, started without a shell: the message on standard input; DRUGSLM_EVENT (the kind),
// DRUGSLM_EVENT_ID and what process.Session names in its environment, and nothing else, since ours holds secrets. Exit code 0
// is a delivery. When its time is up it is killed, with all it started. What it prints is logged, never kept.
//
// # Errors
//
// Each is a fault: Invalid when trying again cannot help (410 Gone), Throttled with the time that the receiver asked for
// (429 and 503 with Retry-After), Unavailable otherwise. None holds the URL's path, its query or its password, which may
// be secret, nor what the receiver or the command answered.
package hook

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"drugslm/internal/fault"
)

// The targets.
const (
	Webhook = "webhook"
	Command = "command"
)

// DefaultTimeout bounds one attempt.
const DefaultTimeout = 10 * time.Second

// Options say who is told of what. The zero value tells nobody.
type Options struct {
	URL     string   // of the webhook; empty: none
	Key     []byte   // that signs what is posted; empty: unsigned
	Command []string // program and arguments; empty: none
	Kinds   []string // of events that are wanted; empty: all
	Agent   string   // user agent of the webhook; empty: "drugslm"

	Timeout time.Duration    // of one attempt; 0: DefaultTimeout
	Log     *slog.Logger     // gets what a command prints; nil: slog.Default()
	Now     func() time.Time // nil: time.Now
}

// Event is what happened.
type Event struct {
	ID      string // ASCII, as the ledger spells it
	Kind    string // "run_failed"
	Created time.Time
	Data    json.RawMessage // a JSON object
}

// Hooks are the targets that are configured. A nil one has none.
type Hooks struct {
	options Options
	client  *http.Client
}

// New makes the hooks of a configuration.
func New(o Options) *Hooks {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Agent == "" {
		o.Agent = "drugslm"
	}
	return &Hooks{options: o, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Targets gives the targets that want events of a kind.
func (h *Hooks) Targets(kind string) []string {
	if h == nil || len(h.options.Kinds) > 0 && !slices.Contains(h.options.Kinds, kind) {
		return nil
	}
	return h.All()
}

// All gives every target that is configured.
func (h *Hooks) All() []string {
	var all []string
	if h == nil {
		return all
	}
	if len(h.options.Command) > 0 {
		all = append(all, Command)
	}
	if h.options.URL != "" {
		all = append(all, Webhook)
	}
	return all
}

// Send makes one attempt to deliver an event to a target, and says what came of it: "204 No Content", "exit code 0".
func (h *Hooks) Send(ctx context.Context, target string, e Event) (answer string, err error) {
	if !slices.Contains(h.All(), target) {
		return "", fault.New(fault.Invalid, "send event", "no %s is configured any more", target)
	}
	body, err := message(e)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, h.options.Timeout)
	defer cancel()
	if target == Command {
		return h.run(ctx, e, body)
	}
	return h.post(ctx, e, body)
}

func message(e Event) ([]byte, error) {
	body, err := json.Marshal(struct {
		Type      string          `json:"type"`
		ID        string          `json:"id"`
		Timestamp time.Time       `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}{e.Kind, e.ID, e.Created.UTC(), e.Data})
	return body, fault.Wrap(fault.Invalid, "write event", err)
}
