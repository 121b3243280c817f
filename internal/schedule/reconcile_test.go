package schedule

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	declared := nightly()
	as := func(change func(*Entry)) []Entry {
		e := Entry{Definition: Define(declared), Declared: true}
		change(&e)
		return []Entry{e}
	}
	tests := []struct {
		name     string
		declared []config.Schedule
		existing []Entry
		want     Action
		reason   string
	}{
		{"new", []config.Schedule{declared}, nil, ActionCreate, "declared and not there"},
		{"the same", []config.Schedule{declared}, as(func(*Entry) {}), ActionKeep, "as declared"},
		{"paused by a person", []config.Schedule{declared}, as(func(e *Entry) { e.Paused, e.Note = true, "why" }), ActionKeep, "as declared"},
		{
			"different", []config.Schedule{declared}, as(func(e *Entry) { e.Definition.Cron, e.Definition.Jitter = []string{"0 5 * * *"}, "1m" }),
			ActionUpdate, "cron: [0 5 * * *] → [30 3 * * *]; jitter: 1m → none",
		},
		{"more than before", []config.Schedule{declared}, as(func(e *Entry) { e.Definition.TZ = "" }), ActionUpdate, "tz: none → America/Sao_Paulo"},
		{"changed elsewhere", []config.Schedule{declared}, as(func(e *Entry) { e.Edited = true }), ActionUpdate, "changed on the server"},
		{"made by hand", []config.Schedule{declared}, as(func(e *Entry) { e.Declared = false }), ActionConflict, "made by hand"},
		{"of another program", []config.Schedule{declared}, as(func(e *Entry) { e.Declared, e.Foreign = false, true }), ActionConflict, "another program"},
		{"declared no more", []config.Schedule{}, as(func(*Entry) {}), ActionDelete, "no more"},
		{"nothing said", nil, as(func(*Entry) {}), ActionKeep, "`schedules: []`"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changes := Compare(tt.declared, tt.existing)
			require.Len(t, changes, 1)
			require.Equal(t, "nightly", changes[0].Name)
			require.Equal(t, tt.want, changes[0].Action)
			require.Contains(t, changes[0].Reason, tt.reason)
		})
	}
	require.Empty(t, Compare([]config.Schedule{}, as(func(e *Entry) { e.Declared = false })), "what was made by hand is nobody's business")
}

// writer notes what it is asked to do.
type writer struct {
	did   []string
	fails error
}

func (w *writer) Create(_ context.Context, d Definition, declared bool) error {
	w.did = append(w.did, fmt.Sprintf("create %s %v", d.Name, declared))
	return w.fails
}

func (w *writer) Update(_ context.Context, d Definition) error {
	w.did = append(w.did, "update "+d.Name)
	return w.fails
}

func (w *writer) Delete(_ context.Context, name string) error {
	w.did = append(w.did, "delete "+name)
	return w.fails
}

func TestApply(t *testing.T) {
	t.Parallel()
	changes := []Change{
		{Name: "a", Action: ActionCreate, definition: Definition{Name: "a"}},
		{Name: "b", Action: ActionUpdate, definition: Definition{Name: "b"}},
		{Name: "c", Action: ActionDelete},
		{Name: "d", Action: ActionKeep},
		{Name: "e", Action: ActionConflict},
	}
	w := &writer{}
	require.NoError(t, Apply(t.Context(), w, changes))
	require.Equal(t, []string{"create a true", "update b", "delete c"}, w.did)

	require.NoError(t, Apply(t.Context(), &writer{fails: fmt.Errorf("create: %w", ErrExists)}, changes[:1]), "another worker was first")
	require.NoError(t, Apply(t.Context(), &writer{fails: fmt.Errorf("delete: %w", ErrUnknown)}, changes[2:3]), "another worker was first")
	broken := errors.New("no server")
	w = &writer{fails: broken}
	require.ErrorIs(t, Apply(t.Context(), w, changes), broken)
	require.Len(t, w.did, 3, "one that fails does not stop the others")
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	t.Run("changes nothing the second time", reconcileChangesNothingSecondTime)
}

// reconcileChangesNothingSecondTime goes through the whole life of a declared schedule.
func reconcileChangesNothingSecondTime(t *testing.T) {
	t.Parallel()
	s, _ := newFake(t)
	reconcile := func(declared []config.Schedule) []Change {
		var names []string
		for _, d := range declared {
			names = append(names, d.Name)
		}
		existing, err := s.Known(t.Context(), names)
		require.NoError(t, err)
		changes := Compare(declared, existing)
		require.NoError(t, Apply(t.Context(), s, changes))
		return changes
	}
	first := nightly()
	require.Equal(t, ActionCreate, reconcile([]config.Schedule{first})[0].Action)
	require.Equal(t, ActionKeep, reconcile([]config.Schedule{first})[0].Action)
	first.Cron = append(first.Cron, "0 12 * * SUN")
	require.Equal(t, ActionUpdate, reconcile([]config.Schedule{first})[0].Action)
	require.Equal(t, ActionKeep, reconcile([]config.Schedule{first})[0].Action)
	require.Equal(t, ActionDelete, reconcile([]config.Schedule{})[0].Action)
	require.Empty(t, reconcile([]config.Schedule{}))
}
