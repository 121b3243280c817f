package pdf

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the mender finds by hand, as regular expressions say it.
var (
	brokenPattern = regexp.MustCompile(`([\p{L}\p{M}]+)\x02\s*([\p{L}\p{M}]+)`)
	wordPattern   = regexp.MustCompile(`[\p{L}\p{M}]+(?:-[\p{L}\p{M}]+)*`)
)

// FuzzMender holds the mender against regular expressions: the broken words, and how often each is printed elsewhere.
func FuzzMender(f *testing.F) {
	f.Add("medica\x02mento a\u0301\x02 b anti\x02inf Anti-Inf \x02\x02 a\x02b\x02c\x02d", "antiinf -- a- b-c-d\xff\x02e")
	f.Fuzz(func(t *testing.T, first, second string) {
		texts := []string{first, second}
		m := newMender(texts)
		printed := map[string]int{}
		for _, text := range texts {
			for _, w := range wordPattern.FindAllString(brokenPattern.ReplaceAllString(text, " "), -1) {
				printed[strings.ToLower(w)]++
			}
		}
		for _, text := range texts {
			found := brokenWords(text)
			for i, at := range brokenPattern.FindAllStringSubmatchIndex(text, -1) {
				require.Less(t, i, len(found), "%q", text)
				require.Equal(t, brokenWord{from: at[0], to: at[1], left: text[at[2]:at[3]], right: text[at[4]:at[5]]}, found[i])
			}
			require.Len(t, found, len(brokenPattern.FindAllStringIndex(text, -1)))
			require.NotContains(t, m.text(text), "\x02")
		}
		for w, times := range m.words {
			require.Equal(t, printed[w], times, w)
		}
	})
}

// TestMender puts words together that are printed elsewhere in two ways, in the way that is printed more often.
func TestMender(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"without a hyphen alone":      {"medicamento\nmedica\x02mento", "medicamento\nmedicamento"},
		"with a hyphen alone":         {"mal-estar\nmal\x02estar", "mal-estar\nmal-estar"},
		"without a hyphen more often": {"medicamento medicamento\nmedica-mento\nmedica\x02mento", "medicamento medicamento\nmedica-mento\nmedicamento"},
		"with a hyphen more often":    {"malestar mal-estar mal-estar\nmal\x02estar", "malestar mal-estar mal-estar\nmal-estar"},
		"both as often":               {"malestar mal-estar\nmal\x02estar", "malestar mal-estar\nmal-estar"},
	} {
		require.Equal(t, tt.want, newMender([]string{tt.text}).text(tt.text), name)
	}
}
