package leaflet_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

func read(texts ...string) leaflet.File {
	pages := make([]leaflet.Page, len(texts))
	for i, text := range texts {
		pages[i].Text = text
	}
	return leaflet.Read(pages)
}

func TestKinds(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("Texto de um relatório que fala de outra coisa.\n", 30)
	tests := []struct {
		name   string
		pages  []string
		kind   leaflet.Kind
		reason string
	}{
		{"leaflet", []string{"1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons."}, leaflet.KindLeaflet, ""},
		{"cannabis", []string{"FOLHETO INFORMATIVO\nExtrato de Cannabis sativa\n1. PARA QUE ESTE PRODUTO É INDICADO?\nNão sei.\n2. COMO ESTE PRODUTO FUNCIONA?\nBem.\n3. QUANDO NÃO DEVO USAR ESTE PRODUTO?\nNunca."}, leaflet.KindFolder, "3 questions"},
		{"folder that does not say so", []string{"Canabidiol\n1. QUANDO NÃO DEVO USAR ESTE PRODUTO?\nNunca.\n2. O QUE DEVO SABER ANTES DE USAR ESTE PRODUTO?\nNão sei.\n5. O QUE DEVO FAZER QUANDO EU ME ESQUECER DE USAR ESTE PRODUTO?\nNada.\n" +
			"6. QUAIS OS MALES QUE ESTE PRODUTO PODE ME CAUSAR?\nNenhum."}, leaflet.KindFolder, "4 questions about a product"},
		{"cover sheet", []string{"Folha de rosto para a bula\n" + body}, leaflet.KindCover, "says of itself"},
		{"cover alone", []string{"paracetamol\nHipolabor\nSolução oral\n200 mg/mL"}, leaflet.KindCover, "a cover, or the rest cannot be read"},
		{"empty form", []string{"1. INDICAÇÕES\n2. RESULTADOS DE EFICÁCIA\n3. CARACTERÍSTICAS FARMACOLÓGICAS\n4. CONTRAINDICAÇÕES\nxxx"}, leaflet.KindForm, "4 of 4 numbered titles have no text"},
		{"scan", []string{"", " \n"}, leaflet.KindEmpty, "a scan?"},
		{"no page", nil, leaflet.KindEmpty, "a scan?"},
		{"report", []string{body}, leaflet.KindOther, "no numbered titles"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := read(tt.pages...)
			require.Equal(t, tt.kind, f.Kind)
			require.Equal(t, tt.kind == leaflet.KindLeaflet, len(f.Leaflets) == 1)
			require.Contains(t, f.Reason, tt.reason)
			require.Equal(t, len(tt.pages), f.Pages)
		})
	}
}

func TestMissingHasAReason(t *testing.T) {
	t.Parallel()
	f := read("1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons.\n5. ADVERTÊNCIAS E PRECAUÇÕES\nCuidado com isto e aquilo.\n6. INTERAÇÕES MEDICAMENTOSAS\nNenhuma se conhece até hoje.\n4. Contraindicações")
	want := map[string]string{
		"professional.3":  "no such title between number 2 and number 5",
		"professional.4":  `page 1 prints such a title out of order: "4. Contraindicações"`,
		"professional.10": "no such title after number 6: the text may be cut off",
	}
	for _, m := range f.Leaflets[0].Absent {
		require.NotEmpty(t, m.Reason, m.ID)
		if reason, ok := want[m.ID]; ok {
			require.Equal(t, reason, m.Reason)
			delete(want, m.ID)
		}
	}
	require.Empty(t, want)
}

func TestNoticesWithoutTitle(t *testing.T) {
	t.Parallel()
	f := read("9. REAÇÕES ADVERSAS\nPodem ocorrer náuseas e vômitos.\n10. SUPERDOSE\nEm caso de intoxicação ligue para 0800 722 6001.\nVENDA SOB PRESCRIÇÃO MÉDICA\nRegistro MS – 1.0497.1411\nUNIÃO S/A\nHistórico de Alteração para a Bula\nNada.")
	sections := f.Leaflets[0].Sections
	require.Len(t, sections, 4)
	require.Equal(t, "Em caso de intoxicação ligue para 0800 722 6001.", sections[1].Text)
	require.Equal(t, "legal", sections[2].ID)
	require.Equal(t, "VENDA SOB PRESCRIÇÃO MÉDICA\nRegistro MS – 1.0497.1411\nUNIÃO S/A", sections[2].Text)
	require.Less(t, sections[2].Confidence, 0.6)
	require.Contains(t, sections[2].Reason, "without its title")
	require.Equal(t, "1.0497.1411", f.Leaflets[0].Metadata.Registration)
	require.Equal(t, "UNIÃO S/A", f.Leaflets[0].Metadata.Maker)
}

// TestNoticesHoweverTheRegistrationIsPrinted ends the last question where it stands.
func TestNoticesHoweverTheRegistrationIsPrinted(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"Registro: 1.0367. 0174", "MS 1.0367.0174", "Registro nº 1.03670174", "M.S. – 1.0367.0174.001-5", "Reg. MS nº: 1. 0367. 0174"} {
		f := read("9. REAÇÕES ADVERSAS\nPodem ocorrer náuseas e vômitos.\n10. SUPERDOSE\nLigue para 0800 722 6001, se precisar.\n" + line + "\nImportado por:\nFIRMA DO BRASIL LTDA.")
		sections := f.Leaflets[0].Sections
		require.Len(t, sections, 3, line)
		require.Equal(t, "legal", sections[2].ID)
		require.Equal(t, "Ligue para 0800 722 6001, se precisar.", sections[1].Text)
		require.Equal(t, "1.0367.0174", f.Leaflets[0].Metadata.Registration, line)
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	f := read("amoxicilina\nLABORATÓRIO X LTDA\n", `I - IDENTIFICAÇÃO DO MEDICAMENTO
amoxicilina
“Medicamento Genérico, Lei nº 9.787, de 1999”
APRESENTAÇÕES
Pó para suspensão oral 250mg/5mL ou 500 mg/5 mL. Embalagem com 1 frasco de 150 mL.
USO ORAL
USO ADULTO E PEDIÁTRICO ACIMA DE 2 ANOS
COMPOSIÇÃO
Cada 5 mL da suspensão contém:
amoxicilina tri-hidratada (equivalente a 250 mg de amoxicilina)............287 mg
veículo q.s.p..................5 mL
1. INDICAÇÕES
Este medicamento é indicado para infecções.
2. RESULTADOS DE EFICÁCIA
Os resultados foram bons.
DIZERES LEGAIS
Registro: 1.0583.1009.003-1
Registrado por: LABORATÓRIO X LTDA
Esta bula foi atualizada conforme Bula Padrão aprovada pela Anvisa em 2/4/2021.
bula-prof-049659-GER-v0`)
	require.Equal(t, leaflet.Metadata{
		Product: "amoxicilina", Ingredients: []string{"amoxicilina tri-hidratada"}, Form: "pó para suspensão oral",
		Strengths: []string{"250 mg/5 mL", "500 mg/5 mL"}, Routes: []string{"oral"},
		Use: "USO ADULTO E PEDIÁTRICO ACIMA DE 2 ANOS", Adult: true, Paediatric: true, Maker: "LABORATÓRIO X LTDA",
		Registration: "1.0583.1009", Version: "bula-prof-049659-GER-v0", ApprovedOn: "2021-04-02", RunningHeads: []string{},
	}, f.Leaflets[0].Metadata)
}

// TestMakers reads notices that name several firms: who holds the registration counts, and the number that is its own.
func TestMakers(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, notices, maker, cnpj string }{
		{"holder after the factory", "Produzido por:\nFactory Ltd.\nÍndia\nImportado e Registrado por:\nFARMA DO BRASIL LTDA.\nRua A, 1\nCNPJ: 17.159.229/0001-76", "FARMA DO BRASIL LTDA.", "17.159.229/0001-76"},
		{"importer", "Fabricado por:\nFactory S.p.A.\nOu\nOther GmbH\nImportado por: Farma Ltda.\nCNPJ - 05.439.635/0001-03", "Farma Ltda.", "05.439.635/0001-03"},
		{"name on two lines", "Farm. Resp.: Fulana\nLABORATÓRIO TAL\nBRASILEIRO S/A.\nCNPJ – 17.159.229/0001 -76", "LABORATÓRIO TAL BRASILEIRO S/A.", "17.159.229/0001-76"},
		{"the pharmacist is no firm", "Farmacêutica Responsável: Fulana\nFarma Produtos Químicos Ltda.\nCNPJ 44.734.671/0001-51", "Farma Produtos Químicos Ltda.", "44.734.671/0001-51"},
		{"nothing after the words", "Registrado e produzido por:\nVENDA SOB PRESCRIÇÃO.", "", ""},
		{"wrong check digits", "Registrado por:\nFarma Ltda.\nCNPJ 44.734.671/0001-52", "Farma Ltda.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := read("1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons.\nDIZERES LEGAIS\n" + tt.notices).Leaflets[0].Metadata
			require.Equal(t, tt.maker, m.Maker)
			require.Equal(t, tt.cnpj, m.CNPJ)
		})
	}
}

// TestIngredients reads compositions as they are printed.
func TestIngredients(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, composition string
		want              []string
	}{
		{"dots", "Cada comprimido contém:\nexemplol (equivalente a 5 mg de exemplo).......6 mg\nexcipientes q.s.p.......1 comprimido", []string{"exemplol"}},
		{"amount on the next line", "exemplol ..........\n6,5 mg\nExcipientes: talco.", []string{"exemplol"}},
		{"several amounts", "exemplol……50, 100 ou 200 mg", []string{"exemplol"}},
		{"sentence", "Cada frasco contém 100 mg de exemplol sódico (equivalente a 90 mg de exemplol) e 20 mg de outrol.\nExcipiente: 3 mg de manitol.", []string{"exemplol sódico", "outrol"}},
		{"equivalent only", "Cada cápsula contém o equivalente a 75 mg de exemplol, respectivamente.", []string{"exemplol"}},
		{"powder", "Princípio ativo: 150 mg de pó liofilizado de exemplumabe para solução.", []string{"exemplumabe"}},
		{"name with a decimal comma", "exemplol 12,5 mg.......1 comprimido\noutrol 2.5 mg ........ 1 comprimido", []string{"exemplol", "outrol"}},
		{"amount after the name", "Cada comprimido contém: exemplol sódico 12,5 mg; outrol 0,5 g. Excipientes: manitol 3 mg.", []string{"exemplol sódico", "outrol"}},
		{"what the amount is equivalent to, without brackets", "exemplol sódico equivalente a 1 g de exemplol.......1,06 g\noutrol sódico correspondente a 0,5 g de outrol.....0,6 g",
			[]string{"exemplol sódico", "outrol sódico"}},
		{"a sentence says what it is equivalent to", "Cada frasco contém:\ncloridrato de exemplol que equivale a 45 mg de exemplol............50 mg", []string{"cloridrato de exemplol"}},
		{"the amount is equivalent to about another", "exemplol equivale a aproximadamente 12,5 mg de outrol.....20 mg", []string{"exemplol"}},
		{"two amounts of a sentence", "Cada frasco contém 100 mg de exemplol 100 mg de manitol.", []string{"exemplol"}},
		{"names of two letters", "Cada frasco contém 75 UI de LH e 75 UI de FSH.", []string{"LH", "FSH"}},
		{"unit on the next line", "exemplol.........200\nmg\nExcipientes: talco.", []string{"exemplol"}},
		{"a mark before the amount", "dicloridrato de exemplol.........*11,80mg", []string{"dicloridrato de exemplol"}},
		{"abbreviations", "Exemplia vulgaris DC. (óleo essencial) .........5,0 mg\ncloridrato de outrol (Vit.B6).........40 mg", []string{"Exemplia vulgaris DC.", "cloridrato de outrol"}},
		{"a dash before the amount", "Cada comprimido contém: cloridrato de exemplol – 160 mg", []string{"cloridrato de exemplol"}},
		{"what a dose releases", "Cada acionamento libera aproximadamente 51,7 mcg de exemplol monoidratado, equivalente a\n50 mcg de exemplol.", []string{"exemplol monoidratado"}},
		{"a form that releases", "Cada comprimido contém 10 mg de exemplol de liberação prolongada.", []string{"exemplol de liberação prolongada"}},
		{"no name", "com.......10 mg", []string{}},
		{"number in the name", "Cada comprimido contém: vitamina B12 5 mcg.", []string{"vitamina B12"}},
		{"nothing", "Veja a embalagem.", []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := read("COMPOSIÇÃO\n" + tt.composition + "\n1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons.").Leaflets[0].Metadata
			require.Equal(t, tt.want, m.Ingredients)
		})
	}
}

// TestRoutesAndStrengths are as presentations print them.
func TestRoutesAndStrengths(t *testing.T) {
	t.Parallel()
	for printed, want := range map[string][2][]string{
		"Creme. USO INTRAVAGINAL":                                        {{"intravaginal"}, {}},
		"VIA DE ADMINISTRAÇÃO: VIA INTRACAVERNOSA 10 mcg":                {{"intracavernosa"}, {"10 mcg"}},
		"VIAS DE ADMINISTRAÇÃO: ORAL OU RETAL":                           {{"oral", "retal"}, {}},
		"VIA DE ADMISTRAÇÃO: ORAL":                                       {{"oral"}, {}},
		"VIA DE ADMINISTRAÇÃO: INFUSÃO INTRAVENOSA":                      {{"intravenosa"}, {}},
		"USO EXCLUSIVO POR INFUSÃO INTRAVENOSA":                          {{"intravenosa"}, {}},
		"Pó para administração intravenosa\nUSO INTRAVENOSO":             {{"intravenoso"}, {}},
		"ADMINISTRAÇÃO INTRADÉRMICA":                                     {{"intradérmica"}, {}},
		"USO OCULAR. Suspensão injetável 1.200.000 U (300.000 U/mL)":     {{"ocular"}, {"1.200.000 U", "300.000 U/mL"}},
		"USO SUBDÉRMICO\nSeringa com 300 microgramas":                    {{"subdérmico"}, {"300 mcg"}},
		"VIA SUBCUTÂNEA OU INTRAVENOSA\nEmbalagem com 10 unidades, 5 um": {{"subcutânea", "intravenosa"}, {}},
	} {
		m := read("APRESENTAÇÕES\n" + printed + "\n1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons.").Leaflets[0].Metadata
		require.Equal(t, want[0], m.Routes, printed)
		require.Equal(t, want[1], m.Strengths, printed)
	}
}

// TestProductNames has covers whose first lines are no name.
func TestProductNames(t *testing.T) {
	t.Parallel()
	for cover, want := range map[string]string{
		"ZELUTINA":                         "ZELUTINA",
		"/\nZELUTINA":                      "ZELUTINA",
		"1 g\nZELUTINA":                    "ZELUTINA",
		"10 mg/mL\nSolução oral\nZELUTINA": "ZELUTINA",
		"Comprimidos revestidos de 10 mg\nZELUTINA": "ZELUTINA",
		"USO ORAL\nUSO ADULTO\nZELUTINA":            "ZELUTINA",
		"Solução oral":                              "",
		"500 mg":                                    "",
		"/":                                         "",
		"":                                          "",
		"Solução oral\n20 mg/mL\nfrasco com 10 mL":                   "",
		"Solução fisiológica 0,9 %":                                  "Solução fisiológica 0,9 %",
		"150 mm\n310 mm\nZELUTINA":                                   "ZELUTINA",
		"70 mm Posição e sentido de leitura do Pharmacode\nZELUTINA": "ZELUTINA",
		"USO RESTRITO A HOSPITAIS\nZELUTINA":                         "ZELUTINA",
		"VENDA SOB PRESCRIÇÃO\nZELUTINA":                             "ZELUTINA",
		"60/12 quando eu me esquecer\nZELUTINA":                      "ZELUTINA",
		"290506\nZELUTINA":                                           "ZELUTINA",
		"3M Nexol":                                                   "3M Nexol",
		"AAS":                                                        "AAS",
		"Vitamina C 1 g":                                             "Vitamina C 1 g",
		"IDENTIFICAÇÃO DO MEDICAMENTO\n1 g\nZELUTINA®":               "ZELUTINA®",
	} {
		l := read(cover + "\nAPRESENTAÇÕES\nCaixa com 10.\n1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons.").Leaflets[0]
		require.Equal(t, want, l.Metadata.Product, cover)
		require.Equal(t, want == "", strings.Contains(strings.Join(l.Warnings, "; "), "no name of the product"), cover)
	}
}

// TestProductNameInTheFirstQuestion is of a leaflet without a name above its titles: its first section names the brand.
func TestProductNameInTheFirstQuestion(t *testing.T) {
	t.Parallel()
	const front = "APRESENTAÇÕES\nGranulado com 10 envelopes.\nUSO ORAL\n1. INDICAÇÕES\n"
	const rest = "\n2. RESULTADOS DE EFICÁCIA\nOutrol® foi melhor."
	for indicated, want := range map[string]string{
		"Zelutina® Glicose é indicada para dor.":          "Zelutina®",
		"É indicado para dor, como Outrol® não é.":        "",
		"Este medicamento é indicado para a dor.":         "",
		"ZELUTINA ® (zelutinato) comprimidos é indicado.": "ZELUTINA ®",
	} {
		l := read(front + indicated + rest).Leaflets[0]
		require.Equal(t, want, l.Metadata.Product, indicated)
	}
}

// TestVersionAndApproval reads the ends of legal notices.
func TestVersionAndApproval(t *testing.T) {
	t.Parallel()
	tests := []struct{ end, version, approved string }{
		{"Esta bula foi aprovada pela ANVISA 15/09/2025.\nIB120226\nAnexo B", "IB120226", "2025-09-15"},
		{"Esta bula foi aprovada pela Anvisa em (09/04/2026)\nRev.07", "Rev.07", "2026-04-09"},
		{"Esta bula foi aprovada pela ANVISA em 12 de março de 2024.\nNome_BU17c_VP_981 12", "Nome_BU17c_VP_981", "2024-03-12"},
		{"Esta bula foi aprovada pela ANVISA em XX/XX/2025\n0526-VV-LAB-121498-CCDS11", "0526-VV-LAB-121498-CCDS11", ""},
		{"fulano_1@firma.com.br\nVENDA SOB PRESCRIÇÃO", "", ""},
	}
	for _, tt := range tests {
		m := read("1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons.\nDIZERES LEGAIS\nRegistro 1.0370. 0501\n" + tt.end).Leaflets[0].Metadata
		require.Equal(t, tt.version, m.Version)
		require.Equal(t, tt.approved, m.ApprovedOn)
		require.Equal(t, "1.0370.0501", m.Registration)
	}
}
