package leaflet

import (
	"fmt"
	"strings"
)

// SectionInfo describes a part that RDC 47/2009 asks for.
type SectionInfo struct {
	ID     string // "identification", "patient.4", "professional.10", "legal"
	Number int    // 0 for parts without a number
	Title  string // as the rule prints it
}

// The parts without a number.
const (
	identification = "identification"
	presentation   = "presentation"
	composition    = "composition"
	information    = "information"
	legal          = "legal"
	history        = "history"
)

// Sections lists the parts of a leaflet for a, in their order. Those without a number are "identification",
// "presentation", "composition", "information" (the title above the numbered ones, as a rule without text of its own) and "legal". A leaflet
// for [Other] has no numbered parts.
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

// titlesOf gives the titles of the numbered parts: the rule's own first, then others that are in use.
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

// vaccines gives the titles that speak of a medicine as the leaflet of a vaccine has them.
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

// pattern is a title to look for, folded.
type pattern struct {
	info     SectionInfo
	audience Audience // "" for parts that every leaflet has
	title    string
}

// patterns gives what may stand on a line that begins with number, or with no number for 0.
type patterns map[int][]pattern

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
			add(0, info, a, titles[0])
		}
	}
	add(0, SectionInfo{ID: identification}, "", "IDENTIFICAÇÃO DO MEDICAMENTO", "IDENTIFICAÇÃO DO PRODUTO")
	add(0, SectionInfo{ID: presentation}, "", "APRESENTAÇÕES", "APRESENTAÇÃO", "FORMA FARMACÊUTICA E APRESENTAÇÃO",
		"FORMAS FARMACÊUTICAS E APRESENTAÇÕES")
	add(0, SectionInfo{ID: composition}, "", "COMPOSIÇÃO", "COMPOSIÇÕES")
	add(0, SectionInfo{ID: information}, Patient, "INFORMAÇÕES AO PACIENTE")
	add(0, SectionInfo{ID: information}, Professional, "INFORMAÇÕES TÉCNICAS AOS PROFISSIONAIS DE SAÚDE")
	add(0, SectionInfo{ID: legal}, "", "DIZERES LEGAIS")
	return p
}
