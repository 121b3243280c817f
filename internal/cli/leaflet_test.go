package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// TestMain makes this test's executable the child that reads PDFs, as the command is.
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

// printed makes a PDF file of these pages.
func printed(t *testing.T, pages ...string) string {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	latin := f.UnicodeTranslatorFromDescriptor("")
	f.SetFont("Helvetica", "", 11)
	for _, text := range pages {
		f.AddPage()
		f.MultiCell(0, 6, latin(text), "", "L", false)
	}
	file := filepath.Join(t.TempDir(), "bula.pdf")
	require.NoError(t, f.OutputFileAndClose(file))
	return file
}

const twoTitles = "1. INDICAÇÕES\nEste medicamento é indicado para dor.\n2. RESULTADOS DE EFICÁCIA\nOs resultados foram bons em todos."

func TestLeafletParse(t *testing.T) {
	t.Parallel()
	file := printed(t, twoTitles, "4. CONTRAINDICAÇÕES\nNão use em caso de alergia.")
	code, stdout, stderr := starter(t, t.TempDir(), "leaflet", "parse", file, "-o", "json")
	require.Zero(t, code, stderr)
	var got api.LeafletFile
	decoder := json.NewDecoder(strings.NewReader(stdout))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&got))
	require.Equal(t, 2, got.Pages)
	require.Len(t, got.Leaflets, 1)
	l := got.Leaflets[0]
	require.Equal(t, "professional", string(l.Audience))
	require.Len(t, l.Sections, 3)
	require.Equal(t, "professional.4", l.Sections[2].ID)
	require.Equal(t, []int{2, 2}, l.Sections[2].Pages)
	require.Equal(t, "Não use em caso de alergia.", l.Sections[2].Text)
	require.Equal(t, l.Sections[2].Text, l.Sections[2].Markdown)
	require.Len(t, l.Sections[2].Blocks, 1)
	for _, s := range l.Sections {
		require.Equal(t, s.Title+"\n"+s.Text, string([]rune(got.Text)[s.Start:s.End]), "as text[start:end] in Python")
	}
	for _, m := range l.Missing {
		require.NotEmpty(t, m.Reason, m.ID)
	}

	code, stdout, stderr = starter(t, t.TempDir(), "leaflet", "parse", file)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "--- professional.4, pages 2 to 2: 4. CONTRAINDICAÇÕES")
	require.Contains(t, stdout, "missing: professional.3 (CARACTERÍSTICAS FARMACOLÓGICAS): no such title between number 2 and number 4")
}

func TestLeafletParseTellsWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.pdf")
	require.NoError(t, os.WriteFile(broken, bytes.Repeat([]byte("x"), 99), 0o600))
	code, stdout, stderr := starter(t, t.TempDir(), "leaflet", "parse", broken, printed(t, twoTitles), "-o", "json")
	require.Equal(t, ExitFailed, code)
	require.Contains(t, stderr, "broken.pdf: read PDF: not a PDF")
	var got struct{ Files []api.LeafletFile }
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.Len(t, got.Files, 2)
	require.Contains(t, got.Files[0].Error, "not a PDF")
	require.Len(t, got.Files[1].Leaflets, 1)

	code, _, stderr = starter(t, t.TempDir(), "leaflet", "parse", "nowhere.pdf")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, stderr, "nowhere.pdf")
	code, stdout, stderr = starter(t, t.TempDir(), "leaflet", "parse", "nowhere.pdf", printed(t, twoTitles))
	require.Equal(t, ExitFailed, code)
	require.Contains(t, stderr, "nowhere.pdf: stat nowhere.pdf: no such file")
	require.Contains(t, stdout, "1 leaflets")
	code, _, _ = starter(t, t.TempDir(), "leaflet", "parse")
	require.Equal(t, ExitUsage, code)
}
