package grid

import (
	"context"
	"net/http"
	"time"
)

// HubSession is a session as a hub tells of it.
type HubSession struct {
	ID      string
	Node    string // address of the node that runs it
	Started time.Time
}

// Sessions asks a hub which sessions it has, anybody's. Errors are those of Open.
func Sessions(ctx context.Context, address string) (name string, found []HubSession, err error) {
	h, err := parseHub(address, newBase())
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	w := board().connect(h)
	defer board().hang(w)
	var status struct {
		Nodes []struct {
			URI   string
			Slots []struct {
				Session *struct {
					SessionID string
					Start     time.Time
				}
			}
		}
	}
	if err := w.command(ctx, http.MethodGet, "/status", nil, &status); err != nil {
		return h.name(), nil, (&Pool{hub: h}).unreachable(ctx, err)
	}
	for _, node := range status.Nodes {
		for _, slot := range node.Slots {
			if slot.Session != nil {
				found = append(found, HubSession{ID: slot.Session.SessionID, Node: node.URI, Started: slot.Session.Start})
			}
		}
	}
	return h.name(), found, nil
}

// End ends a session of a hub, and waits until it has. One that does not exist is none to end.
func End(ctx context.Context, address, session string) error {
	h, err := parseHub(address, newBase())
	if err != nil {
		return err
	}
	return h.end(ctx, session)
}
