package pdf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// noted prints a page with text of its own, and notes on it, each a kind with what it shows.
func noted(own string, notes ...[2]string) []byte {
	stream := func(text string) string {
		content := fmt.Sprintf("BT /F1 12 Tf 10 10 Td (%s) Tj ET", text)
		return fmt.Sprintf("/Length %d>>\nstream\n%s\nendstream", len(content), content)
	}
	const fonts = "/Resources <</Font <</F1 <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>"
	objects := []string{"<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>", "", "<<" + stream(own)}
	var refs strings.Builder
	for i, n := range notes {
		at := 5 + 2*i
		fmt.Fprintf(&refs, "%d 0 R ", at)
		flags, kind := 4, n[0]
		if kind == "Hidden" {
			flags, kind = 2, "Widget"
		}
		objects = append(objects,
			fmt.Sprintf("<</Type /Annot /Subtype /%s /FT /Tx /T (f%d) /F %d /Rect [50 %d 350 %d] /AP <</N %d 0 R>>>>", kind, i, flags, 600-50*i, 630-50*i, at+1),
			"<</Type /XObject /Subtype /Form /BBox [0 0 300 30] "+fonts+" "+stream(n[1]))
	}
	objects[2] = "<</Type /Page /Parent 2 0 R /MediaBox [0 0 400 700] /Contents 4 0 R " + fonts + " /Annots [" + refs.String() + "]>>"
	return raw(objects...)
}

// TestFormFieldsAreText reads what form fields and notes show: beside the page's own text, or alone.
func TestFormFieldsAreText(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	for _, tt := range []struct {
		name   string
		file   []byte
		want   []string
		source Source
		told   bool
	}{
		{"a field", noted("", [2]string{"Widget", "Tome um comprimido"}), []string{"Tome um comprimido"}, SourceForm, true},
		{"a note", noted("", [2]string{"FreeText", "Tome dois"}), []string{"Tome dois"}, SourceForm, true},
		{"a stamp", noted("Modo de usar", [2]string{"Stamp", "Aprovado em 3/7/2017"}), []string{"Modo de usar", "Aprovado em 3/7/2017"}, SourceText, true},
		{"several, and text", noted("Modo de usar", [2]string{"Widget", "de manha"}, [2]string{"FreeText", "e de noite"}), []string{"Modo de usar", "de manha", "e de noite"}, SourceText, true},
		{"a hidden field", noted("Modo de usar", [2]string{"Hidden", "nunca"}), []string{"Modo de usar"}, SourceText, true},
		{"a link", noted("Modo de usar", [2]string{"Link", "nada"}), []string{"Modo de usar"}, SourceText, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := e.Extract(t.Context(), tt.file)
			require.NoError(t, err)
			require.Equal(t, tt.want, strings.Split(doc.Pages[0].Text, "\n"))
			require.Equal(t, tt.source, doc.Pages[0].Source)
			require.Equal(t, tt.told, strings.Contains(strings.Join(doc.Warnings, "; "), "page 1: form fields or notes"))
			requireWords(t, doc.Pages[0])
		})
	}
}
