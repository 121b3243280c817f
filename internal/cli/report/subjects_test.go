package report_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/host"
	"drugslm/internal/ledger"
)

// finding is what a report says of a subject, which it must name once.
func finding(t *testing.T, v api.Report, subject string) api.ReportFinding {
	t.Helper()
	var found []api.ReportFinding
	for _, f := range v.Findings {
		if f.Subject == subject {
			found = append(found, f)
		}
	}
	require.Len(t, found, 1, "%s: %+v", subject, v.Findings)
	return found[0]
}

// TestReportSubjects promises what the report says of each subject, and what of it needs a person.
func TestReportSubjects(t *testing.T) {
	t.Parallel()
	check := func(name string, blocking bool, outcome ledger.CheckOutcome) func(*testing.T, *ledger.Ledger) {
		return func(t *testing.T, l *ledger.Ledger) {
			require.NoError(t, l.RecordChecks(t.Context(), ledger.Token{}, []ledger.Check{{
				Asset: "anvisa/catalog", Partition: "5", Run: "r", Name: name, Blocking: blocking, Outcome: outcome, Observed: "12", Expected: "at least 24",
			}}))
		}
	}
	source := func(change func(now time.Time, b *ledger.Budget)) func(*testing.T, *ledger.Ledger) {
		return func(t *testing.T, l *ledger.Ledger) {
			require.NoError(t, l.ChangeBudget(t.Context(), "consultas.example.org", func(now time.Time, b *ledger.Budget) bool {
				b.BlockedUntil, b.Reason = now.Add(30*time.Minute), "403 Forbidden"
				change(now, b)
				return true
			}))
		}
	}
	wait := func(kind string) func(*testing.T, *ledger.Ledger) {
		return func(t *testing.T, l *ledger.Ledger) {
			_, err := l.RecordWait(t.Context(), ledger.Wait{Asset: "anvisa/catalog", Partition: "5", Run: "r", Kind: kind, Reason: "the table has another column"})
			require.NoError(t, err)
		}
	}
	backfill := func(fail bool) func(*testing.T, *ledger.Ledger) {
		return func(t *testing.T, l *ledger.Ledger) {
			_, err := l.CreateBackfill(t.Context(), ledger.Backfill{ID: "june", Selection: "anvisa/updates"})
			require.NoError(t, err)
			if fail {
				require.NoError(t, l.FailBackfill(t.Context(), "june", "no such partition"))
				return
			}
			require.NoError(t, l.AddSteps(t.Context(), "june", []ledger.NewStep{{Asset: "anvisa/updates", Partition: "2026-06-01", Step: []byte("{}")}}, func(int) {}))
		}
	}
	for name, tt := range map[string]struct {
		before   func(*testing.T, *ledger.Ledger)
		subject  string
		needs    bool
		says     string // the text or a detail
		show, do string
	}{
		"a blocking check that failed": {
			before: check("not_dropped", true, ledger.CheckFailed), subject: "checks", needs: true,
			says: "not_dropped of anvisa/catalog[5]: observed 12, expected at least 24", show: "starter checks --failed",
		},
		"a blocking check that could not be asked": {
			before: check("not_dropped", true, ledger.CheckErrored), subject: "checks", needs: true, says: "1 check keeps a partition from being published", show: "starter checks --failed",
		},
		"a check that warns": {
			before: check("not_dropped", false, ledger.CheckWarned), subject: "checks", says: "1 check warns, or was accepted", show: "starter checks --failed",
		},
		"a check that a person accepted": {
			before: check("not_dropped", true, ledger.CheckAccepted), subject: "checks", says: "1 check warns, or was accepted", show: "starter checks --failed",
		},
		"a partition that is overdue": {
			before: nil, subject: "freshness", needs: true, says: "anvisa/catalog[5] since 1970-01-03", show: "starter status", do: "starter materialize 'anvisa/catalog'",
		},
		"a source that refuses us": {
			before: source(func(_ time.Time, b *ledger.Budget) { b.Refused = true }), subject: "sources", needs: true,
			says: "consultas.example.org: circuit open until ", show: "starter budget show consultas.example.org",
		},
		"a source that refused us, and is asked again": {
			before: source(func(now time.Time, b *ledger.Budget) { b.Refused, b.BlockedUntil = true, now.Add(-time.Minute) }), subject: "sources", needs: true,
			says: "consultas.example.org: circuit half-open (403 Forbidden)", show: "starter budget show consultas.example.org",
		},
		"a source that asked for a pause": {
			before: source(func(time.Time, *ledger.Budget) {}), subject: "sources", says: "circuit throttled until ", show: "starter budget show consultas.example.org",
		},
		"a source that a person told nobody to ask": {
			before: source(func(_ time.Time, b *ledger.Budget) { b.Refused, b.Note = true, "maintenance" }), subject: "sources",
			says: "circuit open until ", show: "starter budget show consultas.example.org",
		},
		"a step that is paused": {
			before: wait("paused"), subject: "waiting", needs: true, says: "the table has another column", show: "starter status", do: "starter resume",
		},
		"a step without room on the disk": {
			before: wait("full"), subject: "waiting", needs: true, says: "1 step waits", show: "starter status",
		},
		"a step that waits by itself": {
			before: wait("throttled"), subject: "waiting", says: "1 step waits", show: "starter status",
		},
		"a backfill that could not be planned": {
			before: backfill(true), subject: "backfills", needs: true, says: "june failed", show: "starter backfill show june", do: "starter backfill retry june",
		},
		"a backfill under way": {
			before: backfill(false), subject: "backfills", says: "june running: 1 queued", show: "starter backfill list",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			clitest.Categories(t, data, "5")
			if tt.before == nil {
				overdue(t, data)
			} else {
				clitest.WithLedger(t, data, func(l *ledger.Ledger) { tt.before(t, l) })
			}
			code, v, text := report(t, data)
			require.Equal(t, tt.needs, code == cli.ExitFailed, text)
			require.Equal(t, tt.needs, !v.OK)
			f := finding(t, v, tt.subject)
			require.Equal(t, tt.needs, f.Needs)
			require.Equal(t, []string{tt.show, tt.do}, []string{f.Show, f.Do})
			require.Contains(t, strings.Join(append(f.Details, f.Text), "\n"), tt.says)
		})
	}
}

// overdue publishes category 5 of the catalog, long ago.
func overdue(t *testing.T, data string) {
	t.Helper()
	db, err := sql.Open("sqlite", host.LedgerFile(data))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, query := range []string{
		`INSERT INTO materializations SELECT 1, 'anvisa/catalog', '5', 'run', 'trace', 'published', 0, 3, 1000, '1', '{}', '', '{}', 0, 1, 2, '', '', ''`,
		`INSERT INTO standings SELECT asset, partition, id, id, version, code_version, upstream, finished, -1 FROM materializations`,
	} {
		_, err := db.ExecContext(t.Context(), query)
		require.NoError(t, err)
	}
}

func TestReportOfAnEmptyPeriod(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	clitest.Categories(t, data, "5")
	code, v, text := report(t, data, "--since", "2026-01-01")
	require.Equal(t, cli.ExitDone, code, text)
	require.True(t, v.OK)
	require.Empty(t, v.Runs)
	require.Equal(t, "no run was under way in this time", finding(t, v, "runs").Text)
	require.Contains(t, text, ": nothing needs a person\n")

	// What ended before is not of it.
	clitest.WithLedger(t, data, func(l *ledger.Ledger) {
		_, err := l.CreateBackfill(t.Context(), ledger.Backfill{ID: "june", Selection: "anvisa/updates"})
		require.NoError(t, err)
		require.NoError(t, l.FailBackfill(t.Context(), "june", "no such partition"))
	})
	code, v, text = report(t, data, "--since", "0s")
	require.Equal(t, cli.ExitDone, code, text)
	require.Empty(t, v.Backfills)
	require.NotContains(t, text, "june")
}
