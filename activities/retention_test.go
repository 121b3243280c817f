package activities_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/engine/lineage"
	"drugslm/internal/ledger"
	past "drugslm/internal/versions"
)

// answers is what people and programs are shown of the past and the present state, as JSON.
func (w *fixture) answers(t *testing.T) string {
	t.Helper()
	told := map[string]any{}
	note := func(name string, answer any, err error) {
		require.NoError(t, err, name)
		told[name] = answer
	}
	for _, item := range []string{"changes", "comes", "goes", "stays"} {
		links, err := lineage.Why(t.Context(), w.acts.Engine, item, "", "")
		note("why "+item, links, err)
	}
	for _, key := range []asset.Key{catalog, download, extract} {
		k, a := w.keeper(), w.asset(key)
		found, err := k.List(t.Context(), a, nil, 0)
		note(fmt.Sprint("versions ", key), found, err)
		newest := w.latest(key).Version
		diff, err := k.Diff(t.Context(), a, past.DiffInput{From: found[len(found)-1].Version, To: newest, Limit: 100})
		note(fmt.Sprint("diff ", key), diff, err)
		plan, err := k.PlanRollback(t.Context(), a, found[len(found)-1].Version, nil)
		note(fmt.Sprint("rollback ", key), plan, err)
		note(fmt.Sprint("stands ", key), w.judge(key), nil)
		note(fmt.Sprint("latest ", key), w.latest(key), nil)
		note(fmt.Sprint("items ", key), w.entries(key), nil)
	}
	marks, err := w.ledger.Marks(t.Context())
	note("marks", marks, err)
	touches, err := w.ledger.ChangesBetween(t.Context(), 0, marks.Seq)
	note("touches", touches, err)
	checks, err := w.ledger.LastChecks(t.Context(), ledger.CheckFilter{})
	note("checks", checks, err)
	text, err := json.MarshalIndent(told, "", " ")
	require.NoError(t, err)
	return string(text)
}

func TestPrune(t *testing.T) {
	t.Parallel()
	t.Run("changes no answer", pruneChangesNoAnswer)
}

// pruneChangesNoAnswer forgets all that may be forgotten, and asks what was asked before; then a rollback and the run
// after it go as they would have.
func pruneChangesNoAnswer(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.show("changes one", "goes one", "stays one")
	w.all()
	first := w.latest(download).Version
	for i := range 6 {
		w.show(fmt.Sprint("changes v", i), "comes two", "stays one")
		w.all()
		w.all() // nothing to do
	}
	before := w.answers(t)
	gone, err := w.ledger.Prune(t.Context(), ledger.Retention{Age: time.Nanosecond})
	require.NoError(t, err)
	require.Greater(t, gone.Materializations, 15)
	require.Positive(t, gone.Lists)
	require.Positive(t, gone.Checks)
	require.JSONEq(t, before, w.answers(t))

	w.back(download, first)
	require.Equal(t, []string{"changes one", "goes one", "stays one"}, w.rows(download))
	w.all()
	require.Equal(t, []string{"changes v5", "comes two", "stays one"}, w.rows(download))
	w.sound()
}
