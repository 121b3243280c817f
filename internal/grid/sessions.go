package grid

import "context"

// Sessions asks a hub which sessions it has, anybody's. Errors are those of Open; the name of the hub is there also with
// one that does not answer.
func Sessions(ctx context.Context, address string) (name string, found []HubSession, err error) {
	h, err := parseHub(address, newBase())
	if err != nil {
		return "", nil, err
	}
	found, err = h.sessions(ctx)
	if err != nil {
		return h.name(), nil, (&Pool{hub: h}).unreachable(ctx, "ask the hub", err)
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
