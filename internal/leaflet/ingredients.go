package leaflet

import (
	"slices"
	"strings"
)

// unitAmount is an amount with its unit, decimals with a comma or a point.
const unitAmount = `\b[0-9]+(?:[.,][0-9]+)*\s*(?:(?:mg|mcg|µg|g|kg|ml|u\.?i|unidades|meq|mmol)\b|%)`

const amountPattern = `[0-9][0-9.,]*(?:\s*(?:,|ou|e|[-–])\s*[0-9][0-9.,]*)*\s*`

var (
	// ingredient matches a row of the composition: a name, a row of dots, an amount.
	ingredient = newExpression(`^((?:[^.…]|[0-9]\.[0-9]|\p{L}\.[\s\p{L}])*?[\p{L}0-9)*])\s*(?:(?:[.…]\s?){4,}|(?:…\s?){2,})\s*(\*{0,3}` + amountPattern + `\*{0,3}\s*[\p{L}µ%]+)`)
	dotted     = newExpression(`(?:(?:[.…]\s?){4,}|(?:…\s?){2,})(?:[0-9][0-9.,]*)?$`) // the amount, or its unit, is on the next line
	vehicle    = newExpression(`(?i)excip|ve[íi]culo|q\.?\s*s\.?\s*p|dilu?ente|[áa]gua|osmolaridade`)
	equivalent = newExpression(`\s*\(.*$`)

	// contains matches a sentence with the same content: "cada comprimido contém 30 mg de X". The text in brackets is the equivalent of
	// the amount.
	contains  = newExpression(`(?i)\bcont(?:[ée]m|endo)\b|\blibera\s|princ[íi]pio ativo\s*:`)
	brackets  = newExpression(`\([^()]*\)`)
	excipient = newExpression(`(?i)\b(?:excip|ve[íi]culo|diluente)`)
	amountOf  = newExpression(`(?i)(equivalentes?\s+a\s+|correspondentes?\s+a\s+)?(?:` + amountPattern + `(?:mg|mcg|µg|g|m?u\.?i\.?|u|unidades|meq|mmol)(?:\s*/\s*m?l)?\s+d[eo]\s+)` +
		`(\p{L}[\p{L}0-9 -]{1,60}?)\s*(?:[,.;:®]|$|\s(?:equival|correspond|na|em|por|para|como|sob|e|com|ou|mais|ap[óo]s|destinado|respectivamente)\b)`)
	// beforeAmount matches a name followed by its amount: "contém: exemplol sódico 12,5 mg".
	beforeAmount = newExpression(`(?i)(?:^|[:;,+.]|\be\b)\s*(\p{L}[\p{L}0-9 -]{2,60}?)\s*(?:[–-]\s*)?` + unitAmount)
	// fromAmount matches the beginning of the amount after a name.
	fromAmount = newExpression(`(?i)[\s,:-]*(?:\be\s+)?` + unitAmount + `.*$`)
	// fromEquivalent matches the beginning of an equivalence: "exemplol sódico equivalente a 1 g de exemplol".
	fromEquivalent = newExpression(`(?i)[\s,]+(?:que\s+)?(?:equival|correspond)\p{L}+\s+a\b.*$`)
	// shape matches what an amount of a powder or a solution refers to, before the name.
	shape = newExpression(`(?i)^(?:p[óo]|solu[çc][ãa]o|suspens[ãa]o|subst[âa]ncia)\s.*\bde\s+`)
)

// ingredients returns the substances of the composition that have an amount after a row of dots, without their solvents. Where there
// is no such row, it returns those with an amount in a sentence.
func ingredients(composed []string) []string {
	found := []string{}
	for i, line := range composed {
		line = clip(line, maxJoined)
		if dotted.MatchString(line) && i+1 < len(composed) {
			line += " " + clip(composed[i+1], maxJoined)
		}
		m := ingredient.FindStringSubmatch(line)
		if m == nil || vehicle.MatchString(line) {
			continue
		}
		name := strings.Trim(amountless(equivalent.ReplaceAllString(m[1], "")), " *")
		if name != "" && !slices.Contains(idle, Plain(name)) && !strings.HasPrefix(strings.ToLower(name), "cada ") {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		found = contained(strings.Join(composed, " "))
	}
	return once(found)
}

// amountless returns a name without its amount, and without the equivalent of that.
func amountless(name string) string {
	return fromAmount.ReplaceAllString(fromEquivalent.ReplaceAllString(name, ""), "")
}

// contained finds the active ingredients in sentences. Of several equivalents of one amount it takes the first, where no other name is
// given.
func contained(composed string) []string {
	found, other := []string{}, ""
	composed = brackets.ReplaceAllString(clip(composed, maxJoined), " ")
	for _, part := range contains.Split(composed, -1)[1:] {
		if at := excipient.FindStringIndex(part); at != nil {
			part = part[:at[0]]
		}
		for _, m := range amountOf.FindAllStringSubmatch(part, -1) {
			name := strings.Join(strings.Fields(amountless(shape.ReplaceAllString(m[2], ""))), " ")
			switch {
			case vehicle.MatchString(name) || slices.Contains(idle, Plain(name)):
			case m[1] == "":
				found = append(found, name)
			case other == "":
				other = name
			}
		}
	}
	if len(found) == 0 && other != "" {
		found = append(found, other)
	}
	if len(found) == 0 {
		found = amounting(composed)
	}
	return found
}

// amounting finds the names in sentences that an amount follows.
func amounting(composed string) []string {
	found := []string{}
	for _, part := range contains.Split(composed, -1)[1:] {
		if at := excipient.FindStringIndex(part); at != nil {
			part = part[:at[0]]
		}
		for _, m := range beforeAmount.FindAllStringSubmatch(strings.TrimLeft(part, " :"), -1) {
			if name := strings.Join(strings.Fields(m[1]), " "); !vehicle.MatchString(name) && !contains.MatchString(name) && !slices.Contains(idle, Plain(name)) {
				found = append(found, name)
			}
		}
	}
	return found
}
