package e2e

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
)

// trial is how a recipe is tried: what has happened before, and what must be true after it.
type trial struct {
	before func(c *cook)
	after  func(c *cook)
}

// cookbook has a trial for each recipe, in the order in which they are tried: the later ones use what the earlier ones made.
func cookbook() map[string]trial {
	return map[string]trial{
		"Load everything for the first time": {nil, func(c *cook) {
			var held inventory
			c.portal.get("/_truth", &held)
			require.Equal(c.t, held.Products, c.status().rows("anvisa/catalog"))
			require.Equal(c.t, held.Documents, c.status().rows("anvisa/extract"))
			c.says(1, "materialize", "published")
			require.NotContains(c.t, c.said[1], "unchanged")
		}},
		"Bring everything up to date": {refreshed, wasRefreshed},
		"Do it every night, and catch up": {nil, func(c *cook) {
			c.says(1, "schedule show", "nightly", "active")
			c.says(2, "schedule pause", "the portal is down until Monday")
			c.says(4, "runs wait", "OUTCOME", "unchanged")
			c.says(5, "runs list", "nightly-")
			require.Equal(c.t, 0, c.run("schedule", "trigger", "nightly").code)
			require.Eventually(c.t, func() bool { return len(c.schedule("nightly").Running) > 0 }, waitLimit, askStep)
			run := c.schedule("nightly").Running[0]
			require.Equal(c.t, 0, c.run("runs", "cancel", run).code)
			require.Equal(c.t, "canceled", c.waitEnd(run))
		}},
		"Watch it from cron": {nil, func(c *cook) { c.says(1, "checks --failed") }},
		"Retry what failed":  {lostProducts, wasRetried},
		"Read the log of a step": {nil, func(c *cook) {
			c.says(0, "logs", "ERROR anvisa/catalog[5] step failed")
			c.says(1, "logs", "anvisa/catalog[5] step begun")
			c.says(2, "logs", `"msg":"run ended: failed"`)
		}},
		"Look into quarantine, and let an item stay": {brokenFiles, wasMended},
		"Fill in a range of days": {nil, func(c *cook) {
			c.says(1, "backfill show", "completed")
			require.Subset(c.t, c.published("anvisa/updates"), []string{"2026-01-05", "2026-01-06", "2026-01-07"})
		}},
		"Make one category again": {func(c *cook) { _, v := c.category("anvisa/extract"); c.values["BEFORE"] = number(v) }, func(c *cook) {
			_, v := c.category("anvisa/extract")
			require.NotEqual(c.t, c.values["BEFORE"], number(v), "it was made again")
			c.says(0, "plan", "The source is asked nothing.")
		}},
		"Go back a version, and forward again":       {twoVersions, wentForward},
		"Why is this row so?":                        {someItem, leadsToItsExecution},
		"What changed between two versions?":         {twoVersions, func(c *cook) { c.says(1, "diff", "changed", "expediente", " → "); c.says(2, "diff", `"rows"`) }},
		"Read a table with pandas or DuckDB":         {nil, func(c *cook) { c.says(0, "head", "nome_produto") }},
		"Accept a failed check, or change its limit": {func(c *cook) { c.lacking("second") }, wasAccepted},
		"Slow down, pause, go on": {nil, func(c *cook) {
			c.says(1, "budget set", "0.5")
			c.says(2, "budget open", "opened by hand: ANVISA maintenance tonight")
			c.says(4, "budget set", "closed")
		}},
		"Free space": {nil, func(c *cook) {
			c.says(0, "vacuum", "newest version")
			c.audited()
		}},
		"Move the data folder, or upgrade": {func(c *cook) { require.Equal(c.t, 0, c.stop(syscall.SIGTERM)) }, (*cook).moved},
	}
}

// refreshed is a day on which one product has a new leaflet.
func refreshed(c *cook) { c.portal.post("/_day?leaflets=2&products=0") }

func wasRefreshed(c *cook) {
	c.says(0, "materialize", "published", "unchanged")
	c.audited()
}

// lostProducts is a run that failed, at a portal that is well again.
func lostProducts(c *cook) {
	c.lacking("first")
	var runs struct {
		Runs []struct {
			ID string `json:"run_id"`
		}
	}
	c.answer(&runs, "runs", "list", "--limit", "1")
	c.values["RUN"] = runs.Runs[0].ID
	require.Equal(c.t, 1, c.run("checks", "--failed").code, "the exit code says that a check failed")
	c.portal.again(c.whole()...)
}

func wasRetried(c *cook) {
	c.says(0, "runs show", "not_dropped")
	c.says(1, "status", "Genérico")
	c.says(2, "runs retry", "published")
	var left struct{ Steps []struct{ Asset string } }
	c.answer(&left, "plan", "*", "--failed")
	require.Empty(c.t, left.Steps, "nothing is left that failed")
	require.Equal(c.t, 0, c.run("checks", "--failed").code)
}

// brokenFiles is a portal that sends files cut short on a day with new leaflets, and has been mended since.
func brokenFiles(c *cook) {
	c.portal.again(c.whole("truncated-pdf=1")...)
	c.portal.post("/_day?leaflets=6&products=0")
	c.materialize("anvisa/index", "anvisa/catalog", "anvisa/download", "--partition", "Genérico")
	held := c.items("anvisa/download", "quarantined")
	require.GreaterOrEqual(c.t, len(held), 2)
	c.values["ITEM"], c.values["OTHER"] = held[0], held[1]
	c.portal.again(c.whole()...)
}

func wasMended(c *cook) {
	c.says(0, "items", c.values["ITEM"], "truncated")
	require.Contains(c.t, c.items("anvisa/download", "published"), c.values["ITEM"])
	require.Contains(c.t, c.items("anvisa/download", "quarantined"), c.values["OTHER"], "the others stay")
	require.Equal(c.t, 0, c.run("items", "retry", "--all").code)
	c.materialize("anvisa/download", "--partition", "Genérico")
}

// twoVersions are the first and the last version of a category.
func twoVersions(c *cook) {
	var made []version
	for _, v := range c.versions("anvisa/download") {
		if v.Partition == "5" {
			made = append(made, v)
		}
	}
	require.GreaterOrEqual(c.t, len(made), 2)
	c.values["NEW"], c.values["OLD"] = number(made[0].Version), number(made[len(made)-1].Version)
}

func wentForward(c *cook) {
	c.says(3, "status", "rolled_back")
	state, v := c.category("anvisa/download")
	require.NotEqual(c.t, "missing", state)
	require.NotEqual(c.t, c.values["NEW"], number(v), "a rollback is a version of its own")
	require.Zero(c.t, c.changes("anvisa/download", c.values["NEW"], number(v)))
}

func someItem(c *cook) {
	made := c.items("anvisa/extract", "published")
	require.NotEmpty(c.t, made)
	c.values["ITEM"] = made[0]
}

// leadsToItsExecution holds what why links to against the server: the execution is that of the run which made the row, and
// the query that the documentation names finds it among the steps of this run.
func leadsToItsExecution(c *cook) {
	c.says(0, "why", "code version", "next run")
	var found struct {
		Links []struct {
			Asset string
			Table *struct{ Workflow, Execution string }
			Made  *struct {
				Run string `json:"run_id"`
			}
			Link string `json:"workflow_link"`
		}
	}
	c.answer(&found, "why", c.values["ITEM"], "--asset", "anvisa/extract")
	cli := dial(c.t, c.address())
	seen := 0
	for _, l := range found.Links {
		if l.Made == nil || l.Table == nil || l.Table.Execution == "" {
			continue
		}
		seen++
		require.True(c.t, strings.HasSuffix(l.Link, "/"+l.Table.Execution+"/history"), l.Link)
		listed, err := cli.ListWorkflow(c.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: "default", Query: fmt.Sprintf(`Run = "%s"`, l.Made.Run),
		})
		require.NoError(c.t, err)
		var executions []string
		for _, e := range listed.GetExecutions() {
			executions = append(executions, e.GetExecution().GetRunId())
			require.True(c.t, strings.HasPrefix(e.GetExecution().GetWorkflowId(), "partition/"), "only steps")
		}
		require.Contains(c.t, executions, l.Table.Execution, "%s of run %s", l.Asset, l.Made.Run)
	}
	require.Greater(c.t, seen, 2, "from the index to the text")
}

func wasAccepted(c *cook) {
	c.says(0, "checks", "not_dropped", "at most")
	r := c.run("checks", "anvisa/catalog", "--partition", "Genérico")
	require.Contains(c.t, r.stdout, "accepted")
	require.Less(c.t, c.status().rows("anvisa/catalog"), 20)
	c.portal.again(c.whole()...)
}
