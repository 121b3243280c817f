package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// inventory is what the portal really holds.
type inventory struct {
	Products  int `json:"total"`
	Documents int `json:"leaflets"`
}

func TestDemo(t *testing.T) {
	needed(t)
	t.Parallel()
	data := t.TempDir()
	args := []string{"demo", "--products", "60", "--data", data, "--temporal-port", "0", "--ui-port", "0"}
	first := starter(t, nil, args...)
	require.Equal(t, 0, first.code, first.stderr)
	require.Contains(t, first.stdout, "anvisa/extract")
	require.Contains(t, first.stdout, "published")
	require.Contains(t, first.stderr, "Web UI")
	require.Contains(t, first.stderr, "DeltaTable(")
	require.Contains(t, first.stderr, "starter items --state quarantined --data "+data)
	hasSomethingToShow(t, data)

	second := starter(t, nil, args...)
	require.Equal(t, 0, second.code, second.stderr)
	require.Contains(t, second.stdout, "unchanged")
	require.NotContains(t, second.stdout, "published", "a second demo on the same data finds everything fresh")
}

// hasSomethingToShow asks the commands that need no server what is special in a demo's data.
func hasSomethingToShow(t *testing.T, data string) {
	t.Helper()
	ask := func(v any, args ...string) {
		r := starter(t, []string{"DRUGSLM_DATA=" + data}, append(args, "-o", "json")...)
		require.Equal(t, 0, r.code, "%v: %s", args, r.stderr)
		require.NoError(t, json.Unmarshal([]byte(r.stdout), v))
	}
	var found struct {
		Items []struct{ Asset, Item, Reason string }
	}
	ask(&found, "items", "--state", "quarantined")
	reasons := []string{"anvisa/download: not a PDF", "anvisa/extract: needs a password", "anvisa/extract: damaged", "anvisa/extract: invisible"}
	_, noTesseract := exec.LookPath("tesseract")
	if noTesseract != nil {
		reasons = append(reasons, "anvisa/extract: needs_ocr")
	}
	require.Len(t, found.Items, len(reasons), "%v", found.Items)
	for _, reason := range reasons {
		asset, words, _ := strings.Cut(reason, ": ")
		require.True(t, slices.ContainsFunc(found.Items, func(i struct{ Asset, Item, Reason string }) bool {
			return i.Asset == asset && strings.Contains(i.Reason, words)
		}), "%s: %v", reason, found.Items)
	}
	ask(&found, "items", "anvisa/download", "--state", "absent")
	absent := map[string]int{}
	for _, i := range found.Items {
		product, _, _ := strings.Cut(i.Item, "/")
		absent[product]++
		require.NotEmpty(t, i.Reason)
	}
	require.Contains(t, slices.Collect(maps.Values(absent)), 2, "a product without any leaflet")

	var leaflets []struct{ ID, Split, Duplicate, Kind, Source string }
	ask(&leaflets, "head", "corpus/leaflets", "--columns", "id,split,duplicate,kind,source", "-n", "1000")
	seen := map[string]int{}
	for _, l := range leaflets {
		for _, trait := range []string{l.Split, l.Duplicate, l.Kind, l.Source} {
			seen[trait]++
		}
		if strings.HasSuffix(l.ID, "#2") {
			seen["second"]++
		}
	}
	wanted := []string{"train", "validation", "test", "excluded", "near", "exact", "cover_sheet", "second"}
	if noTesseract == nil {
		wanted = append(wanted, "ocr", "mixed")
	}
	for _, trait := range wanted {
		require.Positive(t, seen[trait], "%s: %v", trait, seen)
	}
	var checks struct {
		Checks []struct{ Check, Outcome string }
	}
	ask(&checks, "checks", "--failed")
	warned := map[string]bool{}
	for _, c := range checks.Checks {
		require.Equal(t, "warned", c.Outcome, c.Check)
		warned[c.Check] = true
	}
	for _, check := range []string{"unique_numero_registro", "catalog_agrees", "sectioned"} {
		require.True(t, warned[check], "%s: %v", check, warned)
	}
}

func TestLineage(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "60")
	var held inventory
	portal.get("/_truth", &held)
	s := startSite(t, portal, t.TempDir())

	s.materialize("*")
	after := s.status()
	require.Equal(t, held.Products, after.rows("anvisa/catalog"))
	require.Equal(t, held.Documents, after.rows("anvisa/download"))
	require.Equal(t, held.Documents, after.rows("anvisa/extract"))
	s.audited()
	for _, a := range after.Assets {
		if a.Location == "" { // it is made by others, and has no table
			require.Len(t, a.Partitions, 1)
			require.Equal(t, "fresh", a.Partitions[0].State)
			continue
		}
		require.DirExists(t, filepath.Join(a.Location, "_delta_log"))
		for i, p := range a.Partitions {
			if a.Asset == "anvisa/updates" && i < len(a.Partitions)-1 {
				require.Equal(t, "missing", p.State, "of days, only the last is meant where none is named")
				continue
			}
			require.Equal(t, "fresh", p.State, "%s[%s]", a.Asset, p.Partition)
			require.NotEmpty(t, p.RunID)
			require.Len(t, p.TraceID, 32)
			require.Equal(t, p.Items.Discovered, p.Items.Published+p.Items.Absent+p.Items.Quarantined+p.Items.Pending)
		}
	}
	log := portal.log()
	require.Equal(t, held.Documents, count(log, "pdf"), "every leaflet is fetched once")

	s.materialize("*")
	again := portal.log()[len(log):]
	require.Zero(t, count(again, "pdf"), "a second run downloads nothing")
	require.Zero(t, count(again, "history"), "and asks for no leaflet")
	require.Equal(t, after.rows("anvisa/extract"), s.status().rows("anvisa/extract"))
	require.Equal(t, 0, s.stop(syscall.SIGTERM), "a clean stop")
}

func TestNextDayFetchesOnlyWhatChanged(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "60")
	s := startSite(t, portal, t.TempDir())
	s.materialize("*")
	before := portal.log()

	portal.post("/_day")
	s.materialize("*")
	var held inventory
	portal.get("/_truth", &held)
	fetched := count(portal.log()[len(before):], "pdf")
	require.Positive(t, fetched, "a new day has new leaflets")
	require.Less(t, fetched, 40, "and the others are not fetched again")
	missing := s.missing()
	require.NotEmpty(t, missing, "some are not listed any more")
	require.Equal(t, held.Products+len(missing), s.status().rows("anvisa/catalog"), "and stay until a later day confirms it")
	s.audited()

	s.materialize("*")
	require.Equal(t, missing, s.missing(), "the same day's second listing says nothing new")
	portal.post("/_day")
	s.materialize("*")
	portal.get("/_truth", &held)
	for id := range missing {
		require.NotContains(t, s.missing(), id)
	}
	require.Equal(t, held.Products+len(s.missing()), s.status().rows("anvisa/catalog"))
	s.audited()
}

// missing gives the products that the last listing did not show, with the day since which they are missing.
func (s *site) missing() map[string]string {
	s.t.Helper()
	r := s.run("items", "anvisa/catalog", "-o", "json")
	require.Equal(s.t, 0, r.code, r.stderr)
	var found struct {
		Items []struct {
			Item    string `json:"item"`
			State   string `json:"state"`
			Missing string `json:"missing_since"`
		} `json:"items"`
	}
	require.NoError(s.t, json.Unmarshal([]byte(r.stdout), &found))
	missing := map[string]string{}
	for _, i := range found.Items {
		if i.Missing != "" {
			require.Equal(s.t, "published", i.State, i.Item)
			missing[i.Item] = i.Missing
		}
	}
	return missing
}

// missingDocuments counts the leaflets of products that the last listing did not show: they stay until a later day confirms it.
func (s *site) missingDocuments() (n int) {
	s.t.Helper()
	missing := s.missing()
	r := s.run("items", "anvisa/download", "--state", "published", "-o", "json")
	require.Equal(s.t, 0, r.code, r.stderr)
	var found struct{ Items []struct{ Item string } }
	require.NoError(s.t, json.Unmarshal([]byte(r.stdout), &found))
	for _, i := range found.Items {
		product, _, _ := strings.Cut(i.Item, "/")
		if missing[product] != "" {
			n++
		}
	}
	return n
}

func TestEveryFaultLosesNothing(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "60", "--fault", "all", "--retry-after", "1s")
	s := startSite(t, portal, t.TempDir())

	// Retries are allowed, losses are not: a run may give up on a partition, the next one continues.
	var last result
	for range 5 {
		if last = s.run("materialize", "--wait", "*"); last.code == 0 {
			break
		}
	}
	require.Equal(t, 0, last.code, last.stderr)
	s.audited()
	var held inventory
	portal.get("/_truth", &held)
	after := s.status()
	require.Equal(t, held.Products, after.rows("anvisa/catalog"))
	lost := held.Documents - after.rows("anvisa/download")
	for _, a := range after.Assets {
		for _, p := range a.Partitions {
			if a.Asset == "anvisa/download" {
				lost -= p.Items.Quarantined
			}
		}
	}
	require.Zero(t, lost, "every leaflet is published, or kept with the reason why not")
}

func TestSurvivesKill(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "60", "--latency", "20ms")
	var held inventory
	portal.get("/_truth", &held)
	s := startSite(t, portal, t.TempDir())
	started := s.run("materialize", "*")
	require.Equal(t, 0, started.code, started.stderr)

	for kills := range 3 {
		portal.waitFor("pdf", (kills+1)*held.Documents/5)
		s.kill()
		s.start()
	}
	s.waitRun(strings.TrimSpace(started.stdout))
	require.Equal(t, held.Documents, s.status().rows("anvisa/extract"))
	s.audited()
	// A PDF that was on its way when the worker was killed is fetched again; what was committed never is.
	require.LessOrEqual(t, count(portal.log(), "pdf"), held.Documents+3*2, "fetched again: only what a kill interrupted")
}

func TestInterrupt(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "40", "--latency", "20ms")
	s := startSite(t, portal, t.TempDir())
	started := s.run("materialize", "*")
	require.Equal(t, 0, started.code, started.stderr)
	portal.waitFor("pdf", 5)
	require.Equal(t, 0, s.stop(syscall.SIGINT), "Ctrl-C is a clean stop")
	s.start()
	s.waitRun(strings.TrimSpace(started.stdout))
	s.audited()
}

func TestCancel(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "40", "--latency", "50ms")
	s := startSite(t, portal, t.TempDir())
	started := s.run("materialize", "*")
	require.Equal(t, 0, started.code, started.stderr)
	run := strings.TrimSpace(started.stdout)
	portal.waitFor("pdf", 3)
	require.Equal(t, 0, s.run("runs", "cancel", run).code)
	require.Equal(t, "canceled", s.waitEnd(run))
	s.materialize("*")
	s.audited()
}

// post tells the portal to do something.
func (p *portalProcess) post(path string) {
	p.t.Helper()
	response, err := http.Post(p.url+path, "", nil)
	require.NoError(p.t, err)
	require.NoError(p.t, response.Body.Close())
	require.Less(p.t, response.StatusCode, 300)
}

// waitFor waits until the portal has answered so many requests of a kind.
func (p *portalProcess) waitFor(kind string, n int) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return count(p.log(), kind) >= n }, waitLimit, 50*time.Millisecond)
}

// waitRun waits until a run has succeeded.
func (s *site) waitRun(id string) {
	s.t.Helper()
	require.Equal(s.t, "succeeded", s.waitEnd(id), s.stderr)
}

// waitEnd waits until a run has ended and says how.
func (s *site) waitEnd(id string) string {
	s.t.Helper()
	var run struct {
		State string `json:"state"`
	}
	require.Eventually(s.t, func() bool {
		shown := s.run("runs", "show", id, "-o", "json")
		return shown.code == 0 && json.Unmarshal([]byte(shown.stdout), &run) == nil && run.State != "running" && run.State != "waiting"
	}, waitLimit, askStep)
	return run.State
}
