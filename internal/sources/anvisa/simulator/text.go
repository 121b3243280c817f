package simulator

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// order says which document is to be made.
type order struct {
	product  Product
	version  version
	past     []version // newest first, for the history table
	audience Audience
	doc      docID
}

// maxPast bounds the rows of the history table.
const maxPast = 6

// newOrder copies what a document needs. The caller holds Portal.mu.
func newOrder(p *product, v int, a Audience) order {
	o := order{product: p.Product, version: p.version(v), audience: a, doc: p.doc(v, a)}
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

// compose writes a document. Each paragraph holds a number of its document, so that no two documents read the same.
func compose(seed uint64, o order) script {
	r := draw(seed, 't', uint64(o.product.ID), mixText(o.version.expediente), mixText(string(o.audience)))
	s := script{title: o.product.Name, maker: o.product.Company,
		code: fmt.Sprintf("%s_v%d_%s", versionTag(o.audience), o.version.number+1, o.version.expediente)}
	s.sections = leafletSections(r, o, "comprimidos de 500 mg")
	if mix('b', uint64(o.product.ID))%bothLeaflets == 0 {
		s.sections = append(s.sections, leafletSections(r, o, "solução oral de 250 mg/mL")...)
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
func leafletSections(r *rand.Rand, o order, form string) []Section {
	active := activeOf(o.product.ID)
	list := []Section{{"I - IDENTIFICAÇÃO DO MEDICAMENTO", []string{
		o.product.Name,
		"APRESENTAÇÕES",
		fmt.Sprintf("Embalagens contendo %d unidades de %s.", 10+r.IntN(50), form),
		"USO ORAL",
		pick(r, []string{"USO ADULTO", "USO ADULTO E PEDIÁTRICO ACIMA DE 12 ANOS"}),
		"COMPOSIÇÃO",
		fmt.Sprintf("Cada unidade contém %d mg de %s. Excipientes: amido, celulose microcristalina, dióxido de silício, estearato de magnésio e água purificada.", 5+r.IntN(995), active),
	}}}
	title, numbered := "II - INFORMAÇÕES AO PACIENTE", patientHeadings()
	if o.audience == Professional {
		title, numbered = "II - INFORMAÇÕES TÉCNICAS AOS PROFISSIONAIS DE SAÚDE", professionalHeadings()
	}
	list = append(list, Section{Heading: title})
	for i, heading := range numbered {
		list = append(list, Section{fmt.Sprintf("%d. %s", i+1, heading), paragraphs(r, o, active, i+1)})
	}
	registration := o.product.Registration
	if registration == "" {
		registration = "isento"
	}
	return append(list, Section{"III - DIZERES LEGAIS", []string{
		"Registro MS: " + registration,
		"Registrado por: " + o.product.Company,
		"CNPJ: " + o.product.CNPJ,
		"VENDA SOB PRESCRIÇÃO.",
		fmt.Sprintf("Esta bula foi aprovada pela ANVISA em %s.", o.version.published.Format("02/01/2006")),
	}})
}

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

// reactionsItem is the number of the section that holds the table of adverse reactions.
func reactionsItem(a Audience) string {
	if a == Patient {
		return "8. "
	}
	return "9. "
}

func paragraphs(r *rand.Rand, o order, active string, item int) []string {
	name := o.product.Name
	list := []string{fmt.Sprintf("O uso de %s (%s) é descrito neste item %d conforme o expediente %s.", name, active, item, slashed(o.version.expediente))}
	for range 2 + r.IntN(3) {
		list = append(list, strings.NewReplacer("{ativo}", active, "{n}", fmt.Sprint(2+r.IntN(96))).Replace(
			pick(r, sentences())+" "+pick(r, sentences())+" "+pick(r, sentences())))
	}
	if item == 3 { // such references look like headings to a careless reader
		list = append(list, crossReference(o.audience))
	}
	return list
}

func crossReference(a Audience) string {
	if a == Patient {
		return "Informe seu médico sobre qualquer reação (ver item 8. QUAIS OS MALES QUE ESTE MEDICAMENTO PODE ME CAUSAR?)."
	}
	return "A dose deve ser ajustada em pacientes com histórico de angioedema (ver item 8. POSOLOGIA E MODO DE USAR)."
}

func sentences() []string {
	return []string{
		"A ação de {ativo} começa cerca de {n} minutos após a administração.",
		"Em estudo clínico com {n} voluntários, a resposta foi mantida durante todo o período de observação.",
		"Não há dados suficientes sobre a utilização durante a gravidez e a lactação.",
		"Pacientes com insuficiência hepática ou renal devem ser acompanhados a cada {n} dias.",
		"Mantenha em temperatura ambiente (entre 15 °C e 30 °C), protegido da luz e da umidade.",
		"Número de lote e datas de fabricação e validade: vide embalagem.",
		"Não use medicamento com o prazo de validade vencido; guarde-o em sua embalagem original.",
		"Todo medicamento deve ser mantido fora do alcance das crianças.",
		"Siga a orientação de seu médico, respeitando sempre os horários, as doses e a duração do tratamento.",
		"Informe ao seu médico ou cirurgião-dentista se você está fazendo uso de algum outro medicamento.",
		"A concentração plasmática máxima é atingida entre {n} e 98 minutos, e a meia-vida é de {n} horas.",
		"A coadministração com anticoagulantes pode elevar o risco de sangramento em até {n}%.",
		"Este medicamento é contraindicado em caso de hipersensibilidade a {ativo} ou a qualquer componente da fórmula.",
		"Em caso de dúvidas, procure orientação do farmacêutico; não interrompa o tratamento sem o conhecimento do médico.",
		"Reações muito comuns (> 10%) foram observadas em {n} de cada 1.000 pacientes tratados.",
		"Se você precisar de mais orientações, ligue para 0800 722 6001.",
	}
}

// reactions is the table of adverse reactions: its first row is its head.
func reactions() [][]string {
	return [][]string{
		{"Frequência", "Reação adversa"},
		{"Comum (> 1/100 e < 1/10)", "cefaleia, náusea, sonolência"},
		{"Incomum (> 1/1.000 e < 1/100)", "erupção cutânea, tontura"},
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
