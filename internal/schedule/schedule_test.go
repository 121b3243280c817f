package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
	"drugslm/workflows"
)

func nightly() config.Schedule {
	s := config.DefaultSchedule()
	s.Name, s.Select, s.Cron, s.TZ = "nightly", []string{"anvisa/*"}, []string{"30  3 * * *"}, "America/Sao_Paulo"
	return s
}

func TestDefinition(t *testing.T) {
	t.Parallel()
	t.Run("gives the input of its runs", definitionGivesInputOfItsRuns)
	t.Run("gives the settings of the server", definitionGivesSettingsOfServer)
	t.Run("knows every overlap policy", definitionKnowsEveryOverlapPolicy)
}

func definitionGivesInputOfItsRuns(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]workflows.MaterializeInput{
		"needed": {}, "missing": {Filter: asset.Missed}, "stale": {Filter: asset.Staled},
		"failed": {Filter: asset.Faulty, Mode: ledger.Failed}, "force": {Filter: asset.Without, Mode: ledger.Force},
	} {
		s := nightly()
		s.Mode, s.Partitions = mode, []string{"5"}
		want.Select, want.Partitions = []string{"anvisa/*"}, []string{"5"}
		require.Equal(t, want, Define(s).Input(), mode)
	}
}

func definitionGivesSettingsOfServer(t *testing.T) {
	t.Parallel()
	s := nightly()
	s.Jitter, s.Overlap, s.PauseOnFailure, s.Priority = 10*time.Minute, "buffer-one", true, 3
	d := Define(s)
	require.Equal(t, "30 3 * * * (America/Sao_Paulo), up to 10m later", d.When())
	spec, err := d.spec()
	require.NoError(t, err)
	require.Equal(t, client.ScheduleSpec{CronExpressions: []string{"30 3 * * *"}, TimeZoneName: "America/Sao_Paulo", Jitter: 10 * time.Minute}, spec)
	policies, err := d.policies()
	require.NoError(t, err)
	require.Equal(t, client.SchedulePolicies{
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE, CatchupWindow: 6 * time.Hour, PauseOnFailure: true,
	}, policies)
	action := d.action()
	require.Equal(t, "nightly", action.ID)
	require.Equal(t, "drugslm-orchestrate", action.TaskQueue)
	require.Equal(t, temporal.Priority{PriorityKey: 3, FairnessKey: "schedule"}, action.Priority)
	require.Equal(t, "schedule nightly: materialize anvisa/*", action.StaticSummary)

	every := config.DefaultSchedule()
	every.Name, every.Select, every.Every = "often", []string{"*"}, 90*time.Minute
	spec, err = Define(every).spec()
	require.NoError(t, err)
	require.Equal(t, client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: 90 * time.Minute}}}, spec)
	times, err := Define(every).Times()
	require.NoError(t, err)
	require.Equal(t, time.Unix(5400, 0).UTC(), times.Next(time.Unix(1, 0)))
}

// definitionKnowsEveryOverlapPolicy holds the words that the configuration takes against those that are translated.
func definitionKnowsEveryOverlapPolicy(t *testing.T) {
	t.Parallel()
	for _, key := range config.ScheduleKeys() {
		if key.Name != "overlap" {
			continue
		}
		require.Len(t, key.OneOf, len(overlaps())-1)
		for _, name := range key.OneOf {
			policy, err := Overlap(name)
			require.NoError(t, err)
			require.NotZero(t, policy, name)
		}
	}
	_, err := Overlap("queue")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

// TestReservedNames keeps people from naming a schedule as automation's own, which a worker deletes when it starts.
func TestReservedNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{workflows.AutomationID, workflows.AutomationID + "-by-hand", "automation-nightly", "temporal-sys-scheduler"} {
		s := nightly()
		s.Name = name
		require.ErrorContains(t, s.Check(func(field string) string { return field }), `"`+name+`" is reserved`)
	}
	for _, name := range []string{"nightly", "automations", "my-automation", "temporal"} {
		s := nightly()
		s.Name = name
		require.NoError(t, s.Check(func(field string) string { return field }))
	}
}
