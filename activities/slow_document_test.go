package activities_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"

	"drugslm/internal/asset"
	"drugslm/internal/document"
	"drugslm/internal/engine/materialize"
	"drugslm/internal/ledger"
	"drugslm/internal/pdf"
)

// TestBePDFServer is the child in which documents are read.
func TestBePDFServer(t *testing.T) {
	if flag.Arg(0) != "serve" {
		t.Skip("is run by the other test of this file")
	}
	require.NoError(t, pdf.Serve(t.Context(), os.Stdin, os.Stdout, nil))
	os.Exit(0) // before the test says anything on standard output
}

// painter recognises one word in every image.
type painter struct{}

func (painter) Recognize(_ context.Context, image pdf.Image) (pdf.Recognition, string, error) {
	return pdf.Recognition{Number: image.Number, Confidence: 1, Words: []pdf.Word{{Text: "quadro"}}}, "a painter", nil
}

func TestDocument(t *testing.T) {
	t.Parallel()
	t.Run("does not delay other documents when it is slow", documentDoesNotDelayOtherDocumentsWhenItIsSlow)
}

// documentDoesNotDelayOtherDocumentsWhenItIsSlow reads, the whole way, a small file of 200 pages that each take a minute to
// draw, between two leaflets: it is quarantined with what it used, and the leaflets are published.
func documentDoesNotDelayOtherDocumentsWhenItIsSlow(t *testing.T) {
	t.Parallel()
	slow, err := os.ReadFile("../internal/pdf/testdata/slow.pdf")
	require.NoError(t, err)
	reader, err := pdf.Open(pdf.Options{Workers: 1, Timeout: 2 * time.Second, Command: []string{os.Args[0], "-test.run=^TestBePDFServer$", "serve"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reader.Close(context.WithoutCancel(t.Context()))) })
	w := listed(t, "a 1", "b 2", "c 3")
	w.must(w.step(download))
	w.make[extract] = func(ctx context.Context, run asset.Run, batch []asset.Item, report asset.Report[row]) error {
		for _, item := range batch {
			content := leaflet(t, "bula "+item.ID)
			if item.ID == "b" {
				content = slow
			}
			doc, err := document.Read(pdf.WithBudget(ctx, pdf.Limits{Time: 6 * time.Second}), reader, painter{}, content)
			made := w.row(run, item)
			if err == nil {
				made.Content = doc.Pages[0].Text
			}
			if err := report(item.ID, made, err); err != nil {
				return err
			}
		}
		return nil
	}
	all := w.acts.Engine.Graph.All()
	for _, a := range all {
		a.Retry.ItemAttempts = 1 // the same bytes give the same text
	}
	w.acts.Engine.Graph, err = asset.NewGraph(all...)
	require.NoError(t, err)
	in := w.synced(extract, ledger.Missing)
	out, err := call(w, w.acts.Batch, in)
	require.NoError(t, err)
	require.Equal(t, 2, out.Staged)
	require.Equal(t, []string{"a staged  0", "b quarantined corrupt 0", "c staged  0"}, w.entries(extract))
	reason := w.found(extract)[1].Reason
	require.Contains(t, reason, "over the budget of a document: took longer than 6s in all: page ")
	require.True(t, strings.HasSuffix(reason, " of 200 was being recognised"), reason)
	_, err = w.publish(in.StepInput, materialize.SyncResult{})
	require.NoError(t, err)
	require.Equal(t, []string{"a bula a", "c bula c"}, w.rows(extract))
	w.sound()
}

// leaflet is a PDF of one page.
func leaflet(t *testing.T, text string) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	f.SetFont("Helvetica", "", 11)
	f.AddPage()
	f.Cell(0, 6, text)
	var b bytes.Buffer
	require.NoError(t, f.Output(&b))
	return b.Bytes()
}
