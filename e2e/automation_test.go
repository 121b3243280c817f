package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// TestAutomation materializes only the catalog of a new day by hand: what is made from it follows by itself, once.
func TestAutomation(t *testing.T) {
	needed(t)
	t.Parallel()
	portal := startPortal(t, "--products", "40")
	s := startSite(t, portal, t.TempDir(), "DRUGSLM_AUTOMATION_MODE=request", "DRUGSLM_AUTOMATION_INTERVAL=1s")
	s.materialize("*")
	require.Nil(t, s.automation("anvisa/download"), "a run was at it: there was nothing left to ask for")

	portal.post("/_day")
	before := len(portal.log())
	s.materialize("+anvisa/catalog")
	var held inventory
	portal.get("/_truth", &held)
	documents := held.Documents + s.missingDocuments()
	eager := s.eager()
	require.Eventually(t, func() bool {
		now := s.status()
		return now.rows("anvisa/extract") == documents && now.rows("anvisa/download") == documents && now.fresh(eager)
	}, waitLimit, askStep, s.stderr)
	require.Positive(t, count(portal.log()[before:], "pdf"), "the new leaflets were fetched by itself")
	s.audited()
	require.Contains(t, s.run("status", "-o", "json").stdout, `"freshness": "fresh"`)
	request := s.automation("anvisa/download")
	require.NotNil(t, request)
	require.Contains(t, request.Cause, "anvisa/catalog[")
	require.NotNil(t, s.automation("anvisa/extract"))

	explained := s.run("automation", "explain", "anvisa/download", "--partition", request.Some[0])
	require.Equal(t, 0, explained.code, explained.stderr)
	require.Contains(t, explained.stdout, "✗ eager — no input was updated since it was handled")
	require.Contains(t, explained.stdout, request.Cause)

	require.Equal(t, 0, s.run("automation", "pause", "--note", "a test").code)
	paused := s.run("automation", "list", "-o", "json").stdout
	require.Contains(t, paused, `"paused": true`)
	require.Contains(t, paused, `"note": "a test"`)
	portal.post("/_day")
	s.materialize("+anvisa/catalog")
	dry := s.run("automation", "explain", "anvisa/extract")
	require.Contains(t, dry.stdout, "a tick would ask for", dry.stderr)
	tick := s.run("automation", "tick", "-o", "json")
	require.Equal(t, 0, tick.code, tick.stderr)
	require.Contains(t, tick.stdout, fmt.Sprintf(`"requests": %d,`, len(eager)))
	require.Equal(t, 0, s.run("automation", "resume").code)
	s.recordTick()
	require.Contains(t, s.run("automation", "off").stdout, "paused (switched off)")
	require.Equal(t, "mode watch, every 1h, switched on by hand\n", s.run("automation", "on", "--interval", "1h").stdout)
	require.Contains(t, s.run("automation", "list", "-o", "json").stdout, `"by_hand": true`)
}

// requested is the last request of an asset, as `automation list` says.
type requested struct {
	Cause string   `json:"cause"`
	Some  []string `json:"some"`
}

func (s *site) automation(asset string) *requested {
	s.t.Helper()
	r := s.run("automation", "list", "-o", "json")
	require.Equal(s.t, 0, r.code, r.stderr)
	var found struct {
		Assets []struct {
			Asset       string     `json:"asset"`
			LastTick    *time.Time `json:"last_tick"`
			LastRequest *requested `json:"last_request"`
		} `json:"assets"`
	}
	require.NoError(s.t, json.Unmarshal([]byte(r.stdout), &found))
	for _, a := range found.Assets {
		if a.Asset == asset {
			require.NotNil(s.t, a.LastTick, "it is looked at")
			return a.LastRequest
		}
	}
	s.t.Fatalf("%s is not automated: %s", asset, r.stdout)
	return nil
}

// eager are the assets that follow their inputs by themselves, and at once.
func (s *site) eager() map[string]bool {
	s.t.Helper()
	var listed struct {
		Assets []struct{ Asset, Condition string } `json:"assets"`
	}
	s.decode(&listed, "automation", "list")
	eager := map[string]bool{}
	for _, a := range listed.Assets {
		if a.Condition == "eager" {
			eager[a.Asset] = true
		}
	}
	require.NotEmpty(s.t, eager)
	return eager
}

// fresh reports whether every partition of some assets is fresh that was ever published.
func (v status) fresh(assets map[string]bool) bool {
	for _, a := range v.Assets {
		if !assets[a.Asset] {
			continue
		}
		for _, p := range a.Partitions {
			if p.Version != nil && p.State != "fresh" {
				return false
			}
		}
	}
	return true
}

// recordTick writes the history of the tick that was made by hand, which started a run.
func (s *site) recordTick() {
	s.t.Helper()
	if !*record {
		return
	}
	cli, err := client.Dial(client.Options{HostPort: s.address()})
	require.NoError(s.t, err)
	defer cli.Close()
	listed, err := cli.ListWorkflow(s.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowType = 'Automation' AND WorkflowId = 'automation-by-hand'"})
	require.NoError(s.t, err)
	require.NotEmpty(s.t, listed.GetExecutions())
	saveHistory(s.t, cli, listed.GetExecutions()[0].GetExecution(), "automation")
}
