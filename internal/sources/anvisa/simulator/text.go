package simulator

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// order says which document is to be made.
type order struct {
	product  Product
	formula  formula
	version  version
	born     int       // the number of the first version since the portal began
	past     []version // newest first, for the history table
	audience Audience
	special  special // ordinary: nothing
	doc      docID
}

// maxPast bounds the rows of the history table.
const maxPast = 6

// newOrder copies what a document needs. The caller holds Portal.mu.
func newOrder(p *product, v int, a Audience) order {
	if p.twin != nil && v == p.born {
		return newOrder(p.twin, p.twin.born, a)
	}
	o := order{product: p.Product, formula: p.formula, version: p.version(v), born: p.born, audience: a, special: p.specialOf(v, a), doc: p.doc(v, a)}
	for n := v; n >= 0 && n > v-maxPast; n-- {
		o.past = append(o.past, p.version(n))
	}
	return o
}

// script is the text of one document.
type script struct {
	title    string
	maker    string
	code     string // stands in the head and foot of each page
	sections []Section
	history  [][]string // rows of the table of changes
}

// bothLeaflets is how rare documents with two leaflets in one file are: 2 of 31 real ones.
const bothLeaflets = 16

// twoForms reports whether the files of a product hold a leaflet for each of two forms.
func twoForms(product int) bool { return mix('b', uint64(product))%bothLeaflets == 0 }

// compose writes a document. Companies with one formula write much the same, as they do in truth; what is a product's own are its
// name, its numbers, a sentence here and there, and the expediente in its first section, so that no two documents read the same.
func compose(seed uint64, o order) script {
	r := draw(seed, 't', uint64(o.product.ID), mixText(o.version.expediente), mixText(string(o.audience)))
	s := script{title: o.product.Name, maker: o.product.Company,
		code: fmt.Sprintf("%s_v%d_%s", versionTag(o.audience), o.version.number+1, o.version.expediente)}
	s.sections = leafletSections(r, seed, o, o.formula.use.form+" de 500 mg")
	switch {
	case o.special == bundled:
		other := o
		other.audience = Professional
		s.sections = append(s.sections, leafletSections(r, seed, other, o.formula.use.form+" de 500 mg")...)
	case o.special == ordinary && twoForms(o.product.ID):
		s.sections = append(s.sections, leafletSections(r, seed, o, "gotas de 250 mg/mL")...)
	}
	s.history = changes(o)
	return s
}

// versionTag is how leaflets name their audience.
func versionTag(a Audience) string {
	if a == Patient {
		return "VP"
	}
	return "VPS"
}

// leafletSections writes one leaflet under the headings of RDC 47/2009.
func leafletSections(r *rand.Rand, seed uint64, o order, form string) []Section {
	list := []Section{{"I - IDENTIFICAÇÃO DO MEDICAMENTO", []string{
		o.product.Name,
		"APRESENTAÇÕES",
		fmt.Sprintf("Embalagens contendo %d unidades de %s.", 10+r.IntN(50), form),
		"USO ORAL",
		pick(r, []string{"USO ADULTO", "USO ADULTO E PEDIÁTRICO ACIMA DE 12 ANOS"}),
		"COMPOSIÇÃO",
		composition(r, o.formula),
	}}}
	title, numbered, topics := "II - INFORMAÇÕES AO PACIENTE", patientHeadings(), patientTopics()
	if o.audience == Professional {
		title, numbered, topics = "II - INFORMAÇÕES TÉCNICAS AOS PROFISSIONAIS DE SAÚDE", professionalHeadings(), professionalTopics()
	}
	list = append(list, Section{Heading: title})
	for i, heading := range numbered {
		list = append(list, Section{fmt.Sprintf("%d. %s", i+1, heading), paragraphs(seed, o, topics[i], i+1)})
	}
	registration := cmp.Or(o.product.Registration, "isento")
	if o.special == misprinted {
		registration = fmt.Sprintf("1%08d", mix('x', uint64(o.product.ID))%100_000_000)
	}
	return append(list, Section{legalHeading, []string{
		"Registro MS: " + registration,
		"Registrado por: " + o.product.Company,
		"CNPJ: " + o.product.CNPJ,
		"VENDA SOB PRESCRIÇÃO.",
		fmt.Sprintf("Esta bula foi aprovada pela ANVISA em %s.", o.version.published.Format("02/01/2006")),
	}})
}

// composition says how much of each ingredient is in a unit.
func composition(r *rand.Rand, f formula) string {
	parts := make([]string, len(f.actives))
	for i, active := range f.actives {
		parts[i] = fmt.Sprintf("%d mg de %s", 5+r.IntN(995), active)
	}
	return "Cada unidade contém " + strings.Join(parts, " e ") +
		". Excipientes: amido, celulose microcristalina, dióxido de silício, estearato de magnésio e água purificada."
}

const legalHeading = "III - DIZERES LEGAIS"

func patientHeadings() []string {
	return []string{"PARA QUE ESTE MEDICAMENTO É INDICADO?", "COMO ESTE MEDICAMENTO FUNCIONA?", "QUANDO NÃO DEVO USAR ESTE MEDICAMENTO?",
		"O QUE DEVO SABER ANTES DE USAR ESTE MEDICAMENTO?", "ONDE, COMO E POR QUANTO TEMPO POSSO GUARDAR ESTE MEDICAMENTO?",
		"COMO DEVO USAR ESTE MEDICAMENTO?", "O QUE DEVO FAZER QUANDO EU ME ESQUECER DE USAR ESTE MEDICAMENTO?",
		"QUAIS OS MALES QUE ESTE MEDICAMENTO PODE ME CAUSAR?",
		"O QUE FAZER SE ALGUÉM USAR UMA QUANTIDADE MAIOR DO QUE A INDICADA DESTE MEDICAMENTO?"}
}

func professionalHeadings() []string {
	return []string{"INDICAÇÕES", "RESULTADOS DE EFICÁCIA", "CARACTERÍSTICAS FARMACOLÓGICAS", "CONTRAINDICAÇÕES", "ADVERTÊNCIAS E PRECAUÇÕES",
		"INTERAÇÕES MEDICAMENTOSAS", "CUIDADOS DE ARMAZENAMENTO DO MEDICAMENTO", "POSOLOGIA E MODO DE USAR", "REAÇÕES ADVERSAS", "SUPERDOSE"}
}

// reactionTitles are those of the sections that hold the table of adverse reactions.
func reactionTitles() []string {
	return []string{"QUAIS OS MALES QUE ESTE MEDICAMENTO PODE ME CAUSAR?", "REAÇÕES ADVERSAS"}
}

// How a section is written.
const (
	wordings  = 3 // texts that a formula's leaflets come from: each company took one of them over
	perPart   = 3 // sentences in a paragraph, at most
	ownPhrase = 6 // one section in so many has a sentence of the product's own
)

// paragraphs writes a numbered section. Each version since the portal began has changed one of them.
func paragraphs(seed uint64, o order, about topic, item int) []string {
	key := []uint64{seed, 'w', o.formula.key(), mix('w', uint64(o.product.ID)) % wordings, mixText(string(o.audience)), uint64(item)}
	r := draw(key...)
	bank := phrases(about)
	dealt := r.Perm(len(bank))
	chosen, left := dealt[:len(dealt)*2/3], dealt[len(dealt)*2/3:]
	texts := make([]string, len(chosen))
	for i, at := range chosen {
		texts[i] = o.formula.phrase(bank[at], r)
	}
	again := func(parts ...uint64) {
		own := draw(append(parts, seed, uint64(o.product.ID), mixText(string(o.audience)), uint64(item))...)
		texts[own.IntN(len(texts))] = o.formula.phrase(bank[pick(own, left)], own)
	}
	if mix('o', uint64(o.product.ID), mixText(string(o.audience)), uint64(item))%ownPhrase == 0 {
		again('o')
	}
	for v := o.born + 1; v <= o.version.number; v++ {
		if changedItem(v) == item {
			again('v', uint64(v))
		}
	}
	var list []string
	if item == 1 {
		list = append(list, fmt.Sprintf("O uso de %s é descrito nesta bula conforme o expediente %s.", o.product.Name, slashed(o.version.expediente)))
	}
	for len(texts) > 0 {
		n := min(len(texts), perPart)
		list = append(list, strings.Join(texts[:n], " "))
		texts = texts[n:]
	}
	if item == 3 { // such references look like headings to a careless reader
		list = append(list, crossReference(o.audience))
	}
	return list
}

// changedItem is the number of the section that a version changed: one that tells of the product itself.
func changedItem(version int) int { return []int{4, 6, 8, 3}[version%4] }

func crossReference(a Audience) string {
	if a == Patient {
		return "Informe seu médico sobre qualquer reação (ver item 8. QUAIS OS MALES QUE ESTE MEDICAMENTO PODE ME CAUSAR?)."
	}
	return "A dose deve ser ajustada em pacientes com histórico de angioedema (ver item 8. POSOLOGIA E MODO DE USAR)."
}

// frequencies is the table of adverse reactions: its first row is its head.
func frequencies(u use) [][]string {
	common := strings.Split(u.reactions, ", ")
	return [][]string{
		{"Frequência", "Reação adversa"},
		{"Comum (> 1/100 e < 1/10)", common[0] + ", cefaleia"},
		{"Incomum (> 1/1.000 e < 1/100)", strings.Join(common[1:], ", ")},
		{"Rara (> 1/10.000 e < 1/1.000)", "angioedema, icterícia"},
	}
}

// changes is the table of changes with its ten columns: like the real ones it quotes the titles of sections.
func changes(o order) [][]string {
	tag := versionTag(o.audience)
	items := "4. O QUE DEVO SABER ANTES DE USAR ESTE MEDICAMENTO? III - DIZERES LEGAIS"
	if o.audience == Professional {
		items = "4. CONTRAINDICAÇÕES 9. REAÇÕES ADVERSAS III - DIZERES LEGAIS"
	}
	rows := [][]string{{"Data do expediente", "Nº do expediente", "Assunto", "Data do expediente", "Nº do expediente", "Assunto",
		"Data de aprovação", "Itens de bula", "Versões (VP/VPS)", "Apresentações relacionadas"}}
	for _, v := range o.past {
		subject, changed := "10452 - GENÉRICO - Notificação de Alteração de Texto de Bula - RDC 60/12", items
		if v.number == 0 {
			subject, changed = "10459 - GENÉRICO - Inclusão Inicial de Texto de Bula - RDC 60/12", "Todos os itens"
		}
		rows = append(rows, []string{date(v.published), slashed(v.expediente), subject, date(v.published), slashed(v.expediente), subject,
			date(v.published), changed, tag, "500 mg comprimidos"})
	}
	return rows
}

func date(t time.Time) string { return t.Format("02/01/2006") }

// slashed writes an expediente as leaflets do: 2879439/20-7.
func slashed(expediente string) string {
	if len(expediente) != 10 {
		return expediente
	}
	return expediente[:7] + "/" + expediente[7:9] + "-" + expediente[9:]
}
