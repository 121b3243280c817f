package grid

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"drugslm/internal/fault"
)

// nameKey is the capability under which a Grid keeps the name of a session, and shows it in its status and its web page.
const nameKey = "se:name"

// name is what a session of a hub is called: by its owner, and by its wire, which is there for as long as the session is
// wanted. A session whose answer never came, or whose owner was killed before it recorded it, is known by that.
func (s *Session) name() string {
	if s.owner == "" || s.driver != nil {
		return ""
	}
	return s.owner + "#" + s.wire.key
}

// ownerOf gives the owner and the wire in a session's name; "" where the name is not one of ours.
func ownerOf(name string) (owner, key string) {
	i := strings.LastIndexByte(name, '#')
	if i < 0 || !strings.HasPrefix(name[i+1:], wirePrefix) {
		return "", ""
	}
	return name[:i], name[i+1:]
}

// HubSession is a session as reported by a hub.
type HubSession struct {
	ID      string
	Node    string // address of the node that runs it
	Owner   string // that asked for it, as its name says; "": unknown
	Started time.Time

	key     string        // of the owner's wire
	timeout time.Duration // after which the node ends a session that nobody asks for anything
}

// sessions asks a hub which sessions it has, anybody's.
func (h *hub) sessions(ctx context.Context) ([]HubSession, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	w := board().connect(h)
	defer board().disconnect(w)
	var status struct {
		Nodes []struct {
			URI            string
			SessionTimeout int64 // ms
			Slots          []struct {
				Session *struct {
					SessionID    string
					Start        time.Time
					Capabilities struct {
						Name any `json:"se:name"` // anybody may have written it
					}
				}
			}
		}
	}
	if err := w.command(ctx, http.MethodGet, "/status", nil, &status); err != nil {
		return nil, err
	}
	var found []HubSession
	for _, node := range status.Nodes {
		for _, slot := range node.Slots {
			if at := slot.Session; at != nil {
				s := HubSession{ID: at.SessionID, Node: node.URI, Started: at.Start, timeout: time.Duration(node.SessionTimeout) * time.Millisecond}
				name, _ := at.Capabilities.Name.(string)
				s.Owner, s.key = ownerOf(name)
				found = append(found, s)
			}
		}
	}
	return found, nil
}

// reapUnrecorded ends the sessions of the hub that nobody recorded: those that this worker asked for and of which it heard
// nothing, and those of owners that are gone. What the hub does not tell now it tells the next time.
func (p *Pool) reapUnrecorded(ctx context.Context) ([]Lease, error) {
	self := p.owner()
	if p.local != nil || self == "" {
		return nil, nil
	}
	there, err := p.hub.sessions(ctx)
	if err != nil {
		return nil, nil //nolint:nilerr // a hub that is away is told of where it is needed
	}
	var ended []Lease
	var errs []error
	for _, s := range there {
		gone := false
		unwanted, err := p.unwanted(ctx, self, s)
		if err == nil && unwanted && p.asks(s.ID) {
			if gone, err = p.endAt(ctx, s); err != nil {
				p.leaveAlone(s)
			}
		}
		switch {
		case err != nil:
			errs = append(errs, err)
		case gone:
			p.forget(ctx, &Session{id: s.ID}) // it was recorded where its owner could not end it
			p.ended.Add(1)
			ended = append(ended, Lease{Session: s.ID, Hub: p.place(), Owner: s.Owner})
		}
	}
	return ended, errors.Join(errs...)
}

// endAt ends a session that the hub lists, and reports whether it was still there. A hub that was restarted shows the
// sessions of its nodes, and does not find them: the node does. A node whose driver has died is told to give up.
func (p *Pool) endAt(ctx context.Context, s HubSession) (ended bool, err error) {
	if ended, err = p.hub.delete(ctx, s.ID); err != nil && !errors.Is(err, errDriver) || ended || s.Node == "" {
		return ended, err
	}
	node, at := parseHub(s.Node, p.hub.base)
	if at != nil {
		return false, fault.New(fault.Unavailable, "end orphaned session "+s.ID, "its node has no address that can be used")
	}
	if err == nil {
		ended, err = node.delete(ctx, s.ID)
	}
	if errors.Is(err, errDriver) {
		err = node.discard(ctx, s.ID)
		ended = err == nil
	}
	return ended, err
}

// sessionTimeout is that of a Grid whose nodes do not tell theirs: Selenium's own.
const sessionTimeout = 5 * time.Minute

// leaveAlone leaves a session alone that could not be ended, for longer than its node's timeout: each request would make the node
// keep it for as long again.
func (p *Pool) leaveAlone(s HubSession) {
	p.left.Store(s.ID, time.Now().Add(cmp.Or(s.timeout, sessionTimeout)+time.Minute))
}

// asks reports whether a session may be ended that could not be.
func (p *Pool) asks(session string) bool {
	until, left := p.left.Load(session)
	if left && time.Now().Before(until.(time.Time)) {
		return false
	}
	p.left.Delete(session)
	return true
}

// unwanted reports whether nobody will ever use a session of the hub. A wire is connected before its session is asked for.
func (p *Pool) unwanted(ctx context.Context, self string, s HubSession) (bool, error) {
	switch {
	case s.Owner == "":
		return false, nil
	case s.Owner == self:
		_, wanted := board().wires.Load(s.key)
		return !wanted, nil
	case p.options.Gone == nil:
		return false, nil
	}
	gone, err := p.options.Gone(ctx, s.Owner)
	return gone, fault.Wrap(fault.Unavailable, "find out whether the owner of a session is gone", err)
}
