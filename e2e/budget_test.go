package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// counted are the requests that take turns, in the order in which the portal saw them: all but the static files of a page.
func counted(log []request) []request {
	found := slices.DeleteFunc(slices.Clone(log), func(r request) bool { return r.Kind == "asset" || r.Kind == "other" })
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

// TestBudget lets three runs ask one portal at the same time. One worker has a clock that is a year ahead and is stopped for a
// while, another is killed, and is drained later; the portal bans whoever outruns one request a second. What counts is its log.
func TestBudget(t *testing.T) {
	needed(t)
	t.Parallel()
	const (
		rps = 6
		ban = 3 * time.Second
		// way is what the ways of two requests to the portal may differ by: a turn is used within a quarter of the interval, the
		// rest is what a browser takes to send what it is told to, on a machine that runs other tests.
		way = time.Second
	)
	portal := startPortal(t, "--products", "24", "--fault", "ban=40", "--retry-after", ban.String())
	data := t.TempDir()
	server := launch(t, nil, "temporal", "--db", filepath.Join(data, "temporal.db"), "--port", "0", "--ui-port", "0")
	s := &site{t: t, data: data, process: server, env: []string{
		"DRUGSLM_SOURCE_URL=" + portal.url, fmt.Sprintf("DRUGSLM_BUDGET_RPS=%d", rps), "DRUGSLM_DATA=" + data, "DRUGSLM_LOG_LEVEL=warn",
		"DRUGSLM_TEMPORAL_ADDRESS=" + server.field("grpc"),
	}}
	ahead := *s
	ahead.env = append(slices.Clone(s.env), "DRUGSLM_TEST_CLOCK_OFFSET=8760h")
	killed, skewed := s.worker(t), ahead.worker(t)
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
	require.NoError(t, waitExit(drained, time.Minute))
	s.worker(t)
	for _, run := range runs {
		s.waitRun(run)
	}
	require.Equal(t, 0, starter(t, s.env, "audit").code)

	log := counted(portal.log())
	require.Greater(t, len(log), 60)
	got := spread(log, rps)
	t.Logf("%d requests in %s; the ways differed by %s at least", len(log), log[len(log)-1].Time.Sub(log[0].Time), got)
	require.LessOrEqual(t, got, way)
	bans := 0
	for i := 0; i < len(log); i++ {
		if log[i].Fault != "ban" {
			continue
		}
		bans++
		from := log[i].Time
		for ; i+1 < len(log) && log[i+1].Time.Sub(from) < ban; i++ {
			require.LessOrEqualf(t, log[i+1].Time.Sub(from), way, "a %s was asked for during a ban", log[i+1].Kind)
		}
	}
	require.Positive(t, bans, "the portal never banned: nothing was shown")
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

// TestARefusalOpensTheCircuit lets a portal refuse everybody for a while: the steps wait, are listed, and go on by themselves after
// one request has found out that it answers again.
func TestARefusalOpensTheCircuit(t *testing.T) {
	needed(t)
	t.Parallel()
	const ban, way = 4 * time.Second, time.Second
	portal := startPortal(t, "--products", "24", "--fault", "ban=20,ban-403", "--retry-after", ban.String())
	s := startSite(t, portal, t.TempDir(), "DRUGSLM_BUDGET_RPS=6", "DRUGSLM_BUDGET_CIRCUIT=5s")
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
		return state != "running"
	}, 3*time.Minute, 200*time.Millisecond)
	require.Equal(t, "succeeded", state)
	require.True(t, listed, "steps that waited were listed, with the time")
	s.audited()

	log, refusals := counted(portal.log()), 0
	for i := 0; i < len(log); i++ {
		if log[i].Fault != "ban" {
			continue
		}
		refusals++
		from := log[i].Time
		for ; i+1 < len(log) && log[i+1].Time.Sub(from) < ban; i++ {
			require.LessOrEqualf(t, log[i+1].Time.Sub(from), way, "a %s was asked for while the circuit was open", log[i+1].Kind)
		}
		if i+2 < len(log) && log[i+1].Fault == "" { // the probe, alone on its way
			require.GreaterOrEqual(t, log[i+1].Time.Sub(from), ban)
		}
	}
	require.Positive(t, refusals)
	require.NotEqual(t, "open", s.budget().Circuit)
}
