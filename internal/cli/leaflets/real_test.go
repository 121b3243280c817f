package leaflets_test

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"drugslm/internal/api"
	"drugslm/internal/cli/leaflets"
	"drugslm/internal/document"
	"drugslm/internal/leaflet"
	"drugslm/internal/pdf"
)

var updateReal = flag.Bool("update-real", false, "rewrite what is expected of the real leaflets, after a person has looked at them")

// expected is what a person found in a real file: no text of it is kept, which belongs to its makers.
type expected struct {
	Pages    int               `json:"pages"`
	Leaflets []expectedLeaflet `json:"leaflets"`
}

type expectedLeaflet struct {
	Pages        []int    `json:"pages"`
	Sections     []string `json:"sections"` // id, page of the title, characters, hash of the text
	Missing      []string `json:"missing"`
	Changes      int      `json:"changes"`
	LastChange   string   `json:"last_change"` // versions and page
	Tables       int      `json:"tables"`
	Registration string   `json:"registration"`
	Strengths    []string `json:"strengths"`
}

// found is what is expected of a file, made of what was found.
func found(f api.LeafletFile) expected {
	e := expected{Pages: f.Pages}
	for _, l := range f.Leaflets {
		of := expectedLeaflet{
			Pages: l.Pages, Missing: []string{}, Changes: len(l.History), Registration: l.Metadata.Registration, Strengths: l.Metadata.Strengths,
		}
		for _, s := range l.Sections {
			text := strings.Join(strings.Fields(s.Text), " ")
			of.Sections = append(of.Sections, fmt.Sprintf("%s %d %d %.8x", s.ID, s.Pages[0], len([]rune(text)), sha256.Sum256([]byte(text))))
			of.Tables += len(s.Tables)
		}
		for _, m := range l.Missing {
			of.Missing = append(of.Missing, m.ID)
		}
		if n := len(l.History); n > 0 {
			of.LastChange = fmt.Sprintf("%s, page %d", l.History[n-1].Versoes, l.History[n-1].Page)
		}
		e.Leaflets = append(e.Leaflets, of)
	}
	return e
}

// signs are the letters and digits of a text: Markdown adds none, and leaves none out.
func signs(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// realFiles are the real files of a folder of the test data; where they are not at hand the test is skipped.
func realFiles(t testing.TB, folder string) []string {
	t.Helper()
	shared := os.Getenv("DRUGSLM_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "data", folder, "*.pdf"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no real files: set DRUGSLM_SHARED to the folder of test data")
	}
	return files
}

func TestChild(t *testing.T) {
	t.Parallel()
	t.Run("finds the same as the parent", childFindsSameAsParent)
}

// childFindsSameAsParent reads real files here as well: nothing gets lost on the way to the child and back.
func childFindsSameAsParent(t *testing.T) {
	t.Parallel()
	reader, err := pdf.Open(pdf.Options{Workers: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close(t.Context())) }()
	for _, file := range append(realFiles(t, "leaflets"), realFiles(t, "cases")...) {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		read, err := document.Read(t.Context(), reader, nil, content)
		if err != nil {
			require.ErrorContains(t, err, "needs_ocr", file)
			continue
		}
		got, err := document.Find(t.Context(), reader, read)
		require.NoError(t, err)
		require.Equal(t, leaflet.Read(document.LeafletPages(read)), got, file)
	}
}

// TestRealLeaflets reads real leaflets the whole way, where they are at hand, and holds the result against what a person
// found in them.
func TestRealLeaflets(t *testing.T) {
	t.Parallel()
	files := realFiles(t, "leaflets")
	golden := filepath.Join("testdata", "leaflets.json")
	reader, err := pdf.Open(pdf.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close(t.Context())) }()
	got := map[string]expected{}
	for _, file := range files {
		view, err := leaflets.ParseFile(t.Context(), reader, nil, file)
		require.NoError(t, err)
		name := strings.TrimSuffix(filepath.Base(file), ".pdf")
		got[name] = found(view)
		for _, l := range view.Leaflets {
			number := 0
			for _, s := range l.Sections {
				require.Equal(t, s.Title+s.Text == "", s.Title+s.Markdown == "", "%s %s", name, s.ID)
				require.Equal(t, signs(s.Title+s.Text), signs(string([]rune(view.Text)[s.Start:s.End])), "%s %s: its offsets", name, s.ID)
				if len(s.Tables) == 0 {
					require.Equal(t, signs(s.Text), signs(s.Markdown), "%s %s: Markdown says what the text says", name, s.ID)
				}
				if s.Number > 0 {
					number++
					require.Equal(t, number, s.Number, "%s: all ten, in their order", name)
					require.NotEmpty(t, s.Text, "%s %s", name, s.ID)
					require.InDelta(t, 1, s.Confidence, 0.11, "%s %s: %s", name, s.ID, s.Reason)
				}
			}
			require.Equal(t, 10, number, name)
		}
	}
	if *updateReal {
		text, err := json.MarshalIndent(got, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o644))
	}
	text, err := os.ReadFile(golden)
	require.NoError(t, err)
	want := map[string]expected{}
	require.NoError(t, json.Unmarshal(text, &want))
	for name, e := range got {
		if of, known := want[name]; known {
			require.Equal(t, of, e, name)
		}
	}
}
