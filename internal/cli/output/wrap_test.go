package output

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestWrapKeepsLinesWithinTheWidth(t *testing.T) {
	t.Parallel()
	got := Wrap("  ", "an é of every word\n forged: line  that is so long that it has to be broken at some place before the end")
	require.Equal(t, "  an é of every word\\n forged: line that is so long that it has to be broken at\n  some place before the end", got)
	require.Equal(t, 80, utf8.RuneCountInString(Wrap("  ", "123456789 123456789 123456789 123456789 123456789 123456789 123456789 12345678")))
	require.Empty(t, Wrap("  ", " "))
}
