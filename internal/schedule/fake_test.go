package schedule

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// fake is a server's schedules in memory, as the SDK shows them: payloads where values were given, calendars where
// expressions were.
type fake struct {
	t       testing.TB
	there   map[string]*client.ScheduleDescription
	trigger func(d *client.ScheduleDescription) // what a trigger does
}

func newFake(t testing.TB) (*Server, *fake) {
	f := &fake{t: t, there: map[string]*client.ScheduleDescription{}}
	return &Server{temporal: f}, f
}

func (f *fake) payloads(values map[string]any) map[string]*common.Payload {
	found := map[string]*common.Payload{}
	for k, v := range values {
		p, err := converter.GetDefaultDataConverter().ToPayload(v)
		require.NoError(f.t, err)
		found[k] = p
	}
	return found
}

// kept is a schedule as the server keeps it.
func (f *fake) kept(s client.Schedule) client.Schedule {
	action := *s.Action.(*client.ScheduleWorkflowAction)
	memo := map[string]any{}
	for k, p := range f.payloads(action.Memo) {
		memo[k] = p
	}
	action.Memo = memo
	spec := *s.Spec
	spec.Calendars = make([]client.ScheduleCalendarSpec, len(spec.CronExpressions))
	spec.CronExpressions = nil
	if spec.Intervals == nil {
		spec.Intervals = []client.ScheduleIntervalSpec{}
	}
	return client.Schedule{Action: &action, Spec: &spec, Policy: s.Policy, State: s.State}
}

func (f *fake) Create(_ context.Context, o client.ScheduleOptions) (client.ScheduleHandle, error) {
	if f.there[o.ID] != nil {
		return nil, temporal.ErrScheduleAlreadyRunning
	}
	f.there[o.ID] = &client.ScheduleDescription{
		Schedule: f.kept(client.Schedule{
			Action: o.Action, Spec: &o.Spec,
			Policy: &client.SchedulePolicies{Overlap: o.Overlap, CatchupWindow: o.CatchupWindow, PauseOnFailure: o.PauseOnFailure},
			State:  &client.ScheduleState{Note: o.Note, Paused: o.Paused},
		}),
		Info: client.ScheduleInfo{CreatedAt: time.Unix(1, 0)},
		Memo: &common.Memo{Fields: f.payloads(o.Memo)},
	}
	return f.GetHandle(context.Background(), o.ID), nil
}

func (f *fake) List(context.Context, client.ScheduleListOptions) (client.ScheduleListIterator, error) {
	var entries []*client.ScheduleListEntry
	for _, name := range slices.Sorted(maps.Keys(f.there)) {
		entries = append(entries, &client.ScheduleListEntry{ID: name, Memo: f.there[name].Memo})
	}
	return &iterator{entries}, nil
}

func (f *fake) GetHandle(_ context.Context, name string) client.ScheduleHandle {
	return &handle{fake: f, name: name}
}

type iterator struct{ rest []*client.ScheduleListEntry }

func (i *iterator) HasNext() bool { return len(i.rest) > 0 }
func (i *iterator) Next() (*client.ScheduleListEntry, error) {
	next := i.rest[0]
	i.rest = i.rest[1:]
	return next, nil
}

type handle struct {
	client.ScheduleHandle // what no test needs
	fake                  *fake
	name                  string
}

func (h *handle) Describe(context.Context) (*client.ScheduleDescription, error) {
	d := h.fake.there[h.name]
	if d == nil {
		return nil, serviceerror.NewNotFound("schedule not found")
	}
	copied := *d
	return &copied, nil
}

func (h *handle) Update(ctx context.Context, o client.ScheduleUpdateOptions) error {
	d, err := h.Describe(ctx)
	if err != nil {
		return err
	}
	update, err := o.DoUpdate(client.ScheduleUpdateInput{Description: *d})
	if err != nil {
		return err
	}
	h.fake.there[h.name].Schedule = h.fake.kept(*update.Schedule)
	return nil
}

func (h *handle) Delete(ctx context.Context) error {
	_, err := h.Describe(ctx)
	delete(h.fake.there, h.name)
	return err
}

func (h *handle) Pause(_ context.Context, o client.SchedulePauseOptions) error {
	s := h.fake.there[h.name].Schedule.State
	s.Paused, s.Note = true, o.Note
	return nil
}

func (h *handle) Trigger(context.Context, client.ScheduleTriggerOptions) error {
	h.fake.trigger(h.fake.there[h.name])
	return nil
}
