// Package schedule keeps the schedules of runs on the Temporal server: each is a Temporal Schedule whose action starts
// workflow Materialize with a selection. Its clock, what happens when a run is still at work, and what is made up for after
// the server was away are Temporal's; this package translates, and remembers what was meant.
//
// A [Definition] is what a person asked for. It travels in the memo of the schedule's action, so that it can be shown and
// compared as it was written (the server keeps calendars, not expressions), and so that each run's page in the Web UI says
// why it is there. Whether a schedule is declared in the configuration or made by hand is in the memo of the schedule itself,
// and never changes. Schedules without these memos belong to somebody else: they are not listed and not touched.
//
// The id of a run is its schedule's name and the time: nightly-2026-11-25T06:30:00Z.
//
// [Server] does one thing to one schedule. [Compare] and [Apply] bring the server in line with a configuration.
package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"drugslm/internal/asset"
	"drugslm/internal/config"
	"drugslm/internal/cron"
	"drugslm/internal/engine/planning"
	"drugslm/internal/fault"
	"drugslm/workflows"
)

// FairnessKey is shared by all scheduled runs: the server shares its tasks out between them and, say, a backfill.
const FairnessKey = "schedule"

// Definition is a schedule as it was asked for, in text that people and programs read. Durations are as in "1h30m".
type Definition struct {
	Name           string   `json:"name"`
	Select         []string `json:"select"`
	Cron           []string `json:"cron,omitempty"`
	Every          string   `json:"every,omitempty"` // instead of Cron
	TZ             string   `json:"tz,omitempty"`    // "" is UTC
	Jitter         string   `json:"jitter,omitempty"`
	Overlap        string   `json:"overlap"`
	Catchup        string   `json:"catchup"`
	PauseOnFailure bool     `json:"pause_on_failure"`
	Partitions     []string `json:"partitions,omitempty"`
	Mode           string   `json:"mode"`
	Priority       int      `json:"priority"`
	Note           string   `json:"note,omitempty"`
	Paused         bool     `json:"paused"` // as it was made; a person may have paused or resumed it since
}

// Define takes what a user wrote, which has been checked. Blanks that mean nothing are left out, so that they make no
// difference.
func Define(s config.Schedule) Definition {
	d := Definition{
		Name: s.Name, Select: slices.Clone(s.Select), TZ: s.TZ, Overlap: s.Overlap, Catchup: cron.Short(s.Catchup),
		PauseOnFailure: s.PauseOnFailure, Mode: s.Mode, Priority: s.Priority, Note: strings.TrimSpace(s.Note), Paused: s.Paused,
	}
	for _, expr := range s.Cron {
		d.Cron = append(d.Cron, strings.Join(strings.Fields(expr), " "))
	}
	if len(s.Partitions) > 0 {
		d.Partitions = slices.Clone(s.Partitions)
	}
	if s.Every > 0 {
		d.Every = cron.Short(s.Every)
	}
	if s.Jitter > 0 {
		d.Jitter = cron.Short(s.Jitter)
	}
	return d
}

// When says in a few words when it fires: "30 3 * * * (America/Sao_Paulo)", "every 12h".
func (d Definition) When() string {
	when := strings.Join(d.Cron, ", ")
	if d.Every != "" {
		when = "every " + d.Every
	} else {
		when += " (" + zone(d.TZ) + ")"
	}
	if d.Jitter != "" {
		when += ", up to " + d.Jitter + " later"
	}
	return when
}

func zone(name string) string {
	if name == "" {
		return "UTC"
	}
	return name
}

// Times reads when it fires.
func (d Definition) Times() (cron.Set, error) {
	if d.Every != "" {
		every, err := time.ParseDuration(d.Every)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, "read schedule "+d.Name, err)
		}
		return config.Schedule{Every: every}.Times()
	}
	return config.Schedule{Cron: d.Cron, TZ: d.TZ}.Times()
}

// Input is what each run is asked to do.
func (d Definition) Input() workflows.MaterializeInput {
	filter := asset.Filter(d.Mode)
	if d.Mode == config.Needed {
		filter = asset.Needed
	}
	return workflows.MaterializeInput{Select: d.Select, Partitions: d.Partitions, Filter: filter, Mode: planning.ModeOf(filter)}
}

// Fits refuses a schedule that is too large for the server: it keeps both what was asked for and what each run is asked.
func (d Definition) Fits() error {
	if err := workflows.Fits([]any{d, d.Input()}); err != nil {
		return fault.New(fault.Invalid, "", "schedule %q: %w", d.Name, err)
	}
	return nil
}

func (d Definition) spec() (client.ScheduleSpec, error) {
	if err := d.Fits(); err != nil {
		return client.ScheduleSpec{}, err
	}
	jitter, err := duration(d.Jitter)
	spec := client.ScheduleSpec{CronExpressions: d.Cron, TimeZoneName: d.TZ, Jitter: jitter}
	if err == nil && d.Every != "" {
		var every time.Duration
		every, err = duration(d.Every)
		spec.Intervals = []client.ScheduleIntervalSpec{{Every: every}}
	}
	return spec, fault.Wrap(fault.Internal, "read schedule "+d.Name, err)
}

func (d Definition) policies() (client.SchedulePolicies, error) {
	catchup, err := duration(d.Catchup)
	if err != nil {
		return client.SchedulePolicies{}, fault.Wrap(fault.Internal, "read schedule "+d.Name, err)
	}
	overlap, err := Overlap(d.Overlap)
	return client.SchedulePolicies{Overlap: overlap, CatchupWindow: catchup, PauseOnFailure: d.PauseOnFailure}, err
}

func (d Definition) action() *client.ScheduleWorkflowAction {
	selection := strings.Join(d.Select, " ")
	return &client.ScheduleWorkflowAction{
		ID: d.Name, Workflow: workflows.Materialize, Args: []any{d.Input()}, TaskQueue: workflows.TaskQueue(asset.QueueOrchestrate),
		StaticSummary: fmt.Sprintf("schedule %s: materialize %s", d.Name, selection),
		StaticDetails: fmt.Sprintf("Schedule `%s`, %s.", d.Name, d.When()),
		Memo:          map[string]any{memoDefinition: d},
		Priority:      temporal.Priority{PriorityKey: d.Priority, FairnessKey: FairnessKey},
	}
}

// duration reads a duration of a definition; "" is none.
func duration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	return time.ParseDuration(text)
}

// overlaps are Temporal's policies by the words that users write.
func overlaps() map[string]enums.ScheduleOverlapPolicy {
	return map[string]enums.ScheduleOverlapPolicy{
		"":                enums.SCHEDULE_OVERLAP_POLICY_UNSPECIFIED,
		"skip":            enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		"buffer-one":      enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
		"buffer-all":      enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL,
		"cancel-other":    enums.SCHEDULE_OVERLAP_POLICY_CANCEL_OTHER,
		"terminate-other": enums.SCHEDULE_OVERLAP_POLICY_TERMINATE_OTHER,
		"allow-all":       enums.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL,
	}
}

// Overlap is the policy of a name; "" leaves it to the schedule.
func Overlap(name string) (enums.ScheduleOverlapPolicy, error) {
	policy, known := overlaps()[name]
	if !known {
		return policy, fault.New(fault.Invalid, "",
			"overlap %q is none of skip, buffer-one, buffer-all, cancel-other, terminate-other, allow-all", name)
	}
	return policy, nil
}
