package ledgertest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// worker is one attempt of an activity at the one partition.
type worker struct {
	ledger.Token
	l *ledger.Ledger
}

func (w worker) claim() ledger.Claim {
	return ledger.Claim{Asset: w.Asset, Partition: w.Partition, Run: w.Run, Workflow: w.Workflow, Execution: w.Execution}
}

// startWorker makes a worker of a run that takes over the partition from its owner.
func startWorker(t *testing.T, l *ledger.Ledger, run, execution string) worker {
	t.Helper()
	w := worker{ledger.Token{Asset: Asset, Partition: Partition, Run: run, Workflow: "partition/" + Asset, Execution: execution, Attempt: 1, CodeVersion: "v1"}, l}
	held, err := l.Claim(t.Context(), w.claim())
	require.NoError(t, err)
	held, err = l.TakeOver(t.Context(), held, w.claim())
	require.NoError(t, err)
	require.Equal(t, execution, held.Execution)
	last, err := l.Generation(t.Context(), Asset, Partition)
	require.NoError(t, err)
	w.Generation = last.Number
	return w
}

func (w *worker) sync(t *testing.T, fingerprint string, ids ...string) error {
	_, err := w.l.SyncItems(t.Context(), ledger.Enumeration{Asset: w.Asset, Partition: w.Partition, Run: w.Run, Workflow: w.Workflow, Execution: w.Execution,
		Generation: w.Generation, CodeVersion: w.CodeVersion, BatchSize: 2, Items: Items(fingerprint, ids...)})
	if err == nil {
		w.Generation++
	}
	return err
}

func (w worker) publish(t *testing.T) error {
	m := ledger.Materialization{Asset: Asset, Partition: Partition, Run: w.Run, CodeVersion: w.CodeVersion, By: w.Token}
	m.Moves.Rewritten = map[string]string{}
	paths, _, err := w.l.StagedFiles(t.Context(), Asset, Partition)
	require.NoError(t, err)
	for _, path := range paths {
		m.Moves.Added = append(m.Moves.Added, ledger.DataFile{Path: path})
	}
	old, err := w.l.Superseded(t.Context(), Asset, Partition)
	require.NoError(t, err)
	for part := range old {
		m.Moves.Rewritten[part] = ""
	}
	id, err := w.l.BeginPublish(t.Context(), m)
	if err != nil {
		return err
	}
	return w.l.FinishPublish(t.Context(), id, id, 1, 1)
}

// writes are all the ways in which an attempt writes to a partition.
func writes(t *testing.T) map[string]func(w worker) error {
	outcome := func(o ledger.Outcome) func(w worker) error {
		return func(w worker) error { return w.l.RecordOutcomes(t.Context(), w.Token, []ledger.Outcome{o}) }
	}
	return map[string]func(w worker) error{
		"sync": func(w worker) error { return w.sync(t, "f0", "a", "b") },
		"take": func(w worker) error {
			_, err := w.l.ClaimItems(t.Context(), w.Token, 1, w.CodeVersion)
			return err
		},
		"make":       func(w worker) error { return w.l.KeepRow(t.Context(), w.Token, "a", "", []byte(`{"of":"f1"}`)) },
		"stage":      outcome(ledger.Outcome{ID: "a", State: ledger.Staged, Staged: "late"}),
		"absent":     outcome(ledger.Outcome{ID: "a", State: ledger.Absent, Kind: "not_found", Reason: "404"}),
		"quarantine": outcome(ledger.Outcome{ID: "a", State: ledger.Quarantined, Kind: "unavailable", Reason: "its network is gone"}),
		"try again":  outcome(ledger.Outcome{ID: "a", State: ledger.Pending, Kind: "session", Reason: "its browser is gone"}),
		"check": func(w worker) error {
			return w.l.RecordChecks(t.Context(), w.Token, []ledger.Check{{Asset: Asset, Partition: Partition, Run: w.Run, Name: "rows", Blocking: true}})
		},
		"publish": func(w worker) error { return w.publish(t) },
		"unchanged": func(w worker) error {
			return w.l.RecordUnchanged(t.Context(), ledger.Materialization{Asset: Asset, Partition: Partition, Run: w.Run, By: w.Token})
		},
		"observe": func(w worker) error {
			_, _, err := w.l.RecordObservation(t.Context(), ledger.Materialization{Asset: Asset, Partition: Partition, Run: w.Run, Snapshot: "yesterday", By: w.Token}, nil)
			return err
		},
		"release": func(w worker) error { return w.l.Unclaim(t.Context(), w.claim()) },
	}
}

// interruption is who comes while an attempt of run A is suspended, and what its late writes are told. Writes that are not
// named are refused as wanted is.
type interruption struct {
	comes  func(t *testing.T, l *ledger.Ledger)
	wanted fault.Kind
	but    map[string]fault.Kind // "": allowed
}

func interruptions() map[string]interruption {
	other := func(then ...func(t *testing.T, b *worker)) func(*testing.T, *ledger.Ledger) {
		return func(t *testing.T, l *ledger.Ledger) {
			b := startWorker(t, l, "B", "e-B")
			for _, do := range then {
				do(t, &b)
			}
		}
	}
	sync := func(fingerprint string) func(*testing.T, *worker) {
		return func(t *testing.T, b *worker) { require.NoError(t, b.sync(t, fingerprint, "a", "b")) }
	}
	stage := func(t *testing.T, b *worker) {
		require.NoError(t, b.l.RecordOutcomes(t.Context(), b.Token, []ledger.Outcome{{ID: "a", State: ledger.Staged, Staged: "B"}, {ID: "b", State: ledger.Staged, Staged: "B"}}))
	}
	publish := func(t *testing.T, b *worker) { require.NoError(t, b.publish(t)) }
	release := func(t *testing.T, b *worker) { require.NoError(t, b.l.Unclaim(t.Context(), b.claim())) }
	newCode := func(t *testing.T, b *worker) { b.CodeVersion = "v2" }
	late := map[string]fault.Kind{"sync": fault.Busy, "release": ""}
	held := map[string]fault.Kind{"release": ""}
	return map[string]interruption{
		"nobody": {func(*testing.T, *ledger.Ledger) {}, "", nil},
		"another run that has synced nothing yet": {other(), fault.Busy, held},
		"another run for the same source":         {other(sync("f1")), fault.Superseded, late},
		"another run for a newer source":          {other(sync("f2")), fault.Superseded, late},
		"another run with newer code":             {other(newCode, sync("f1")), fault.Superseded, late},
		"another run that has staged":             {other(sync("f2"), stage), fault.Superseded, late},
		"another run that has published":          {other(sync("f2"), stage, publish), fault.Superseded, late},
		"another run that has ended":              {other(sync("f2"), stage, publish, release), fault.Superseded, late},
		"another run that gave up":                {other(release), fault.Busy, held},
		"another execution of the run":            {func(t *testing.T, l *ledger.Ledger) { startWorker(t, l, "A", "e-A2") }, fault.Busy, held},
		"another execution of the run that synced": {func(t *testing.T, l *ledger.Ledger) {
			again := startWorker(t, l, "A", "e-A2")
			require.NoError(t, again.sync(t, "f1", "a", "b"))
		}, fault.Superseded, late},
		"its own release": {func(t *testing.T, l *ledger.Ledger) {
			claims, err := l.Claims(t.Context())
			require.NoError(t, err)
			require.NoError(t, l.Unclaim(t.Context(), claims[0]))
		}, fault.Busy, held},
		"a newer attempt at the batch": {func(t *testing.T, l *ledger.Ledger) {
			again := startWorker(t, l, "A", "e-A")
			again.Attempt = 2
			_, err := l.ClaimItems(t.Context(), again.Token, 1, "v1")
			require.NoError(t, err)
		}, fault.Busy, map[string]fault.Kind{"sync": "", "check": "", "publish": "", "unchanged": "", "observe": "", "release": ""}},
	}
}

// late has every write of an attempt come after somebody else did: it is refused as a whole, and leaves what that one has
// done as it is.
func late(t *testing.T, open func(t *testing.T) *ledger.Ledger) {
	for who, m := range interruptions() {
		for name, write := range writes(t) {
			t.Run(who+", then "+name, func(t *testing.T) {
				t.Parallel()
				l := open(t)
				a := startWorker(t, l, "A", "e-A")
				require.NoError(t, a.sync(t, "f1", "a", "b"))
				_, err := l.ClaimItems(t.Context(), a.Token, 1, "v1")
				require.NoError(t, err)
				m.comes(t, l)

				want, special := m.but[name]
				if !special {
					want = m.wanted
				}
				before := allOf(t, l)
				err = write(a)
				if want == "" {
					require.NoError(t, err)
				} else {
					kind(t, want, err)
				}
				if want != "" || name == "release" && who != "nobody" && who != "a newer attempt at the batch" {
					require.Equal(t, before, allOf(t, l), "nothing was written")
				}
			})
		}
	}
}

// allOf is what a late write could harm.
func allOf(t *testing.T, l *ledger.Ledger) []string {
	t.Helper()
	entries, err := l.Items(t.Context(), ledger.Filter{Asset: Asset})
	require.NoError(t, err)
	var found []string
	for _, e := range entries {
		found = append(found, fmt.Sprintf("%+v", e))
	}
	claims, err := l.Claims(t.Context())
	require.NoError(t, err)
	checks, err := l.Checks(t.Context(), Asset, Partition, 0)
	require.NoError(t, err)
	last, err := l.Generation(t.Context(), Asset, Partition)
	require.NoError(t, err)
	latest, _, err := l.Latest(t.Context(), Asset, Partition)
	require.NoError(t, err)
	return append(found, fmt.Sprintf("%+v %+v %+v %+v", claims, checks, last, latest))
}

// lateEnds has the end of a publish come after somebody else has ended it.
func lateEnds(t *testing.T, l *ledger.Ledger) {
	a := startWorker(t, l, "A", "e-A")
	require.NoError(t, a.sync(t, "f1", "a"))
	require.NoError(t, l.RecordOutcomes(t.Context(), a.Token, []ledger.Outcome{{ID: "a", State: ledger.Staged, Staged: "p1"}}))
	id, err := l.BeginPublish(t.Context(), ledger.Materialization{Asset: Asset, Partition: Partition, Run: "A", CodeVersion: "v1", By: a.Token,
		Moves: ledger.Moves{Added: []ledger.DataFile{{Path: "p1"}}}})
	require.NoError(t, err)

	b := startWorker(t, l, "B", "e-B")
	kind(t, fault.Unavailable, b.sync(t, "f2", "a"))
	require.NoError(t, l.AbandonPublish(t.Context(), id, "cut short before its commit"))
	require.NoError(t, b.sync(t, "f2", "a"))
	before := allOf(t, l)
	kind(t, fault.Internal, l.FinishPublish(t.Context(), id, 1, 1, 1))
	require.NoError(t, l.AbandonPublish(t.Context(), id, "again"))
	require.Equal(t, before, allOf(t, l))
	items, err := l.Items(t.Context(), ledger.Filter{Asset: Asset})
	require.NoError(t, err)
	require.Equal(t, []any{ledger.Pending, "f2", ""}, []any{items[0].State, items[0].Fingerprint, items[0].Staged}, "the staged row of f1 is not carried over")
}

// oldRuns has a partition that was synced by a build that knew no generations: the claim alone decides.
func oldRuns(t *testing.T, l *ledger.Ledger) {
	a := startWorker(t, l, "A", "e-A")
	require.NoError(t, a.sync(t, "f1", "a", "b", "c"))
	old := a
	old.Generation = 0
	batch, err := l.ClaimItems(t.Context(), old.Token, 1, "v1")
	require.NoError(t, err)
	require.Len(t, batch, 2)
	require.NoError(t, l.RecordOutcomes(t.Context(), old.Token, []ledger.Outcome{{ID: "a", State: ledger.Staged, Staged: "p1"}}))

	b := startWorker(t, l, "B", "e-B")
	kind(t, fault.Busy, l.RecordOutcomes(t.Context(), old.Token, []ledger.Outcome{{ID: "b", State: ledger.Staged, Staged: "p2"}}))
	require.NoError(t, b.sync(t, "f1", "a", "b", "c"))
	startWorker(t, l, "A", "e-A")
	kind(t, fault.Superseded, l.RecordOutcomes(t.Context(), old.Token, []ledger.Outcome{{ID: "b", State: ledger.Staged, Staged: "p2"}}))
	batch, err = l.ClaimItems(t.Context(), old.Token, 1, "v1")
	require.NoError(t, err)
	require.Empty(t, batch, "they are B's")
}

// codeVersions has code come in an order, and older code be refused until somebody allows it.
func codeVersions(t *testing.T, l *ledger.Ledger) {
	sync := func(code string) error {
		_, err := Enumerate(t, l, ledger.Enumeration{Asset: Asset, Partition: Partition, Run: "r-" + code, CodeVersion: code, Items: Items("f1", "a")})
		return err
	}
	newer := func(a, b string) string {
		is, known, err := l.NewerCode(t.Context(), Asset, a, b)
		require.NoError(t, err)
		if !known {
			return "nobody knows"
		}
		return map[bool]string{true: "newer", false: "older"}[is]
	}
	require.Equal(t, "nobody knows", newer("blue", "red"))
	require.Equal(t, "newer", newer("10", "9"), "as numbers")
	for _, code := range []string{"9", "10", "v10.1"} {
		require.NoError(t, sync(code))
	}
	require.NoError(t, sync("v10.1"))
	for _, code := range []string{"9", "10", "2"} {
		err := sync(code)
		kind(t, fault.CodeVersion, err)
		require.ErrorContains(t, err, "has code version v10.1 in force")
		require.ErrorContains(t, err, "starter assets allow-code "+Asset+" "+code)
	}
	require.NoError(t, sync("red"), "what was never seen, and is no number, is newer")
	require.NoError(t, sync("blue"))
	kind(t, fault.CodeVersion, sync("red"))
	require.Equal(t, "older", newer("red", "blue"))
	require.Equal(t, "newer", newer("green", "blue"))

	was, err := l.AllowCode(t.Context(), Asset, "red")
	require.NoError(t, err)
	require.Equal(t, "blue", was)
	require.Equal(t, "newer", newer("red", "blue"))
	require.NoError(t, sync("red"))
	kind(t, fault.CodeVersion, sync("blue"))
	all, err := l.CodeVersions(t.Context())
	require.NoError(t, err)
	var order []string
	for _, c := range all[Asset] {
		order = append(order, c.Version)
	}
	require.Equal(t, []string{"red", "blue", "v10.1", "10", "9"}, order)
}

// takenOver has newer code make what workers of the sync's version left undone: each item says what made it.
func takenOver(t *testing.T, l *ledger.Ledger) {
	a := startWorker(t, l, "A", "e-A")
	require.NoError(t, a.sync(t, "f1", "a", "b"))
	require.NoError(t, l.KeepRow(t.Context(), a.Token, "a", "", []byte(`{}`)))
	batch, err := l.ClaimItems(t.Context(), a.Token, 1, "v2")
	require.NoError(t, err)
	require.Equal(t, []string{"v1", "v2"}, []string{batch[0].CodeVersion, batch[1].CodeVersion}, "what is made stays as it was made")
	staged := []ledger.Outcome{{ID: "a", State: ledger.Staged, Staged: "p1"}, {ID: "b", State: ledger.Staged, Staged: "p1"}}
	kind(t, fault.Superseded, l.RecordOutcomes(t.Context(), a.Token, staged))
	staged[1].CodeVersion = "v2"
	require.NoError(t, l.RecordOutcomes(t.Context(), a.Token, staged))
}
