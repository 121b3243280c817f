package e2e

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/stretchr/testify/require"
)

// leaflet makes a small PDF, encrypted if a password is given.
func leaflet(t *testing.T, password string) []byte {
	t.Helper()
	doc := fpdf.New("P", "mm", "A4", "")
	if password != "" {
		doc.SetProtection(fpdf.CnProtectPrint, password, "owner")
	}
	doc.AddPage()
	doc.SetFont("Helvetica", "", 12)
	doc.Cell(40, 10, "1. INDICACOES Este medicamento e indicado.")
	var out bytes.Buffer
	require.NoError(t, doc.Output(&out))
	return out.Bytes()
}

// bomb is a PDF of a few hundred kilobytes whose page inflates to hundreds of megabytes.
func bomb(t *testing.T) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	line := bytes.Repeat([]byte("BT /F1 12 Tf (aaaaaaaaaaaaaaaa) Tj ET\n"), 1<<14)
	for range 512 {
		_, err := w.Write(line)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n")
	out.WriteString("3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n")
	fmt.Fprintf(&out, "4 0 obj<</Length %d/Filter/FlateDecode>>stream\n", packed.Len())
	out.Write(packed.Bytes())
	out.WriteString("\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
	return out.Bytes()
}

// TestBadPDFs serves every kind of bad file among good ones: each ends in quarantine with its reason, and its bytes are
// kept; the good ones are published.
func TestBadPDFs(t *testing.T) {
	needed(t)
	t.Parallel()
	folder, good := t.TempDir(), leaflet(t, "")
	for name, content := range map[string][]byte{
		"good.pdf": good, "truncated.pdf": good[:len(good)/2], "encrypted.pdf": leaflet(t, "secret"), "empty.pdf": nil,
		"page.pdf": []byte("<html><body>Erro</body></html>"), "noise.pdf": bytes.Repeat([]byte{7}, 5000), "bomb.pdf": bomb(t),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	portal := startPortal(t, "--products", "30", "--leaflets", folder)
	s := startSite(t, portal, t.TempDir())
	s.materialize("*")
	require.Positive(t, s.status().rows("anvisa/extract"), "the good ones are published")
	s.audited()

	listed := s.run("items", "--state", "quarantined", "-o", "json")
	require.Equal(t, 0, listed.code, listed.stderr)
	var found struct {
		Items []struct{ Asset, Item, Kind, Reason, Evidence string }
	}
	require.NoError(t, json.Unmarshal([]byte(listed.stdout), &found))
	reasons := ""
	for _, item := range found.Items {
		require.Equal(t, "corrupt", item.Kind, item.Reason)
		reasons += item.Reason + "\n"
		if item.Evidence != "" {
			require.FileExists(t, filepath.Join(s.data, item.Evidence))
		}
	}
	for _, reason := range []string{"truncated", "encrypted", "empty", "not a PDF", "needs more than"} {
		require.Contains(t, reasons, reason)
	}
}
