package leaflet

import (
	"slices"
	"strings"
)

// makers are the words before the name of a company. The likeliest holder of the registration is first: the one that registered or
// imports the medicine. The manufacturer comes after the company whose CNPJ is printed, because it may be abroad.
var (
	holders = [...]*expression{
		newExpression(`(?i)\b(?:registrad[oa]|registro de titularidade)\b[^:\n]{0,60}p(?:or|ela|elo)\b\s*:?\s*(.*)$`),
		newExpression(`(?i)^importad[oa]\b[^:\n]{0,60}p(?:or|ela|elo)\b\s*:?\s*(.*)$`),
	}
	madeBy    = newExpression(`(?i)^(?:fabricad|produzid|comercializad|distribu[ií]d)[oa]\b[^:\n]{0,60}p(?:or|ela|elo)\b\s*:?\s*(.*)$`)
	firm      = newExpression(`(?i)(?:^|[^\p{L}])(?:ltda|limitada|s\s?[./]?\s?a|farmac[êe]utic[ao]s?|laborat[óo]rios?|ind[úu]stria\s+(?:qu[íi]mica|e)|pharma|inc|gmbh|fundação|instituto)(?:[^\p{L}]|$)`)
	legalForm = newExpression(`(?i)(?:^|[^\p{L}])(?:ltda|s\s?[./]?\s?a)\.?\s*$`)
	// noFirm matches a line with the words of a company that does not name one: the pharmacist, the sale, an address.
	noFirm    = newExpression(`(?i)respons[áa]ve|\bresp\b|\bcrf\b|\bvenda\b|\buso\b|\bsac\b|@|www\.|\bcep\b|c\.?n\.?p\.?j|forma farmac|^ou\b|^(?:ind[úu]stria brasileira|sa[úu]de)\b|\bpor\s*:`)
	cnpj      = newExpression(`\b([0-9]{2})\.?([0-9]{3})\.?([0-9]{3})\s*/\s*([0-9]{4})\s*[-–]\s*([0-9]{2})\b`)
	afterCNPJ = newExpression(`(?i)[\s-–,]*(?:c\.?n\.?p\.?j\.?.*|[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}\s*/.*)$`)
)

// nearFirm is how many lines below the name of a company its CNPJ is searched for, and how many lines above the CNPJ the name.
const nearFirm = 6

// maker returns the holder of the registration that the notices name, with its CNPJ; else the company whose CNPJ is printed, the
// manufacturer, or the first company named.
func maker(legalText, front []string) (name, number string) {
	for _, by := range holders {
		if name, at := named(legalText, by); name != "" {
			return name, numberBelow(legalText, at)
		}
	}
	if name, number := besideNumber(legalText); name != "" {
		return name, number
	}
	if name, at := named(legalText, madeBy); name != "" {
		return name, numberBelow(legalText, at)
	}
	for _, lines := range [][]string{legalText, front} {
		for i, line := range lines {
			if isFirm(line) {
				return whole(line, lines[i+1:]), numberBelow(legalText, 0)
			}
		}
	}
	return "", numberBelow(legalText, 0)
}

// named finds the company after the words of by, on the same line or the next, and the line of its name.
func named(lines []string, by *expression) (string, int) {
	for i, line := range lines {
		m := by.FindStringSubmatch(clip(line, maxTitle))
		if m == nil {
			continue
		}
		at, name := i, m[1]
		if name == "" {
			if at++; at == len(lines) {
				break
			}
			name = lines[at]
		}
		if len(name) <= maxCoverLine && !noFirm.MatchString(name) {
			return whole(name, lines[at+1:]), at
		}
	}
	return "", 0
}

// besideNumber finds the first CNPJ, and the name of its company above it or on its line.
func besideNumber(lines []string) (name, number string) {
	for i, line := range lines {
		number := validCNPJ(line)
		if number == "" {
			continue
		}
		if rest := strings.Trim(afterCNPJ.ReplaceAllString(clip(line, maxTitle), ""), " -–:,"); isFirm(rest) {
			return rest, number
		}
		for j := i - 1; j >= max(0, i-nearFirm); j-- {
			if isFirm(lines[j]) {
				if j > 0 && isFirm(lines[j-1]) && !legalForm.MatchString(lines[j-1]) {
					j--
				}
				return whole(lines[j], lines[j+1:]), number
			}
		}
	}
	return "", ""
}

// isFirm reports whether a line looks like the name of a company.
func isFirm(line string) bool {
	return len(line) <= maxCoverLine && firm.MatchString(line) && !noFirm.MatchString(line)
}

// whole completes the name of a company that continues on the first of the lines below.
func whole(name string, below []string) string {
	name = strings.TrimSpace(name)
	if len(below) > 0 && !legalForm.MatchString(name) && len(below[0]) <= maxCoverLine/2 && legalForm.MatchString(below[0]) && !noFirm.MatchString(below[0]) {
		name += " " + strings.TrimSpace(below[0])
	}
	return name
}

// numberBelow returns the first CNPJ on lines from i on, or else on any line.
func numberBelow(lines []string, i int) string {
	for _, line := range append(slices.Clone(lines[i:]), lines[:i]...) {
		if number := validCNPJ(line); number != "" {
			return number
		}
	}
	return ""
}

// validCNPJ returns the CNPJ on a line if its check digits are correct: "17.159.229/0001-76".
func validCNPJ(line string) string {
	m := cnpj.FindStringSubmatch(clip(line, maxJoined))
	if m == nil {
		return ""
	}
	digits := strings.Join(m[1:], "")
	for at := 12; at < 14; at++ {
		sum, weight := 0, 2
		for i := at - 1; i >= 0; i-- {
			sum += int(digits[i]-'0') * weight
			if weight++; weight > 9 {
				weight = 2
			}
		}
		if check := (11 - sum%11) % 11 % 10; int(digits[at]-'0') != check {
			return ""
		}
	}
	return m[1] + "." + m[2] + "." + m[3] + "/" + m[4] + "-" + m[5]
}
