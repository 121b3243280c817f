package leaflet

import (
	"regexp"
	"slices"
	"strings"
)

// Metadata is what a leaflet says of its medicine. "" or an empty list is what was not found: nothing is guessed.
type Metadata struct {
	Product      string   `json:"product"`       // its name, as first printed
	Ingredients  []string `json:"ingredients"`   // active ones, as the composition lists them
	Form         string   `json:"form"`          // "comprimido revestido", in small letters
	Strengths    []string `json:"strengths"`     // "250 mg/5 mL", each once
	Routes       []string `json:"routes"`        // "oral", in small letters
	Use          string   `json:"use"`           // "USO ADULTO E PEDIÁTRICO ACIMA DE 12 ANOS", as printed
	Adult        bool     `json:"adult"`         // use says so
	Paediatric   bool     `json:"paediatric"`    // use says so
	Maker        string   `json:"maker"`         // who holds the registration, or else makes it
	Registration string   `json:"registration"`  // at the ministry: "1.0583.1009", the presentation's digits left out
	Version      string   `json:"version"`       // the maker's code of this text: "bula-prof-049659-GER-v0"
	ApprovedOn   string   `json:"approved_on"`   // "2021-04-12": when Anvisa approved the standard this follows
	RunningHeads []string `json:"running_heads"` // lines that repeated on the pages and are not in the text
}

var (
	generic    = regexp.MustCompile(`(?i)^[“"']?(?:medicamento|nome gen[ée]rico|forma farmac|modelo de bula|bula|profissionais|informa|lei |[0-9]+$)`)
	ingredient = regexp.MustCompile(`^([^.]*?[\p{L})*]) ?\*{0,3}\s*\.{4,}\s*([0-9][0-9.,]*\s*[\p{L}µ%]+)`)
	vehicle    = regexp.MustCompile(`(?i)excip|ve[íi]culo|q\.?\s*s\.?\s*p|dilu?ente|[áa]gua`)
	equivalent = regexp.MustCompile(`\s*\(.*$`)
	strength   = regexp.MustCompile(`(?i)\b([0-9]+(?:[.,][0-9]+)*)\s*(mg|mcg|µg|g|ui|u\.i\.|meq|mmol|%)(?:\s*/\s*([0-9]+(?:[.,][0-9]+)?)?\s*(ml|mg|g|dose|acionamento|gota|comprimido|cápsula|h)\b)?`)
	form       = regexp.MustCompile(`(?i)\b(?:comprimidos?|cápsulas?|drágeas?|solução|suspensão|emulsão|pó(?:\s+liofilizado|\s+liófilo)?|creme|pomada|gel|xarope|elixir|loção|xampu|pastilhas?|` +
		`supositórios?|óvulos?|granulado|colírio|adesivos?|implante|espuma|aerossol|spray|pasta|gotas)` +
		`(?:\s+(?:revestid[oa]s?|gelatinosas?|moles?|duras?|dispersíve(?:l|is)|efervescentes?|mastigáve(?:l|is)|orodispersíve(?:l|is)|sublingua(?:l|is)|de\s+(?:liberação|desintegração|ação)\s+\p{L}+|` +
		`ora(?:l|is)|injetáve(?:l|is)|oftálmic[oa]|otológic[oa]|nasa(?:l|is)|tópic[oa]|dermatológic[oa]|vagina(?:l|is)|retal|spray|para\s+(?:suspensão|solução|infusão|inalação|diluição|uso)|transdérmicos?|gotas))*`)
	route = regexp.MustCompile(`(?i)\b(?:uso|vias?(?:\s+de\s+administração)?)\s*:?\s+((?:(?:oral|nasal|bucal|sublingual|intraveno[\p{L}]+|endoveno[\p{L}]+|intramuscular|subcutâne[oa]|tópic[oa]|oftálmic[oa]|` +
		`otológic[oa]|vaginal|retal|inalatóri[oa]|inalação|dermatológic[oa]|cutâne[oa]|transdérmic[oa]|intra-?articular|epidural|peridural|intratecal|intravítre[oa]|intradérmic[oa]|parenteral|injetável|extern[oa])(?:\s*(?:,|/|e|ou|\+)\s*|\s*))+)`)
	routes = regexp.MustCompile(`[\p{L}-]{4,}`)
	use    = regexp.MustCompile(`(?i)\buso\s+(?:exclusivo\s+)?(?:adulto|pediátrico|em adultos|em crianças)[^•\n]*`)
	holder = regexp.MustCompile(`(?i)^(?:registrado|registro de titularidade)[^:\n]{0,60}por:?\s*(.*)$`)
	madeBy = regexp.MustCompile(`(?i)^(?:fabricado|produzido|importado|comercializado)[^:\n]{0,60}por:?\s*(.*)$`)
	firm   = regexp.MustCompile(`(?i)\b(?:ltda|s[./]?\s?a\.?|s\.\s?a|farmacêutic[ao]|laboratórios?|indústria química|pharma|inc|gmbh)\b`)
	// The number of a registration has thirteen digits, of which the last four are the presentation's and often left out.
	registration = regexp.MustCompile(`\b([1-9])\.?([0-9]{4})\.?([0-9]{4})(?:[.\-/ ]?[0-9]{3}[.\-]?[0-9])?\b`)
	versionCode  = regexp.MustCompile(`(?i)\b(?:bula[-_][\w-]*v\d+|[a-z]{2,6}[-_ ]?(?:vps?|v)\d{1,3}(?:[-_]\d+)?|vps?[-_]?\d{2,3}|rev(?:is[ãa]o)?\.?\s*[0-9]{1,3}|vers[ãa]o\s+[0-9.]+)\b`)
	approved     = regexp.MustCompile(`(?i)aprovad[ao]\s+(?:pela\s+anvisa\s+)?(?:em|\()\s*:?\s*([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})`)
)

// metadata reads what leaflet l says of its medicine: on its cover and in the parts before the numbered ones, and in its
// legal notices.
func (d document) metadata(l Leaflet) Metadata {
	front, legalText, composed := d.parts(l)
	m := Metadata{RunningHeads: append([]string{}, d.running...), Ingredients: []string{}, Strengths: []string{}, Routes: []string{}}
	m.Product = product(l, front)
	m.Ingredients = ingredients(composed)
	m.Form = strings.ToLower(strings.Join(strings.Fields(form.FindString(strings.Join(front, " "))), " "))
	for _, s := range strength.FindAllStringSubmatch(strings.Join(without(front, composed), "\n"), -1) {
		m.Strengths = once(m.Strengths, amount(s))
	}
	for _, found := range route.FindAllStringSubmatch(strings.Join(front, "\n"), -1) {
		for _, r := range routes.FindAllString(strings.ToLower(found[1]), -1) {
			m.Routes = once(m.Routes, r)
		}
	}
	m.Use = strings.TrimSpace(use.FindString(strings.Join(front, "\n")))
	audience := words(m.Use)
	m.Adult, m.Paediatric = strings.Contains(audience, "adulto"), strings.Contains(audience, "pediatric") || strings.Contains(audience, "crianca")
	m.Maker = maker(legalText, front)
	if n := registration.FindStringSubmatch(strings.Join(legalText, "\n")); n != nil {
		m.Registration = n[1] + "." + n[2] + "." + n[3]
	}
	m.Version = version(append(slices.Clone(d.running), legalText...))
	if a := approved.FindStringSubmatch(strings.Join(legalText, " ")); a != nil {
		m.ApprovedOn = a[3] + "-" + pad(a[2]) + "-" + pad(a[1])
	}
	return m
}

// maxFrontLines bounds what is read before the first numbered section.
const maxFrontLines = 200

// parts gives the lines of l before its first numbered section, of its legal notices, and of its composition.
func (d document) parts(l Leaflet) (front, legalText, composed []string) {
	end := l.End
	for _, s := range l.Sections {
		switch {
		case s.Number > 0:
			end = min(end, s.Start)
		case s.ID == legal:
			legalText = strings.Split(s.Text, "\n")
		case s.ID == composition:
			composed = strings.Split(s.Text, "\n")
		}
	}
	front = strings.Split(d.text[l.Start:max(l.Start, end)], "\n")
	return front[:min(len(front), maxFrontLines)], legalText, composed
}

// product is the first line of the identification, or of the cover, that is a name.
func product(l Leaflet, front []string) string {
	var candidates []string
	for _, s := range l.Sections {
		if s.ID == identification {
			candidates = strings.Split(s.Text, "\n")
		}
	}
	for _, line := range append(candidates, front...) {
		if line = strings.TrimSpace(line); line != "" && len(line) <= maxCoverLine && !generic.MatchString(line) && !landmark.MatchString(words(line)) {
			return line
		}
	}
	return ""
}

// ingredients are what the composition gives an amount of after a row of dots, but for what they are dissolved in.
func ingredients(composed []string) []string {
	found := []string{}
	for _, line := range composed {
		m := ingredient.FindStringSubmatch(clip(line, maxMended))
		if m == nil || vehicle.MatchString(line) {
			continue
		}
		name := strings.Trim(equivalent.ReplaceAllString(m[1], ""), " *")
		if name != "" {
			found = once(found, name)
		}
	}
	return found
}

// amount writes a strength the same way however it is printed.
func amount(m []string) string {
	s := m[1] + " " + m[2]
	if m[4] == "" {
		return s
	}
	s += "/"
	if m[3] != "" {
		s += m[3] + " "
	}
	return s + m[4]
}

// maker is who holds the registration, else who makes the medicine, else the first firm named.
func maker(legalText, front []string) string {
	for _, by := range []*regexp.Regexp{holder, madeBy} {
		for i, line := range legalText {
			if m := by.FindStringSubmatch(line); m != nil {
				if m[1] == "" && i+1 < len(legalText) {
					return legalText[i+1]
				}
				return m[1]
			}
		}
	}
	for _, line := range append(slices.Clone(legalText), front...) {
		if len(line) <= maxCoverLine && firm.MatchString(line) {
			return line
		}
	}
	return ""
}

// version is the last code of a version in lines: it stands at the end of the notices.
func version(lines []string) string {
	for _, line := range slices.Backward(lines) {
		if v := versionCode.FindString(clip(line, maxTitle)); v != "" {
			return v
		}
	}
	return ""
}

func once(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// without gives lines but those of others.
func without(lines, others []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return slices.Contains(others, l) })
}

func pad(s string) string { return strings.Repeat("0", 2-len(s)) + s }
