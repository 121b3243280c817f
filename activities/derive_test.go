package activities_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

// words is an asset whose rows are the words of the catalog's rows, all together.
const words asset.Key = "test/words"

// derivation declares words; calls counts how often it is derived, and bend may change what is emitted.
func (w *fixture) derivation(calls *int, bend func(call int, item *asset.Item, r *row) bool) *asset.Asset {
	spec := asset.Spec[row]{
		Key: words, Deps: asset.On(catalog), Location: "words", CodeVersion: "1", Queue: asset.QueueExtract,
		Derive: func(ctx context.Context, run asset.Run, emit func(asset.Item, row) error) error {
			*calls++
			for from, err := range asset.Input[row](ctx, run, catalog) {
				if err != nil {
					return err
				}
				for _, word := range strings.Fields(from.Content) {
					r := row{ID: from.ID + "/" + word, Content: word, Provenance: run.Provenance(w.acts.Engine.Now(), "")}
					item := asset.Item{ID: r.ID, From: from.ID, Fingerprint: word}
					if bend != nil && !bend(*calls, &item, &r) {
						continue
					}
					if err := emit(item, r); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
	spec.Partitions = w.asset(catalog).Partitions
	return asset.New(spec)
}

func (w *fixture) deriving(t *testing.T, calls *int, bend func(int, *asset.Item, *row) bool) materialize.StepInput {
	t.Helper()
	in := w.with(t, words, w.derivation(calls, bend))
	in.Step.Partition, in.Step.Lists = here, true
	return in
}

func (w *fixture) next(in materialize.StepInput) materialize.StepInput {
	w.runs++
	in.Run += "+"
	return in
}

func TestDerive(t *testing.T) {
	t.Parallel()
	t.Run("makes rows that follow their inputs", deriveMakesRowsThatFollowTheirInputs)
	t.Run("refuses two passes that differ", deriveRefusesTwoPassesThatDiffer)
	t.Run("refuses a row of another item", deriveRefusesRowOfAnotherItem)
	t.Run("counts nothing before its inputs are published", deriveCountsNothingBeforeItsInputsArePublished)
	t.Run("reads one version of its inputs", deriveReadsOneVersionOfItsInputs)
}

func deriveMakesRowsThatFollowTheirInputs(t *testing.T) {
	t.Parallel()
	w, calls := newFixture(t), 0
	w.show("a one two", "b three")
	w.must(w.step(catalog))
	in := w.deriving(t, &calls, nil)
	synced, made := w.must(in)
	require.Equal(t, 3, synced.New)
	require.EqualValues(t, 3, made.Rows)
	require.Equal(t, 2, calls, "once for the items, once for their rows")
	require.Equal(t, []string{"a/one one", "a/two two", "b/three three"}, w.rows(words))

	in = w.next(in)
	synced, made = w.must(in)
	require.False(t, made.Changed)
	require.Zero(t, synced.Discovered)
	require.Equal(t, 2, calls, "neither the input nor the code is newer: it is not derived")

	w.show("a one", "b three four")
	w.must(w.step(catalog))
	in = w.next(in)
	synced, made = w.must(in)
	require.Equal(t, 1, synced.New)
	require.Equal(t, 2, synced.Unchanged)
	require.EqualValues(t, 3, made.Rows)
	require.Equal(t, 1, made.Absent, "what its input does not say any more")
	require.Equal(t, []string{"a/one one", "b/four four", "b/three three"}, w.rows(words))

	in = w.next(in)
	in.Mode = ledger.Force
	_, made = w.must(in)
	require.True(t, made.Changed, "asked to, it derives all again")
	w.sound()
}

func deriveRefusesTwoPassesThatDiffer(t *testing.T) {
	t.Parallel()
	w, calls := newFixture(t), 0
	w.show("a one two")
	w.must(w.step(catalog))
	in := w.deriving(t, &calls, func(call int, item *asset.Item, _ *row) bool { return call != 2 || item.ID != "a/two" })
	_, err := w.prepare(in)
	wantKind(t, fault.Incomplete, err)
	require.ErrorContains(t, err, `1 items are not derived again, such as "a/two"`)

	_, made := w.must(w.next(in))
	require.EqualValues(t, 2, made.Rows, "the next attempt derives both")
	w.sound()
}

func deriveRefusesRowOfAnotherItem(t *testing.T) {
	t.Parallel()
	w, calls := newFixture(t), 0
	w.show("a one")
	w.must(w.step(catalog))
	in := w.deriving(t, &calls, func(_ int, _ *asset.Item, r *row) bool { r.ID = "other"; return true })
	_, err := w.prepare(in)
	wantKind(t, fault.Invalid, err)
	require.ErrorContains(t, err, `gives the row of "other" for item "a/one"`)
}

func deriveCountsNothingBeforeItsInputsArePublished(t *testing.T) {
	t.Parallel()
	w, calls := newFixture(t), 0
	w.show("a one two")
	w.must(w.step(catalog))
	in := w.deriving(t, &calls, nil)
	plan, forecast := w.estimate(string(words), asset.Needed)
	require.True(t, plan.Steps[0].Lists)
	require.False(t, forecast.Steps[0].Counted)
	require.Contains(t, forecast.Steps[0].Note, "made together from its inputs")
	require.Zero(t, forecast.Total.Requests)
	w.must(in)
	_, forecast = w.estimate(string(words), asset.Needed)
	require.True(t, forecast.Steps[0].Counted)
	require.Equal(t, 2, forecast.Steps[0].Skip)
	require.Equal(t, 2, calls, "a plan derives nothing")
}

func deriveReadsOneVersionOfItsInputs(t *testing.T) {
	t.Parallel()
	w, calls := newFixture(t), 0
	w.show("a one", "b two")
	w.must(w.step(catalog))
	published := false
	in := w.deriving(t, &calls, func(call int, _ *asset.Item, _ *row) bool {
		if call == 2 && !published { // between the items and their rows
			published = true
			w.show("a one", "c three")
			w.must(w.step(catalog))
		}
		return true
	})
	_, made := w.must(in)
	require.EqualValues(t, 2, made.Rows)
	require.Equal(t, []string{"a/one one", "b/two two"}, w.rows(words))
	require.Equal(t, asset.Stale, w.judge(words), "what was published meanwhile is for the next run")
	w.must(w.next(in))
	require.Equal(t, []string{"a/one one", "c/three three"}, w.rows(words))
	w.sound()
}
