package leaflet

import (
	"slices"
	"strings"
	"unicode"
)

// product returns the first line that is a name, else the first with the sign of a brand. It takes a line that begins with a
// pharmaceutical form only if there is no other. A form, a strength, a route or an audience alone is not a name: then it returns "".
func product(lines, front []string) string {
	shaped := ""
	for _, line := range lines {
		line = strings.Trim(label.ReplaceAllString(strings.TrimSpace(line), ""), "()")
		if line == "" || len(line) > maxCoverLine || generic.MatchString(line) || landmark.MatchString(Plain(line)) || !names(line) {
			continue
		}
		if at := form.FindStringIndex(line); at == nil || at[0] > 0 {
			return line
		}
		if shaped == "" {
			shaped = line
		}
	}
	if b := brand.FindString(strings.Join(front, "\n")); b != "" {
		return b
	}
	return shaped
}

// branded returns the brand with which the first numbered section begins, "" if there is none.
func branded(l Leaflet) string {
	for _, s := range l.Sections {
		if s.Number == 1 {
			if at := brand.FindStringIndex(s.Text); at != nil && at[0] == 0 {
				return s.Text[:at[1]]
			}
			break
		}
	}
	return ""
}

// idle are folded words beside forms and strengths that name nothing.
var idle = []string{
	"a", "as", "o", "os", "e", "ou", "de", "da", "do", "das", "dos", "com", "em", "para", "por", "cada", "uso", "via", "vias", "mg", "mcg", "g", "kg", "ml", "l", "ui",
	"adulto", "adultos", "pediatrico", "infantil", "exclusivo", "injetavel", "oral", "unidade", "unidades", "embalagem", "embalagens", "caixa", "frasco", "frascos", "ampola",
	"ampolas", "blister", "bisnaga", "contendo", "contem", "aproximadamente", "equivalente", "equivalente a",
}

// names reports whether a line is more than a form, a strength, a route or an audience.
func names(line string) bool {
	for _, about := range []*expression{strength, form, route, use} {
		line = about.ReplaceAllString(line, " ")
	}
	return slices.ContainsFunc(strings.Fields(Plain(line)), func(word string) bool {
		letters := strings.IndexFunc(word, unicode.IsLetter) >= 0
		return letters && len(word) > 1 && !slices.Contains(idle, word)
	})
}
