package leaflet_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestParse reads texts made by hand, whose pages end in a form feed, and compares with the golden file beside each.
func TestParse(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			pages := strings.Split(string(text), "\f")
			l := leaflet.Parse(pages)
			requireSound(t, l, pages)
			requireReadable(t, read(pages...))

			got, err := json.MarshalIndent(l, "", "  ")
			require.NoError(t, err)
			golden := strings.TrimSuffix(file, ".txt") + ".json"
			if *update {
				require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got)+"\n")
		})
	}
}

// requireSound checks what holds for every text.
func requireSound(t *testing.T, l leaflet.Leaflet, pages []string) {
	t.Helper()
	text := []rune(leaflet.Join(pages))
	end, number := 0, 0
	ids := map[string]bool{}
	for _, s := range l.Sections {
		require.False(t, ids[s.ID], "%s twice", s.ID)
		ids[s.ID] = true
		require.LessOrEqual(t, end, s.Start, "%s overlaps", s.ID)
		require.Less(t, s.Start, s.End, s.ID)
		require.LessOrEqual(t, s.End, len(text), s.ID)
		end = s.End
		printed := string(text[s.Start:s.End])
		require.True(t, strings.HasSuffix(printed, s.Text), "%s: text is not at its offsets", s.ID)
		require.Equal(t, s.Title, strings.Join(strings.Fields(printed[:len(printed)-len(s.Text)]), " "), s.ID)
		require.LessOrEqual(t, 1, s.FirstPage)
		require.LessOrEqual(t, s.FirstPage, s.LastPage)
		require.LessOrEqual(t, s.LastPage, len(pages))
		if s.Number > 0 && !strings.Contains(s.Reason, "not in the order of the rule") {
			require.Less(t, number, s.Number, "%s is out of order", s.ID)
			number = s.Number
		}
	}
	for _, id := range l.Missing {
		require.False(t, ids[id], "%s is missing and there", id)
	}
}

// TestHeadings prints the fifth title of a professional leaflet in many ways, among others that are as they should be.
func TestHeadings(t *testing.T) {
	t.Parallel()
	const around = "1. INDICAÇÕES\na\n2. RESULTADOS DE EFICÁCIA\nb\n3. CARACTERÍSTICAS FARMACOLÓGICAS\nc\n4. CONTRAINDICAÇÕES\nd\n%s\n6. INTERAÇÕES MEDICAMENTOSAS\nf"
	tests := []struct {
		name, printed string
		title, text   string // "" for no such section
	}{
		{"as in the rule", "5. ADVERTÊNCIAS E PRECAUÇÕES\nCuidado.", "5. ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"small letters", "5. Advertências e Precauções\nCuidado.", "5. Advertências e Precauções", "Cuidado."},
		{"bracket", "5) ADVERTÊNCIAS E PRECAUÇÕES\nCuidado.", "5) ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"dash", "5 – ADVERTÊNCIAS E PRECAUÇÕES:\nCuidado.", "5 – ADVERTÊNCIAS E PRECAUÇÕES:", "Cuidado."},
		{"no blank", "5.ADVERTÊNCIAS E PRECAUÇÕES\nCuidado.", "5.ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"lost blanks", "5. ADVERTÊNCIASE PRECAUÇÕES\nCuidado.", "5. ADVERTÊNCIASE PRECAUÇÕES", "Cuidado."},
		{"no accents", "5. ADVERTENCIAS E PRECAUCOES\nCuidado.", "5. ADVERTENCIAS E PRECAUCOES", "Cuidado."},
		{"decomposed accents", "5. ADVERTE\u0302NCIAS E PRECAUC\u0327O\u0303ES\nCuidado.", "5. ADVERTE\u0302NCIAS E PRECAUC\u0327O\u0303ES", "Cuidado."},
		{"misspelt", "5. ADVERTÊNCAS E PRECAUÇÔES\nCuidado.", "5. ADVERTÊNCAS E PRECAUÇÔES", "Cuidado."},
		{"turned round", "5. PRECAUÇÕES E ADVERTÊNCIAS\nCuidado.", "5. PRECAUÇÕES E ADVERTÊNCIAS", "Cuidado."},
		{"number alone", "5.\nADVERTÊNCIAS E PRECAUÇÕES\nCuidado.", "5. ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"wrapped", "5. ADVERTÊNCIAS\nE\nPRECAUÇÕES\nCuidado.", "5. ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"glued", "5. ADVERTÊNCIAS E PRECAUÇÕES O uso pede\ncuidado.", "5. ADVERTÊNCIAS E PRECAUÇÕES", "O uso pede\ncuidado."},
		{"glued to a long line", "5. ADVERTÊNCIAS E PRECAUÇÕES Cuidado" + strings.Repeat(" e mais", 200), "5. ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado" + strings.Repeat(" e mais", 200)},
		{"after a sentence", "Guarde em lugar seco. 5. ADVERTÊNCIAS E\nPRECAUÇÕES\nCuidado.", "5. ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"mentioned after a sentence", "Nada. Leia o item 5. ADVERTÊNCIAS E PRECAUÇÕES.", "", ""},
		{"mentioned before", "Leia o item\n5. ADVERTÊNCIAS E PRECAUÇÕES.\n5. ADVERTÊNCIAS E PRECAUÇÕES\nCuidado.", "5. ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"mentioned at length", "x\n5. ADVERTÊNCIAS E PRECAUÇÕES que seguem.\n5. ADVERTÊNCIAS E PRECAUÇÕES\nCuidado.", "5. ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"without its number", "ADVERTÊNCIAS E PRECAUÇÕES\nCuidado.", "ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"after a sentence that is cut off", "Fale com o médico ou do\n5. ADVERTÊNCIAS E PRECAUÇÕES\nCuidado.", "5. ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"after a quotation", "\"Guarde em lugar seco.\"\n5. ADVERTÊNCIAS E PRECAUÇÕES\nCuidado.", "5. ADVERTÊNCIAS E PRECAUÇÕES", "Cuidado."},
		{"in brackets", "(como em\n5. ADVERTÊNCIAS E PRECAUÇÕES)", "", ""},
		{"quoted", "o capítulo\n5. ADVERTÊNCIAS E PRECAUÇÕES”", "", ""},
		{"in a sentence", "há advertências e precauções", "", ""},
		{"another title", "5. PROPRIEDADES DA EMBALAGEM", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pages := []string{fmt.Sprintf(around, tt.printed)}
			l := leaflet.Parse(pages)
			requireSound(t, l, pages)
			require.Equal(t, leaflet.Professional, l.Audience)
			s, found := section(l, "professional.5")
			require.Equal(t, tt.title != "", found)
			require.Equal(t, tt.title, s.Title)
			require.Equal(t, tt.text, s.Text)
			_, found = section(l, "professional.6")
			require.True(t, found, "the next section is still found")
		})
	}
}

// TestVaccine reads the questions of a vaccine's leaflet.
func TestVaccine(t *testing.T) {
	t.Parallel()
	pages := []string{"1. PARA QUE ESTA VACINA É INDICADA?\na\n2. COMO ESTA VACINA FUNCIONA?\nb\n3. QUANDO NÃO DEVO USAR ESTA VACINA?\nc\n" +
		"9. O QUE FAZER SE ALGUÉM USAR UMA GRANDE QUANTIDADE DESTA VACINA DE UMA SÓ VEZ?\nd"}
	l := leaflet.Parse(pages)
	requireSound(t, l, pages)
	require.Equal(t, leaflet.Patient, l.Audience)
	require.Len(t, l.Sections, 4)
	require.Equal(t, "patient.9", l.Sections[3].ID)
}

func section(l leaflet.Leaflet, id string) (leaflet.Section, bool) {
	for _, s := range l.Sections {
		if s.ID == id {
			return s, true
		}
	}
	return leaflet.Section{}, false
}

func TestParseNoLeaflet(t *testing.T) {
	t.Parallel()
	for _, pages := range [][]string{nil, {""}, {"\n\f \n"}, {"FOLHETO INFORMATIVO", "Um produto de cannabis."}, {"\xff\xfe\x00"}} {
		l := leaflet.Parse(pages)
		require.Equal(t, leaflet.Other, l.Audience)
		require.Empty(t, l.Sections)
		require.Equal(t, []string{"identification", "presentation", "composition", "legal"}, l.Missing)
	}
}

func TestEmptySectionIsDoubtful(t *testing.T) {
	t.Parallel()
	l := leaflet.Parse([]string{"ZELUTINA\n1. INDICAÇÕES\n2. RESULTADOS DE EFICÁCIA\nBons."})
	require.Equal(t, []string{"no text in professional.1"}, l.Warnings)
}

func TestJoin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		pages []string
		want  string
	}{
		{"feet with page numbers", []string{"a\nPágina 1 de 3", "b\nPágina 2 de 3", "c\nPágina 3 de 3"}, "a\nb\nc"},
		{"without places nothing else is known for a head", []string{"Bula v1\na", "Bula v1\nb", "Bula v1\nc"}, "Bula v1\na\nBula v1\nb\nBula v1\nc"},
		{"two pages are no rule", []string{"Bula v1\na", "Bula v1\nb"}, "Bula v1\na\nBula v1\nb"},
		{"page numbers", []string{"a\n5", "b\n6", "c\n7"}, "a\nb\nc"},
		{"numbers of a table", []string{"a\n10", "b\n20", "c\n30"}, "a\n10\nb\n20\nc\n30"},
		{"inside a page it stays", []string{"p 1\na\np 1", "p 2\nb\np 2\nb\np 2", "p 3\nc\np 3"}, "a\nb\np 2\nb\nc"},
		{"titles stay", []string{"DIZERES LEGAIS\na", "DIZERES LEGAIS\nb", "DIZERES LEGAIS\nc"}, "DIZERES LEGAIS\na\nDIZERES LEGAIS\nb\nDIZERES LEGAIS\nc"},
		{"hyphen of a word", []string{"cirurgião-\ndentista"}, "cirurgião-dentista"},
		{"soft hyphen", []string{"medica\u00ad\nmento"}, "medicamento"},
		{"range", []string{"de 10-\n20 mg\nMay-\nJune"}, "de 10-\n20 mg\nMay-\nJune"},
		{"blank lines", []string{"  a \r\n\n\n b"}, "a\nb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, leaflet.Join(tt.pages))
		})
	}
}

func TestSections(t *testing.T) {
	t.Parallel()
	count := func(a leaflet.Audience) (numbered int) {
		for _, info := range leaflet.Sections(a) {
			require.NotEmpty(t, info.Title)
			if info.Number > 0 {
				numbered++
				require.Equal(t, fmt.Sprintf("%s.%d", a, numbered), info.ID)
			}
		}
		return numbered
	}
	require.Equal(t, 9, count(leaflet.Patient))
	require.Equal(t, 10, count(leaflet.Professional))
	require.Equal(t, 0, count(leaflet.Other))
}

func ExampleParse() {
	l := leaflet.Parse([]string{"1. INDICAÇÕES\nDor.\n2. RESULTADOS DE EFICÁCIA\nBons."})
	for _, s := range l.Sections {
		fmt.Println(s.ID, s.Text)
	}
	// Output:
	// professional.1 Dor.
	// professional.2 Bons.
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(f, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(string(text))
	}
	f.Add("1.\n\f1 INDICAÇÕES?\x80-\n2. RESULTADOS DE EFICÁCIA\n")
	f.Fuzz(func(t *testing.T, text string) {
		pages := strings.Split(text, "\f")
		requireSound(t, leaflet.Parse(pages), pages)
		requireReadable(t, read(pages...))
	})
}

// TestQuestionsWithTheProduct reads questions that name the product instead of "este medicamento".
func TestQuestionsWithTheProduct(t *testing.T) {
	t.Parallel()
	pages := []string{"1. PARA QUE O XAROPEX® É INDICADO?\nPara a exemplite do adulto.\n2. COMO O XAROPEX® FUNCIONA?\nEle age no exemplo.\n3. QUANDO NÃO DEVO TOMAR XAROPEX®?\nSe tiver alergia (veja\nO QUE DEVO SABER ANTES DE USAR O XAROPEX®?)\n" +
		"7. O QUE DEVO FAZER QUANDO EU ME ESQUECER DE USAR O XAROPEX®?\nTome na hora seguinte.\n8. QUAIS OS MALES QUE O XAROPEX® PODE CAUSAR?\nDor e enjoo, por exemplo.\n" +
		"9. O QUE FAZER SE ALGUÉM USAR UMA QUANTIDADE MAIOR DO QUE A INDICADA DO\nXAROPEX®?\nProcure um médico logo."}
	l := leaflet.Parse(pages)
	requireSound(t, l, pages)
	require.Equal(t, leaflet.Patient, l.Audience)
	require.Len(t, l.Sections, 6)
	require.Equal(t, "9. O QUE FAZER SE ALGUÉM USAR UMA QUANTIDADE MAIOR DO QUE A INDICADA DO XAROPEX®?", l.Sections[5].Title)
	require.Equal(t, 0.95, l.Sections[5].Confidence)
}

// TestOtherNumbers reads a leaflet that leaves a title out and numbers the rest without it, below a list of its titles.
func TestOtherNumbers(t *testing.T) {
	t.Parallel()
	titles := []string{"INDICAÇÕES", "CARACTERÍSTICAS FARMACOLÓGICAS", "CONTRAINDICAÇÕES", "ADVERTÊNCIAS E PRECAUÇÕES", "INTERAÇÕES MEDICAMENTOSAS"}
	var list, body strings.Builder
	for i, title := range titles {
		fmt.Fprintf(&list, "%d. %s\n", i+1, title)
		fmt.Fprintf(&body, "%d. %s\nTexto sobre %s.\n", i+1, title, strings.ToLower(title))
	}
	pages := []string{list.String() + body.String()}
	l := leaflet.Parse(pages)
	requireSound(t, l, pages)
	require.Len(t, l.Sections, 5)
	for i, number := range []int{1, 3, 4, 5, 6} {
		s := l.Sections[i]
		require.Equal(t, number, s.Number)
		require.Equal(t, "Texto sobre "+strings.ToLower(titles[i])+".", s.Text)
		require.Equal(t, i > 0, s.Reason == "its title has another number")
	}
	require.Contains(t, l.Missing, "professional.2")
}

// TestQuestionsInSmallLetters reads questions without numbers: each on lines of its own, and those that a sentence mentions not.
func TestQuestionsInSmallLetters(t *testing.T) {
	t.Parallel()
	pages := []string{"Para que este medicamento é indicado?\nPara a exemplite do adulto.\nComo este medicamento funciona?\nEle age no exemplo.\n" +
		"Quando não devo usar este medicamento?\nSe tiver alergia a ele (veja em Como\ndevo usar este medicamento?).\n" +
		"Como devo usar este medicamento?\nDuas vezes ao dia.\nQue males este medicamento pode causar?\nDor e enjoo, por exemplo."}
	l := leaflet.Parse(pages)
	requireSound(t, l, pages)
	ids := make([]string, len(l.Sections))
	for i, s := range l.Sections {
		ids[i] = s.ID
	}
	require.Equal(t, []string{"patient.1", "patient.2", "patient.3", "patient.6", "patient.8"}, ids)
}

// TestOrderOfItsOwn reads titles that are not in the order of the rule: no text of one section is in another.
func TestOrderOfItsOwn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		ids        []string
	}{
		{"old questions without numbers", "Como este medicamento funciona?\nEle age no exemplo.\nPor que este medicamento foi indicado?\nPara a exemplite do adulto.\n" +
			"Quando não devo usar este medicamento?\nSe tiver alergia a ele.\nComo devo usar este medicamento?\nDuas vezes ao dia, com água.\n" +
			"Quais os males que este medicamento pode causar?\nDor e enjoo, por exemplo.\nOnde e como devo guardar este medicamento?\nEm lugar seco e fresco.",
			[]string{"patient.2", "patient.1", "patient.3", "patient.6", "patient.8", "patient.5"}},
		{"columns in the wrong order", "4. CONTRAINDICAÇÕES\nAlergia ao princípio ativo.\n6. INTERAÇÕES MEDICAMENTOSAS\nNenhuma que se conheça.\n5. ADVERTÊNCIAS E PRECAUÇÕES\nCuidado com o sol.\n8. POSOLOGIA E MODO DE USAR\nDuas vezes ao dia.",
			[]string{"professional.4", "professional.6", "professional.5", "professional.8"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := leaflet.Parse([]string{tt.text})
			requireSound(t, l, []string{tt.text})
			ids := make([]string, len(l.Sections))
			for i, s := range l.Sections {
				ids[i] = s.ID
				require.NotContains(t, s.Text, "\n")
			}
			require.Equal(t, tt.ids, ids)
		})
	}
}
