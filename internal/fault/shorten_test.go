package fault_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
)

func TestShorten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"", 10, ""},
		{"short", 10, "short"},
		{"exactly ten", 11, "exactly ten"},
		{"exactly ten!", 11, "exactly …"},
		{"ááááá", 10, "ááááá"},
		{"áááááá", 10, "ááá…"},
		{"<<<<", 24, "<<<<"},
		{"<<<<<", 24, "<<<…"},
	} {
		require.Equal(t, c.want, fault.Shorten(c.text, c.n), "%q in %d", c.text, c.n)
	}
}

func FuzzShorten(f *testing.F) {
	f.Add("the page is another", 12)
	f.Add("\x00\xff<a&b>\u2028\"\\\n", 20)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = 3 + (n%200+200)%200
		short := fault.Shorten(s, n)
		text, err := json.Marshal(short)
		require.NoError(t, err)
		require.LessOrEqual(t, len(text)-2, n)
		if short != s {
			kept, cut := strings.CutSuffix(short, "…")
			require.True(t, cut)
			require.True(t, strings.HasPrefix(s, kept))
			require.True(t, len(kept) == len(s) || utf8.RuneStart(s[len(kept)]) || !utf8.ValidString(s))
		}
	})
}
