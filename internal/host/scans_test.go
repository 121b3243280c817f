package host_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/config"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/host"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// TestMain makes this test's executable the child that reads PDFs, as the worker is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "pdf-serve" {
		if err := pdf.Serve(context.Background(), os.Stdin, os.Stdout, leaflet.Handle); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// questions are the nine of a patient's leaflet, with texts of some length.
var questions = []struct{ title, text string }{
	{"1. PARA QUE ESTE MEDICAMENTO É INDICADO?", "Este medicamento é destinado ao tratamento da hipertensão arterial em adultos e crianças acima de 6 anos, e à redução do risco de acidente vascular cerebral."},
	{"2. COMO ESTE MEDICAMENTO FUNCIONA?", "A losartana potássica age dilatando os vasos sanguíneos para ajudar o coração a bombear o sangue para todo o corpo com mais facilidade. O efeito máximo é obtido entre 3 e 6 semanas."},
	{"3. QUANDO NÃO DEVO USAR ESTE MEDICAMENTO?", "Você não deve usar este medicamento se for alérgico a qualquer um dos componentes da formulação. Este medicamento é contraindicado para menores de 6 anos e para mulheres grávidas."},
	{"4. O QUE DEVO SABER ANTES DE USAR ESTE MEDICAMENTO?", "Informe ao seu médico se você teve vômito ou diarreia excessivos, se toma diuréticos ou se tem doença nos rins ou no fígado. Não há necessidade de ajuste de dose em idosos. A concentração plasmática pode chegar a 2,5 µg/mL."},
	{"5. ONDE, COMO E POR QUANTO TEMPO POSSO GUARDAR ESTE MEDICAMENTO?", "Conservar em temperatura ambiente (entre 15 e 30 °C). Proteger da luz e da umidade. Número de lote e datas de fabricação e validade: vide embalagem."},
	{"6. COMO DEVO USAR ESTE MEDICAMENTO?", "A dose usual é de 50 mg uma vez ao dia. Em alguns casos, a dose pode ser aumentada para 100 mg por dia. O tratamento não deve ser interrompido sem o conhecimento do seu médico."},
	{"7. O QUE DEVO FAZER QUANDO EU ME ESQUECER DE USAR ESTE MEDICAMENTO?", "Se você esqueceu de tomar uma dose, tome a próxima no horário habitual. Não tome uma dose extra para compensar a que foi esquecida."},
	{"8. QUAIS OS MALES QUE ESTE MEDICAMENTO PODE ME CAUSAR?", "Reação comum (ocorre entre 1% e 10% dos pacientes): tontura, cansaço e hipotensão. Reação rara (entre 0,01% e 0,1%): angioedema, hepatite e vasculite."},
	{"9. O QUE FAZER SE ALGUÉM USAR UMA QUANTIDADE MAIOR DO QUE A INDICADA DESTE MEDICAMENTO?", "Em caso de uso de grande quantidade deste medicamento, procure rapidamente socorro médico e leve a embalagem ou bula do medicamento, se possível. Ligue para 0800 722 6001."},
}

// texts are the pages of a leaflet.
func texts() []string {
	pages := []string{"LOSARTANA POTÁSSICA\nComprimido revestido 50 mg\n", "", ""}
	for i, q := range questions {
		pages[i/3] += q.title + "\n" + q.text + " " + q.text + "\n"
	}
	return pages
}

// printed makes a PDF of pages; of one that has an image the text is not printed.
func printed(t testing.TB, pages []string, images map[int]image.Image) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	latin := f.UnicodeTranslatorFromDescriptor("")
	f.SetFont("Helvetica", "", 11)
	for i, text := range pages {
		f.AddPage()
		if img := images[i+1]; img != nil {
			var b bytes.Buffer
			require.NoError(t, png.Encode(&b, img))
			name := fmt.Sprint("scan", i)
			f.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "PNG"}, &b)
			f.ImageOptions(name, 0, 0, 210, 297, false, fpdf.ImageOptions{}, 0, "")
			continue
		}
		f.MultiCell(0, 6, latin(text), "", "J", false)
	}
	var b bytes.Buffer
	require.NoError(t, f.Output(&b))
	return b.Bytes()
}

// paper is what a scanner adds: at noise 0 nothing, else gray paper and specks.
func paper(img image.Image, noise int) image.Image {
	if noise == 0 {
		return img
	}
	r := rand.New(rand.NewPCG(1, 2))
	scan := image.NewGray(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			level := int(img.At(x, y).(color.Gray).Y)*200/255 + 25 + r.IntN(2*noise+1) - noise
			if r.IntN(2000) == 0 {
				level = 40
			}
			scan.SetGray(x, y, color.Gray{Y: uint8(max(0, min(255, level)))})
		}
	}
	return scan
}

// turned is an image upside down.
func turned(img image.Image) image.Image {
	scan := image.NewGray(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			scan.Set(x, y, img.At(img.Bounds().Dx()-1-x, img.Bounds().Dy()-1-y))
		}
	}
	return scan
}

// scanned draws the pages of a PDF at some DPI, as a scanner would see them.
func scanned(t testing.TB, reader *pdf.Extractor, content []byte, dpi float64, noise int) map[int]image.Image {
	t.Helper()
	drawn, err := reader.Render(t.Context(), content, pdf.RenderOptions{DPI: dpi})
	require.NoError(t, err)
	images := map[int]image.Image{}
	for _, d := range drawn {
		img, err := png.Decode(bytes.NewReader(d.PNG))
		require.NoError(t, err)
		images[d.Number] = paper(img, noise)
	}
	return images
}

// tools gives a reader and Tesseract; the test is skipped where that is not installed.
func tools(t testing.TB) (*pdf.Extractor, document.Recognizer) {
	t.Helper()
	program := config.Default().OCR.Program
	if _, err := exec.LookPath(program); err != nil {
		t.Skip("Tesseract is not installed (packages tesseract-ocr and tesseract-ocr-por)")
	}
	if langs, err := exec.CommandContext(t.Context(), program, "--list-langs").CombinedOutput(); err != nil || !slices.Contains(strings.Fields(string(langs)), "por") {
		t.Skipf("Tesseract has no data for Portuguese (package tesseract-ocr-por): %v", err)
	}
	scans, err := host.Recognizer(config.Default())
	require.NoError(t, err)
	return reader(t), scans
}

func reader(t testing.TB) *pdf.Extractor {
	t.Helper()
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reader.Close(context.WithoutCancel(t.Context()))) })
	return reader
}

// characterError is the share of wrong characters, of the characters that are right; blanks and line ends are one.
func characterError(want, got string) float64 {
	want, got = strings.Join(strings.Fields(want), " "), strings.Join(strings.Fields(got), " ")
	return float64(levenshtein.ComputeDistance(want, got)) / float64(len([]rune(want)))
}

// TestScans prints a leaflet, scans it, and reads the scan with Tesseract: the whole way to sections.
func TestScans(t *testing.T) {
	t.Parallel()
	reader, scans := tools(t)
	content := printed(t, texts(), nil)
	for _, tt := range []struct {
		name   string
		dpi    float64
		noise  int
		turned bool
		most   float64
	}{
		{"at 300 DPI", 300, 0, false, 0.01},
		{"at 200 DPI, gray paper and specks", 200, 25, false, 0.02},
		{"at 150 DPI, upside down", 150, 0, true, 0.02},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			images := scanned(t, reader, content, tt.dpi, tt.noise)
			if tt.turned {
				for n, img := range images {
					images[n] = turned(img)
				}
			}
			scan := printed(t, texts(), images)
			start := time.Now()
			doc, err := document.Read(t.Context(), reader, scans, scan)
			require.NoError(t, err)
			took := time.Since(start)
			var got []string
			for _, p := range doc.Pages {
				require.Equal(t, pdf.SourceOCR, p.Source)
				require.InDelta(t, 0.95, p.Confidence, 0.05)
				require.Contains(t, doc.Warnings[p.Number-1], fmt.Sprintf("page %d: recognised by Tesseract ", p.Number))
				got = append(got, p.Text)
			}
			wrong := characterError(strings.Join(texts(), " "), strings.Join(got, " "))
			t.Logf("%.2f %% of characters wrong, %.1f s a page", 100*wrong, took.Seconds()/float64(len(doc.Pages)))
			require.LessOrEqual(t, wrong, tt.most)

			first := doc.Pages[0].Words[0]
			require.Equal(t, "LOSARTANA", first.Text)
			require.InDelta(t, 10/25.4*72, first.Box.X0, 6, "in points, from the upper left corner, however the page lies")
			require.InDelta(t, 13/25.4*72, first.Box.Y0, 6)

			found := leaflet.Read(document.LeafletPages(doc))
			require.Equal(t, leaflet.KindLeaflet, found.Kind)
			number := 0
			for _, s := range found.Leaflets[0].Sections {
				if s.Number > 0 {
					number++
					require.Equal(t, number, s.Number)
					require.LessOrEqual(t, characterError(questions[number-1].text+" "+questions[number-1].text, s.Text), 2*tt.most, s.ID)
				}
			}
			require.Equal(t, 9, number)
		})
	}
}

// TestMixedFile has a page of text, a scan and a blank page.
func TestMixedFile(t *testing.T) {
	t.Parallel()
	reader, scans := tools(t)
	pages := []string{texts()[0], texts()[1], ""}
	images := scanned(t, reader, printed(t, pages, nil), 200, 0)
	content := printed(t, pages, map[int]image.Image{2: images[2]})
	doc, err := document.Read(t.Context(), reader, scans, content)
	require.NoError(t, err)
	require.Equal(t, []pdf.Source{pdf.SourceText, pdf.SourceOCR, pdf.SourceBlank}, []pdf.Source{doc.Pages[0].Source, doc.Pages[1].Source, doc.Pages[2].Source})
	require.Zero(t, characterError(pages[0], doc.Pages[0].Text))
	require.LessOrEqual(t, characterError(pages[1], doc.Pages[1].Text), 0.02)
	require.Empty(t, doc.Pages[2].Text)
	require.Equal(t, "page 3: blank", doc.Warnings[0])
	require.Regexp(t, `^page 2: recognised by Tesseract [0-9.]+.*, confidence 0\.9[0-9]$`, doc.Warnings[1])
}

func TestScansWithoutTesseract(t *testing.T) {
	t.Parallel()
	t.Run("are quarantined as needs_ocr", scansWithoutTesseractAreQuarantinedAsNeeds_ocr)
}

// scansWithoutTesseractAreQuarantinedAsNeeds_ocr reads a mixed file and a scan where there is no Tesseract.
func scansWithoutTesseractAreQuarantinedAsNeeds_ocr(t *testing.T) {
	t.Parallel()
	reader := reader(t)
	c := config.Default()
	c.OCR.Program = filepath.Join(t.TempDir(), "tesseract")
	scans, err := host.Recognizer(c)
	require.NoError(t, err)
	pages := texts()[:2]
	images := scanned(t, reader, printed(t, pages, nil), 72, 0)
	doc, err := document.Read(t.Context(), reader, scans, printed(t, pages, map[int]image.Image{2: images[2]}))
	require.NoError(t, err)
	require.Equal(t, pdf.SourceNeedsOCR, doc.Pages[1].Source)
	require.Contains(t, doc.Warnings[0], "page 2: needs_ocr: Tesseract is not installed")
	_, err = document.Read(t.Context(), reader, scans, printed(t, pages, images))
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
	require.Regexp(t, `^needs_ocr: no text on any of 2 pages \(2 needs_ocr\), and Tesseract is not installed .*: install the packages tesseract-ocr and tesseract-ocr-por`, err.Error())

	c.OCR.Program = ""
	scans, err = host.Recognizer(c)
	require.NoError(t, err)
	require.Nil(t, scans)
	c.OCR = config.OCR{Program: "tesseract", Language: "--help"}
	_, err = host.Recognizer(c)
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}
