package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drugslm/internal/fault"
	"drugslm/internal/sources/anvisa/simulator"
)

// fetch gives every current leaflet's bytes by product and audience.
func (c *client) fetch() map[string][]byte {
	c.t.Helper()
	files := map[string][]byte{}
	for _, row := range c.all().Content {
		for audience, token := range map[simulator.Audience]*string{simulator.Patient: row.Patient, simulator.Professional: row.Professional} {
			if token != nil {
				files[row.Expediente+string(audience)] = c.get(leafletPath(*token)).body
			}
		}
	}
	return files
}

func TestLeafletsAreWholeAndTheirOwn(t *testing.T) {
	t.Parallel()
	c, again := open(t, simulator.Options{Products: 12}), open(t, simulator.Options{Products: 12})
	files := c.fetch()
	require.Len(t, files, c.portal.Inventory().Leaflets)
	require.Equal(t, files, again.fetch(), "the same bytes in every run")
	sums := map[[32]byte]bool{}
	for _, file := range files {
		require.True(t, bytes.HasPrefix(file, []byte("%PDF-")))
		require.True(t, bytes.HasSuffix(bytes.TrimSpace(file), []byte("%%EOF")))
		require.Greater(t, bytes.Count(file, []byte("/Type /Page\n")), 2)
		sums[sha256.Sum256(file)] = true
	}
	require.Len(t, sums, len(files), "no two documents are the same")
}

func TestLeafletChangesWithItsExpediente(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 12})
	type state struct{ expediente, sum string }
	read := func() map[int]state {
		states := map[int]state{}
		for _, p := range c.portal.Inventory().Products {
			l, err := c.portal.Leaflet(p.ID, simulator.Professional)
			if fault.KindOf(err) == fault.NotFound {
				require.False(t, p.Professional)
				continue
			}
			require.NoError(t, err)
			states[p.ID] = state{p.Expediente, l.SHA256}
		}
		return states
	}
	before := read()
	for range 5 {
		c.portal.NextDay()
	}
	changed := 0
	for id, now := range read() {
		if was, ok := before[id]; ok {
			require.Equal(t, was.expediente == now.expediente, was.sum == now.sum)
			if was != now {
				changed++
			}
		}
	}
	require.Positive(t, changed)
}

func TestOldVersionsStayAvailable(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 12})
	before := c.all()
	for range 3 {
		c.portal.NextDay()
	}
	for _, row := range before.Content {
		if row.Patient != nil {
			require.Equal(t, 200, c.get(leafletPath(*row.Patient)).status)
		}
	}
}

func TestTruthOfALeaflet(t *testing.T) {
	t.Parallel()
	c := open(t, simulator.Options{Products: 40})
	numbered := regexp.MustCompile(`^\d+\. `)
	twice := 0
	for _, p := range c.portal.Inventory().Products {
		for audience, items := range map[simulator.Audience]int{simulator.Patient: 9, simulator.Professional: 10} {
			l, err := c.portal.Leaflet(p.ID, audience)
			if !p.Has(audience) {
				require.Equal(t, fault.NotFound, fault.KindOf(err))
				continue
			}
			require.NoError(t, err)
			require.Equal(t, p.Name, l.Title)
			count := 0
			for _, s := range l.Sections {
				if numbered.MatchString(s.Heading) {
					count++
					require.NotEmpty(t, s.Paragraphs)
				}
			}
			require.Zero(t, count%items)
			twice += count/items - 1
		}
	}
	require.Positive(t, twice, "some files hold two leaflets")
	_, err := c.portal.Leaflet(1, simulator.Patient)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestTextCanBeRead(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed: the PDFs' text is not compared")
	}
	c := open(t, simulator.Options{Products: 6})
	blank := regexp.MustCompile(`\s+`)
	for _, row := range c.all().Content {
		for audience, token := range map[simulator.Audience]*string{simulator.Patient: row.Patient, simulator.Professional: row.Professional} {
			if token == nil {
				continue
			}
			path := filepath.Join(t.TempDir(), "leaflet.pdf")
			file := c.get(leafletPath(*token)).body
			require.NoError(t, os.WriteFile(path, file, 0o600))
			out, err := exec.CommandContext(t.Context(), tool, "-nopgbrk", path, "-").Output()
			require.NoError(t, err)
			text := blank.ReplaceAllString(string(out), " ")
			l, err := c.portal.Leaflet(row.IDProduto, audience)
			require.NoError(t, err)
			sum := sha256.Sum256(file)
			require.Equal(t, l.SHA256, hex.EncodeToString(sum[:]))
			for _, s := range l.Sections {
				for _, want := range append([]string{s.Heading}, s.Paragraphs...) {
					require.Contains(t, text, strings.TrimSpace(blank.ReplaceAllString(want, " ")))
				}
			}
			require.Contains(t, text, "HISTÓRICO DE ALTERAÇÃO DA BULA")
		}
	}
}
