package leaflet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/leaflet"
)

// professional prints the ten sections of a leaflet, each with a text that names strength.
func professional(strength string) string {
	var b strings.Builder
	for _, info := range leaflet.Sections(leaflet.Professional) {
		if info.Number > 0 {
			fmt.Fprintf(&b, "%d. %s\nTexto sobre %s de %s.\n", info.Number, info.Title, strings.ToLower(info.Title), strength)
		}
	}
	return b.String()
}

// TestReadTwo reads a file of two leaflets: each has its own sections and its own cover, and the table of changes of the
// first does not run into the second.
func TestReadTwo(t *testing.T) {
	t.Parallel()
	changes := "Histórico de Alteração da Bula\n11/07/2013 0559283/13-6 3. QUANDO NÃO DEVO USAR\n4. CONTRAINDICAÇÕES\nVP/VPS"
	f := read(
		"losartana\nFábrica X\n50 mg", "IDENTIFICAÇÃO DO MEDICAMENTO\nlosartana\nAPRESENTAÇÕES\nComprimido de 50 mg\n"+professional("50 mg"), changes,
		"losartana\nFábrica X\n100 mg", "IDENTIFICAÇÃO DO MEDICAMENTO\nlosartana\nAPRESENTAÇÕES\nComprimido de 100 mg\n"+professional("100 mg"), changes,
	)
	require.Equal(t, leaflet.KindLeaflet, f.Kind)
	require.Equal(t, []string{"holds 2 leaflets"}, f.Warnings)
	require.Len(t, f.Leaflets, 2)
	for i, strength := range []string{"50 mg", "100 mg"} {
		l := f.Leaflets[i]
		require.Equal(t, 3*i+1, l.FirstPage)
		require.Equal(t, 3*i+3, l.LastPage)
		require.Equal(t, []string{strength}, l.Metadata.Strengths)
		number := 0
		for _, s := range l.Sections {
			if s.Number > 0 {
				number++
				require.Equal(t, number, s.Number)
				require.True(t, strings.HasSuffix(s.Text, " de "+strength+"."), s.Text)
				require.NotContains(t, s.Text, "\n", "the text of one section is not in another")
				require.InDelta(t, 1, s.Confidence, 0, s.Reason)
			}
			require.True(t, l.Start <= s.Start && s.End <= l.End, "%s is inside its leaflet", s.ID)
		}
		require.Equal(t, 10, number)
	}
}

// TestTableOfChangesGoesOnWithoutADate has a page of it without any date, and one on which it ends above the next leaflet: that begins at its
// identification.
func TestTableOfChangesGoesOnWithoutADate(t *testing.T) {
	t.Parallel()
	changes := "Histórico de Alteração da Bula\n11/07/2013 0559283/13-6 3. QUANDO NÃO DEVO USAR\nVP/VPS"
	second := "IDENTIFICAÇÃO DO MEDICAMENTO\nlosartana\nAPRESENTAÇÕES\nComprimido de 100 mg\n" + professional("100 mg")
	for name, rest := range map[string][]string{
		"a page of its own":     {"Notificação de Alteração\nde Texto de Bula\nDizeres legais\n50 mg", second},
		"the top of a page":     {"Alteração de texto\n4. Contraindicações\nVPS\n" + second},
		"neither has a subject": {"VP\nVPS", second},
		"quotes all titles":     {strings.ReplaceAll(professional("50 mg"), "Texto sobre ", "Alteração do texto sobre "), second},
		"cells, then titles":    {"Alteração de texto\nVP\n" + strings.ReplaceAll(professional("50 mg"), "Texto sobre ", "Alteração do texto sobre "), second},
	} {
		f := read(append([]string{"losartana\nFábrica X\n50 mg\nIDENTIFICAÇÃO DO MEDICAMENTO\nlosartana\n" + professional("50 mg"), changes}, rest...)...)
		require.Len(t, f.Leaflets, 2, name)
		begins := string([]rune(f.Text)[f.Leaflets[1].Start:])
		require.True(t, strings.HasPrefix(begins, "IDENTIFICAÇÃO DO MEDICAMENTO\nlosartana"), "%s: %.60s", name, begins)
	}
}

// TestRestOfALeafletIsNoCover has a few short lines of the first leaflet on a page before the cover of the second.
func TestRestOfALeafletIsNoCover(t *testing.T) {
	t.Parallel()
	const cover = "losartana\nFábrica X\n100 mg"
	for name, rest := range map[string]string{
		"cells of the table of changes": "60/12 quando eu me esquecer\nde usar este\nmedicamento?\n- Posologia e modo de usar\nVPS",
		"both versions":                 "- Posologia e modo de usar\nVP e VPS",
		"the end of the legal notices":  "USO RESTRITO A HOSPITAIS\nVENDA SOB PRESCRIÇÃO MÉDICA\nLOS_0120_0324_VP",
		"the maker's number":            "Fábrica X Ltda.\nCNPJ 60.397.775/0001-74",
	} {
		f := read("losartana\nFábrica X\n50 mg\nIDENTIFICAÇÃO DO MEDICAMENTO\nlosartana\n"+professional("50 mg")+
			"DIZERES LEGAIS\nRegistro 1.0583.1009\nFábrica X Ltda.", rest, cover, "APRESENTAÇÕES\nComprimido de 100 mg\n"+professional("100 mg"))
		require.Len(t, f.Leaflets, 2, name)
		begins := string([]rune(f.Text)[f.Leaflets[1].Start:])
		require.True(t, strings.HasPrefix(begins, cover), "%s: %.60s", name, begins)
		require.Equal(t, 3, f.Leaflets[1].FirstPage, name)
		require.Equal(t, "losartana", f.Leaflets[1].Metadata.Product, name)
	}
}

// TestTableOfChangesIsNoLeaflet reads tables of changes that quote all titles, the identification's too: no leaflet begins there.
func TestTableOfChangesIsNoLeaflet(t *testing.T) {
	t.Parallel()
	var titles, dated strings.Builder
	for _, info := range leaflet.Sections(leaflet.Professional) {
		if info.Number > 0 {
			fmt.Fprintf(&titles, "%d. %s\n", info.Number, info.Title)
			fmt.Fprintf(&dated, "%d. %s\nVP/VPS comprimidos de 50 mg em blísteres\n11/07/2013 0559283/13-6\n", info.Number, info.Title)
		}
	}
	for name, cells := range map[string]string{"list": titles.String(), "with dates": dated.String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := read("IDENTIFICAÇÃO DO MEDICAMENTO\nlosartana\n"+professional("50 mg"),
				"Histórico de Alteração da Bula\n11/07/2013\nIDENTIFICAÇÃO DO MEDICAMENTO\nAPRESENTAÇÕES\n"+cells)
			require.Len(t, f.Leaflets, 1)
			sections := f.Leaflets[0].Sections
			require.Equal(t, "history", sections[len(sections)-1].ID)
			require.Equal(t, "Texto sobre superdose de 50 mg.", sections[len(sections)-2].Text)
		})
	}
}

// TestSecondLeafletWithoutIdentification reads a second leaflet that has no title but the numbered ones, after a table of
// changes that quotes them: it begins on its own page.
func TestSecondLeafletWithoutIdentification(t *testing.T) {
	t.Parallel()
	f := read("IDENTIFICAÇÃO DO MEDICAMENTO\nlosartana 50 mg\n"+professional("50 mg"),
		"Histórico de Alteração da Bula\n11/07/2013\nIDENTIFICAÇÃO DO MEDICAMENTO\nVP/VPS\n12/07/2013\nAPRESENTAÇÕES\nVP/VPS\n13/07/2014",
		"losartana 100 mg\n"+professional("100 mg"))
	require.Len(t, f.Leaflets, 2)
	require.Equal(t, 2, f.Leaflets[0].LastPage)
	require.Equal(t, 3, f.Leaflets[1].FirstPage)
	require.Equal(t, "professional.1", f.Leaflets[1].Sections[0].ID)
}
