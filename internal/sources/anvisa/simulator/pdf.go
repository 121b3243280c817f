package simulator

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-pdf/fpdf"
)

// The page: A4, in millimetres.
const (
	margin     = 20.0
	textWidth  = 170.0
	lineHeight = 4.6
	lowest     = 270.0 // nothing but the foot is below
)

// typesetter sets one document.
type typesetter struct {
	pdf    *fpdf.Fpdf
	cp1252 func(string) string // the core fonts know no UTF-8
}

// typeset makes the PDF of a text. The bytes follow from its arguments alone.
func typeset(s script, o order) ([]byte, error) {
	t := typesetter{pdf: fpdf.New("P", "mm", "A4", "")}
	t.cp1252 = t.pdf.UnicodeTranslatorFromDescriptor("cp1252")
	t.pdf.SetCatalogSort(true)
	t.pdf.SetCreationDate(o.version.published.UTC())
	t.pdf.SetModificationDate(o.version.published.UTC())
	t.pdf.SetTitle(s.title, true)
	t.pdf.SetMargins(margin, margin, margin)
	t.pdf.SetAutoPageBreak(true, margin)
	if o.special == encrypted {
		t.pdf.SetProtection(0, s.code, s.maker)
	}
	if err := t.document(s, o); err != nil {
		return nil, fmt.Errorf("typeset leaflet of product %d: %w", o.product.ID, err)
	}
	var out bytes.Buffer
	if err := t.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("typeset leaflet of product %d: %w", o.product.ID, err)
	}
	return out.Bytes(), nil
}

func (t typesetter) document(s script, o order) error {
	if o.special == scanned {
		return t.scanned(s.sections)
	}
	t.running(s)
	t.cover(s)
	if o.special == coverSheet {
		t.block("Folha de rosto", "C")
		return nil
	}
	t.pdf.AddPage()
	if o.special == concealed {
		t.pdf.SetTextColor(255, 255, 255)
	}
	for _, section := range s.sections {
		if o.special == stamped && section.Heading == legalHeading {
			continue
		}
		t.section(section, o)
	}
	t.pdf.SetTextColor(0, 0, 0)
	if o.special == annotated {
		t.hidden()
	}
	t.heading("HISTÓRICO DE ALTERAÇÃO DA BULA")
	t.table([]float64{14, 17, 22, 14, 17, 22, 14, 22, 12, 16}, 5.5, s.history)
	if o.special == stamped {
		return t.scanned(s.sections[len(s.sections)-1:])
	}
	return nil
}

// scanned draws sections, and puts the drawing into the PDF.
func (t typesetter) scanned(sections []Section) error {
	drawn, err := newScan()
	if err != nil {
		return err
	}
	for _, section := range sections {
		drawn.section(section)
	}
	return t.images(drawn)
}

// hidden sets a paragraph that nobody sees.
func (t typesetter) hidden() {
	t.pdf.SetFont("Times", "", 10)
	t.pdf.SetTextColor(255, 255, 255)
	t.block("Palavras-chave para o buscador: remédio barato, comprar sem receita, entrega no mesmo dia, promoção do mês.", "L")
	t.pdf.SetTextColor(0, 0, 0)
}

// running sets the head and foot of each page, with the version's code in both.
func (t typesetter) running(s script) {
	t.pdf.SetHeaderFunc(func() {
		t.pdf.SetFont("Helvetica", "", 7)
		t.pdf.SetXY(margin, 8)
		t.pdf.CellFormat(textWidth, 4, t.cp1252(s.code), "", 0, "R", false, 0, "")
		t.pdf.SetXY(margin, margin)
	})
	t.pdf.SetFooterFunc(func() {
		t.pdf.SetFont("Helvetica", "", 7)
		t.pdf.SetXY(margin, -14)
		t.pdf.CellFormat(textWidth, 4, t.cp1252(fmt.Sprintf("%s - Página %d", s.code, t.pdf.PageNo())), "", 0, "C", false, 0, "")
	})
}

func (t typesetter) cover(s script) {
	t.pdf.AddPage()
	t.pdf.SetY(90)
	t.pdf.SetFont("Helvetica", "B", 18)
	t.pdf.MultiCell(textWidth, 9, t.cp1252(s.title), "", "C", false)
	t.pdf.SetFont("Helvetica", "", 11)
	t.pdf.MultiCell(textWidth, 7, t.cp1252(s.maker), "", "C", false)
}

func (t typesetter) heading(text string) {
	t.pdf.Ln(2)
	t.pdf.SetFont("Helvetica", "B", 10)
	t.block(text, "L")
}

func (t typesetter) section(s Section, o order) {
	t.heading(s.Heading)
	t.pdf.SetFont("Times", "", 10)
	for _, text := range s.Paragraphs {
		t.block(text, "J")
	}
	if slices.ContainsFunc(reactionTitles(), func(title string) bool { return strings.HasSuffix(s.Heading, title) }) {
		t.table([]float64{70, 100}, 9, frequencies(o.formula.use))
	}
}

// block sets a text that stays on one page, so that no head or foot comes between its lines.
func (t typesetter) block(text, align string) {
	coded := t.cp1252(text)
	t.room(float64(len(t.pdf.SplitLines([]byte(coded), textWidth))) * lineHeight)
	t.pdf.MultiCell(textWidth, lineHeight, coded, "", align, false)
}

// room begins a new page if this one has too little room left. The font stays what it is.
func (t typesetter) room(height float64) {
	if t.pdf.GetY()+height > lowest {
		t.pdf.AddPage()
	}
}

// table sets ruled rows whose cells wrap.
func (t typesetter) table(widths []float64, size float64, rows [][]string) {
	t.pdf.Ln(2)
	t.pdf.SetFont("Times", "", size)
	line := size * 0.42
	for _, row := range rows {
		height := 0.0
		for i, cell := range row {
			lines := t.pdf.SplitLines([]byte(t.cp1252(cell)), widths[i])
			height = max(height, float64(len(lines))*line)
		}
		t.room(height)
		x, y := margin, t.pdf.GetY()
		for i, cell := range row {
			t.pdf.Rect(x, y, widths[i], height, "D")
			t.pdf.SetXY(x, y)
			t.pdf.MultiCell(widths[i], line, t.cp1252(cell), "", "L", false)
			x += widths[i]
		}
		t.pdf.SetXY(margin, y+height)
	}
	t.pdf.Ln(2)
}
