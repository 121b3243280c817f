package cli_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
)

// miss is a command with a name that is nearly right: what the error must name, and the command that lists the names.
type miss struct{ args, near, list string }

const (
	listAssets     = "starter assets list"
	listPartitions = "starter partitions list"
	listItems      = "starter items list"
)

// misses has a case for each argument and flag of a verb that takes a name: add one for a new verb. A verb without names is
// in nameless.
func misses() map[string][]miss {
	selection, partition := miss{"anvisa/extrat", "anvisa/extract", listAssets}, miss{"anvisa/extract -p Genrico", "Genérico", listPartitions}
	june, run := miss{"jun", "june", "starter backfill list"}, miss{"nightl", "nightly-1", "starter runs list"}
	query := []miss{{"3/patien", "3/patient", listItems}, {"--asset anvisa/extrat", "anvisa/extract", listAssets}, {"--asset anvisa/extract -p Genrico", "Genérico", listPartitions}, {"--kind corupt", "corrupt", "known: "}}
	filed := []miss{selection, partition, {"--state quarantind", "quarantined", "known: "}, {"--kind corupt", "corrupt", "known: "}}
	waived := make([]miss, len(query))
	for i, m := range query {
		waived[i] = miss{m.args + " --note seen", m.near, m.list}
	}
	host := miss{"consultas.anvisa.gov.b", "consultas.anvisa.gov.br", "starter budget show"}
	noted := func(flags string) []miss { return []miss{{host.args + flags, host.near, host.list}} }
	return map[string][]miss{
		"assets allow-code": {{"anvisa/extrat 1", "anvisa/extract", listAssets}}, "assets list": {selection}, "assets show": {selection},
		"automation explain": {selection, partition},
		"backfill cancel":    {june}, "backfill limit": {{"jun 3", june.near, june.list}}, "backfill pause": {june}, "backfill priority": {{"jun 3", june.near, june.list}},
		"backfill rate": {{"jun 3", june.near, june.list}}, "backfill resume": {june}, "backfill retry": {june},
		"backfill create": {selection, partition},
		"backfill show":   {june, {"june --asset anvisa/extrat", "anvisa/extract", listAssets}, {"june --state fialed", "failed", "known: "}},
		"budget close":    noted(" --note seen"), "budget open": noted(" --for 1h"), "budget set": noted(" --rps 1"), "budget show": {host},
		"checks": {selection, partition}, "corpus card": {}, "corpus export": {{"DIR --format parqet", "parquet", "known: "}},
		"diff":        {{"anvisa/extrat 0 1", "anvisa/extract", listAssets}, {"anvisa/extract 0 99", "has 0 to 0", "starter versions anvisa/extract"}, {"anvisa/extract 0 0 -p Genrico", "Genérico", "starter versions anvisa/extract"}},
		"head":        {selection, partition, {"anvisa/extract --columns missin", "missing", "starter assets show anvisa/extract"}},
		"hooks list":  {{"--state pendin", "pending", "known: "}},
		"hooks retry": {{"run_failed/nightl-1", "run_failed/nightly-1", "starter hooks list"}},
		"items":       filed, "items list": filed, "items retry": query, "items unwaive": query, "items waive": waived,
		"items show": {query[0]}, "items view": {{"1/profesional", "1/professional", "starter items anvisa/extract"}, {"1/professional -p Genrico", "Genérico", listPartitions}},
		"materialize":       {selection, partition, {"anvisa/extract --accept words_acounted", "words_accounted", "known: "}},
		"partitions add":    {{"categry 7", "category", listPartitions}},
		"partitions list":   {{"anvisa/extrat", "anvisa/extract", listAssets}},
		"partitions remove": {{"categry 7", "category", listPartitions}},
		"plan":              {selection, partition}, "quality": {{"-p Genrico", "Genérico", listPartitions}},
		"resume":      {selection, {"anvisa/extract[Genrico]", "Genérico", listPartitions}},
		"rollback":    {{"anvisa/extrat --to 0", "anvisa/extract", listAssets}, {"anvisa/extract --to 99", "has 0 to 0", "starter versions anvisa/extract"}, {"anvisa/extract --to 0 -p Genrico", "Genérico", "starter versions anvisa/extract"}},
		"runs cancel": {run}, "runs retry": {run}, "runs show": {run}, "runs wait": {run}, "runs watch": {run}, "logs": {run}, "runs list": {{"--state fialed", "failed", "known: "}},
		"schedule create": {{"n anvisa/extrat --every 1h", "anvisa/extract", listAssets}, {"n anvisa/extract --every 1h -p Genrico", "Genérico", listPartitions}},
		"status":          {selection, partition, {"--state fialed", "failed", "known: "}, {"--after anvisa/extrat[5]", "anvisa/extract", listAssets}, {"--after anvisa/extract[Genrico]", "Genérico", listPartitions}},
		"vacuum":          {selection}, "versions": {selection, {"anvisa/extract -p Genrico", "Genérico", "starter versions anvisa/extract"}},
		"why": {query[0], {"3/patient --asset anvisa/extrat", "anvisa/extract", listAssets}, {"3/patient --asset anvisa/extract -p Genrico", "Genérico", listPartitions}},
	}
}

// nameless are the verbs that take no name of what is in a data folder. Names of schedules are known to Temporal alone: their
// errors are tested in package schedule.
const nameless = `assets, audit, automation, automation list, automation off, automation on, automation pause, automation resume, automation tick, backfill, backfill list,
	budget, completion, completion bash, completion fish, completion powershell, completion zsh, corpus, demo, dev, grid, grid reap, grid status, help, hooks, hooks test,
	leaflet, leaflet parse, leaflet view, partitions, pdf-serve, portal, report, retention, runs, schedule, schedule backfill, schedule delete, schedule list,
	schedule pause, schedule reconcile, schedule resume, schedule show, schedule trigger, sweep, version`

// TestNamesThatAreNearlyRight types names that nothing has, for each verb that takes one.
func TestNamesThatAreNearlyRight(t *testing.T) {
	t.Parallel()
	data, cases := namedFolder(t), misses()
	lines := strings.Split(nameless, ",")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	for _, cmd := range verbs(cli.Tree(io.Discard, io.Discard)) {
		verb := strings.Join(path(cmd), " ")
		given, named := cases[verb]
		if verb == "" || !named {
			require.True(t, verb == "" || slices.Contains(lines, verb), "%q takes names or none: add its cases to misses, or add it to nameless", verb)
			continue
		}
		delete(cases, verb)
		requireNameFlags(t, cmd, given)
		t.Run(verb, func(t *testing.T) {
			for _, m := range given {
				args := append(strings.Fields(verb), strings.Fields(m.args)...)
				code, stdout, stderr := clitest.Run(t, data, append(args, "--temporal-address", "127.0.0.1:1")...)
				require.Equal(t, cli.ExitUsage, code, "%q: %s%s", args, stdout, stderr)
				require.Contains(t, stderr, m.near, "%q names the nearest", args)
				require.Contains(t, stderr, m.list, "%q names the command that lists them", args)
				require.Empty(t, stdout, "%q", args)
			}
		})
	}
	require.Empty(t, cases, "these are no verbs")
}

// requireNameFlags holds that each flag of a verb that takes a name has a case.
func requireNameFlags(t *testing.T, cmd *cobra.Command, given []miss) {
	t.Helper()
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		flag := "--" + f.Name
		if strings.HasPrefix(f.Name, "partition") {
			flag = "-p"
		}
		if slices.Contains([]string{"asset", "partition", "partitions", "state", "kind", "after", "accept", "columns", "format"}, f.Name) {
			require.True(t, slices.ContainsFunc(given, func(m miss) bool { return strings.Contains(m.args, flag+" ") }),
				"%s has the flag --%s, which takes a name: add a case to misses", cmd.CommandPath(), f.Name)
		}
	})
}

// namedFolder is a data folder with something of each kind that has a name.
func namedFolder(t *testing.T) string {
	t.Helper()
	data := clitest.TextFolder(t)
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "nightly-1", Workflow: "nightly-1", Selection: "*", Started: time.Now()}))
		require.NoError(t, l.FinishRun(t.Context(), "nightly-1", ledger.RunFailed, "the source is away"))
		require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "open-1", Workflow: "open-1", Selection: "*", Started: time.Now()}))
		_, err := l.CreateBackfill(t.Context(), ledger.Backfill{ID: "june", Selection: "anvisa/updates", Mode: "all", MaxInFlight: 2, Priority: 4, Created: time.Now()})
		require.NoError(t, err)
	})
	return data
}
