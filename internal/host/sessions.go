package host

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"drugslm/internal/config"
	"drugslm/internal/grid"
	"drugslm/internal/ledger"
	"drugslm/internal/process"
)

// SessionState says whose a browser session is.
type SessionState string

// The states of a session.
const (
	SessionHeld       SessionState = "held"       // its owner lives, as far as can be told
	SessionOrphan     SessionState = "orphan"     // its owner is gone
	SessionUnrecorded SessionState = "unrecorded" // the hub has it, and no worker of this data folder
)

// Session is a browser session that a hub or the ledger knows.
type Session struct {
	ID, Hub, Owner string
	State          SessionState
	AtHub          bool      // the hub has it; unknown, and false, where the hub does not answer or is a local driver
	Started        time.Time // zero: unknown
	Expires        time.Time // of the lease; zero: none
	OwnerSeen      time.Time // zero: the owner did not register
}

// Sessions gives the browser sessions that the ledger or the configured hub knows. A hub that does not answer is an error
// beside what the ledger knows.
func Sessions(ctx context.Context, c config.Config, l *ledger.Ledger) ([]Session, error) {
	found, workers, err := recorded(ctx, l)
	if err != nil {
		return nil, err
	}
	found, _, away := atHub(ctx, c, found, workers)
	return found, away
}

// recorded gives the sessions that the ledger knows, and the workers by their ids.
func recorded(ctx context.Context, l *ledger.Ledger) ([]Session, map[string]ledger.Worker, error) {
	leases, err := l.Leases(ctx)
	if err != nil {
		return nil, nil, err
	}
	orphans, err := l.Orphans(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := l.Workers(ctx)
	if err != nil {
		return nil, nil, err
	}
	workers := make(map[string]ledger.Worker, len(all))
	for _, w := range all {
		workers[w.ID] = w
	}
	found := make([]Session, 0, len(leases))
	for _, lease := range leases {
		s := Session{ID: lease.Session, Hub: lease.Hub, Owner: lease.Owner, State: SessionHeld, Expires: lease.Expires}
		if slices.ContainsFunc(orphans, func(o ledger.Lease) bool { return o.Session == lease.Session }) {
			s.State = SessionOrphan
		}
		if w, known := workers[lease.Owner]; known {
			s.of(w)
		}
		found = append(found, s)
	}
	return found, workers, nil
}

// of notes what is known of the session's owner.
func (s *Session) of(w ledger.Worker) {
	s.OwnerSeen = w.Seen
	if !w.Ended.IsZero() || (process.Identity{Space: w.Space, PID: w.PID, Birth: w.Birth}).Gone() {
		s.State = SessionOrphan
	}
}

// atHub adds what the hub says of its sessions, and gives its name. One that is not recorded has its owner in its name.
func atHub(ctx context.Context, c config.Config, found []Session, workers map[string]ledger.Worker) (all []Session, hub string, err error) {
	if c.Grid.Hub == "" {
		return found, "", nil
	}
	hub, there, err := grid.Sessions(ctx, string(c.Grid.Hub))
	for _, at := range there {
		i := slices.IndexFunc(found, func(s Session) bool { return s.ID == at.ID })
		if i < 0 {
			s := Session{ID: at.ID, Hub: hub, Owner: at.Owner, State: SessionUnrecorded}
			if w, known := workers[at.Owner]; known {
				s.of(w)
			}
			found = append(found, s)
			i = len(found) - 1
		}
		found[i].AtHub, found[i].Started = true, at.Started
	}
	return found, hub, err
}

// ReapSessions ends the sessions whose owners are gone, of the configured hub and of drivers on this machine, and gives
// them; dry, it only gives them. Where it cannot be seen at once whether an owner lives, it is listened for it as long as
// that takes. Sessions that could not be ended stay recorded, and are part of the error, as a hub that does not answer is;
// those of hubs that are not configured are logged.
func ReapSessions(ctx context.Context, c config.Config, l *ledger.Ledger, log *slog.Logger, dry bool) ([]Session, error) {
	if !dry {
		if err := listen(ctx, l, log); err != nil {
			return nil, err
		}
	}
	known, workers, err := recorded(ctx, l)
	if err != nil {
		return nil, err
	}
	all, hub, away := atHub(ctx, c, known, workers)
	ended, errs := []Session{}, []error{away}
	for _, s := range all {
		switch {
		case s.State != SessionOrphan:
			continue
		case s.Hub != grid.LocalHub && s.Hub != hub:
			log.Warn("a session of a worker that is gone is at a hub that is not configured here: set HUB_URL to it", "session", s.ID, "hub", s.Hub)
			continue
		case dry:
		case s.Hub == hub && away != nil:
			continue // it would fail with the same words
		default:
			if err := endSession(ctx, c, l, s); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		ended = append(ended, s)
	}
	return ended, errors.Join(errs...)
}

func endSession(ctx context.Context, c config.Config, l *ledger.Ledger, s Session) error {
	if s.Hub == grid.LocalHub {
		grid.SweepLocal()
	} else if err := grid.End(ctx, string(c.Grid.Hub), s.ID); err != nil {
		return err
	}
	return l.Release(ctx, s.ID)
}

// listen finds out which owners of sessions are gone.
func listen(ctx context.Context, l *ledger.Ledger, log *slog.Logger) error {
	r := newRegistry(l, log, "")
	ticker := time.NewTicker(heartbeatInterval)
	defer ticker.Stop()
	for range nearTimeout/heartbeatInterval + 1 {
		if err := r.declareDead(ctx); err != nil {
			return err
		}
		if unsure, err := r.clockUncertain(ctx); err != nil || !unsure {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

// clockUncertain reports whether there is an owner of a session of whom it is not known yet whether he lives: he is registered,
// not found gone, and has not beaten since he was first looked at.
func (r *registry) clockUncertain(ctx context.Context) (bool, error) {
	leases, err := r.ledger.Leases(ctx)
	if err != nil {
		return false, err
	}
	workers, err := r.ledger.Workers(ctx)
	if err != nil {
		return false, err
	}
	for _, w := range workers {
		holds := slices.ContainsFunc(leases, func(l ledger.Lease) bool { return l.Owner == w.ID })
		if holds && w.Ended.IsZero() && !r.isAlive(w) {
			return true, nil
		}
	}
	return false, nil
}
