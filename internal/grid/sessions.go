package grid

import "context"

// Sessions asks a hub for all its sessions, of any owner. Errors are those of Open. The name of the hub is returned even
// if it does not answer.
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

// End ends a session of a hub and waits until it has ended. A session that does not exist is no error.
func End(ctx context.Context, address, session string) error {
	h, err := parseHub(address, newBase())
	if err != nil {
		return err
	}
	return h.end(ctx, session)
}
