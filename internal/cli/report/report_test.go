package report_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

// report runs the verb and gives its exit code, its document and its text.
func report(t *testing.T, data string, args ...string) (int, api.Report, string) {
	t.Helper()
	args = append([]string{"report", "--temporal-address", "127.0.0.1:1"}, args...)
	code, stdout, stderr := clitest.Run(t, data, append(args, "-o", "json")...)
	var v api.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &v), stderr)
	textCode, text, _ := clitest.Run(t, data, args...)
	require.Equal(t, code, textCode)
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "starter ") {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
		}
	}
	return code, v, text
}

// subjects names the findings that need a person.
func subjects(v api.Report) (needs []string) {
	for _, f := range v.Findings {
		if f.Needs {
			needs = append(needs, f.Subject)
		}
	}
	return needs
}

// night records a run of category 5 of the catalog, and how it ended.
func night(t *testing.T, l *ledger.Ledger, run string, state ledger.AttemptState, why string) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, l.StartRun(ctx, ledger.Run{ID: run, Workflow: run, Selection: "anvisa/catalog"}))
	require.NoError(t, l.PlanRun(ctx, run, []ledger.RunStep{{Asset: "anvisa/catalog", Partition: "5"}}))
	claim := ledger.Claim{Asset: "anvisa/catalog", Partition: "5", Run: run, Workflow: "w", Execution: "e"}
	require.NoError(t, l.FinishRunStep(ctx, ledger.RunStepEnd{Claim: claim, State: state, Error: why}))
	ended := ledger.RunFailed
	if state == ledger.AttemptSucceeded {
		ended = ledger.RunSucceeded
	}
	require.NoError(t, l.FinishRun(ctx, run, ended, why))
}

func TestReport(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "5", "6")
	with := func(fn func(l *ledger.Ledger)) {
		t.Helper()
		clitest.WithLedger(t, data, fn)
	}
	code, v, text := report(t, data)
	require.Equal(t, cli.ExitDone, code, text)
	require.Nil(t, v.Schedules)
	require.Contains(t, text, "not known: no answer from 127.0.0.1:1")

	with(func(l *ledger.Ledger) { night(t, l, "night", ledger.AttemptFailed, "lists 6 of 26 products") })
	code, v, text = report(t, data)
	require.Equal(t, cli.ExitFailed, code)
	require.Equal(t, []string{"attempts"}, subjects(v))
	require.Contains(t, text, "anvisa/catalog[5]: lists 6 of 26 products")
	require.Contains(t, text, "show: starter runs show night --failed")
	require.Contains(t, text, "do:   starter runs retry night\n")

	with(func(l *ledger.Ledger) { night(t, l, "again", ledger.AttemptSucceeded, "") })
	code, v, text = report(t, data)
	require.Equal(t, cli.ExitDone, code, "what failed has been mended: %s", text)
	require.Equal(t, map[ledger.RunState]int{"failed": 1, "succeeded": 1}, v.Runs)

	with(func(l *ledger.Ledger) {
		require.NoError(t, l.StartRun(t.Context(), ledger.Run{ID: "typo", Workflow: "typo", Selection: "anvisa/catalgo"}))
		require.NoError(t, l.FinishRun(t.Context(), "typo", ledger.RunFailed, "matches no asset"))
	})
	code, v, text = report(t, data)
	require.Equal(t, cli.ExitFailed, code)
	require.Equal(t, []string{"runs"}, subjects(v))
	require.Contains(t, text, "typo: matches no asset")
	require.Contains(t, text, "do:   starter runs retry typo\n")
}

func TestReportListsRanges(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "9", "10", "11", "13")
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		ctx := t.Context()
		require.NoError(t, l.StartRun(ctx, ledger.Run{ID: "r", Workflow: "r"}))
		var steps []ledger.RunStep
		for _, key := range []string{"9", "10", "11", "13"} {
			steps = append(steps, ledger.RunStep{Asset: "anvisa/catalog", Partition: key})
		}
		require.NoError(t, l.PlanRun(ctx, "r", steps))
		for _, s := range steps {
			claim := ledger.Claim{Asset: s.Asset, Partition: s.Partition, Run: "r", Workflow: "w" + s.Partition, Execution: "e"}
			require.NoError(t, l.FinishRunStep(ctx, ledger.RunStepEnd{Claim: claim, State: ledger.AttemptFailed, Error: "the portal does not answer"}))
		}
		require.NoError(t, l.FinishRun(ctx, "r", ledger.RunFailed, "4 failed"))
	})
	_, v, text := report(t, data)
	require.Contains(t, text, "\n    anvisa/catalog[9..11]: the portal does not answer\n    anvisa/catalog[13]: the portal does not answer\n")
	require.Len(t, v.Attempts, 4, "JSON has each")
}

func TestReportOfItems(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "5")
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		_, err := l.SyncItems(t.Context(), ledger.Enumeration{Asset: "anvisa/extract", Partition: "5", Run: "r", CodeVersion: "1", Items: clitest.Enumerated(
			ledger.Item{ID: "1/patient", Fingerprint: "a"}, ledger.Item{ID: "2/patient", Fingerprint: "a"})})
		require.NoError(t, err)
		require.NoError(t, l.RecordOutcomes(t.Context(), ledgertest.Token(t, l, "anvisa/extract", "5"), []ledger.Outcome{
			{ID: "1/patient", State: ledger.Quarantined, Kind: "corrupt", Reason: "no text"}, {ID: "2/patient", State: ledger.Quarantined, Kind: "corrupt", Reason: "no text"},
		}))
		require.NoError(t, l.Waive(t.Context(), []ledger.Waiver{{Asset: "anvisa/extract", Partition: "5", ID: "2/patient", Note: "a scan", Author: "ana"}}))
	})
	code, v, text := report(t, data)
	require.Equal(t, cli.ExitFailed, code)
	require.Equal(t, []string{"quarantine"}, subjects(v))
	require.Contains(t, text, "1 item was quarantined since, 1 in all", "what is waived is not counted")
	code, v, _ = report(t, data, "--since", "0s")
	require.Equal(t, cli.ExitDone, code, "it was told of before")
	require.Empty(t, subjects(v))
}

func TestReportRefusesATimeThatIsNone(t *testing.T) {
	t.Parallel()
	for _, since := range []string{"", "yesterday", "2999-01-01", "-1h"} {
		code, _, _ := clitest.Run(t, t.TempDir(), "report", "--since="+since)
		require.Equal(t, cli.ExitUsage, code, since)
	}
}
