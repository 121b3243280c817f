package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// counted are the requests that waited for a turn, in the order in which the portal saw them: neither the static files of a page
// nor the list of categories, which the page asks for by itself, and for which a turn is taken after it.
func counted(log []request) []request {
	found := slices.DeleteFunc(slices.Clone(log), func(r request) bool {
		return r.Kind == "asset" || r.Kind == "other" || r.Kind == "categories"
	})
	slices.SortStableFunc(found, func(a, b request) int { return a.Time.Compare(b.Time) })
	return found
}

// spread is how much later than its grant a request reached the portal than another one did, at least: with it, no sliding window
// of W seconds holds more than rps × (W + spread) + 1 requests.
func spread(log []request, rps float64) time.Duration {
	var worst time.Duration
	for i := range log {
		for j := i + 1; j < len(log); j++ {
			due := time.Duration(float64(j-i) / rps * float64(time.Second))
			worst = max(worst, due-log[j].Time.Sub(log[i].Time))
		}
	}
	return worst
}

// Lines of the workers' logs: a request that was let go, and a pause that the portal asked for.
var (
	grantLine = regexp.MustCompile(`msg="a request is let go" .*\bat=(\S+)`)
	pauseLine = regexp.MustCompile(`msg="the host is not asked for a while" .*\bfrom=(\S+) until=(\S+)`)
)

// pause is a time in which nobody may ask.
type pause struct{ from, until time.Time }

// grants are the moments at which the book let requests go, and the pauses that were noted in it, as the workers' logs at
// level debug have them: by the clock of the book, in milliseconds.
func grants(t *testing.T, workers ...*process) (granted []time.Time, pauses []pause) {
	t.Helper()
	at := func(text string) time.Time {
		found, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return found
	}
	for _, w := range workers {
		for _, m := range grantLine.FindAllStringSubmatch(w.stderr.String(), -1) {
			granted = append(granted, at(m[1]))
		}
		for _, m := range pauseLine.FindAllStringSubmatch(w.stderr.String(), -1) {
			pauses = append(pauses, pause{at(m[1]), at(m[2])})
		}
	}
	slices.SortFunc(granted, time.Time.Compare)
	slices.SortFunc(pauses, func(a, b pause) int { return a.from.Compare(b.from) })
	return granted, pauses
}

// keepsBudget holds what the portal saw against what the workers were granted. A request may be held up on its way, as long
// as the machine is busy; so what has to hold whatever the load is this: turns are never closer than the rate allows, none is
// granted in a pause, no request comes without a turn before it, and each time the portal bans, a pause follows that lasts as long.
func keepsBudget(t *testing.T, log []request, rps float64, ban time.Duration, workers ...*process) {
	t.Helper()
	const exact = 2 * time.Millisecond // two times that were cut to milliseconds
	granted, pauses := grants(t, workers...)
	t.Logf("%d requests, %d turns, %d pauses; the ways differed by %s at least", len(log), len(granted), len(pauses), spread(log, rps))
	require.NotEmpty(t, granted, "no worker logged a turn")
	for i := range granted[1:] {
		require.GreaterOrEqual(t, granted[i+1].Sub(granted[i]), time.Duration(float64(time.Second)/rps)-exact, "turn %d", i)
	}
	for i, at := range granted {
		for _, p := range pauses {
			require.Falsef(t, at.After(p.from.Add(exact)) && at.Before(p.until.Add(-exact)), "turn %d of %s was granted in the pause from %s to %s", i, at, p.from, p.until)
		}
	}
	require.LessOrEqual(t, len(log), len(granted), "each request has a turn")
	for i, r := range log {
		require.Falsef(t, r.Time.Before(granted[i].Add(-exact)), "request %d came at %s, its turn was at %s at the earliest", i, r.Time, granted[i])
		if r.Fault == "ban" {
			require.Truef(t, slices.ContainsFunc(pauses, func(p pause) bool {
				return !p.from.Before(r.Time.Add(-exact)) && !p.until.Before(r.Time.Add(ban-exact))
			}), "no pause followed the ban at %s: %v", r.Time, pauses)
		}
	}
	require.NotEmpty(t, pauses, "the portal never banned: nothing was shown")
}

// working waits until a worker has opened the ledger and polls its queues.
func working(t *testing.T, worker *process) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(worker.stderr.String(), "msg=working") }, waitLimit, waitStep)
}

// TestBudget lets three runs ask one portal at the same time. One worker has a clock that is a year ahead and is stopped for a
// while, another is killed, and is drained later; the portal bans now and then, and its log is compared with the turns.
func TestBudget(t *testing.T) {
	needed(t)
	t.Parallel()
	const (
		rps = 8
		ban = 3 * time.Second
	)
	portal := startPortal(t, "--products", "12", "--fault", "ban=40", "--retry-after", ban.String())
	data := t.TempDir()
	server := launch(t, nil, "temporal", "--db", filepath.Join(data, "temporal.db"), "--port", "0", "--ui-port", "0")
	s := &site{t: t, data: data, process: server, env: []string{
		"DRUGSLM_SOURCES_ANVISA_URL=" + portal.url, fmt.Sprintf("DRUGSLM_BUDGET_RPS=%d", rps), "DRUGSLM_DATA=" + data, "DRUGSLM_LOG_LEVEL=debug",
		"DRUGSLM_TEMPORAL_ADDRESS=" + server.field("grpc"),
	}}
	ahead := *s
	ahead.env = append(slices.Clone(s.env), "DRUGSLM_TEST_CLOCK_OFFSET=8760h")
	killed := s.worker(t)
	working(t, killed) // the first process sets the clock of the book
	skewed := ahead.worker(t)
	var runs []string
	for _, selection := range []string{"anvisa/index", "anvisa/catalog", "+anvisa/extract"} {
		started := starter(t, s.env, "materialize", selection)
		require.Equal(t, 0, started.code, started.stderr)
		runs = append(runs, strings.TrimSpace(started.stdout))
	}
	portal.waitFor("history", 3)
	killed.kill()
	drained := s.worker(t)
	portal.waitFor("pdf", 3)
	require.NoError(t, skewed.cmd.Process.Signal(syscall.SIGSTOP))
	<-time.After(2 * time.Second) // of turns that it may not catch up with
	require.NoError(t, skewed.cmd.Process.Signal(syscall.SIGCONT))
	require.NoError(t, drained.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, waitExit(drained, waitLimit))
	last := s.worker(t)
	for _, run := range runs {
		s.waitRun(run)
	}
	require.Equal(t, 0, starter(t, s.env, "audit").code)

	log := counted(portal.log())
	require.Greater(t, len(log), 50)
	keepsBudget(t, log, rps, ban, killed, skewed, drained, last)
}

// budgets is what `starter budget show -o json` says of the portal.
func (s *site) budget() (found struct {
	Circuit  string
	Refusals int
	Until    *time.Time
}) {
	s.t.Helper()
	r := s.run("budget", "show", "-o", "json")
	require.Equal(s.t, 0, r.code, r.stderr)
	var all struct{ Budgets []json.RawMessage }
	require.NoError(s.t, json.Unmarshal([]byte(r.stdout), &all))
	require.NotEmpty(s.t, all.Budgets)
	require.NoError(s.t, json.Unmarshal(all.Budgets[0], &found))
	return found
}

// TestARefusalOpensTheCircuit lets a portal refuse everybody for a while: the steps wait, are listed, and continue by themselves after
// one request has found out that it answers again.
func TestARefusalOpensTheCircuit(t *testing.T) {
	needed(t)
	t.Parallel()
	const (
		rps = 8
		ban = 4 * time.Second
	)
	portal := startPortal(t, "--products", "12", "--fault", "ban=20,ban-403", "--retry-after", ban.String())
	s := startSite(t, portal, t.TempDir(), fmt.Sprintf("DRUGSLM_BUDGET_RPS=%d", rps), "DRUGSLM_BUDGET_CIRCUIT=5s", "DRUGSLM_LOG_LEVEL=debug")
	started := s.run("materialize", "+anvisa/download")
	require.Equal(t, 0, started.code, started.stderr)
	run := strings.TrimSpace(started.stdout)
	listed, state := false, ""
	require.Eventually(t, func() bool {
		var v struct {
			Waiting []struct {
				Kind  string
				Until *time.Time
			}
			State string
		}
		r := s.run("runs", "show", run, "-o", "json")
		if r.code != 0 || json.Unmarshal([]byte(r.stdout), &v) != nil {
			return false // it has not begun
		}
		for _, w := range v.Waiting {
			listed = listed || w.Kind == "refused" && w.Until != nil
		}
		state = v.State
		return state != "running" && state != "waiting"
	}, waitLimit, 200*time.Millisecond)
	require.Equal(t, "succeeded", state)
	require.True(t, listed, "steps that waited were listed, with the time")
	s.audited()

	log := counted(portal.log())
	keepsBudget(t, log, rps, ban, s.process)
	for i, r := range log[:len(log)-1] {
		if r.Fault == "ban" && log[i+1].Fault == "" { // the probe, alone on its way
			require.GreaterOrEqual(t, log[i+1].Time.Sub(r.Time), ban)
		}
	}
	require.NotEqual(t, "open", s.budget().Circuit)
}
