package schedule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drugslm/internal/fault"
	"drugslm/internal/nearest"
)

// ErrExists is in the error of a schedule that cannot be made as there is one of its name.
var ErrExists = errors.New("it exists already")

// ErrUnknown is in the error of a name that no schedule has.
var ErrUnknown = errors.New("it is unknown")

// Server is where schedules are kept: a namespace of Temporal.
type Server struct{ temporal client.ScheduleClient }

// NewServer keeps schedules by a client's connection.
func NewServer(c client.Client) *Server { return &Server{c.ScheduleClient()} }

// List gives our schedules by name. The server's list lags behind by an instant: one made just now may be missing.
func (s *Server) List(ctx context.Context) ([]Entry, error) {
	const op = "list schedules"
	iterator, err := s.temporal.List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, op, err)
	}
	var found []Entry
	for iterator.HasNext() {
		listed, err := iterator.Next()
		if err != nil {
			return nil, fault.Wrap(fault.Unavailable, op, err)
		}
		if listed.Memo.GetFields()[memoDeclared] == nil {
			continue
		}
		entry, err := s.describe(ctx, listed.ID)
		if errors.Is(err, ErrUnknown) { // deleted in between
			continue
		}
		if err != nil {
			return nil, err
		}
		if !entry.Foreign {
			found = append(found, entry)
		}
	}
	slices.SortFunc(found, func(a, b Entry) int { return cmp.Compare(a.Definition.Name, b.Definition.Name) })
	return found, nil
}

// Get gives one of our schedules. An unknown name is a fault.Invalid with the nearest names, and so is somebody else's.
func (s *Server) Get(ctx context.Context, name string) (Entry, error) {
	entry, err := s.describe(ctx, name)
	if errors.Is(err, ErrUnknown) {
		return entry, s.unknown(ctx, name)
	}
	if err == nil && entry.Foreign {
		return entry, fault.New(fault.Invalid, "", "schedule %q was made by another program: it is left alone", name)
	}
	return entry, err
}

// Known gives our schedules, and of those that are named also the ones that the server's list lacks yet or that belong
// to somebody else.
func (s *Server) Known(ctx context.Context, names []string) ([]Entry, error) {
	found, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if slices.ContainsFunc(found, func(e Entry) bool { return e.Definition.Name == name }) {
			continue
		}
		entry, err := s.describe(ctx, name)
		if errors.Is(err, ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, entry)
	}
	return found, nil
}

func (s *Server) describe(ctx context.Context, name string) (Entry, error) {
	description, err := s.temporal.GetHandle(ctx, name).Describe(ctx)
	if err != nil {
		return Entry{}, failure("describe schedule", name, err)
	}
	return entryOf(name, description)
}

// Create makes a schedule. One of that name is a fault.Invalid around ErrExists.
func (s *Server) Create(ctx context.Context, d Definition, declared bool) error {
	spec, err := d.spec()
	if err != nil {
		return err
	}
	policies, err := d.policies()
	if err != nil {
		return err
	}
	_, err = s.temporal.Create(ctx, client.ScheduleOptions{
		ID: d.Name, Spec: spec, Action: d.action(), Overlap: policies.Overlap, CatchupWindow: policies.CatchupWindow,
		PauseOnFailure: policies.PauseOnFailure, Note: d.Note, Paused: d.Paused, Memo: map[string]any{memoDeclared: declared},
	})
	return failure("create schedule", d.Name, err)
}

// Update changes a schedule of ours to a definition, keeping its history, and whether it is paused unless the
// definition says otherwise than the one before.
func (s *Server) Update(ctx context.Context, d Definition) error {
	spec, err := d.spec()
	if err != nil {
		return err
	}
	policies, err := d.policies()
	if err != nil {
		return err
	}
	err = s.temporal.GetHandle(ctx, d.Name).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			before, err := entryOf(d.Name, &in.Description)
			if err != nil {
				return nil, err
			}
			state := &client.ScheduleState{Paused: before.Paused, Note: before.Note}
			if d.Paused != before.Definition.Paused {
				state.Paused = d.Paused
			}
			if before.Note == before.Definition.Note || d.Note != before.Definition.Note {
				state.Note = d.Note
			}
			return &client.ScheduleUpdate{Schedule: &client.Schedule{
				Action: d.action(), Spec: &spec, Policy: &policies, State: state,
			}}, nil
		},
	})
	return failure("update schedule", d.Name, err)
}

// Delete ends a schedule. Its runs continue.
func (s *Server) Delete(ctx context.Context, name string) error {
	return failure("delete schedule", name, s.temporal.GetHandle(ctx, name).Delete(ctx))
}

// Pause keeps a schedule from firing until it is resumed; runs that have begun continue.
func (s *Server) Pause(ctx context.Context, name, note string) error {
	return failure("pause schedule", name, s.temporal.GetHandle(ctx, name).Pause(ctx, client.SchedulePauseOptions{Note: note}))
}

// Resume lets a schedule fire again, from its next tick on.
func (s *Server) Resume(ctx context.Context, name, note string) error {
	return failure("resume schedule", name, s.temporal.GetHandle(ctx, name).Unpause(ctx, client.ScheduleUnpauseOptions{Note: note}))
}

// Backfill starts a run for each tick from one time to another, both included, as if they passed now.
func (s *Server) Backfill(ctx context.Context, name string, from, to time.Time, overlap string) error {
	policy, err := Overlap(overlap)
	if err != nil {
		return err
	}
	return failure("backfill schedule", name, s.temporal.GetHandle(ctx, name).Backfill(ctx, client.ScheduleBackfillOptions{
		Backfill: []client.ScheduleBackfill{{Start: from, End: to, Overlap: policy}},
	}))
}

// unknown names those that are, the nearest first.
func (s *Server) unknown(ctx context.Context, name string) error {
	entries, err := s.List(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Definition.Name
	}
	return unknownName{nearest.Unknown("schedule", name, names, "starter schedule list")}
}

// unknownName is ErrUnknown with the names that are known.
type unknownName struct{ error }

func (unknownName) Is(target error) bool { return target == ErrUnknown }

func (u unknownName) Unwrap() error { return u.error }

// failure gives the server's answer its kind.
func failure(op, name string, err error) error {
	op = fmt.Sprintf("%s %q", op, name)
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
		return fault.Wrap(fault.Invalid, op, ErrUnknown)
	}
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return fault.Wrap(fault.Invalid, op, ErrExists)
	}
	if _, refused := errors.AsType[*serviceerror.InvalidArgument](err); refused {
		return fault.Wrap(fault.Invalid, op, err)
	}
	if fault.KindOf(err) != fault.Internal {
		return err // nil, or one of ours
	}
	return fault.Wrap(fault.Unavailable, op, err)
}
