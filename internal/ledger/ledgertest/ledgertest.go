// Package ledgertest is the behaviour that every ledger promises, whatever database keeps it.
//
//	func TestBehaviour(t *testing.T) { ledgertest.Run(t, open) }
package ledgertest

import (
	"fmt"
	"iter"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// The one partition that most subtests work on.
const (
	Asset     = "anvisa/download"
	Partition = "5"
)

// Run runs every behaviour against an empty ledger of its own, which open closes when its test ends.
func Run(t *testing.T, open func(t *testing.T) *ledger.Ledger) {
	for name, test := range behaviours() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			test(t, l)
			Counted(t, l)
		})
	}
	t.Run("late", func(t *testing.T) { late(t, open) })
}

// behaviours are what a ledger promises, by name.
func behaviours() map[string]func(*testing.T, *ledger.Ledger) {
	all := itemBehaviours()
	maps.Copy(all, runBehaviours())
	return all
}

func itemBehaviours() map[string]func(*testing.T, *ledger.Ledger) {
	return map[string]func(*testing.T, *ledger.Ledger){
		"a first run publishes":             firstRun,
		"a second run redoes what changed":  secondRun,
		"finish is idempotent":              finishTwice,
		"an abandoned publish stays staged": abandon,
		"moves that lose or double rows":    badMoves,
		"one open publish":                  oneOpenPublish,
		"a rollback moves items back":       rollBack,
		"a rollback is refused":             rollBackRefused,
		"a rollback is not hidden":          unchangedAfterRollback,
		"outcomes are recorded all or none": outcomesAllOrNone,
		"invalid outcomes are refused":      outcomesInvalid,
		"a batch resumes":                   batchResumes,
		"latest and unchanged":              latest,
		"items are filtered and paged":      filters,
		"partitions come and go":            partitions,
		"checks":                            checks,
		"last checks":                       lastChecks,
		"runs":                              runs,
		"runs say which run they retry":     runRetries,
		"selects runs":                      selectsRuns,
		"what fails leaves an event":        failuresAreEvents,
		"events say how steps ended":        eventsSayHowStepsEnded,
		"events are delivered":              eventsAreDelivered,
		"events are tried again":            eventsAreRetried,
		"old events are deleted":            oldEventsGo,
		"leases":                            leases,
		"budgets":                           budgets,
		"leases of workers":                 workerLeases,
		"workers":                           workers,
		"items in progress":                 itemsInProgress,
		"steps wait":                        waits,
		"runs count what they store":        stored,
		"waits end with their steps":        waitsEnd,
		"what changed is seen once":         changeSequence,
		"new keys are seen once":            newKeys,
		"a tick is written whole":           ticks,
	}
}

func runBehaviours() map[string]func(*testing.T, *ledger.Ledger) {
	return map[string]func(*testing.T, *ledger.Ledger){
		"old requests are forgotten":                oldRequests,
		"partitions that are worked on":             atWork,
		"a backfill of one id is one":               oneBackfill,
		"steps are handed out once":                 stepsOnce,
		"a repeated report begins nothing":          repeatedReport,
		"a number that gave nothing":                emptyNumber,
		"any reports strand no step":                anyReports,
		"steps wait for what they need":             stepsWait,
		"a failed step skips, a retry makes it run": stepsFail,
		"a paused backfill gives nothing":           pausedBackfill,
		"canceling stops at once":                   cancelBackfill,
		"a barrier canceled too early ends":         lateBarrier,
		"a new execution takes over":                newExecution,
		"a new execution ends a cancel":             canceledExecution,
		"steps are summed up and listed":            stepsShown,
		"claims":                                    claims,
		"attempts of a run":                         runAttempts,
		"attempts of a lost run":                    lostRunAttempts,
		"attempts of a backfill":                    attemptsOfBackfill,
		"attempts of a lost backfill":               lostBackfillAttempts,
		"old materializations go":                   pruneMaterializations,
		"a row's publish stays":                     prunePublishes,
		"old results of checks go":                  pruneChecks,
		"old observations go":                       pruneObservations,
		"old runs go":                               pruneRuns,
		"old backfills go":                          pruneBackfills,
		"maintenance takes turns":                   maintenance,
		"lost runs are closed":                      lostRuns,
		"lost backfills are closed":                 lostBackfills,
		"what a later day confirms vanishes":        vanishes,
		"what was never made vanishes":              vanishesUndone,
		"an invalid file of a missing item":         missingInInvalidFile,
		"a waiver holds for one document":           waives,
		"a retry is of what is asked for":           retries,
		"a publish ends late":                       lateEnds,
		"runs of an older build go on":              oldRuns,
		"code versions have an order":               codeVersions,
		"newer code takes over":                     takenOver,
	}
}

// Items is an enumeration of ids that all have one fingerprint.
func Items(fingerprint string, ids ...string) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		for _, id := range ids {
			item := ledger.Item{ID: id, Label: "leaflet " + id, Fingerprint: fingerprint, Input: []byte(`{"id":"` + id + `"}`)}
			if !yield(item, nil) {
				return
			}
		}
	}
}

// SyncItems syncs ids in a run, all in batches of two.
func SyncItems(t *testing.T, l *ledger.Ledger, run, fingerprint string, ids ...string) ledger.SyncResult {
	t.Helper()
	sum, err := Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: run, CodeVersion: "v1", BatchSize: 2,
		Items: Items(fingerprint, ids...)})
	require.NoError(t, err)
	return sum
}

// Enumerate syncs as somebody who has just asked which generation there is.
func Enumerate(t testing.TB, l *ledger.Ledger, e ledger.Enumeration) (ledger.SyncResult, error) {
	t.Helper()
	last, err := l.Generation(t.Context(), e.Asset, e.Partition)
	require.NoError(t, err)
	e.Generation = last.Number
	return l.SyncItems(t.Context(), e)
}

// Token is the token of the last sync of a partition, outside of any workflow.
func Token(t testing.TB, l *ledger.Ledger, asset, partition string) ledger.Token {
	t.Helper()
	last, err := l.Generation(t.Context(), asset, partition)
	require.NoError(t, err)
	return ledger.Token{Asset: asset, Partition: partition, Run: last.Run, Generation: last.Number, CodeVersion: last.CodeVersion}
}

func token(t *testing.T, l *ledger.Ledger) ledger.Token { return Token(t, l, Asset, Partition) }

// Stage records ids as staged in a data file.
func Stage(t *testing.T, l *ledger.Ledger, part string, ids ...string) {
	t.Helper()
	var outcomes []ledger.Outcome
	for _, id := range ids {
		outcomes = append(outcomes, ledger.Outcome{ID: id, State: ledger.Staged, Staged: part})
	}
	require.NoError(t, l.RecordOutcomes(t.Context(), token(t, l), outcomes))
}

// Publish publishes what is staged, every superseded part being rewritten to its name with a prime.
func Publish(t *testing.T, l *ledger.Ledger, version int64) int64 {
	t.Helper()
	id := begin(t, l, "publish")
	require.NoError(t, l.FinishPublish(t.Context(), id, version, version*10, version*100))
	return id
}

func begin(t *testing.T, l *ledger.Ledger, run string) int64 {
	t.Helper()
	moves := ledger.Moves{Rewritten: map[string]string{}}
	paths, _, err := l.StagedFiles(t.Context(), Asset, Partition)
	require.NoError(t, err)
	for _, path := range paths {
		moves.Added = append(moves.Added, ledger.DataFile{Path: path})
	}
	old, err := l.Superseded(t.Context(), Asset, Partition)
	require.NoError(t, err)
	for part := range old {
		moves.Rewritten[part] = part + "'"
	}
	id, err := l.BeginPublish(t.Context(), ledger.Materialization{Asset: Asset, Partition: Partition, Run: run, Trace: "trace",
		CodeVersion: "v1", Upstream: map[string]int64{"anvisa/catalog": 3}, Snapshot: "2026-01-01", Requests: 7, Moves: moves})
	require.NoError(t, err)
	return id
}

// PublishedRows gives "state part" of every item.
func PublishedRows(t *testing.T, l *ledger.Ledger) map[string]string {
	t.Helper()
	entries, err := l.Items(t.Context(), ledger.Filter{Asset: Asset, Partition: Partition})
	require.NoError(t, err)
	out := make(map[string]string)
	for _, e := range entries {
		out[e.ID] = fmt.Sprint(e.State, " ", e.File)
	}
	return out
}

func kind(t *testing.T, want fault.Kind, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, fault.KindOf(err), "%v", err)
}

// at is some moment; a ledger keeps microseconds.
var at = time.Date(2026, 5, 1, 12, 0, 0, 1000, time.UTC)
