package anvisa

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"drugslm/internal/asset"
	"drugslm/internal/asset/assettest"
	"drugslm/internal/document"
	"drugslm/internal/fault"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

// paper is a PDF whose pages are these.
type paper []pdf.Page

func (p paper) Extract(context.Context, []byte) (pdf.Document, error) {
	return pdf.Document{Pages: p}, nil
}

func (paper) Render(context.Context, []byte, pdf.RenderOptions) ([]pdf.Image, error) {
	return nil, errors.New("nothing is drawn here")
}

func (paper) Hand(_ context.Context, _ string, message []byte) ([]byte, error) {
	return leaflet.Handle(message)
}

// TestExtract makes the row of an item of its stored file, and gives the file as evidence where it holds no text.
func TestExtract(t *testing.T) {
	t.Parallel()
	made := declared(t, ExtractKey)
	run := assettest.Run(made, "5", nil)
	fetched := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	input, err := json.Marshal(leafletInput{
		Product: 7, Audience: document.Patient, Name: "AAS", SHA256: "ab", DocumentID: "9", Expediente: "8", FetchedAt: fetched, SourceURL: "https://x",
	})
	require.NoError(t, err)
	item := asset.Item{ID: "7/patient", Input: input}
	deps := Deps{Leaflets: shelf{}, Tracer: noop.NewTracerProvider().Tracer("")}

	deps.Text.Reader = paper{{Number: 1, Source: pdf.SourceNeedsOCR}}
	_, err = deps.extract(t.Context(), run, item)
	require.Equal(t, fault.Corrupt, fault.KindOf(err))
	require.ErrorContains(t, err, "needs_ocr: no text on any of 1 pages (1 needs_ocr), and ")
	require.ErrorContains(t, err, ", then starter materialize anvisa/extract --failed")
	require.Equal(t, "ab.pdf", fault.EvidenceOf(err))

	deps.Text.Reader = paper{{Number: 1, Source: pdf.SourceText, Text: "Este medicamento é indicado para dor."}}
	row, err := deps.extract(t.Context(), run, item)
	require.NoError(t, err)
	require.Equal(t, "Este medicamento é indicado para dor.", row.Text)
	require.Equal(t, "7/patient", row.ItemID())
	require.Equal(t, []string{"AAS", "9", "8", "ab", "run-1", "https://x", made.CodeVersion},
		[]string{row.NomeProduto, row.IDDocumento, row.Expediente, row.SHA256, row.RunID, row.SourceURL, row.CodeVersion})
	require.Equal(t, fetched, row.FetchedAt)
}

// shelf has one file.
type shelf struct{}

func (shelf) Put(context.Context, []byte) (string, bool, error) {
	return "", false, errors.New("nothing is kept here")
}
func (shelf) Get(context.Context, string) ([]byte, error) { return []byte("%PDF"), nil }
func (shelf) Path(sha256 string) string                   { return sha256 + ".pdf" }
