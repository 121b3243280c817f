package leaflets_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
	"drugslm/internal/pdf"
)

// scanned makes a PDF file of the image of a page, before which a page of text may be.
func scanned(t *testing.T, text string) string {
	t.Helper()
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close(t.Context())) }()
	content, err := os.ReadFile(clitest.Printed(t, clitest.TwoTitles))
	require.NoError(t, err)
	images, err := reader.Render(t.Context(), content, pdf.RenderOptions{DPI: 72})
	require.NoError(t, err)
	f := fpdf.New("P", "mm", "A4", "")
	f.SetFont("Helvetica", "", 11)
	if text != "" {
		f.AddPage()
		f.MultiCell(0, 6, f.UnicodeTranslatorFromDescriptor("")(text), "", "L", false)
	}
	f.AddPage()
	f.RegisterImageOptionsReader("scan", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(images[0].PNG))
	f.ImageOptions("scan", 0, 0, 210, 297, false, fpdf.ImageOptions{}, 0, "")
	file := filepath.Join(t.TempDir(), "scan.pdf")
	require.NoError(t, f.OutputFileAndClose(file))
	return file
}

// withTesseract is a configuration file that names a program.
func withTesseract(t *testing.T, program string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "drugslm.yaml")
	require.NoError(t, os.WriteFile(file, []byte("ocr:\n  program: "+program+"\n"), 0o600))
	return file
}

func TestLeafletParseOfScans(t *testing.T) {
	t.Parallel()
	absent := filepath.Join(t.TempDir(), "tesseract")
	none := withTesseract(t, absent)
	code, stdout, stderr := clitest.Run(t, t.TempDir(), "leaflet", "parse", scanned(t, ""), "-o", "json", "--config", none)
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "scan.pdf: needs_ocr: no text on any of 1 pages (1 needs_ocr), and Tesseract is not installed")
	require.Contains(t, stderr, "install the packages tesseract-ocr and tesseract-ocr-por")
	var got api.LeafletFile
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.Contains(t, got.Error, "needs_ocr: ")
	require.Equal(t, []api.PageSource{{Page: 1, Source: pdf.SourceNeedsOCR}}, got.Sources)

	code, stdout, stderr = clitest.Run(t, t.TempDir(), "leaflet", "parse", scanned(t, clitest.TwoTitles), "-o", "json", "--config", none)
	require.Zero(t, code, stderr)
	got = api.LeafletFile{}
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.Equal(t, []api.PageSource{{Page: 1, Source: pdf.SourceText}, {Page: 2, Source: pdf.SourceNeedsOCR}}, got.Sources)
	require.Contains(t, got.Warnings[0], "page 2: needs_ocr: Tesseract is not installed")

	script, err := filepath.Abs(filepath.Join("..", "..", "ocr", "testdata", "fake.sh"))
	require.NoError(t, err)
	program := filepath.Join(t.TempDir(), "arguments") // reads its own arguments in every image
	require.NoError(t, os.Symlink(script, program))
	code, stdout, stderr = clitest.Run(t, t.TempDir(), "leaflet", "parse", scanned(t, clitest.TwoTitles), "-o", "json", "--config", withTesseract(t, program))
	require.Zero(t, code, stderr)
	got = api.LeafletFile{}
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.Equal(t, []api.PageSource{{Page: 1, Source: pdf.SourceText}, {Page: 2, Source: pdf.SourceOCR, Confidence: 0.9}}, got.Sources)
	require.Contains(t, got.Warnings, "page 2: recognised by Tesseract 5.9.9, confidence 0.90")
}
