package leaflet

import (
	"fmt"
	"strings"
)

// SectionInfo describes a part that RDC 47/2009 requires.
type SectionInfo struct {
	ID     string // "identification", "patient.4", "professional.10", "legal"
	Number int    // 0 for parts without a number
	Title  string // as the rule prints it
}

// The IDs of the parts without a number.
const (
	identification = "identification"
	presentation   = "presentation"
	composition    = "composition"
	information    = "information"
	legal          = "legal"
	history        = "history"
)

// Sections lists the parts of a leaflet for a, in order. Those without a number are "identification", "presentation", "composition",
// "information" (the title above the numbered ones, usually without text) and "legal". A leaflet for [Other] has no numbered parts.
func Sections(a Audience) []SectionInfo {
	infos := []SectionInfo{
		{ID: identification, Title: "IDENTIFICAÇÃO DO MEDICAMENTO"},
		{ID: presentation, Title: "APRESENTAÇÕES"},
		{ID: composition, Title: "COMPOSIÇÃO"},
	}
	titles := titlesOf(a)
	switch a {
	case Patient:
		infos = append(infos, SectionInfo{ID: information, Title: "INFORMAÇÕES AO PACIENTE"})
	case Professional:
		infos = append(infos, SectionInfo{ID: information, Title: "INFORMAÇÕES TÉCNICAS AOS PROFISSIONAIS DE SAÚDE"})
	}
	for i, names := range titles {
		infos = append(infos, SectionInfo{ID: fmt.Sprintf("%s.%d", a, i+1), Number: i + 1, Title: names[0]})
	}
	return append(infos, SectionInfo{ID: legal, Title: "DIZERES LEGAIS"})
}

// titlesOf returns the titles of the numbered parts: those of the rule first, then others in use.
func titlesOf(a Audience) [][]string {
	switch a {
	case Patient:
		return [][]string{
			{"PARA QUE ESTE MEDICAMENTO É INDICADO?"},
			{"COMO ESTE MEDICAMENTO FUNCIONA?"},
			{"QUANDO NÃO DEVO USAR ESTE MEDICAMENTO?"},
			{"O QUE DEVO SABER ANTES DE USAR ESTE MEDICAMENTO?"},
			{"ONDE, COMO E POR QUANTO TEMPO POSSO GUARDAR ESTE MEDICAMENTO?"},
			{"COMO DEVO USAR ESTE MEDICAMENTO?"},
			{"O QUE DEVO FAZER QUANDO EU ME ESQUECER DE USAR ESTE MEDICAMENTO?"},
			{"QUAIS OS MALES QUE ESTE MEDICAMENTO PODE ME CAUSAR?", "QUAIS OS MALES QUE ESTE MEDICAMENTO PODE CAUSAR?"},
			{"O QUE FAZER SE ALGUÉM USAR UMA QUANTIDADE MAIOR DO QUE A INDICADA DESTE MEDICAMENTO?",
				"O QUE FAZER SE ALGUÉM USAR UMA GRANDE QUANTIDADE DESTE MEDICAMENTO DE UMA SÓ VEZ?"},
		}
	case Professional:
		return [][]string{
			{"INDICAÇÕES", "INDICAÇÃO"},
			{"RESULTADOS DE EFICÁCIA"},
			{"CARACTERÍSTICAS FARMACOLÓGICAS"},
			{"CONTRAINDICAÇÕES"},
			{"ADVERTÊNCIAS E PRECAUÇÕES", "PRECAUÇÕES E ADVERTÊNCIAS"},
			{"INTERAÇÕES MEDICAMENTOSAS"},
			{"CUIDADOS DE ARMAZENAMENTO DO MEDICAMENTO", "CUIDADOS DE ARMAZENAMENTO", "CUIDADOS DE CONSERVAÇÃO E CARACTERÍSTICAS FÍSICAS"},
			{"POSOLOGIA E MODO DE USAR", "POSOLOGIA"},
			{"REAÇÕES ADVERSAS"},
			{"SUPERDOSE", "SUPERDOSAGEM"},
		}
	default:
		return nil
	}
}

// vaccines returns the titles about a medicine as the leaflet of a vaccine words them.
func vaccines(titles []string) []string {
	var found []string
	for _, t := range titles {
		if strings.Contains(t, "MEDICAMENTO") && !strings.Contains(t, "MEDICAMENTOSAS") {
			found = append(found, strings.NewReplacer("ESTE MEDICAMENTO É INDICADO", "ESTA VACINA É INDICADA", "DESTE MEDICAMENTO", "DESTA VACINA",
				"ESTE MEDICAMENTO", "ESTA VACINA", "DO MEDICAMENTO", "DA VACINA").Replace(t))
		}
	}
	return found
}

// frames are the patient's questions with a gap where the rule says "este medicamento": makers print the name of the product there, or
// use "tomar" for "usar". They apply to folded titles.
var frames = [...]*expression{
	newExpression(`^(?:para|por)que.{1,80}(?:indicad|usad|utilizad)[oa]s?$`),
	newExpression(`^como.{1,80}(?:funcionam?|agem?)$`),
	newExpression(`^quandonao(?:devo|posso)(?:usar|tomar|utilizar|receber|aplicar).{1,80}$`),
	newExpression(`^oque(?:eu)?(?:devo|preciso)saberantesde(?:usar|tomar|utilizar|receber|aplicar).{1,80}$`),
	newExpression(`^ondee?como(?:eporquantotempo)?(?:posso|devo)(?:guardar|armazenar|conservar).{1,80}$`),
	newExpression(`^comodevo(?:usar|tomar|utilizar|receber|aplicar).{1,80}$`),
	newExpression(`^oque(?:eu)?devofazer(?:quando|se|caso)(?:eu)?(?:me)?esque(?:cer|ca).{0,80}$`),
	newExpression(`^(?:quais(?:sao)?os|que)males(?:que)?.{1,80}causar$`),
	newExpression(`^oque(?:devo)?fazersealguem(?:usar|tomar|utilizar|receber|aplicar)uma(?:quantidademaior|grandequantidade).{1,120}$`),
}

// framed is the agreement of a title that matches one of the frames.
const framed = 0.95

// pattern is a folded title to search for.
type pattern struct {
	info     SectionInfo
	audience Audience // "" for parts that every leaflet has
	title    string
	frame    *expression // used instead of title
}

// agrees returns how much of a title matches the pattern, from 0 to 1; 0 below floor.
func (p pattern) agrees(title, folded string, floor float64) float64 {
	if p.frame == nil {
		return similarity(p.title, folded, floor)
	}
	if strings.IndexByte(title, '?') != len(title)-1 || strings.Contains(folded, "steproduto") || !p.frame.MatchString(folded) {
		return 0 // information folders ask about "este produto"
	}
	return framed
}

// patterns returns the titles that may follow number on a line; for 0 those without a number.
type patterns map[int][]pattern

// anyNumber is the key in patterns of all titles that have a number.
const anyNumber = -1

// allPatterns folds every title once for a document.
func allPatterns() patterns {
	p := patterns{}
	add := func(number int, info SectionInfo, a Audience, titles ...string) {
		for _, t := range titles {
			p[number] = append(p[number], pattern{info: info, audience: a, title: fold(t)})
		}
	}
	for _, a := range []Audience{Patient, Professional} {
		for i, titles := range titlesOf(a) {
			info := SectionInfo{ID: fmt.Sprintf("%s.%d", a, i+1), Number: i + 1}
			add(info.Number, info, a, titles...)
			add(info.Number, info, a, vaccines(titles)...)
			add(anyNumber, info, a, titles...)
			add(0, info, a, titles[0])
		}
	}
	for i, frame := range frames {
		info := SectionInfo{ID: fmt.Sprintf("%s.%d", Patient, i+1), Number: i + 1}
		for _, number := range []int{0, info.Number, anyNumber} {
			p[number] = append(p[number], pattern{info: info, audience: Patient, frame: frame})
		}
	}
	add(0, SectionInfo{ID: identification}, "", "IDENTIFICAÇÃO DO MEDICAMENTO", "IDENTIFICAÇÃO DO PRODUTO")
	add(0, SectionInfo{ID: presentation}, "", "APRESENTAÇÕES", "APRESENTAÇÃO", "FORMA FARMACÊUTICA E APRESENTAÇÃO",
		"FORMAS FARMACÊUTICAS E APRESENTAÇÕES", "APRESENTAÇÃO E FORMA FARMACÊUTICA", "FORMA FARMACÊUTICA, VIA DE ADMINISTRAÇÃO E APRESENTAÇÃO")
	add(0, SectionInfo{ID: composition}, "", "COMPOSIÇÃO", "COMPOSIÇÕES")
	add(0, SectionInfo{ID: information}, Patient, "INFORMAÇÕES AO PACIENTE")
	add(0, SectionInfo{ID: information}, Professional, "INFORMAÇÕES TÉCNICAS AOS PROFISSIONAIS DE SAÚDE")
	add(0, SectionInfo{ID: legal}, "", "DIZERES LEGAIS")
	return p
}
