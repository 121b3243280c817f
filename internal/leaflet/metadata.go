package leaflet

import (
	"slices"
	"strconv"
	"strings"
)

// Metadata is what a leaflet says about its medicine. A value that was not found is "" or an empty list; nothing is guessed.
type Metadata struct {
	Product      string   `json:"product"`       // its name, as first printed
	Ingredients  []string `json:"ingredients"`   // active ingredients, as listed in the composition
	Form         string   `json:"form"`          // "comprimido revestido", in lower case
	Strengths    []string `json:"strengths"`     // "250 mg/5 mL", each once
	Routes       []string `json:"routes"`        // "oral", in lower case
	Use          string   `json:"use"`           // "USO ADULTO E PEDIÁTRICO ACIMA DE 12 ANOS", as printed
	Adult        bool     `json:"adult"`         // according to Use
	Paediatric   bool     `json:"paediatric"`    // according to Use
	Maker        string   `json:"maker"`         // the holder of the registration, or else the manufacturer
	CNPJ         string   `json:"cnpj"`          // of the maker, "17.159.229/0001-76", with correct check digits
	Registration string   `json:"registration"`  // at the ministry: "1.0583.1009", without the digits of the presentation
	Version      string   `json:"version"`       // the maker's code of this text: "bula-prof-049659-GER-v0"
	ApprovedOn   string   `json:"approved_on"`   // "2021-04-12": when Anvisa approved the standard this follows
	RunningHeads []string `json:"running_heads"` // lines that repeat on its pages and are not in the text
}

var (
	generic = newExpression(`(?i)^[“"']?(?:medicamento|nome gen[ée]rico|forma farmac|modelo de bula|bula|profissionais|informa|lei |institucional|minist[ée]rio|(?:uso|venda|via)\s|` +
		`[0-9]+\s*(?:mm\b|/|$))`) // an audience, a notice, a printer's measure, half of a date
	strength = newExpression(`(?i)\b([0-9]+(?:[.,][0-9]+)*)\s*(mg|mcg|µg|microgramas?|g|ui|u\.i\.|u\b|meq|mmol|%)(?:\s*/\s*([0-9]+(?:[.,][0-9]+)?)?\s*(ml|mg|g|dose|acionamento|gota|comprimido|cápsula|h)\b)?`)
	form     = newExpression(`(?i)\b(?:comprimidos?|cápsulas?|drágeas?|solução|suspensão|emulsão|pó(?:\s+liofilizado|\s+liófilo)?|creme|pomada|gel|xarope|elixir|loção|xampu|pastilhas?|` +
		`supositórios?|óvulos?|granulado|colírio|adesivos?|implante|espuma|aerossol|spray|pasta|gotas)` +
		`(?:\s+(?:revestid[oa]s?|gelatinosas?|moles?|duras?|dispersíve(?:l|is)|efervescentes?|mastigáve(?:l|is)|orodispersíve(?:l|is)|sublingua(?:l|is)|de\s+(?:liberação|desintegração|ação)\s+\p{L}+|` +
		`ora(?:l|is)|injetáve(?:l|is)|oftálmic[oa]|otológic[oa]|nasa(?:l|is)|tópic[oa]|dermatológic[oa]|vagina(?:l|is)|retal|spray|para\s+(?:suspensão|solução|infusão|inalação|diluição|uso)|transdérmicos?|gotas))*`)
	route = newExpression(`(?im)(?:\buso|\b(?:vias?|forma)\s+de\s+admi(?:ni)?stração|^administração|\bvias?)\s*:?\s+(?:via\s+)?(?:(?:exclusivo\s+)?por\s+)?(?:infusão\s+)?((?:(?:oral|ocular|` +
		`intravaginal|intracavernosa|subdérmic[oa]|nasal|bucal|sublingual|intraveno[\p{L}]+|endoveno[\p{L}]+|intramuscular|subcutâne[oa]|tópic[oa]|oftálmic[oa]|` +
		`otológic[oa]|vaginal|retal|inalatóri[oa]|inalação|dermatológic[oa]|cutâne[oa]|transdérmic[oa]|intra-?articular|epidural|peridural|intratecal|intravítre[oa]|intradérmic[oa]|parenteral|injetável|extern[oa])(?:\s*(?:,|/|e|ou|\+)\s*|\s*))+)`)
	routes = newExpression(`[\p{L}-]{4,}`)
	use    = newExpression(`(?i)\buso\s+(?:exclusivo\s+)?(?:adulto|pediátrico|em adultos|em crianças)[^•\n]*`)
	useEnd = newExpression(`(?i)[\s,;./–-]*\b(?:uso|via)\s+\p{L}.*$`)
	// The number of a registration has thirteen digits. The last four are those of the presentation, and often omitted.
	registration = newExpression(`\b([1-9])(?:\.\s?)?([0-9]{4})(?:\.\s?)?([0-9]{4})(?:[.\-/ ]?[0-9]{3}[.\-]?[0-9])?\b`)
	approved     = newExpression(`(?i)(?:aprovad|publicad)[ao]\s+(?:pela\s+anvisa\s+)?(?:em\b)?[\s:(]*([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})`)
	approvedLong = newExpression(`(?i)(?:aprovad|publicad)[ao]\s+(?:pela\s+anvisa\s+)?(?:em\b)?[\s:(]*([0-9]{1,2})[ºo°]?\s+de\s+(\p{L}{4,9})\s+de\s+([0-9]{4})`)
	brand        = newExpression(`\p{Lu}[\p{L}0-9-]+\s?®`)
	label        = newExpression(`(?i)^(?:nome\s+(?:comercial|do\s+(?:medicamento|produto))|produto|marca)\s*:\s*`)
)

// months are the folded names of months.
var months = [...]string{"janeiro", "fevereiro", "marco", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"}

// metadata reads what leaflet l says about its medicine: on its cover, in the parts before the numbered ones, and in its legal
// notices.
func (d document) metadata(l Leaflet, heads []string) Metadata {
	front, legalText, composed := d.parts(l)
	m := Metadata{RunningHeads: heads, Ingredients: []string{}, Strengths: []string{}, Routes: []string{}}
	if m.Product = product(d.above(l), front); m.Product == "" {
		m.Product = branded(l)
	}
	m.Ingredients = ingredients(composed)
	m.Form = strings.ToLower(strings.Join(strings.Fields(form.FindString(strings.Join(front, " "))), " "))
	for _, s := range strength.FindAllStringSubmatch(strings.Join(without(front, composed), "\n"), -1) {
		m.Strengths = append(m.Strengths, amount(s))
	}
	m.Strengths = once(m.Strengths)
	for _, found := range route.FindAllStringSubmatch(strings.Join(front, "\n"), -1) {
		m.Routes = append(m.Routes, routes.FindAllString(strings.ToLower(found[1]), -1)...)
	}
	m.Routes = once(m.Routes)
	d.work.add(len(front) + len(composed) + len(legalText) + len(heads))
	if printed := use.FindString(strings.Join(front, "\n")); printed != "" {
		m.Use = strings.TrimSpace(printed[:3] + useEnd.ReplaceAllString(printed[3:], ""))
	}
	audience := Plain(m.Use)
	m.Adult, m.Paediatric = strings.Contains(audience, "adulto"), strings.Contains(audience, "pediatric") || strings.Contains(audience, "crianca")
	m.Maker, m.CNPJ = maker(legalText, front)
	if n := registration.FindStringSubmatch(strings.Join(legalText, "\n")); n != nil {
		m.Registration = n[1] + "." + n[2] + "." + n[3]
	}
	m.Version = version(slices.Concat(heads, legalText))
	m.ApprovedOn = approvedOn(strings.Join(legalText, " "))
	return m
}

// maxFrontLines limits the lines that are read before the first numbered section.
const maxFrontLines = 200

// parts returns the lines of l before its first numbered section, of its legal notices, and of its composition.
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

// above returns the lines that may name the product, the likeliest first: of the identification, and of the cover up to the
// presentation.
func (d document) above(l Leaflet) []string {
	end, identified := l.End, ""
	for _, s := range l.Sections {
		switch {
		case s.ID == identification:
			identified = s.Text
		case s.ID == presentation, s.ID == composition, s.Number > 0:
			end = min(end, s.Start)
		}
	}
	lines := append(strings.Split(identified, "\n"), strings.Split(d.text[l.Start:max(l.Start, end)], "\n")...)
	return lines[:min(len(lines), maxFrontLines)]
}

// approvedOn returns the day on which Anvisa approved the text: "2021-04-12".
func approvedOn(legalText string) string {
	if a := approved.FindStringSubmatch(legalText); a != nil {
		return a[3] + "-" + pad(a[2]) + "-" + pad(a[1])
	}
	if a := approvedLong.FindStringSubmatch(legalText); a != nil {
		if month := slices.Index(months[:], fold(a[2])) + 1; month > 0 {
			return a[3] + "-" + pad(strconv.Itoa(month)) + "-" + pad(a[1])
		}
	}
	return ""
}

// units maps units of strengths in lower case to their usual spelling.
var units = map[string]string{"ml": "mL", "ui": "UI", "u.i.": "UI", "meq": "mEq", "µg": "mcg", "micrograma": "mcg", "microgramas": "mcg", "u": "U"}

func unit(printed string) string {
	small := strings.ToLower(printed)
	if u, ok := units[small]; ok {
		return u
	}
	return small
}

// amount normalises a strength.
func amount(m []string) string {
	s := m[1] + " " + unit(m[2])
	if m[4] == "" {
		return s
	}
	s += "/"
	if m[3] != "" {
		s += m[3] + " "
	}
	return s + unit(m[4])
}

// once returns the distinct values of list, in order.
func once(list []string) []string {
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(s string) bool {
		met := seen[s]
		seen[s] = true
		return met
	})
}

// without returns lines that are not in others.
func without(lines, others []string) []string {
	among := make(map[string]bool, len(others))
	for _, l := range others {
		among[l] = true
	}
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return among[l] })
}

func pad(s string) string { return strings.Repeat("0", 2-len(s)) + s }
