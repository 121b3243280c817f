package leaflets_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

func TestLeafletParse(t *testing.T) {
	t.Parallel()
	file := clitest.Printed(t, clitest.TwoTitles, "4. CONTRAINDICAÇÕES\nNão use em caso de alergia.")
	code, stdout, stderr := clitest.Run(t, t.TempDir(), "leaflet", "parse", file, "-o", "json")
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

	code, stdout, stderr = clitest.Run(t, t.TempDir(), "leaflet", "parse", file)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "--- professional.4, pages 2 to 2: 4. CONTRAINDICAÇÕES")
	require.Contains(t, stdout, "missing: professional.3 (CARACTERÍSTICAS FARMACOLÓGICAS): no such title between number 2 and number 4")
}

func TestLeafletParseTellsWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.pdf")
	require.NoError(t, os.WriteFile(broken, bytes.Repeat([]byte("x"), 99), 0o600))
	code, stdout, stderr := clitest.Run(t, t.TempDir(), "leaflet", "parse", broken, clitest.Printed(t, clitest.TwoTitles), "-o", "json")
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "broken.pdf: read PDF: not a PDF")
	var got struct{ Files []api.LeafletFile }
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.Len(t, got.Files, 2)
	require.Contains(t, got.Files[0].Error, "not a PDF")
	require.Len(t, got.Files[1].Leaflets, 1)

	code, _, stderr = clitest.Run(t, t.TempDir(), "leaflet", "parse", "nowhere.pdf")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, stderr, "nowhere.pdf")
	code, stdout, stderr = clitest.Run(t, t.TempDir(), "leaflet", "parse", "nowhere.pdf", clitest.Printed(t, clitest.TwoTitles))
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "nowhere.pdf: stat nowhere.pdf: no such file")
	require.Contains(t, stdout, "1 leaflets")
	code, _, _ = clitest.Run(t, t.TempDir(), "leaflet", "parse")
	require.Equal(t, cli.ExitUsage, code)
}
