package cron_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	robfig "github.com/robfig/cron/v3"
	"github.com/stretchr/testify/require"

	"drugslm/internal/cron"
	"drugslm/internal/fault"
)

func parse(t testing.TB, expr, zone string) cron.Schedule {
	t.Helper()
	s, err := cron.Parse(expr, zone)
	require.NoError(t, err)
	return s
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return moment
}

// stamps are times as text, with their offsets.
func stamps(times []time.Time) []string {
	var list []string
	for _, t := range times {
		list = append(list, t.Format(time.RFC3339))
	}
	return list
}

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, expr, zone, want string }{
		{"never", "0 0 30 2 *", "", `cron "0 0 30 2 *" never fires`},
		{"never, of two months", "0 0 31 4,6 *", "", "never fires"},
		{"empty", "  ", "", "is empty"},
		{"four fields", "0 3 * *", "", "has 4 fields: want 5"},
		{"seconds", "0 30 3 * * *", "", "has 6 fields"},
		{"interval", "@every 5s", "", "--every"},
		{"zone inside", "CRON_TZ=UTC 0 3 * * *", "", "--tz"},
		{"comment", "0 3 * * * # nightly", "", "comments"},
		{"descriptor", "@fortnightly", "", "is none of @hourly"},
		{"days of both kinds", "0 0 1 * MON", "", "leave one of them *"},
		{"question mark", "0 0 ? * MON", "", "write * for any"},
		{"last day", "0 0 L * *", "", "not understood by Temporal"},
		{"Sunday as 7", "0 0 * * 7", "", "write 0 or SUN"},
		{"Sunday in a range", "0 0 * * 1-7", "", "write 0 or SUN"},
		{"step from a day", "0 0 * * 1/2", "", "write the range"},
		{"star in a range", "*-5 0 * * *", "", "minute"},
		{"empty part", "0,,5 0 * * *", "", "minute"},
		{"sign", "+5 0 * * *", "", "minute"},
		{"out of range", "61 0 * * *", "", "61"},
		{"backwards", "0 22-2 * * *", "", "22"},
		{"no step", "*/0 * * * *", "", "*/0"},
		{"name in the wrong field", "mon 0 * * *", "", "mon"},
		{"long name", "0 0 * january *", "", "month"},
		{"zone misspelt", "0 3 * * *", "America/Sao_Paolo", "did you mean America/Sao_Paulo"},
		{"zone by its city", "0 3 * * *", "sao paulo", "did you mean America/Sao_Paulo"},
		{"zone of the machine", "0 3 * * *", "Local", "another on each machine"},
		{"zone as a path", "0 3 * * *", "../../etc/passwd", "unknown time zone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := cron.Parse(tt.expr, tt.zone)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		})
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, expr, zone, from, to string
		want                       []string
	}{
		{"days", "30 3 * * *", "America/Sao_Paulo", "2026-11-01T03:30:00-03:00", "2026-11-03T03:30:00-03:00",
			[]string{"2026-11-01T03:30:00-03:00", "2026-11-02T03:30:00-03:00"}},
		{"descriptor", "@monthly", "", "2026-01-15T00:00:00Z", "2026-04-01T00:00:00Z",
			[]string{"2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"}},
		{"weekdays by name", "0 12 * * Mon-Wed,FRI", "", "2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z",
			[]string{"2026-11-02T12:00:00Z", "2026-11-03T12:00:00Z", "2026-11-04T12:00:00Z", "2026-11-06T12:00:00Z"}},
		{"leap days over the year 2100", "0 0 29 2 *", "", "2095-01-01T00:00:00Z", "2105-01-01T00:00:00Z",
			[]string{"2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"}},
		{"spring: 02:30 does not exist on the 14th", "30 2 * * *", "America/New_York", "2027-03-13T00:00:00-05:00", "2027-03-16T00:00:00-04:00",
			[]string{"2027-03-13T02:30:00-05:00", "2027-03-15T02:30:00-04:00"}},
		{"autumn: 01:30 comes twice on the 7th", "30 1 * * *", "America/New_York", "2027-11-06T00:00:00-04:00", "2027-11-09T00:00:00-05:00",
			[]string{"2027-11-06T01:30:00-04:00", "2027-11-07T01:30:00-04:00", "2027-11-07T01:30:00-05:00", "2027-11-08T01:30:00-05:00"}},
		{"spring at midnight: the day begins at 1", "0 0 * * *", "America/Havana", "2027-03-13T00:00:00-05:00", "2027-03-16T00:00:00-04:00",
			[]string{"2027-03-13T00:00:00-05:00", "2027-03-15T00:00:00-04:00"}},
		{"a day without midnight is still that day", "30 5 14 3 *", "America/Havana", "2027-03-01T00:00:00-05:00", "2027-04-01T00:00:00-04:00",
			[]string{"2027-03-14T05:30:00-04:00"}},
		{"half an hour back", "45 1 * * *", "Australia/Lord_Howe", "2027-04-03T00:00:00+11:00", "2027-04-05T00:00:00+10:30",
			[]string{"2027-04-03T01:45:00+11:00", "2027-04-04T01:45:00+11:00", "2027-04-04T01:45:00+10:30"}},
		{"offset of a quarter", "0 0 * * *", "Asia/Kathmandu", "2026-01-01T00:00:00+05:45", "2026-01-02T00:00:01+05:45",
			[]string{"2026-01-01T00:00:00+05:45", "2026-01-02T00:00:00+05:45"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := parse(t, tt.expr, tt.zone)
			got := slices.Collect(s.Ticks(at(t, tt.from), at(t, tt.to)))
			require.Equal(t, tt.want, stamps(got))
			for i, tick := range got {
				require.True(t, s.Prev(tick).Equal(tick), "a tick is its own last")
				if i > 0 {
					require.Equal(t, stamps(got[i-1:i]), stamps([]time.Time{s.Prev(tick.Add(-time.Nanosecond))}))
				}
			}
		})
	}
}

// matches says it the slow way: whether the clock on the wall shows what the expression names.
func matches(spec *robfig.SpecSchedule, local time.Time) bool {
	has := func(bits uint64, v int) bool { return bits>>v&1 == 1 }
	return local.Second() == 0 && has(spec.Minute, local.Minute()) && has(spec.Hour, local.Hour()) &&
		has(spec.Dom, local.Day()) && has(spec.Month, int(local.Month())) && has(spec.Dow, int(local.Weekday()))
}

var expressions = []string{
	"* * * * *", "*/15 * * * *", "7,37 1-3 * * *", "0 0 * * *", "30 0 * * *", "30 1 * * *", "30 2 * * *", "0 3 * * *", "59 23 * * *",
	"0 */6 * * *", "10 1/5 * * *", "0 0 1 * *", "0 12 */10 * *", "30 2 14 3 *", "0 0 31 * *", "0 4 * * SUN", "15 10 * * 1-5/2", "0 0 * MAR,NOV *",
}

// TestAgainstTheWallClock holds every tick of weeks in which clocks are moved against a look at each minute.
func TestAgainstTheWallClock(t *testing.T) {
	t.Parallel()
	starts := map[string][]string{
		"UTC":                    {"2028-02-20T00:00:00Z"},
		"America/Sao_Paulo":      {"2018-10-29T00:00:00Z", "2019-02-10T00:00:00Z"}, // the last time that Brazil moved its clocks, at midnight
		"America/New_York":       {"2027-03-08T00:00:00Z", "2027-11-01T00:00:00Z"},
		"Europe/Lisbon":          {"2027-03-22T00:00:00Z", "2027-10-25T00:00:00Z"},
		"America/Havana":         {"2027-03-08T00:00:00Z", "2027-11-01T00:00:00Z"},
		"Australia/Lord_Howe":    {"2027-03-29T00:00:00Z", "2027-09-27T00:00:00Z"},
		"Antarctica/Troll":       {"2027-03-22T00:00:00Z", "2027-10-25T00:00:00Z"},
		"Pacific/Apia":           {"2011-12-25T00:00:00Z"}, // the island that skipped a day
		"America/Port-au-Prince": {"2027-03-08T00:00:00Z"},
	}
	for zone, weeks := range starts {
		for _, week := range weeks {
			t.Run(zone+" "+week, func(t *testing.T) {
				t.Parallel()
				from := at(t, week)
				to := from.AddDate(0, 0, 14)
				for _, expr := range expressions {
					parsed, err := robfig.ParseStandard(expr)
					require.NoError(t, err)
					s := parse(t, expr, zone)
					var want []string
					for m := from; m.Before(to); m = m.Add(time.Minute) {
						if local := m.In(s.Location()); matches(parsed.(*robfig.SpecSchedule), local) {
							want = append(want, local.Format(time.RFC3339))
						}
					}
					require.Equal(t, want, stamps(slices.Collect(s.Ticks(from, to))), "%s", expr)
				}
			})
		}
	}
}

func TestEvery(t *testing.T) {
	t.Parallel()
	s, err := cron.Every(90 * time.Minute)
	require.NoError(t, err)
	require.Equal(t, "every 1h30m", s.String())
	require.Equal(t, []string{"1970-01-01T01:30:00Z", "1970-01-01T03:00:00Z"},
		stamps(slices.Collect(s.Ticks(time.Unix(1, 0), time.Unix(4*3600, 0)))))
	require.Equal(t, "1969-12-31T22:30:00Z", s.Prev(time.Unix(-1, 0)).Format(time.RFC3339))
	for _, d := range []time.Duration{0, -time.Second, 1500 * time.Millisecond} {
		_, err := cron.Every(d)
		require.Equal(t, fault.Invalid, fault.KindOf(err), d)
	}
}

func TestShortest(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]time.Duration{
		"* * * * *": time.Minute, "*/7 * * * *": 4 * time.Minute, "0 3 * * *": 24 * time.Hour, "0 0 1,31 * *": 24 * time.Hour,
		"59,0 0,23 * * *": time.Minute, "@weekly": 7 * 24 * time.Hour, "@monthly": 28 * 24 * time.Hour, "0 0 29 2 *": 4*365*24*time.Hour + 24*time.Hour,
	} {
		require.Equal(t, want, parse(t, expr, "").Shortest(), expr)
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	s := cron.Set{parse(t, "0 3 * * *", ""), parse(t, "10 3 * * MON", ""), parse(t, "0 3 * * *", "")}
	require.Equal(t, []string{"2026-11-01T03:00:00Z", "2026-11-02T03:00:00Z", "2026-11-02T03:10:00Z"},
		stamps(slices.Collect(s.Ticks(at(t, "2026-11-01T00:00:00Z"), at(t, "2026-11-03T00:00:00Z")))))
	require.Equal(t, "2026-11-02T03:10:00Z", s.Prev(at(t, "2026-11-03T02:59:59Z")).Format(time.RFC3339))
	require.Equal(t, 10*time.Minute, s.Shortest())
	require.True(t, cron.Set(nil).Next(time.Now()).IsZero())
	require.True(t, cron.Set(nil).Prev(time.Now()).IsZero())
	require.Zero(t, cron.Set(nil).Shortest())
}

func TestZonesToSuggestExist(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("zones.txt")
	require.NoError(t, err)
	for name := range strings.FieldsSeq(string(list)) {
		_, err := cron.Zone(name)
		require.NoError(t, err)
	}
}

// FuzzParse wants of any text: an error of the right kind, or a schedule whose ticks are in order and known from both sides.
func FuzzParse(f *testing.F) {
	for _, expr := range expressions {
		f.Add(expr, "America/Havana", int64(1_800_000_000))
	}
	f.Add("0 0 30 2 *", "", int64(0))
	f.Add("@every 1s", "x", int64(-1))
	f.Fuzz(func(t *testing.T, expr, zone string, unix int64) {
		s, err := cron.Parse(expr, zone)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			return
		}
		again := parse(t, s.String(), zone)
		from := time.Unix(unix%4_000_000_000, 0)
		next := s.Next(from)
		if next.IsZero() {
			return
		}
		require.True(t, next.After(from))
		require.True(t, again.Next(from).Equal(next))
		require.True(t, s.Prev(next).Equal(next))
		require.False(t, s.Prev(next.Add(-time.Second)).After(from))
		require.Positive(t, s.Shortest())
	})
}
