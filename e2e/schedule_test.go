package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"drugslm/internal/cron"
)

// scheduled is what `starter schedule show -o json` says.
type scheduled struct {
	Name       string
	Definition struct {
		Cron []string
		TZ   string
	}
	Declared, Paused bool
	Note             string
	Running          []string
	Runs             []struct {
		RunID string `json:"run_id"`
		State string
		Link  string
	}
	Next    []time.Time
	Actions int
}

func (s *site) schedule(name string) scheduled {
	s.t.Helper()
	var found scheduled
	s.decode(&found, "schedule", "show", name)
	return found
}

// decode wants a command to go well, and reads its JSON.
func (s *site) decode(v any, args ...string) {
	s.t.Helper()
	r := s.run(append(args, "-o", "json")...)
	require.Equal(s.t, 0, r.code, "%v: %s", args, r.stderr)
	require.NoError(s.t, json.Unmarshal([]byte(r.stdout), v))
}

// scheduleNames are the schedules that `starter schedule list` shows, those that are declared with a star.
func (s *site) scheduleNames() []string {
	s.t.Helper()
	var found struct{ Schedules []scheduled }
	s.decode(&found, "schedule", "list")
	names := []string{}
	for _, one := range found.Schedules {
		if one.Declared {
			one.Name += "*"
		}
		names = append(names, one.Name)
	}
	return names
}

// runState is how the ledger says a run stands; "" until a worker has begun it.
func (s *site) runState(run string) string {
	s.t.Helper()
	var found struct{ State string }
	r := s.run("runs", "show", run, "-o", "json")
	if r.code != 0 {
		return ""
	}
	require.NoError(s.t, json.Unmarshal([]byte(r.stdout), &found))
	return found.State
}

const (
	patience = 90 * time.Second
	look     = 300 * time.Millisecond
)

// madeBy gives the run that made the first partition of an asset.
func (s *site) madeBy(t *testing.T, asset string) string {
	t.Helper()
	for _, a := range s.status().Assets {
		if a.Asset == asset {
			return a.Partitions[0].RunID
		}
	}
	require.Fail(t, "no such asset", asset)
	return ""
}

// TestSchedule lets a schedule start runs by its clock and by hand, and keeps it from doing so.
func TestSchedule(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "12")
	s := startSite(t, portal, t.TempDir())
	var made scheduled
	s.decode(&made, "schedule", "create", "often", "anvisa/index", "--every", "5s", "--note", "for a test")
	require.False(t, made.Declared)
	require.Len(t, made.Next, 10)

	var first string
	require.Eventually(t, func() bool { // its clock starts a run, which publishes
		runs := s.schedule("often").Runs
		if len(runs) == 0 {
			return false
		}
		first = runs[len(runs)-1].RunID
		return s.runState(first) == "succeeded"
	}, patience, look)
	require.Regexp(t, `^often-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, first)
	require.Positive(t, s.status().rows("anvisa/index"))
	require.Equal(t, first, s.madeBy(t, "anvisa/index"))
	require.Contains(t, s.run("runs", "list").stdout, first)

	require.Equal(t, 0, s.run("schedule", "pause", "often", "--note", "enough").code)
	paused := s.schedule("often")
	require.True(t, paused.Paused)
	require.Equal(t, "enough", paused.Note)
	require.Never(t, func() bool { return s.schedule("often").Actions > paused.Actions }, 11*time.Second, time.Second)

	require.Eventually(t, func() bool { return len(s.schedule("often").Running) == 0 }, patience, look)
	byHand := s.run("schedule", "trigger", "often", "--wait", "-o", "json")
	require.Equal(t, 0, byHand.code, byHand.stderr)
	require.Contains(t, byHand.stdout, `"anvisa/index"`)
	require.Equal(t, paused.Actions+1, s.schedule("often").Actions)

	var missed struct{ Ticks int }
	s.decode(&missed, "schedule", "backfill", "often", "--from", time.Now().Add(-12*time.Second).UTC().Format(time.RFC3339))
	require.Contains(t, []int{2, 3}, missed.Ticks)
	require.Eventually(t, func() bool { return s.schedule("often").Actions == paused.Actions+1+missed.Ticks }, patience, look)

	require.Equal(t, 2, s.run("schedule", "create", "often", "anvisa/index", "--every", "1h").code)
	s.decode(&made, "schedule", "create", "often", "anvisa/index", "--cron", "0 4 * * *", "--tz", "America/Sao_Paulo", "--replace")
	require.True(t, made.Paused)
	require.Positive(t, made.Actions, "its history is kept")
	require.Equal(t, 4, made.Next[0].In(time.FixedZone("", -3*3600)).Hour())

	require.Equal(t, 0, s.run("schedule", "delete", "often").code)
	require.Equal(t, 2, s.run("schedule", "show", "often").code)
	require.Empty(t, s.scheduleNames())
	s.audited()
}

// TestScheduledRunIsARun cancels one by its id, like any other.
func TestScheduledRunIsARun(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "60", "--latency", "50ms")
	s := startSite(t, portal, t.TempDir())
	require.Equal(t, 0, s.run("schedule", "create", "all", "*", "--every", "24h").code)
	r := s.run("schedule", "trigger", "all")
	require.Equal(t, 0, r.code, r.stderr)
	run := strings.TrimSpace(r.stdout)
	require.Contains(t, r.stderr, "/workflows/"+run+"/")
	require.Eventually(t, func() bool { return s.runState(run) == "running" }, patience, look)

	skipped := s.run("schedule", "trigger", "all")
	require.Equal(t, 1, skipped.code, skipped.stdout)
	require.Contains(t, skipped.stderr, "is at work")
	require.Equal(t, 0, s.run("runs", "cancel", run).code)
	require.Eventually(t, func() bool { return s.runState(run) == "canceled" }, patience, look)
}

// TestScheduleMistakes wants everything that is wrong with a schedule before anything is sent, and exit code 2.
func TestScheduleMistakes(t *testing.T) {
	needed(t)
	t.Parallel()
	r := starter(t, []string{"DRUGSLM_DATA=" + t.TempDir(), "DRUGSLM_TEMPORAL_ADDRESS=127.0.0.1:1"},
		"schedule", "create", "Nightly/1", "anvisa/indx", "--cron", "0 0 30 2 *", "--tz", "America/Sao_Paolo", "--catchup", "1s")
	require.Equal(t, 2, r.code)
	for _, want := range []string{"NAME", "--cron", "never fires", "--tz", "America/Sao_Paulo", "--catchup", "anvisa/index"} {
		require.Contains(t, r.stderr, want)
	}
	require.Empty(t, r.stdout)
}

// TestDeclaredSchedules starts environments on one data folder with changing configurations.
func TestDeclaredSchedules(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "2")
	data := t.TempDir()
	file := filepath.Join(data, "drugslm.yaml")
	s := &site{t: t, data: data, env: []string{
		"DRUGSLM_SOURCES_ANVISA_URL=" + portal.url, "DRUGSLM_BUDGET_RPS=0", "DRUGSLM_DATA=" + data, "DRUGSLM_LOG_LEVEL=warn",
	}}
	start := func(schedules string) {
		require.NoError(t, os.WriteFile(file, []byte(schedules), 0o600))
		s.process = launch(t, s.env, "starter", "dev", "--temporal-port", "0", "--ui-port", "0", "--config", file)
	}
	start("schedules:\n- {name: nightly, select: anvisa/*, cron: 30 3 * * *, tz: America/Sao_Paulo}\n- {name: hourly, select: anvisa/index, cron: '@hourly'}\n")
	require.Equal(t, []string{"hourly*", "nightly*"}, s.scheduleNames())
	require.Equal(t, 0, s.run("schedule", "create", "mine", "anvisa/index", "--every", "24h").code)
	require.Equal(t, 0, s.run("schedule", "pause", "nightly", "--note", "holidays").code)
	require.Equal(t, 2, s.run("schedule", "create", "nightly", "anvisa/index", "--every", "24h", "--replace").code, "it is declared")
	require.Equal(t, 0, s.stop(syscall.SIGTERM))

	// Another time, one declared no more, and one with the name of one made by hand.
	start("schedules:\n- {name: nightly, select: anvisa/*, cron: 30 4 * * *, tz: America/Sao_Paulo}\n- {name: mine, select: '*', every: 1h}\n")
	require.Equal(t, []string{"mine", "nightly*"}, s.scheduleNames())
	nightly := s.schedule("nightly")
	require.Equal(t, []string{"30 4 * * *"}, nightly.Definition.Cron)
	require.Equal(t, 30, nightly.Next[0].Minute())
	require.True(t, nightly.Paused, "a pause by hand outlives a restart")
	require.Equal(t, "holidays", nightly.Note)
	require.Contains(t, s.stderr.String(), "schedule mine was made by hand")

	require.NoError(t, os.WriteFile(file, []byte("schedules: []\n"), 0o600))
	dry := s.run("schedule", "reconcile", "--dry-run", "--config", file)
	require.Equal(t, 0, dry.code, dry.stderr)
	require.Contains(t, dry.stdout, "delete")
	require.Equal(t, []string{"mine", "nightly*"}, s.scheduleNames())
	require.Equal(t, 0, s.stop(syscall.SIGTERM))
	start("schedules: []\n")
	require.Equal(t, []string{"mine"}, s.scheduleNames())
	require.Equal(t, 0, s.stop(syscall.SIGTERM))

	require.NoError(t, os.WriteFile(file, []byte("schedules:\n- {name: x, select: anvisa/nothing, every: 1h}\n"), 0o600))
	refused := starter(t, s.env, "dev", "--temporal-port", "0", "--ui-port", "0", "--config", file)
	require.Equal(t, 2, refused.code)
	require.Contains(t, refused.stderr, "schedules[0].select")
}

// TestCronIsReadAsTheServerReadsIt asks a real server for the next times of expressions, and of some of them around
// changes of clocks.
func TestCronIsReadAsTheServerReadsIt(t *testing.T) {
	needed(t)
	t.Parallel()
	server := launch(t, nil, "temporal", "--db", filepath.Join(t.TempDir(), "temporal.db"), "--port", "0", "--headless")
	c, err := client.Dial(client.Options{HostPort: server.field("grpc")})
	require.NoError(t, err)
	defer c.Close()
	n := 0
	same := func(zone, from string, expressions ...string) {
		start, err := time.Parse(time.RFC3339, from)
		require.NoError(t, err)
		for _, expr := range expressions {
			s, err := cron.Parse(expr, zone)
			require.NoError(t, err)
			n++
			handle, err := c.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
				ID: fmt.Sprint("cron-", n), Paused: true,
				Spec:   client.ScheduleSpec{CronExpressions: []string{s.String()}, TimeZoneName: zone, StartAt: start},
				Action: &client.ScheduleWorkflowAction{ID: "never", Workflow: "Never", TaskQueue: "nobody"},
			})
			require.NoError(t, err, "%s %s", expr, zone)
			d, err := handle.Describe(t.Context())
			require.NoError(t, err)
			want := []time.Time{}
			for tick := range s.Ticks(start, start.AddDate(60, 0, 0)) {
				if len(want) == len(d.Info.NextActionTimes) {
					break
				}
				want = append(want, tick.UTC())
			}
			require.NotEmpty(t, want, expr)
			require.True(t, slices.EqualFunc(want, d.Info.NextActionTimes, time.Time.Equal), "%s %s from %s:\nours   %v\nserver %v",
				expr, zone, from, want, d.Info.NextActionTimes)
		}
	}
	same("", "2028-02-28T23:00:00Z",
		"*/20 * * * *", "10 1/5 * * *", "0 0 1 * *", "0 12 */10 * *", "0 0 31 * *", "0 4 * * SUN", "15 10 * * 1-5/2", "0 0 * MAR,nov *",
		"5,35 6-8 * * mon-wed,FRI", "0 0 29 2 *", "*/7 */5 */3 */2 *", "0 0 * * */2", "0 0 * * */7",
		"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")
	// Where clocks are ahead of UTC the server mistakes the hour that comes twice in autumn and the one before it.
	same("Europe/Berlin", "2027-10-30T12:00:00Z", "*/20 4-6 * * *", "0 0 * * *", "59 23 * * *")
	for zone, starts := range map[string][]string{
		"Europe/Berlin":     {"2027-03-27T12:00:00Z"},
		"America/Sao_Paulo": {"2026-12-31T20:00:00Z"},
		"America/New_York":  {"2027-03-13T20:00:00Z", "2027-11-06T20:00:00Z"},
		"Europe/Lisbon":     {"2027-03-27T12:00:00Z"},
		"America/Havana":    {"2027-03-13T12:00:00Z", "2027-11-06T12:00:00Z"},
	} {
		for _, start := range starts {
			same(zone, start, "*/20 0-4 * * *", "0 0 * * *", "30 1 * * *", "30 2 * * *", "59 23 * * *", "30 2 14 3 *")
		}
	}
}
