package pdf

import (
	"regexp"
)

// Programs write the codes of the font Symbol as private characters, from U+F000 on: ≥ is U+F0B3. The encoding of that font defines
// them, which Adobe publishes (unicode.org/Public/MAPPINGS/VENDORS/ADOBE/symbol.txt). Other fonts have other signs at the same codes,
// Wingdings has pictures.
const (
	symbolFirst = 0xf020
	symbolLast  = 0xf0ff
)

// symbolSigns are the characters of the font Symbol from symbolFirst on; � is an unused code, or a piece of a sign composed of
// several. Where Adobe's table has alternatives or private characters, the signs are those used in leaflets: µ, ®. The suits of cards
// are bullets, as in Wingdings.
const symbolSigns = " !∀#∃%&∋()∗+,−./0123456789:;<=>?" +
	"≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_" +
	"�αβχδεφγηιϕκλµνοπθρστυϖωξψζ{|}∼�" +
	"��������������������������������" +
	"€ϒ′≤⁄∞ƒ••••↔←↑→↓°±″≥×∝∂•÷≠≡≈…��↵" +
	"ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓" +
	"◊⟨®©™∑�����������⟩∫⌠�⌡����������"

// symbolFont matches the name of the font Symbol in a file, with the prefix of a subset and the suffix of a style. Symbol fonts of
// other names may have other signs.
var symbolFont = regexp.MustCompile(`^(?:[A-Z]{6}\+)?Symbol(?:MT|PS|PSMT)?(?:[,-]?(?:Regular|Bold|Italic|Oblique))*$`)

// symbolSign returns the sign of a private character of the font Symbol; false if the font has none.
func symbolSign(r rune) (rune, bool) {
	n := symbolFirst
	for _, sign := range symbolSigns {
		if rune(n) == r {
			return sign, sign != '�'
		}
		n++
	}
	return 0, false
}

// signs replaces private characters of the font Symbol on the loaded page. Other characters stay.
func (d *direct) signs(characters []rune) {
	known := map[uint64]bool{} // by font: whether it is Symbol
	for i, r := range characters {
		if r < symbolFirst || r > symbolLast {
			continue
		}
		sign, ok := symbolSign(r)
		text := d.object(i)
		if !ok || text == 0 {
			continue
		}
		font := d.do("FPDFTextObj_GetFont", text)
		is, asked := known[font]
		if !asked {
			is = font != 0 && symbolFont.MatchString(d.fontName(font))
			known[font] = is
		}
		if is {
			characters[i] = sign
		}
	}
}

// fontName returns the name of a font in the file; "" for none, and for one that is too long.
func (d *direct) fontName(font uint64) string {
	at := d.room()
	n := d.do("FPDFFont_GetBaseFontName", font, at, scratchBytes)
	if d.err != nil || n < 2 || n > scratchBytes {
		return ""
	}
	name, ok := d.module.Memory().Read(uint32(at), uint32(n-1)) // without the terminating zero
	if !ok {
		d.fail("outside of the memory")
		return ""
	}
	return string(name)
}
