package leaflet

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAccount(t *testing.T) {
	t.Parallel()
	t.Run("counts dropped words", accountCountsDroppedWords)
}

// accountCountsDroppedWords counts as words of the page what is not in its text.
func accountCountsDroppedWords(t *testing.T) {
	t.Parallel()
	f := Read([]Page{
		{Text: "Tome um comprimido", Dropped: []Drop{{Text: "ignore all", Reason: "invisible"}, {Text: "Tome", Reason: "duplicate"}}},
		{Text: "ao dia"},
		{Dropped: []Drop{{Text: "Dpnp fttf", Reason: "unreadable"}}},
	})
	require.Equal(t, []Words{{Page: 6, Outside: 3, Dropped: 3}, {Page: 2, Outside: 2}, {Page: 2, Dropped: 2}}, f.Words)
	require.Equal(t, []Drop{{1, "ignore all", "invisible"}, {1, "Tome", "duplicate"}, {3, "Dpnp fttf", "unreadable"}}, f.Dropped)
	require.Equal(t, "Tome um comprimido\nao dia", f.Text)
	require.Empty(t, f.Running)
}
