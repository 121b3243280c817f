package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
	"drugslm/internal/fault"
)

func TestSchedulesOfTheFile(t *testing.T) {
	t.Parallel()
	c, err := sources{file: `
schedules:
  - name: nightly
    select: 'key:"anvisa/*" or roots(anvisa/a, anvisa/b)'
    cron: 0,30 3 * * *
    tz: America/Sao_Paulo
    jitter: 10m
  - {name: often, select: [anvisa/index, anvisa/catalog], every: 90s, partitions: [5, Genérico], mode: failed,
     overlap: buffer-one, catchup: 1h, pause_on_failure: true, priority: 4, note: by day, paused: true}
`}.load(t)
	require.NoError(t, err)
	nightly := config.DefaultSchedule()
	nightly.Name, nightly.Select = "nightly", []string{`key:"anvisa/*" or roots(anvisa/a, anvisa/b)`}
	nightly.Cron, nightly.TZ, nightly.Jitter = []string{"0,30 3 * * *"}, "America/Sao_Paulo", 10*time.Minute
	require.Equal(t, []config.Schedule{nightly, {
		Name: "often", Select: []string{"anvisa/index", "anvisa/catalog"}, Every: 90 * time.Second, Partitions: []string{"5", "Genérico"},
		Mode: "failed", Overlap: "buffer-one", Catchup: time.Hour, PauseOnFailure: true, Priority: 4, Note: "by day", Paused: true,
	}}, c.Schedules)
	require.NoError(t, c.Validate())
	times, err := nightly.Times()
	require.NoError(t, err)
	require.Equal(t, "2026-11-25T03:30:00-03:00", times.Next(time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC)).Format(time.RFC3339))
}

func TestNoSchedulesAndNone(t *testing.T) {
	t.Parallel()
	for file, absent := range map[string]bool{"data: x": true, "schedules:\n  # - name: x": true, "schedules: []": false} {
		c, err := sources{file: file}.load(t)
		require.NoError(t, err, file)
		require.Equal(t, absent, c.Schedules == nil, file)
		require.Empty(t, c.Schedules, file)
	}
}

func TestScheduleMistakes(t *testing.T) {
	t.Parallel()
	const fine = "name: a, select: '*', every: 1h"
	tests := []struct{ name, file, want string }{
		{"no list", "schedules: {nightly: x}", "schedules: want a list"},
		{"no fields", "schedules: [nightly]", "schedules[0]: want fields"},
		{"unknown field", "schedules: [{" + fine + ", cronn: x}]", "schedules[0].cronn: there is no such field; there are cron, "},
		{"no name", "schedules: [{select: '*', every: 1h}]", `schedules[0].name: "" is no name`},
		{"odd name", "schedules: [{name: 'Nächtlich/1', select: '*', every: 1h}]", "schedules[0].name"},
		{"name twice", "schedules: [{" + fine + "}, {" + fine + "}]", `schedules[1].name: "a" is the name of schedules[0] too`},
		{"nothing selected", "schedules: [{name: a, every: 1h}]", "schedules[0].select: nothing is selected"},
		{"empty term", "schedules: [{name: a, select: ['*', ''], every: 1h}]", "schedules[0].select[1]: is empty"},
		{"nested list", "schedules: [{name: a, select: [['*']], every: 1h}]", "schedules[0].select: want a text, or a list"},
		{"no time", "schedules: [{name: a, select: '*'}]", "schedules[0].cron: is missing"},
		{"both times", "schedules: [{" + fine + ", cron: '@daily'}]", "schedules[0].every: is given beside cron"},
		{"half a second", "schedules: [{name: a, select: '*', every: 500ms}]", "schedules[0].every: interval 500ms"},
		{"bare interval", "schedules: [{name: a, select: '*', every: 30}]", `schedules[0].every: "30" is no duration`},
		{"interval in a zone", "schedules: [{" + fine + ", tz: America/Bahia}]", "schedules[0].tz: an interval has no time zone"},
		{"never", "schedules: [{name: a, select: '*', cron: ['@daily', '0 0 30 2 *']}]", `schedules[0].cron[1]: cron "0 0 30 2 *" never fires`},
		{"zone", "schedules: [{name: a, select: '*', cron: '@daily', tz: America/Sao_Paolo}]", "schedules[0].tz: unknown time zone"},
		{"jitter", "schedules: [{" + fine + ", jitter: 1h}]", "schedules[0].jitter: 1h: want less than 1h"},
		{"jitter between two", "schedules: [{name: a, select: '*', cron: ['0 3 * * *', '5 3 * * *'], jitter: 10m}]", "less than 5m"},
		{"overlap", "schedules: [{" + fine + ", overlap: queue}]", `schedules[0].overlap: "queue" is none of skip, `},
		{"catch-up", "schedules: [{" + fine + ", catchup: 9s}]", "schedules[0].catchup: 9s is less than 10s"},
		{"mode", "schedules: [{" + fine + ", mode: all}]", `schedules[0].mode: "all" is none of needed, missing, stale, failed, force`},
		{"priority", "schedules: [{" + fine + ", priority: 6}]", "schedules[0].priority: 6 is not between 1 and 5"},
		{"two lines", "schedules: [{" + fine + `, note: "a\nb"}]`, "schedules[0].note: must be one line"},
		{"not yes or no", "schedules: [{" + fine + ", paused: perhaps}]", "schedules[0].paused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := sources{file: tt.file}.load(t)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		})
	}
}

// TestScheduleMistakesTogether wants every mistake of every schedule and of every setting in one error, each once.
func TestScheduleMistakesTogether(t *testing.T) {
	t.Parallel()
	_, err := sources{file: `
log: {level: loud}
schedules:
  - {name: a, select: '*', every: soon, overlap: queue}
  - {name: b, cron: 61 * * * *, tz: Mars}
`}.load(t)
	require.Error(t, err)
	text := err.Error()
	require.NotContains(t, text, "schedules[0].cron", "the interval is there, though it cannot be read")
	for _, want := range []string{
		"DRUGSLM_LOG_LEVEL", "schedules[0].every: \"soon\"", "schedules[0].overlap", "schedules[1].select", "schedules[1].cron", "schedules[1].tz",
	} {
		require.Equal(t, 1, strings.Count(text, want), "%s in:\n%s", want, text)
	}
}
