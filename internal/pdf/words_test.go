package pdf

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"
)

// bare leaves out what words and lines may differ in.
var bare = strings.NewReplacer("-", "", " ", "")

// requireWords checks that the words of a page are those of its text, line by line.
func requireWords(t testing.TB, p Page) {
	t.Helper()
	var lines []string
	for l := range strings.SplitSeq(p.Text, "\n") {
		if strings.TrimSpace(l) != "" {
			lines = append(lines, l)
		}
	}
	of := make([]string, len(lines))
	for _, w := range p.Words {
		if w.Text == "" || w.Line >= len(lines) { // asked here, and not of require, for the sake of the fuzzer's speed
			require.Fail(t, "a word without text or line", "page %d: %q", p.Number, w.Text)
		}
		of[w.Line] += w.Text
	}
	for i, l := range lines {
		if want, got := bare.Replace(l), bare.Replace(of[i]); want != got {
			require.Equal(t, want, got, "page %d, line %d", p.Number, i)
		}
	}
}

func TestWordsTravel(t *testing.T) {
	t.Parallel()
	sent := Page{Number: 7, Text: "um dois\ntrês", Words: []Word{
		{"um", 0, Box{1, 2.25, 3, 4}, Cell{}}, {"dois", 0, Box{-5, 0, 14400, 1}, Cell{300, 2000, 63, 64}}, {"três", 1, Box{float32(math.NaN()), 0, 0, 0}, Cell{300, 2000, 63, 64}},
	}, Rules: []Box{{40, 80.25, 560, 80.25}, {40, 80, 40, 200}}}
	text, err := json.Marshal(sent)
	require.NoError(t, err)
	var got Page
	require.NoError(t, json.Unmarshal(text, &got))
	sent.Words[1].Box.X1 = math.MaxInt16 / 4.0
	sent.Words[2].Box.X0 = 0
	require.Equal(t, sent, got)

	for _, text := range []string{`{"words":"a b","boxes":"AAAAAAAAAAA="}`, `{"words":"a","boxes":"AAAAAAAAAAAAAAAAAAAAAA=="}`, `{"words":"a","boxes":"AAA="}`,
		`{"words":"a","boxes":"AAAAAAAAAAA=","cells":"AgA="}`, `{"words":"a","boxes":"AAAAAAAAAAA=","cells":"AQ=="}`, `{"words":"a b","boxes":"AAAAAAAAAAAAAAAAAAAAAA==","cells":"AQA="}`} {
		require.ErrorIs(t, json.Unmarshal([]byte(text), &got), errWords, text)
	}
}

func TestWordsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Workers: 1})
	content := printed(t, func(f *fpdf.Fpdf) {
		f.AddPage()
		f.Text(20, 50, "um dois")
		f.Text(20, 100, "tres")
	})
	got, err := e.Extract(t.Context(), content)
	require.NoError(t, err)
	words := got.Pages[0].Words
	require.Len(t, words, 3)
	requireWords(t, got.Pages[0])
	mm := float32(72 / 25.4)
	require.InDelta(t, 20*mm, words[0].Box.X0, 1)
	require.InDelta(t, 50*mm, words[0].Box.Y1, 5)
	require.Greater(t, words[1].Box.X0, words[0].Box.X1)
	require.InDelta(t, words[0].Box.Y0, words[1].Box.Y0, 0.5)
	require.InDelta(t, 50*mm, words[2].Box.Y0-words[0].Box.Y0, 1)
}

func FuzzWords(f *testing.F) {
	f.Add("um dois\r\ntr\u00eas medica\x02mento\u00ad\nsolto \uf0b7 \ufb01m\x00 a\ufffe\u2028b\u00ad", "\u0301 \x02\n\x02")
	f.Add("\x17\x02\x17\nc", "W\x02\x17\nc")
	f.Add("medica\u00ad \u00ad\nmento", "medica\u00ad\x00\nmento")
	f.Fuzz(func(t *testing.T, first, second string) {
		raws := []rawPage{tokenize([]rune(first)), tokenize([]rune(second))}
		texts := clean([]string{raws[0].string(), raws[1].string()})
		for i, raw := range raws {
			p := Page{Number: i + 1, Text: texts[i], Words: raw.words()}
			requireWords(t, p)
			text, err := json.Marshal(p)
			require.NoError(t, err)
			var got Page
			require.NoError(t, json.Unmarshal(text, &got))
			if len(p.Words) > 0 {
				require.Equal(t, p, got)
			}
		}
	})
}

// TestHyphenAfterABlank keeps a dash at a line's end that breaks no word: it is a word, and its line ends.
func TestHyphenAfterABlank(t *testing.T) {
	t.Parallel()
	for mark, name := range map[rune]string{hyphenMark: "engine's mark", wholeMark: "mark in a text given whole"} {
		raw := tokenize([]rune("10451 " + string(mark) + "MEDICAMENTO NOVO\r\nbro" + string(mark) + "ken"))
		require.Equal(t, []string{"10451 -\nMEDICAMENTO NOVO\nbro-ken"}, clean([]string{raw.string()}), name)
		words := raw.words()
		require.Len(t, words, 6, name)
		for i, line := range []int{0, 0, 1, 1, 2, 2} {
			require.Equal(t, line, words[i].Line, "%s: %q", name, words[i].Text)
		}
	}
}

// TestNumbersOfGlyphs are digits in a word of digits, and else glyphs without Unicode: a text has no control characters.
func TestNumbersOfGlyphs(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"\x15\x13/0\x18/2026": "20/05/2026", "0\x17/05/2023\x03": "04/05/2023", "12\x18": "125",
		"\x15\x13": "", "a\x15b2": "ab2", "dor\x03": "dor",
	} {
		raw := tokenize([]rune("Em " + given + " dias"))
		require.Equal(t, strings.Join(strings.Fields("Em "+want+" dias"), " "), clean([]string{raw.string()})[0], "%q", given)
		told := strings.Contains(strings.Join(doubts([]rawPage{raw}), ""), "glyphs without Unicode")
		require.Equal(t, given == "a\x15b2" || given == "\x15\x13", told, "%q", given)
	}
}
