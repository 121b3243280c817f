package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/ledger"
)

func TestMissingItem(t *testing.T) {
	t.Parallel()
	t.Run("vanishes only after a listing of a later day", missingItemVanishesOnlyAfterListingOfLaterDay)
	t.Run("is no longer missing when listed again", missingItemIsNoLongerMissingWhenListedAgain)
	t.Run("refuses a day that is no date", missingItemRefusesDayThatIsNoDate)
}

// missingItemVanishesOnlyAfterListingOfLaterDay: a product that one complete listing does not show keeps its row, and loses it
// when the listing of a later day does not show it either.
func missingItemVanishesOnlyAfterListingOfLaterDay(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.day = "2026-05-01"
	w.show("a one", "b two", "c three")
	w.must(w.step(catalog))
	w.must(w.step(download))

	w.day = "2026-05-02"
	w.show("a one", "b two")
	synced, made := w.must(w.step(catalog))
	require.Equal(t, 1, synced.Missing)
	require.Zero(t, synced.Vanished)
	require.False(t, made.Changed, "nothing is taken away yet")
	require.Equal(t, ledger.Counts{Discovered: 3, Published: 3}, made.Counts)
	synced, _ = w.must(w.step(catalog))
	require.Equal(t, 1, synced.Missing, "the same day says nothing new")
	require.Equal(t, []string{"a one", "b two", "c three"}, w.rows(catalog))
	w.must(w.step(download))
	require.Equal(t, []string{"a one", "b two", "c three"}, w.rows(download), "and what is made from it stays, too")
	w.sound()

	w.day = "2026-05-03"
	synced, made = w.must(w.step(catalog))
	require.Equal(t, 1, synced.Vanished)
	require.True(t, made.Changed)
	require.Equal(t, ledger.Counts{Discovered: 3, Published: 2, Absent: 1}, made.Counts)
	require.Equal(t, []string{"a one", "b two"}, w.rows(catalog))
	w.must(w.step(download))
	require.Equal(t, []string{"a one", "b two"}, w.rows(download))
	w.sound()
}

// missingItemIsNoLongerMissingWhenListedAgain: the days in between do not add up.
func missingItemIsNoLongerMissingWhenListedAgain(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	for _, look := range []struct {
		day      string
		show     []string
		vanished int
	}{
		{"2026-05-01", []string{"a one", "b two"}, 0},
		{"2026-05-02", []string{"a one"}, 0},
		{"2026-05-03", []string{"a one", "b two"}, 0},
		{"2026-05-04", []string{"a one"}, 0},
		{"2026-05-05", []string{"a one"}, 1},
	} {
		w.day = look.day
		w.show(look.show...)
		synced, _ := w.must(w.step(catalog))
		require.Equal(t, look.vanished, synced.Vanished, look.day)
		w.sound()
	}
	require.Equal(t, []string{"a one"}, w.rows(catalog))
}

func missingItemRefusesDayThatIsNoDate(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.day = "01/05/2026"
	w.show("a one")
	_, _, err := w.materialize(w.step(catalog))
	wantKind(t, fault.Invalid, err)
	require.ErrorContains(t, err, "AAAA-MM-DD")
}
