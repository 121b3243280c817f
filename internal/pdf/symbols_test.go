package pdf

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// TestSymbolSigns holds what the font Symbol has at a code against Adobe's table.
func TestSymbolSigns(t *testing.T) {
	t.Parallel()
	require.Equal(t, symbolLast-symbolFirst+1, utf8.RuneCountInString(symbolSigns))
	for code, want := range map[rune]rune{
		0x20: ' ', 0x22: '∀', 0x2d: '−', 0x30: '0', 0x3c: '<', 0x40: '≅', 0x41: 'Α', 0x44: 'Δ', 0x57: 'Ω', 0x5a: 'Ζ', 0x5c: '∴', 0x5f: '_',
		0x61: 'α', 0x62: 'β', 0x67: 'γ', 0x6d: 'µ', 0x70: 'π', 0x7a: 'ζ', 0x7e: '∼', 0xa0: '€', 0xa2: '′', 0xa3: '≤', 0xa5: '∞', 0xa6: 'ƒ',
		0xab: '↔', 0xac: '←', 0xad: '↑', 0xae: '→', 0xaf: '↓', 0xb0: '°', 0xb1: '±', 0xb2: '″', 0xb3: '≥', 0xb4: '×', 0xb7: '•', 0xb8: '÷',
		0xb9: '≠', 0xbb: '≈', 0xbc: '…', 0xbf: '↵', 0xc6: '∅', 0xcf: '∉', 0xd0: '∠', 0xd2: '®', 0xd4: '™', 0xd6: '√', 0xd8: '¬', 0xde: '⇒',
		0xdf: '⇓', 0xe0: '◊', 0xe1: '⟨', 0xe2: '®', 0xe5: '∑', 0xf1: '⟩', 0xf2: '∫', 0xf3: '⌠', 0xf5: '⌡',
	} {
		got, ok := symbolSign(0xf000 + code)
		require.True(t, ok, "%x", code)
		require.Equal(t, string(want), string(got), "%x", code)
	}
	for _, code := range []rune{0x1f, 0x60, 0x7f, 0x80, 0x9f, 0xbd, 0xe6, 0xf0, 0xf4, 0xff, 0x100} {
		_, ok := symbolSign(0xf000 + code)
		require.False(t, ok, "%x", code)
	}
}

// TestSymbolFont reads signs by the name of the font, and leaves those of other fonts what they are.
func TestSymbolFont(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	const (
		taken = "(≥ 10% ≤ 3% ± 25° ou 2 µ •"
		left  = "(\uf0b3\uf020 10% \uf0a3\uf020 3% \uf0b1\uf020 25\uf0b0\uf020 ou 2 \uf06d\uf020 •\uf020"
	)
	for font, want := range map[string]string{
		"Symbol": taken, "SymbolMT": taken, "ABCDEF+SymbolMT": taken, "ABCDEF+Symbol,BoldItalic": taken, "Symbol-Bold": taken,
		"Wingdings-Regular": left, "ABCDEF+Wingdings": left, "ZapfDingbats": left, "SegoeUISymbol": left, "SymbolTigerExpert": left, "ABCDEF+Arial": left,
	} {
		t.Run(font, func(t *testing.T) {
			t.Parallel()
			doc, err := e.Extract(t.Context(), signsOf(font, "(", "\xb3 ", " 10% ", "\xa3 ", " 3% ", "\xb1 ", " 25", "\xb0 ", " ou 2 ", "m ", " ", "\xb7 "))
			require.NoError(t, err)
			page := doc.Pages[0]
			require.Equal(t, want, page.Text)
			var words []string
			for _, w := range page.Words {
				words = append(words, w.Text)
			}
			require.Equal(t, want, strings.Join(words, " "))
			requireLetters(t, page)
			if want == left {
				require.Equal(t, []string{"page 1: 11 glyphs of a private font"}, doc.Warnings)
			} else {
				require.Empty(t, doc.Warnings)
			}
		})
	}
}

// TestSymbolWithoutSign counts what the font has no sign for.
func TestSymbolWithoutSign(t *testing.T) {
	t.Parallel()
	doc, err := open(t, Options{}).Extract(t.Context(), signsOf("SymbolMT", "Tome ", "\xe6 ", " mg"))
	require.NoError(t, err)
	require.Equal(t, "Tome \uf0e6 mg", doc.Pages[0].Text)
	require.Equal(t, []string{"page 1: 1 glyphs of a private font"}, doc.Warnings)
}

// signsOf is a page with a line of texts, in turn of a font for letters and of the font with this name, whose codes are private characters by the
// file. A sign needs a blank after it: the font itself is not in the file, and what has no width is no text to the engine.
func signsOf(font string, texts ...string) []byte {
	content := "BT 50 600 Td "
	for i, text := range texts {
		content += fmt.Sprintf("/%s 12 Tf (%s) Tj ", []string{"F", "S"}[i%2], strings.ReplaceAll(text, "(", `\(`))
	}
	widths := strings.TrimSpace(strings.Repeat("550 ", 256))
	return pageOf(content+"ET", plainFont[:len(plainFont)-len(">>")]+" /S 5 0 R>>",
		fmt.Sprintf("<</Type /Font /Subtype /TrueType /BaseFont /%s /FirstChar 0 /LastChar 255 /Widths [%s] /ToUnicode 6 0 R /FontDescriptor 7 0 R>>", font, widths),
		streamOf("", "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Signs def 1 begincodespacerange <00> <FF> endcodespacerange\n"+
			"1 beginbfrange <20> <FF> <F020> endbfrange endcmap end end"),
		fmt.Sprintf("<</Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80>>", font))
}
