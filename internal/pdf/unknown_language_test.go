package pdf

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// texts are of languages that a leaflet may be in, or that its tables are.
var plainTexts = map[string]string{
	"Portuguese": "Como este medicamento funciona? Este medicamento reduz a dor e a febre. Não deve ser usado por mulheres grávidas sem orientação médica ou do cirurgião-dentista. Informe seu médico se ocorrer uma reação alérgica, como coceira, inchaço ou dificuldade para respirar, durante o tratamento.",
	"capitals":   "COMO ESTE MEDICAMENTO FUNCIONA? ESTE MEDICAMENTO REDUZ A DOR E A FEBRE. NÃO DEVE SER USADO POR MULHERES GRÁVIDAS SEM ORIENTAÇÃO MÉDICA OU DO CIRURGIÃO-DENTISTA. INFORME SEU MÉDICO SE OCORRER UMA REAÇÃO ALÉRGICA, COMO COCEIRA, INCHAÇO OU DIFICULDADE PARA RESPIRAR.",
	"Spanish":    "Este medicamento no debe administrarse a pacientes con insuficiencia hepática grave. Consulte a su médico si presenta fiebre, dolor de garganta o erupciones en la piel. La dosis habitual es de un comprimido cada ocho horas, después de las comidas, y no debe excederse. Mantenga este producto fuera del alcance de los niños.",
	"English":    "The primary endpoint was the time to the first occurrence of a cardiovascular event. Patients who had been randomly assigned to treatment were followed for a median of five years, and the number of subjects still at risk is shown below the figure for each of the groups.",
	"Latin":      "Arnica montana, Calendula officinalis, Hypericum perforatum, Passiflora incarnata, Valeriana officinalis, Ginkgo biloba, Echinacea purpurea, Aesculus hippocastanum, Matricaria chamomilla, Harpagophytum procumbens, Cimicifuga racemosa, Peumus boldus, Cynara scolymus, Rhamnus purshiana.",
	"names":      "Farm. Resp.: Geraldo Wagner Krzyzanowski Schwarz, Novartis Biociências S.A., Av. Prof. Vicente Rao, Brooklin, Sandoz GmbH, Kundl, Boehringer Ingelheim Pharma, Ingelheim am Rhein, Mylan Laboratories, Hyderabad, Telangana, Bristol-Myers Squibb, Lilly del Caribe, Merck Sharp Dohme, Haarlem.",
	"substances": "hidroxipropilmetilcelulose, croscarmelose sódica, estearato de magnésio, dióxido de silício, polietilenoglicol, laurilsulfato de sódio, butilidroxitolueno, metilparabeno, propilparabeno, ciclamato de sódio, sacarina, hidroxietilcelulose, polissorbato, triglicerídeos, edetato dissódico, carboximetilcelulose.",
	"changes":    "Notificação de Alteração de Texto de Bula RDC 60/12 VP/VPS Inclusão Inicial de Texto de Bula MEDICAMENTO NOVO Dizeres legais Identificação do medicamento Comprimidos revestidos Reações adversas VPS Resultados de eficácia Posologia e modo de usar Advertências e precauções Composição",
}

// wrong are the ways in which a font map is wrong.
var wrong = map[string]func(r rune) rune{
	"the next letter":  func(r rune) rune { return shifted(r, 1) },
	"the one before":   func(r rune) rune { return shifted(r, 25) },
	"thirteen further": func(r rune) rune { return shifted(r, 13) },
	"numbers of glyphs": func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r - 29
		}
		return r
	},
	"the next character": func(r rune) rune {
		if r > ' ' && r < '~' {
			return r + 1
		}
		return r
	},
	"another script": func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'а'
		}
		return r
	},
}

func shifted(r rune, n rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return (r-'a'+n)%26 + 'a'
	case r >= 'A' && r <= 'Z':
		return (r-'A'+n)%26 + 'A'
	}
	return r
}

func TestUnknownLanguage(t *testing.T) {
	t.Parallel()
	for name, text := range plainTexts {
		require.False(t, unknownLanguage(text), name)
		if name == "Portuguese" || name == "English" || name == "Spanish" {
			for how, change := range wrong {
				require.True(t, unknownLanguage(strings.Map(change, text)), "%s, %s: %s", name, how, strings.Map(change, text))
			}
		}
	}
	for seed := range uint64(20) {
		order := rand.New(rand.NewPCG(seed, 1)).Perm(26)
		require.True(t, unknownLanguage(strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' {
				return 'a' + rune(order[r-'a'])
			}
			return r
		}, plainTexts["Portuguese"])), seed)
	}
	for name, text := range map[string]string{
		"few words": strings.Map(wrong["the next letter"], plainTexts["Portuguese"][:110]),
		"numbers":   strings.Repeat("12,5 0,03 1.0583.1009 ", 100),
		"codes":     strings.Repeat("VP1 VPS2 AR03 B7 QX ", 100),
		"nothing":   "",
	} {
		require.False(t, unknownLanguage(text), name)
	}
}

// TestWrongFontMap takes the text of such a page for none: it is kept among what was dropped, and the page is one to recognise.
func TestWrongFontMap(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	good := plainTexts["Portuguese"]
	bad := strings.Map(wrong["the next letter"], good)
	doc, err := e.Extract(t.Context(), printed(t, nil, good, bad))
	require.NoError(t, err)
	require.Equal(t, SourceText, doc.Pages[0].Source)
	require.Empty(t, doc.Pages[0].Dropped)
	page := doc.Pages[1]
	require.Equal(t, SourceNeedsOCR, page.Source)
	require.Empty(t, page.Text)
	require.Empty(t, page.Words)
	require.True(t, page.UnknownLanguage())
	var left []string
	for _, d := range page.Dropped {
		require.Equal(t, ReasonUnreadable, d.Reason)
		left = append(left, d.Text)
	}
	require.Equal(t, strings.Fields(bad), strings.Fields(strings.Join(left, " ")))
	requireLetters(t, page)
	require.Equal(t, []string{"page 2: words of no known language, left out: its characters come from a wrong font map"}, doc.Warnings)

	doc.Replace([]Recognition{{Number: 2, Words: []Word{{Text: "Como"}}, Confidence: 0.9}})
	require.Equal(t, "Como", doc.Pages[1].Text)
	requireLetters(t, doc.Pages[1])
}

// TestReplaceKeepsWhatWasThere lists what a page had of its own when it is recognised.
func TestReplaceKeepsWhatWasThere(t *testing.T) {
	t.Parallel()
	doc := Document{Pages: []Page{{Number: 1, Text: "Pag. 1\nde 8", Letters: 7, Source: SourceNeedsOCR}}}
	doc.Replace([]Recognition{{Number: 1, Words: []Word{{Text: "Tome"}, {Text: "um"}}, Confidence: 0.9}})
	require.Equal(t, []Drop{{"Pag. 1", ReasonRecognised}, {"de 8", ReasonRecognised}}, doc.Pages[0].Dropped)
	require.Equal(t, SourceOCR, doc.Pages[0].Source)
	requireLetters(t, doc.Pages[0])
}
