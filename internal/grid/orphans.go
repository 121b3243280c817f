package grid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/tebeka/selenium"

	"drugslm/internal/fault"
)

// Reap ends the sessions of this hub whose owners are dead, and unrecorded sessions that this pool or a dead owner asked
// for. It returns the sessions that it ended. A session that cannot be ended now is left for the next call, and is part
// of the error, which is no reason to stop.
func (p *Pool) Reap(ctx context.Context) ([]Lease, error) {
	if p.options.Leases == nil {
		return nil, nil
	}
	orphans, err := p.options.Leases.Orphans(ctx)
	if err != nil {
		return nil, fmt.Errorf("list orphaned sessions: %w", err)
	}
	var ended []Lease
	var errs []error
	for _, l := range orphans {
		if l.Hub != p.place() {
			continue
		}
		if err := p.reap(ctx, l); err != nil {
			errs = append(errs, err)
			continue
		}
		p.ended.Add(1)
		ended = append(ended, l)
	}
	unrecorded, err := p.reapUnrecorded(ctx)
	return append(ended, unrecorded...), errors.Join(append(errs, err)...)
}

func (p *Pool) reap(ctx context.Context, l Lease) error {
	if p.local != nil { // the kernel ended the driver with its owner; what is left of it is in its folder
		SweepLocal()
		return p.options.Leases.Release(ctx, l.Session)
	}
	if err := p.hub.end(ctx, l.Session); err != nil {
		return err
	}
	return p.options.Leases.Release(ctx, l.Session)
}

// SweepLocal ends the browsers, and deletes the folders, of local drivers whose owners on this machine are dead.
func SweepLocal() { sweep(os.TempDir()) }

// end ends a session of a hub. One that does not exist any more is as good as ended, and so is one whose driver is dead: if a node
// keeps its place, it is found by its name.
func (h *hub) end(ctx context.Context, session string) error {
	_, err := h.delete(ctx, session)
	if errors.Is(err, errDriver) {
		return nil
	}
	return err
}

// errDriver says that a node has a session whose driver is dead: a DELETE goes to the driver, and the place stays taken.
var errDriver = errors.New("its driver is dead")

// delete ends a session of a hub or node, and reports whether there was one to end. errDriver: there is one.
func (h *hub) delete(ctx context.Context, session string) (ended bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, quitTimeout)
	defer cancel()
	w := board().connect(h)
	defer board().disconnect(w)
	err = w.command(ctx, http.MethodDelete, "/session/"+session, nil, nil)
	if e, ok := errors.AsType[*selenium.Error](err); ok && classify(err) == dead {
		if strings.Contains(e.Message, "Connection error") {
			return false, errDriver
		}
		return false, nil
	}
	return err == nil, fault.Wrap(fault.Unavailable, "end orphaned session "+session, explain(err))
}

// discard lets a node free the place of a session whose driver is dead. The node asks for a secret in a header; a Grid that was given none
// takes an empty one (Selenium 4.48, RequiresSecretFilter).
func (h *hub) discard(ctx context.Context, session string) error {
	op := "free the place of session " + session
	ctx, cancel := context.WithTimeout(ctx, quitTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, h.address+"/se/grid/node/session/"+url.PathEscape(session), nil)
	if err != nil {
		return fault.Wrap(fault.Internal, op, explain(err))
	}
	req.Header.Set("X-REGISTRATION-SECRET", "")
	resp, err := (&http.Client{Transport: h.base}).Do(req)
	if err != nil {
		return fault.Wrap(fault.Unavailable, op, explain(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, op, "the node answers with status %d: it frees the place by itself when its session timeout is over", resp.StatusCode)
	}
	return nil
}
