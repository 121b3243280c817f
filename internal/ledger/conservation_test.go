package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/ledger"
	"drugslm/internal/ledger/ledgertest"
)

func TestConservation(t *testing.T) {
	t.Parallel()
	t.Run("holds after every operation", conservationHoldsAfterEveryOperation)
}

// conservationHoldsAfterEveryOperation does random things in random order, killed publishes among them, and checks after each that discovered =
// published + absent + quarantined + pending, that no item is lost, and that the ledger's parts are the table's.
func conservationHoldsAfterEveryOperation(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := &history{t: t, l: open(t), r: rand.New(rand.NewPCG(seed, 1)), seen: map[string]bool{}, table: map[string]map[string]bool{}, files: map[string]map[string]bool{}}
			for range 120 {
				switch w.r.IntN(9) {
				case 0:
					w.sync()
				case 1, 2, 3:
					w.record()
				case 4:
					w.make()
				case 5:
					w.publish()
				case 6:
					w.rollback()
				case 7:
					w.claim()
				case 8:
					w.byHand()
				}
				w.law()
			}
		})
	}
}

// history is what the test believes: what was ever named, and the table as the lake would hold it.
type history struct {
	t     *testing.T
	l     *ledger.Ledger
	r     *rand.Rand
	n     int // makes names unique
	seen  map[string]bool
	table map[string]map[string]bool // part → ids of its rows
	files map[string]map[string]bool // every part ever written → ids of its rows
	past  []map[string]map[string]bool
}

func (w *history) pick(most int) []string {
	var ids []string
	for _, i := range w.r.Perm(30)[:1+w.r.IntN(most)] {
		ids = append(ids, fmt.Sprintf("item-%02d", i))
	}
	return ids
}

func (w *history) sync() {
	w.n++
	var items []ledger.Item
	for _, id := range w.pick(30) {
		item := ledger.Item{ID: id, Fingerprint: fmt.Sprint(w.r.IntN(2))}
		if w.r.IntN(10) == 0 {
			item.Absent = "none"
		}
		items, w.seen[id] = append(items, item), true
	}
	listed := ledger.Enumeration{Asset: ledgertest.Asset, Partition: ledgertest.Partition, Run: fmt.Sprint("run-", w.n),
		CodeVersion: fmt.Sprint(w.r.IntN(2)), BatchSize: 1 + w.r.IntN(5), Mode: ledger.Mode(w.r.IntN(3)), Partial: w.r.IntN(2) == 0, Items: enumerate(items...)}
	_, err := w.l.AllowCode(w.t.Context(), ledgertest.Asset, listed.CodeVersion)
	require.NoError(w.t, err)
	preview, err := w.l.Preview(w.t.Context(), listed)
	require.NoError(w.t, err)
	sum, err := ledgertest.Enumerate(w.t, w.l, listed)
	require.NoError(w.t, err)
	require.Equal(w.t, sum, preview.SyncResult, "a preview decides what a sync does")
	require.Equal(w.t, sum.Discovered, sum.New+sum.Changed+sum.CodeChanged+sum.Forced+sum.Retried+sum.Resumed+sum.Absent+sum.Unchanged)
	todo, err := w.l.Todo(w.t.Context(), ledgertest.Asset, ledgertest.Partition, fmt.Sprint("run-", w.n))
	require.NoError(w.t, err)
	require.Len(w.t, todo, sum.Todo)
	for i, id := range todo {
		require.Equal(w.t, id, preview.Todo[i].ID)
	}
	inBatches := 0
	for b := range sum.Batches {
		batch, err := w.l.ClaimItems(w.t.Context(), ledgertest.Token(w.t, w.l, ledgertest.Asset, ledgertest.Partition), b+1, listed.CodeVersion)
		require.NoError(w.t, err)
		require.NotEmpty(w.t, batch)
		inBatches += len(batch)
	}
	require.Equal(w.t, sum.Todo, inBatches)
}

func (w *history) record() {
	w.n++
	var outcomes []ledger.Outcome
	for _, id := range w.pick(5) {
		outcomes = append(outcomes, []ledger.Outcome{
			{ID: id, State: ledger.Staged, Staged: fmt.Sprint("part-", w.n)},
			{ID: id, State: ledger.Staged, Staged: fmt.Sprint("part-", w.n)},
			{ID: id, State: ledger.Absent, Kind: "not_found", Reason: "404"},
			{ID: id, State: ledger.Quarantined, Kind: "corrupt", Reason: "truncated"},
			{ID: id, State: ledger.Pending, Kind: "session", Reason: "gone"},
		}[w.r.IntN(5)])
	}
	file := map[string]bool{}
	for _, o := range outcomes {
		if o.State == ledger.Staged {
			file[o.ID] = true
		}
	}
	w.files[fmt.Sprint("part-", w.n)] = file
	before := ledgertest.PublishedRows(w.t, w.l)
	if w.l.RecordOutcomes(w.t.Context(), ledgertest.Token(w.t, w.l, ledgertest.Asset, ledgertest.Partition), outcomes) != nil {
		require.Equal(w.t, before, ledgertest.PublishedRows(w.t, w.l), "all or none")
	}
}

func (w *history) make() {
	for _, id := range w.pick(3) {
		_ = w.l.KeepRow(w.t.Context(), ledgertest.Token(w.t, w.l, ledgertest.Asset, ledgertest.Partition), id, "", []byte(`{}`)) // refused when it has an outcome
	}
}

// publish does what the engine does: the lake commits or does not, and the ledger hears of it, perhaps twice.
func (w *history) publish() {
	w.n++
	ctx := w.t.Context()
	staged, err := w.l.Items(ctx, ledger.Filter{Asset: ledgertest.Asset, Partition: ledgertest.Partition, State: ledger.Staged})
	require.NoError(w.t, err)
	old, err := w.l.Superseded(ctx, ledgertest.Asset, ledgertest.Partition)
	require.NoError(w.t, err)

	moves, next := ledger.Moves{Rewritten: map[string]string{}, Dropped: old}, map[string]map[string]bool{}
	for part, ids := range w.table {
		next[part] = ids
	}
	for part, ids := range old {
		left := map[string]bool{}
		for id := range w.table[part] {
			left[id] = true
		}
		for _, id := range ids {
			require.True(w.t, left[id], "%s is not in %s", id, part)
			delete(left, id)
		}
		delete(next, part)
		moves.Rewritten[part] = ""
		if len(left) > 0 {
			moves.Rewritten[part] = fmt.Sprint("rewritten-", w.n, part)
			next[moves.Rewritten[part]] = left
		}
	}
	for _, e := range staged {
		if next[e.Staged] == nil {
			next[e.Staged] = map[string]bool{}
			moves.Added = append(moves.Added, ledger.DataFile{Path: e.Staged})
		}
		next[e.Staged][e.ID] = true
	}
	for _, part := range moves.Added {
		require.Equal(w.t, w.files[part.Path], next[part.Path], "a part is published whole")
	}
	id, err := w.l.BeginPublish(ctx, ledger.Materialization{Asset: ledgertest.Asset, Partition: ledgertest.Partition, Moves: moves})
	require.NoError(w.t, err)
	w.law()
	if w.r.IntN(3) == 0 {
		require.NoError(w.t, w.l.AbandonPublish(ctx, id, "killed"))
		return
	}
	w.record() // somebody continues while the lake commits
	w.table, w.past = next, append(w.past, w.table)
	require.NoError(w.t, w.l.FinishPublish(ctx, id, int64(w.n), 0, 0))
	require.NoError(w.t, w.l.FinishPublish(ctx, id, int64(w.n), 0, 0))
}

// rollback goes back to a table of the past, or is killed on the way.
func (w *history) rollback() {
	if len(w.past) == 0 {
		return
	}
	w.n++
	ctx := w.t.Context()
	to := w.past[w.r.IntN(len(w.past))]
	moves := ledger.Moves{Rewritten: map[string]string{}, Dropped: map[string][]string{}, Rollback: &ledger.Rollback{Files: map[string]ledger.Restored{}}}
	entries, err := w.l.Items(ctx, ledger.Filter{Asset: ledgertest.Asset, Partition: ledgertest.Partition})
	require.NoError(w.t, err)
	states := map[string]ledger.Entry{}
	for _, e := range entries {
		states[e.ID] = e
		if _, stays := to[e.File]; !stays && e.File != "" {
			moves.Rewritten[e.File] = ""
			moves.Dropped[e.File] = append(moves.Dropped[e.File], e.ID)
		}
	}
	for part, ids := range to {
		_, stays := w.table[part]
		var rows ledger.Restored
		for id := range ids {
			switch e := states[id]; {
			case e.Returns() || !stays && w.r.IntN(2) == 0:
				rows.Older = append(rows.Older, id)
			case !stays:
				rows.Same = append(rows.Same, id)
			}
		}
		moves.Rollback.Files[part] = rows
	}
	id, err := w.l.BeginPublish(ctx, ledger.Materialization{Asset: ledgertest.Asset, Partition: ledgertest.Partition, Moves: moves})
	require.NoError(w.t, err)
	if w.r.IntN(3) == 0 {
		require.NoError(w.t, w.l.AbandonPublish(ctx, id, "killed"))
		return
	}
	w.table, w.past = to, append(w.past, w.table)
	require.NoError(w.t, w.l.FinishPublish(ctx, id, int64(w.n), 0, 0))
	require.NoError(w.t, w.l.FinishPublish(ctx, id, int64(w.n), 0, 0))
}

// claim takes the partition, or releases it: the counts that are kept are right before, between and after.
func (w *history) claim() {
	held, err := w.l.Claims(w.t.Context())
	require.NoError(w.t, err)
	if len(held) > 0 {
		require.NoError(w.t, w.l.Unclaim(w.t.Context(), held[0]))
		return
	}
	last, err := w.l.Generation(w.t.Context(), ledgertest.Asset, ledgertest.Partition)
	require.NoError(w.t, err)
	_, err = w.l.Claim(w.t.Context(), ledger.Claim{Asset: ledgertest.Asset, Partition: ledgertest.Partition, Run: last.Run})
	require.NoError(w.t, err)
	w.record()
	ledgertest.Counted(w.t, w.l)
	w.release()
}

func (w *history) release() {
	held, err := w.l.Claims(w.t.Context())
	require.NoError(w.t, err)
	for _, c := range held {
		require.NoError(w.t, w.l.Unclaim(w.t.Context(), c))
	}
}

// byHand retries and waives quarantined items, and distrusts published ones.
func (w *history) byHand() {
	ctx := w.t.Context()
	entries, err := w.l.Items(ctx, ledger.Filter{Asset: ledgertest.Asset, Partition: ledgertest.Partition})
	require.NoError(w.t, err)
	for _, e := range entries {
		switch {
		case w.r.IntN(3) > 0:
		case e.State == ledger.Published:
			require.NoError(w.t, w.l.InvalidateRow(ctx, e.Asset, e.Partition, e.ID, "its row is of nobody"))
		case e.State == ledger.Quarantined && w.r.IntN(2) == 0:
			require.NoError(w.t, w.l.Waive(ctx, []ledger.Waiver{{Asset: e.Asset, Partition: e.Partition, ID: e.ID, Note: "known"}}))
		case e.State == ledger.Quarantined:
			require.NoError(w.t, w.l.Retry(ctx, []ledger.Entry{e}))
		}
	}
}

func (w *history) law() {
	ledgertest.Counted(w.t, w.l)
	c, err := w.l.Counts(w.t.Context(), ledgertest.Asset, ledgertest.Partition)
	require.NoError(w.t, err)
	require.Equal(w.t, c.Discovered, c.Published+c.Absent+c.Quarantined+c.Pending)
	require.Len(w.t, w.seen, c.Discovered)

	open, err := w.l.Unfinished(w.t.Context(), ledgertest.Asset, ledgertest.Partition)
	require.NoError(w.t, err)
	if len(open) > 0 {
		return // the lake is ahead or behind: nobody can say
	}
	entries, err := w.l.Items(w.t.Context(), ledger.Filter{Asset: ledgertest.Asset, Partition: ledgertest.Partition})
	require.NoError(w.t, err)
	parts := map[string]map[string]bool{}
	for _, e := range entries {
		if e.File == "" {
			require.NotEqual(w.t, ledger.Published, e.State, e.ID)
			continue
		}
		if parts[e.File] == nil {
			parts[e.File] = map[string]bool{}
		}
		parts[e.File][e.ID] = true
	}
	require.Equal(w.t, w.table, parts)
}
