package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// planned is what `starter plan -o json` says.
type planned struct {
	Steps []struct {
		Asset    string  `json:"asset"`
		State    string  `json:"state"`
		Axis     string  `json:"axis"`
		Estimate numbers `json:"estimate"`
	} `json:"steps"`
	Total numbers `json:"total"`
}

type numbers struct {
	Counted   bool `json:"counted"`
	AtLeast   bool `json:"at_least"`
	Items     int  `json:"items"`
	Fetch     int  `json:"fetch"`
	Recompute int  `json:"recompute"`
	Skip      int  `json:"skip"`
	Tombstone int  `json:"tombstone"`
	Requests  int  `json:"requests"`
}

func planOf(t *testing.T, r result) planned {
	t.Helper()
	require.Equal(t, 0, r.code, r.stderr)
	var p planned
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &p))
	return p
}

// asked counts the requests that take turns: all but the static files of the page.
func asked(log []request) int {
	return count(log, "page") + count(log, "categories") + count(log, "list") + count(log, "history") + count(log, "pdf")
}

func TestPlan(t *testing.T) {
	t.Parallel()
	t.Run("predicts the requests", planPredictsRequests)
	t.Run("runs once when saved", planRunsOnceWhenSaved)
	t.Run("recomputes for new code without a request", planRecomputesForNewCodeWithoutRequest)
}

// planPredictsRequests holds what a plan says against what the portal then sees.
func planPredictsRequests(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "60")
	s := startSite(t, portal, t.TempDir())
	s.materialize("anvisa/index", "anvisa/catalog")
	first := planOf(t, s.run("plan", "anvisa/download", "-o", "json"))
	require.True(t, first.Total.Counted)
	require.False(t, first.Total.AtLeast)
	before := len(portal.log())
	s.materialize("anvisa/download")
	require.Equal(t, first.Total.Requests, asked(portal.log()[before:]), "the first download")

	portal.post("/_day")
	listing := planOf(t, s.run("plan", "anvisa/index", "-o", "json"))
	before = len(portal.log())
	s.materialize("anvisa/index")
	require.Equal(t, listing.Total.Requests, asked(portal.log()[before:]), "the totals")
	listing = planOf(t, s.run("plan", "anvisa/catalog", "-o", "json"))
	require.False(t, listing.Total.AtLeast, "the index is of today")
	before = len(portal.log())
	s.materialize("anvisa/catalog")
	require.Equal(t, listing.Total.Requests, asked(portal.log()[before:]), "the listing")

	next := planOf(t, s.run("plan", "anvisa/download", "-o", "json"))
	require.Positive(t, next.Total.Fetch)
	require.Less(t, next.Total.Fetch, first.Total.Fetch)
	before = len(portal.log())
	s.materialize("anvisa/download")
	require.Equal(t, next.Total.Requests, asked(portal.log()[before:]), "what changed in a day")
	require.Zero(t, planOf(t, s.run("plan", "anvisa/download", "-o", "json")).Total.Requests)
	s.audited()
}

// planRunsOnceWhenSaved applies a plan, which is refused afterwards: its partitions have moved.
func planRunsOnceWhenSaved(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "40")
	s := startSite(t, portal, t.TempDir())
	s.materialize("anvisa/index", "anvisa/catalog")
	file := filepath.Join(t.TempDir(), "plan.json")
	planned := planOf(t, s.run("plan", "anvisa/download", "--missing", "--save", file, "-o", "json"))
	before := len(portal.log())
	applied := s.run("materialize", "--wait", "--plan", file)
	require.Equal(t, 0, applied.code, applied.stderr)
	require.Equal(t, planned.Total.Requests, asked(portal.log()[before:]))
	again := s.run("materialize", "--wait", "--plan", file)
	require.Equal(t, 2, again.code)
	require.Contains(t, again.stderr, "was never published, is version")
	s.audited()
}

// rebuilt is the starter with another code version of anvisa/extract. The source file is replaced for the compiler
// only: the version stays a constant of the product.
func rebuilt(t *testing.T) string {
	t.Helper()
	source, err := filepath.Abs(filepath.Join("..", "internal", "sources", "anvisa", "extract.go"))
	require.NoError(t, err)
	code, err := os.ReadFile(source)
	require.NoError(t, err)
	version := regexp.MustCompile(`CodeVersion: "[^"]*"`)
	require.Len(t, version.FindAll(code, -1), 1)
	dir := t.TempDir()
	replaced := filepath.Join(dir, "extract.go")
	require.NoError(t, os.WriteFile(replaced, version.ReplaceAll(code, []byte(`CodeVersion: "next"`)), 0o600))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {source: replaced}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	built := filepath.Join(dir, "starter")
	cmd := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", built, "../cmd/starter")
	var said bytes.Buffer
	cmd.Stderr = &said
	require.NoError(t, cmd.Run(), "%s", &said)
	return built
}

// planRecomputesForNewCodeWithoutRequest deploys another version of the extraction: the plan says that all of it is
// recomputed with no request, and the portal's log confirms it. Then it asks for one leaflet's whole chain.
func planRecomputesForNewCodeWithoutRequest(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "30")
	s := startSite(t, portal, t.TempDir(), "DRUGSLM_TELEMETRY_TRACE_URL=http://127.0.0.1:3000/explore?trace={trace_id}",
		"DRUGSLM_TEMPORAL_BIN="+binary(t, "temporal"))
	s.materialize("*")
	documents := s.status().rows("anvisa/extract")
	require.Equal(t, 0, s.stop(syscall.SIGTERM))

	next := rebuilt(t)
	s.process = launch(t, s.env, next, "dev", "--temporal-port", "0", "--ui-port", "0")
	run := func(args ...string) result {
		return finished(t, append([]string{"DRUGSLM_TEMPORAL_ADDRESS=" + s.address()}, s.env...), next, args...)
	}
	p := planOf(t, run("plan", "anvisa/extract", "--stale", "-o", "json"))
	require.Equal(t, numbers{Counted: true, Items: documents, Recompute: documents}, p.Total)
	for _, step := range p.Steps {
		require.Equal(t, "code", step.Axis)
	}
	before := len(portal.log())
	recomputed := run("materialize", "--wait", "--stale", "anvisa/extract")
	require.Equal(t, 0, recomputed.code, recomputed.stderr)
	require.Empty(t, portal.log()[before:], "the portal is not asked for anything")
	require.Equal(t, documents, s.status().rows("anvisa/extract"))
	s.audited()
	wholeChain(t, run)
}

// wholeChain asks why a leaflet is as it is, by its product.
func wholeChain(t *testing.T, run func(args ...string) result) {
	t.Helper()
	var found struct{ Items []struct{ Item string } }
	listed := run("items", "anvisa/extract", "--state", "published", "--limit", "1", "-o", "json")
	require.NoError(t, json.Unmarshal([]byte(listed.stdout), &found))
	r := run("why", found.Items[0].Item, "-o", "json")
	require.Equal(t, 0, r.code, r.stderr)
	var why struct {
		Links []struct {
			Asset   string
			State   string
			Verdict struct{ Would, Axis, Reason string }
			Table   *struct {
				Version int64
				Since   string
			}
			Made *struct {
				CodeVersion string `json:"code_version"`
				SourceURL   string `json:"source_url"`
				FetchedAt   string `json:"fetched_at"`
			}
			Row       map[string]any
			Missing   []string
			TraceLink string `json:"trace_link"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &why))
	require.Greater(t, len(why.Links), 4)
	way := []string{"anvisa/index", "anvisa/catalog", "anvisa/download", "anvisa/extract"}
	for _, part := range why.Links[len(way):] {
		require.NotContains(t, way, part.Asset, "then comes what is made from the document")
	}
	for i, key := range way {
		link := why.Links[i]
		require.Equal(t, key, link.Asset)
		require.Equal(t, "published", link.State)
		require.NotNil(t, link.Table)
		require.NotEmpty(t, link.Table.Since)
		require.NotEmpty(t, link.Made.SourceURL)
		require.NotEmpty(t, link.Row)
		require.Contains(t, link.TraceLink, "explore?trace=")
		require.Empty(t, link.Missing)
	}
	require.Equal(t, "nothing", why.Links[3].Verdict.Would)
	require.Equal(t, "next", why.Links[3].Made.CodeVersion)
	sections := why.Links[3].Row["sections"].([]any)
	require.NotEmpty(t, sections)
	require.Contains(t, sections[0], "text_characters")
	require.Contains(t, run("why", found.Items[0].Item).stdout, "· sections 1")
}
