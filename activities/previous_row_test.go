package activities_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/ledger"
)

func TestPreviousRow(t *testing.T) {
	t.Parallel()
	t.Run("is given to an item that is made again", previousRowIsGivenToItemThatIsMadeAgain)
}

// previousRowIsGivenToItemThatIsMadeAgain changes one item of three: it comes with the row that the table has, a new one with none, and none
// does when a person forces a run.
func previousRowIsGivenToItemThatIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	former := map[string]string{}
	w.make = map[asset.Key]maker{download: func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		for _, item := range batch {
			former[item.ID] = ""
			if was, known := item.Previous.(row); known {
				former[item.ID] = was.Content
			}
		}
		return w.honest(ctx, run, batch, report)
	}}
	gets := func(mode ledger.Mode) map[string]string {
		clear(former)
		w.must(w.step(catalog))
		in := w.step(download)
		in.Mode = mode
		w.must(in)
		return former
	}
	w.show("a one", "b one")
	require.Equal(t, map[string]string{"a": "", "b": ""}, gets(ledger.Missing))
	w.show("a two", "b one", "c one")
	require.Equal(t, map[string]string{"a": "one", "c": ""}, gets(ledger.Missing))
	require.Equal(t, map[string]string{"a": "", "b": "", "c": ""}, gets(ledger.Force))
	require.Equal(t, []string{"a two", "b one", "c one"}, w.rows(download))
	w.sound()
}
