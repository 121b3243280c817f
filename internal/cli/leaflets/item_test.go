package leaflets_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli"
	"drugslm/internal/cli/clitest"
)

func TestView(t *testing.T) {
	t.Parallel()
	t.Run("shows a leaflet", viewShowsLeaflet)
	t.Run("shows a file", viewShowsFile)
}

func viewShowsLeaflet(t *testing.T) {
	t.Parallel()
	data := clitest.TextFolder(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "one.html")
	viewed := clitest.Ask[api.ViewedFile](t, data, "items", "view", "1/professional", "--out", file)
	require.Equal(t, api.ViewedFile{Item: "1/professional", File: file, Pages: 1, First: 1, Last: 1, Pictures: 1}, viewed)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, says := range []string{"data:image/", "professional.10", "OUTRA", "4bf92f3577b34da6a3ce929d0e0e4736", "https://example.test/{token}", `class="differs"`} {
		require.True(t, strings.Contains(string(text), says), says)
	}

	code, stdout, stderr := clitest.Run(t, data, "items", "view", "2/professional", "--out", "-")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "no picture", "its PDF is not there, and the text is shown all the same")
	require.Contains(t, stdout, "no such title before number 2")
	code, stdout, stderr = clitest.Run(t, data, "items", "view", "3/patient", "--out", "-")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "Why it is quarantined")
	require.Equal(t, 1, strings.Count(stdout, "data:image/"), "the pages that can be drawn")

	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"1/profesional"}, "nearest: 1/professional"},
		{[]string{"1/professional", "--page", "9..7", "--dpi", "1"}, `--page is "9..7"`},
		{[]string{"1/professional", "--page", "2"}, "has 1 pages"},
		{[]string{"1/professional", "--page", "1..99"}, "at most 25"},
		{[]string{"1/professional", "--partition", "Novo"}, "is unknown"},
		{nil, "ITEM is missing"},
	} {
		code, _, stderr := clitest.Run(t, data, append([]string{"items", "view"}, tt.args...)...)
		require.Equal(t, cli.ExitUsage, code, "%v: %s", tt.args, stderr)
		require.Contains(t, stderr, tt.says)
	}
}

func viewShowsFile(t *testing.T) {
	t.Parallel()
	pages := make([]string, 27)
	for i := range pages {
		pages[i] = fmt.Sprintf("Page %d of a long file.", i+1)
	}
	pages[0] = clitest.TwoTitles
	out := filepath.Join(t.TempDir(), "bula.html")
	file := clitest.Printed(t, pages...)
	viewed := clitest.Ask[api.ViewedFile](t, t.TempDir(), "leaflet", "view", file, "--out", out, "--dpi", "40")
	require.Equal(t, 27, viewed.Pages)
	require.Equal(t, 25, viewed.Pictures)
	text, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(text), "--page 26..27")
	viewed = clitest.Ask[api.ViewedFile](t, t.TempDir(), "leaflet", "view", file, "--out", out, "--dpi", "40", "--page", "26..30")
	require.Equal(t, []int{26, 27, 2}, []int{viewed.First, viewed.Last, viewed.Pictures})

	broken := filepath.Join(t.TempDir(), "broken.pdf")
	require.NoError(t, os.WriteFile(broken, []byte("<html>"), 0o600))
	code, _, stderr := clitest.Run(t, t.TempDir(), "leaflet", "view", broken, "--out", out)
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr, "not a PDF")
	text, err = os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(text), "not a PDF")
}
